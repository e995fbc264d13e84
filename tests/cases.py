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

DENSE = [
    Dense("one number", 1, 1, 1),
    Dense("one image", 1, 7, 3),
    Dense("one unit", 5, 6, 1),
    Dense("one input", 3, 1, 4),
    Dense("odd", 7, 13, 5),
    Dense("more images than lanes", 17, 20, 10),
]

# (batch, classes)
SOFTMAX = [(1, 1), (1, 2), (5, 3), (17, 10)]

# Shapes for what works element by element, whatever the rank.
ELEMENTWISE = [(1, 1), (5, 7), (17, 3), (1, 1, 1, 1), (3, 5, 4, 2), (17, 2, 3, 1)]

# Numbers of parameters; an optimiser sees one long vector.
PARAMETERS = [1, 7, 100]
