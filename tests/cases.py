"""The shapes on which every operation is tried; read by the checks, the golden values and the meta-test.

Small enough for the plain Python rung, and each row there for a reason, which its name gives.
"""

from typing import NamedTuple


class Conv(NamedTuple):
    """One convolution. `pad` is (top, left); what is padded at the bottom and right follows from `out`."""

    name: str
    x: tuple[int, int, int, int]  # batch, height, width, channels
    window: tuple[int, int]
    filters: int
    out: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)


class Pool(NamedTuple):
    """One pooling; the fields are those of Conv."""

    name: str
    x: tuple[int, int, int, int]
    window: tuple[int, int]
    out: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)


class Fused(NamedTuple):
    """Convolution at stride 1 without padding, ReLU, and 2x2 pooling at stride 2, run as one."""

    name: str
    x: tuple[int, int, int, int]  # batch, height, width, channels
    window: tuple[int, int]
    filters: int

    @property
    def conv_out(self) -> tuple[int, int]:
        return self.x[1] - self.window[0] + 1, self.x[2] - self.window[1] + 1

    @property
    def out(self) -> tuple[int, int]:
        """A last odd row or column of the convolution is left out by pooling."""
        return self.conv_out[0] // 2, self.conv_out[1] // 2


class Dense(NamedTuple):
    """One dense layer."""

    name: str
    batch: int
    inputs: int
    units: int


CONV = [
    Conv("one pixel, one weight", (1, 1, 1, 1), (1, 1), 1, out=(1, 1)),
    Conv("1x1 window mixes channels", (2, 4, 3, 5), (1, 1), 3, out=(4, 3)),
    Conv("window equals image", (3, 4, 5, 2), (4, 5), 3, out=(1, 1)),
    Conv("odd image, even window", (2, 7, 5, 3), (2, 4), 2, out=(6, 2)),
    Conv("LeNet's window", (2, 8, 7, 1), (5, 5), 3, out=(4, 3)),
    Conv("stride 2, rest left over", (2, 8, 6, 2), (3, 3), 2, out=(3, 2), stride=(2, 2)),
    Conv("stride differs per axis", (2, 7, 9, 2), (3, 2), 3, out=(3, 3), stride=(2, 3)),
    Conv("stride larger than window", (2, 8, 7, 1), (2, 1), 2, out=(3, 3), stride=(3, 3)),
    Conv("same, odd window", (2, 5, 6, 2), (3, 3), 2, out=(5, 6), pad=(1, 1)),
    Conv("same, even window pads after", (2, 5, 4, 2), (2, 4), 2, out=(5, 4), pad=(0, 1)),
    Conv("same, stride 2, even image", (2, 6, 6, 1), (3, 3), 2, out=(3, 3), stride=(2, 2), pad=(0, 0)),
    Conv("same, stride 2, odd image", (2, 7, 5, 1), (3, 3), 2, out=(4, 3), stride=(2, 2), pad=(1, 1)),
    Conv("padding on one axis only", (2, 4, 6, 3), (3, 1), 1, out=(5, 6), pad=(2, 0)),
    Conv("window larger than image", (1, 2, 3, 2), (5, 4), 2, out=(2, 3), pad=(2, 1)),
    Conv("single row", (3, 1, 9, 2), (1, 3), 2, out=(1, 7)),
    Conv("more images than lanes", (17, 3, 3, 2), (2, 2), 3, out=(2, 2)),
    Conv("seven of everything", (7, 7, 7, 7), (3, 3), 7, out=(2, 2), stride=(3, 4), pad=(0, 1)),
]

POOL = [
    Pool("one pixel", (1, 1, 1, 1), (1, 1), out=(1, 1)),
    Pool("2x2, as in LeNet", (2, 6, 4, 3), (2, 2), out=(3, 2), stride=(2, 2)),
    Pool("rest left over", (2, 7, 5, 2), (2, 2), out=(3, 2), stride=(2, 2)),
    Pool("overlapping windows", (2, 7, 7, 2), (3, 3), out=(3, 3), stride=(2, 2)),
    Pool("window equals image", (3, 3, 5, 2), (3, 5), out=(1, 1)),
    Pool("non-square window and stride", (2, 7, 8, 3), (3, 2), out=(3, 3), stride=(2, 3)),
    Pool("gaps between windows", (2, 8, 7, 1), (2, 2), out=(3, 2), stride=(3, 4)),
    Pool("1x1 window, stride 2", (2, 5, 5, 2), (1, 1), out=(3, 3), stride=(2, 2)),
    Pool("same, odd image", (2, 5, 7, 2), (2, 2), out=(3, 4), stride=(2, 2)),
    Pool("same, 3x3, stride 1", (2, 4, 5, 2), (3, 3), out=(4, 5), pad=(1, 1)),
    Pool("padding on top only", (2, 4, 3, 1), (3, 1), out=(3, 3), stride=(2, 1), pad=(2, 0)),
    Pool("more images than lanes", (17, 4, 4, 1), (2, 2), out=(2, 2), stride=(2, 2)),
]

# For rungs that have the operation, all of them compiled: batches may be as large as in earnest.
FUSED = [
    Fused("one pixel comes out", (1, 2, 2, 1), (1, 1), 1),
    Fused("1x1 window mixes channels", (2, 4, 6, 5), (1, 1), 6),
    Fused("2x3 window, five filters", (31, 5, 6, 2), (2, 3), 5),
    Fused("a row is left out", (2, 7, 6, 3), (3, 3), 3),
    Fused("a column is left out", (3, 6, 7, 6), (3, 3), 1),
    Fused("a row and a column are left out", (33, 5, 5, 2), (3, 3), 6),
    Fused("a batch that fills its lanes", (32, 6, 6, 1), (3, 3), 4),
    Fused("a block and one image", (65, 4, 5, 1), (3, 3), 3),
    Fused("LeNet's window, one channel", (5, 9, 8, 1), (5, 5), 6),
    Fused("LeNet's window, odd channels", (100, 6, 7, 3), (5, 5), 5),
    Fused("LeNet's second convolution in small", (128, 6, 6, 6), (5, 5), 16),
    Fused("7x7 window", (4, 9, 10, 3), (7, 7), 5),
]

DENSE = [
    Dense("one number", 1, 1, 1),
    Dense("one image", 1, 7, 3),
    Dense("one unit", 5, 6, 1),
    Dense("one input", 3, 1, 4),
    Dense("odd", 7, 13, 5),
    Dense("more images than lanes", 17, 20, 10),
]

# Batches that fill their lanes, nearly fill them, or begin a new block with a single image (see tuned/lanes.py).
BATCHES = [1, 2, 3, 4, 5, 31, 32, 33, 64, 65, 96, 100, 101, 128, 130]

CONV_OF_A_BATCH = [
    Conv("stride 1", (1, 4, 5, 2), (2, 3), 3, out=(3, 3)),
    Conv("stride 2", (1, 5, 6, 2), (3, 3), 3, out=(2, 2), stride=(2, 2)),
    Conv("same", (1, 4, 3, 3), (3, 3), 2, out=(4, 3), pad=(1, 1)),
]

# (batch, classes)
SOFTMAX = [(1, 1), (1, 2), (5, 3), (17, 10)]

# Shapes for what works element by element, whatever the rank.
ELEMENTWISE = [(1, 1), (5, 7), (17, 3), (1, 1, 1, 1), (3, 5, 4, 2), (17, 2, 3, 1)]

# Numbers of parameters; an optimiser sees one long vector.
PARAMETERS = [1, 7, 100]
