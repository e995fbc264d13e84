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


class Conv3D(NamedTuple):
    """One convolution of volumes; the fields are those of Conv, with a depth in front."""

    name: str
    x: tuple[int, int, int, int, int]  # batch, depth, height, width, channels
    window: tuple[int, int, int]
    filters: int
    out: tuple[int, int, int]
    stride: tuple[int, int, int] = (1, 1, 1)
    dilation: tuple[int, int, int] = (1, 1, 1)
    pad: tuple[int, int, int] = (0, 0, 0)
    groups: int = 1


class Pool3D(NamedTuple):
    """One pooling of volumes."""

    name: str
    x: tuple[int, int, int, int, int]
    window: tuple[int, int, int]
    out: tuple[int, int, int]
    stride: tuple[int, int, int] = (1, 1, 1)
    pad: tuple[int, int, int] = (0, 0, 0)
    norm: float = 2.0


class Frame(NamedTuple):
    """One zero padding: how many zeros before, and the size of the whole."""

    name: str
    x: tuple[int, int, int, int, int]
    pad: tuple[int, int, int]
    out: tuple[int, int, int]


class Drop(NamedTuple):
    """One dropout."""

    shape: tuple[int, ...]
    rate: float
    key: int
    step: int


class Noise(NamedTuple):
    """One Gaussian noise."""

    shape: tuple[int, ...]
    stddev: float
    key: int
    step: int


class Distort(NamedTuple):
    """One augmentation: the limits of what is drawn, the field of elastic steps, the side of a hidden square, and what
    there is outside the image.
    """

    name: str
    x: tuple[int, int, int, int]
    shift: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    alpha: float = 1.0
    taps: int = 1
    size: int = 1
    key: int = 1
    step: int = 1
    fill_mode: str = "constant"


class Subsample(NamedTuple):
    """One trainable subsampling."""

    name: str
    x: tuple[int, int, int, int]
    window: tuple[int, int]


class Upsample(NamedTuple):
    """One upsampling: each pixel as a cell of ``size`` copies."""

    name: str
    x: tuple[int, int, int, int]
    size: tuple[int, int]


class Resize(NamedTuple):
    """One resizing to ``size``, rows and columns."""

    name: str
    x: tuple[int, int, int, int]
    size: tuple[int, int]


class Colours(NamedTuple):
    """Contrast and brightness adjusted, in images whose black and white are ``low`` and ``high``."""

    name: str
    x: tuple[int, int, int, int]
    low: float = -1.0
    high: float = 1.0


class Crops(NamedTuple):
    """A window of ``size`` of each image."""

    name: str
    x: tuple[int, int, int, int]
    size: tuple[int, int]


class Slopes(NamedTuple):
    """One PReLU; `alpha` is 1 along an axis whose places share a slope."""

    name: str
    x: tuple[int, int, int, int, int]  # batch, depth, height, width, channels
    alpha: tuple[int, int, int, int]


class Join(NamedTuple):
    """Several arrays side by side along one axis, the batch being axis 0."""

    name: str
    whole: tuple[int, ...]
    axis: int
    parts: tuple[int, ...]  # the size of each along that axis

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [(*self.whole[: self.axis], size, *self.whole[self.axis + 1 :]) for size in self.parts]


class Table(NamedTuple):
    """One table of connections: for each filter, the channels that it sees."""

    name: str
    window: tuple[int, int]
    channels: int
    seen: tuple[tuple[int, ...], ...]


class Turn(NamedTuple):
    """One permutation of an image's axes; `axes` counts from 0."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]


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

CONV3D = [
    Conv3D("one voxel, one weight", (1, 1, 1, 1, 1), (1, 1, 1), 1, out=(1, 1, 1)),
    Conv3D("odd everything", (2, 3, 4, 5, 3), (2, 3, 2), 2, out=(2, 2, 4)),
    Conv3D("strides differ per axis", (2, 4, 5, 6, 2), (2, 2, 1), 3, out=(3, 2, 2), stride=(1, 2, 3)),
    Conv3D("same, even window pads after", (1, 3, 2, 4, 2), (2, 3, 2), 2, out=(3, 2, 4), pad=(0, 1, 0)),
    Conv3D("dilation differs per axis", (2, 5, 4, 7, 2), (2, 2, 3), 2, out=(2, 3, 3), dilation=(3, 1, 2)),
    Conv3D("groups", (2, 2, 3, 3, 6), (1, 2, 2), 9, out=(2, 2, 2), groups=3),
    Conv3D("each channel by itself", (3, 1, 4, 4, 4), (1, 3, 3), 4, out=(1, 2, 2), groups=4),
    Conv3D("stride, dilation, padding, groups", (2, 4, 5, 5, 4), (2, 3, 2), 2, out=(2, 3, 3),
           stride=(2, 2, 2), dilation=(1, 2, 3), pad=(0, 2, 1), groups=2),
    Conv3D("sequence, causal", (3, 1, 1, 7, 2), (1, 1, 3), 3, out=(1, 1, 7), dilation=(1, 1, 2), pad=(0, 0, 4)),
    Conv3D("image, dilated", (2, 1, 6, 5, 2), (1, 3, 2), 2, out=(1, 2, 3), dilation=(1, 2, 2)),
    Conv3D("more images than lanes", (17, 1, 2, 3, 2), (1, 2, 2), 2, out=(1, 1, 2)),
    Conv3D("padding on every side, another on each", (2, 4, 3, 5, 2), (3, 2, 4), 3, out=(3, 2, 3),
           stride=(2, 3, 2), pad=(2, 1, 3)),
]  # fmt: skip

POOL3D = [
    Pool3D("one voxel", (1, 1, 1, 1, 1), (1, 1, 1), out=(1, 1, 1)),
    Pool3D("2x2x2", (2, 4, 2, 4, 3), (2, 2, 2), out=(2, 1, 2), stride=(2, 2, 2)),
    Pool3D("overlapping windows", (2, 3, 4, 5, 2), (2, 3, 2), out=(2, 2, 4)),
    Pool3D("window equals image", (3, 2, 3, 2, 2), (2, 3, 2), out=(1, 1, 1)),
    Pool3D("gaps between windows", (2, 5, 4, 7, 1), (1, 2, 2), out=(2, 1, 2), stride=(3, 3, 4)),
    Pool3D("same, odd image", (2, 3, 5, 3, 2), (2, 2, 2), out=(2, 3, 2), stride=(2, 2, 2)),
    Pool3D("same, 3x3x3, stride 1", (1, 3, 2, 3, 2), (3, 3, 3), out=(3, 2, 3), pad=(1, 1, 1)),
    Pool3D("sequence", (3, 1, 1, 7, 2), (1, 1, 3), out=(1, 1, 3), stride=(1, 1, 2), norm=1.0),
    Pool3D("image, another norm", (2, 1, 4, 5, 2), (1, 2, 3), out=(1, 3, 3), norm=3.0),
    Pool3D("more images than lanes", (17, 1, 2, 4, 1), (1, 2, 2), out=(1, 1, 2), stride=(1, 2, 2)),
    Pool3D("every axis another window, stride, padding", (2, 5, 6, 7, 2), (3, 2, 4), out=(3, 2, 5),
           stride=(2, 3, 1), pad=(2, 1, 0), norm=3.0),
    Pool3D("padding wider than the stride, last axis widest", (1, 4, 5, 6, 2), (2, 3, 5), out=(2, 4, 2),
           stride=(3, 1, 4), pad=(1, 0, 3)),
]  # fmt: skip

PADDING = [
    Frame("nothing", (1, 1, 1, 1, 1), (0, 0, 0), out=(1, 1, 1)),
    Frame("one all around", (2, 2, 3, 1, 2), (1, 1, 1), out=(4, 5, 3)),
    Frame("before, after, both", (3, 1, 2, 3, 2), (2, 0, 1), out=(3, 5, 6)),
]

DROPOUT = [
    Drop((1, 1), 0.5, 1, 1),
    Drop((7, 9), 0.3, 2**32 - 1, 2**32 - 1),
    Drop((5, 4, 3, 2), 0.75, 123456789, 3),
    Drop((3, 2), 0.0, 0, 0),
    Drop((17, 60), 0.1, 0x13198A2E, 7),
    Drop((67, 3, 2, 5), 0.4, 7, 2**32 - 2),
]

CHANNEL_DROPOUT = [
    Drop((1, 1, 1), 0.5, 1, 1),
    Drop((3, 4, 5), 0.3, 2**32 - 1, 2**32 - 1),
    Drop((17, 6, 3), 0.75, 123456789, 3),
    Drop((2, 3, 2), 0.0, 0, 0),
    Drop((6, 1, 4), 0.6, 0x13198A2E, 7),
]

NOISE = [
    Noise((1, 1), 1.0, 1, 1),
    Noise((7, 9), 0.3, 2**32 - 1, 2**32 - 1),
    Noise((5, 4, 3, 2), 2.5, 123456789, 3),
    Noise((3, 2), 0.0, 0, 0),
    Noise((17, 60), 0.1, 0x13198A2E, 7),
]

DISTORT = [
    Distort("one pixel", (1, 1, 1, 1), shift=(0.5, 0.5)),
    Distort("one pixel, reflected", (2, 1, 1, 1), fill_mode="reflect"),
    Distort("shift", (2, 4, 5, 2), shift=(2.0, 1.0), size=3),
    Distort("rotation", (3, 5, 5, 1), rotation=0.5, taps=3, size=2, key=2**32 - 1, step=2**32 - 1),
    Distort("zoom and shear", (2, 6, 4, 3), zoom=0.3, shear=0.2, alpha=2.5, taps=5, size=4, key=99, step=12345),
    Distort("the edge goes on", (3, 4, 3, 2), zoom=0.3, fill_mode="nearest"),
    Distort("an image beside itself", (3, 3, 4, 2), rotation=0.5, fill_mode="wrap"),
    Distort("mirrors all around", (3, 2, 3, 1), rotation=0.5, fill_mode="reflect"),
    Distort("everything", (17, 7, 6, 2), (1.5, 2.5), 0.3, 0.1, 0.1, alpha=8.0, taps=9, size=3, key=0x13198A2E, step=7),
    Distort("a Gaussian wider than the image", (2, 3, 4, 1), rotation=3.0, alpha=0.5, taps=25, size=9, key=5, step=6),
]

SUBSAMPLE = [
    Subsample("one pixel", (1, 1, 1, 1), (1, 1)),
    Subsample("2x2, as in LeNet", (2, 6, 4, 3), (2, 2)),
    Subsample("rest left over", (2, 7, 5, 2), (2, 2)),
    Subsample("window differs per axis", (3, 5, 7, 2), (2, 3)),
    Subsample("more images than lanes", (17, 4, 4, 1), (2, 2)),
]

UPSAMPLE = [
    Upsample("one pixel as it is", (1, 1, 1, 1), (1, 1)),
    Upsample("twice", (2, 3, 2, 3), (2, 2)),
    Upsample("cell differs per axis", (3, 2, 4, 2), (3, 2)),
    Upsample("rows only", (17, 2, 3, 1), (4, 1)),
]

RESIZE = [
    Resize("one pixel as it is", (1, 1, 1, 1), (1, 1)),
    Resize("one pixel everywhere", (2, 1, 1, 2), (3, 2)),
    Resize("a little larger", (2, 3, 4, 2), (5, 7)),
    Resize("a little smaller", (2, 7, 5, 2), (5, 3)),
    Resize("half, between two pixels", (3, 6, 4, 1), (3, 2)),
    Resize("a third, on the pixel", (2, 9, 6, 2), (3, 2)),
    Resize("twice", (2, 3, 2, 3), (6, 4)),
    Resize("larger and smaller, most of it left out", (1, 2, 11, 1), (9, 2)),
    Resize("more images than lanes", (17, 3, 2, 2), (2, 3)),
]

COLOURS = [
    Colours("one pixel", (1, 1, 1, 1)),
    Colours("nothing cut off", (2, 3, 4, 3), low=-99.0, high=99.0),
    Colours("most of it cut off", (3, 5, 2, 2), low=0.25, high=0.5),
    Colours("more images than lanes", (17, 3, 2, 1)),
]

CROPS = [
    Crops("all of it", (2, 3, 2, 2), (3, 2)),
    Crops("one pixel", (5, 4, 3, 1), (1, 1)),
    Crops("more images than lanes", (17, 5, 7, 2), (3, 4)),
]

SLOPES = [
    Slopes("one number", (1, 1, 1, 1, 1), (1, 1, 1, 1)),
    Slopes("one for each feature", (5, 1, 1, 1, 7), (1, 1, 1, 7)),
    Slopes("one for each channel of an image", (3, 1, 5, 4, 2), (1, 1, 1, 2)),
    Slopes("one for each pixel", (2, 1, 3, 4, 3), (1, 3, 4, 1)),
    Slopes("one for each number of a volume", (2, 2, 3, 2, 3), (2, 3, 2, 3)),
    Slopes("planes and columns share theirs", (3, 3, 2, 4, 2), (1, 2, 1, 2)),
    Slopes("more images than lanes", (17, 1, 2, 3, 2), (1, 1, 3, 1)),
]

JOINS = [
    Join("two numbers", (1, 2), 1, (1, 1)),
    Join("three of features", (5, 9), 1, (4, 3, 2)),
    Join("more images than lanes", (33, 5), 1, (2, 3)),
    Join("sequences one after the other", (3, 5, 2), 1, (2, 3)),
    Join("channels of sequences", (2, 3, 4), 2, (3, 1)),
    Join("volumes by depth", (2, 3, 2, 1, 2), 1, (1, 2)),
    Join("columns of volumes", (2, 1, 2, 3, 2), 3, (2, 1)),
    Join("channels of volumes", (3, 1, 2, 2, 4), 4, (1, 3)),
    Join("only one", (2, 2, 3, 2), 2, (3,)),
    Join("rows of one image", (1, 5, 3, 2), 1, (1, 4)),
    Join("columns", (17, 2, 6, 2), 2, (3, 1, 2)),
    Join("channels of a block and one image", (33, 2, 2, 5), 3, (2, 3)),
]

TABLES = [
    Table("one connection", (1, 1), 1, ((0,),)),
    Table("all connections", (2, 3), 3, ((0, 1, 2), (0, 1, 2))),
    Table("LeNet's, in small", (2, 2), 4, ((0, 1, 2), (1, 2, 3), (3, 0), (2,), (3, 1, 0, 2))),
    Table("a channel that nobody sees", (3, 2), 5, ((4, 0), (1,), (4, 3))),
]

# (batch, inputs, units)
RBF = [(1, 1, 1), (3, 5, 2), (17, 84, 10), (5, 7, 4)]

# (batch, ..., channels)
NORMALIZATION = [
    (5, 3), (17, 1), (4, 3, 2), (3, 4, 5, 2), (2, 2, 3, 2, 3), (8, 5), (64, 3), (4, 3, 2, 3), (128, 2, 3, 5),
]  # fmt: skip

TURNS = [
    Turn((1, 1), (0,)),
    Turn((3, 5), (0,)),
    Turn((3, 4, 5), (1, 0)),
    Turn((2, 3, 4, 5), (1, 2, 0)),
    Turn((2, 3, 4, 5), (2, 0, 1)),
    Turn((2, 2, 3, 4, 5), (3, 1, 0, 2)),
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
    # three or five columns, and enough channels, filters and lanes: see tuned/winograd.py
    Fused("just enough channels and filters", (16, 8, 9, 3), (5, 5), 3),
    Fused("many, in odd numbers", (33, 9, 10, 9), (5, 5), 15),
    Fused("three rows by five columns", (20, 7, 6, 10), (3, 5), 20),
    Fused("one pixel of many channels comes out", (16, 2, 6, 15), (1, 5), 18),
    Fused("lanes that vectors divide", (48, 9, 11, 7), (5, 5), 12),
    Fused("windows of three, just enough of both", (16, 8, 9, 32), (3, 3), 32),
    Fused("windows of three, vectors that overlap", (36, 7, 6, 33), (3, 3), 40),
    # rows of a window of 60 numbers or more, and 32 filters: see tuned/winners.py
    Fused("60 numbers in a row", (33, 7, 8, 20), (3, 3), 32),
    Fused("five rows of 65, a filter too many", (3, 9, 9, 13), (5, 5), 33),
    Fused("rows too long for the registers", (2, 5, 4, 110), (2, 3), 32),
    Fused("one pixel comes out of long rows", (1, 3, 3, 32), (2, 2), 32),
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

# The same with volumes and sequences, which the tuned rung leaves to the plain one beneath it.
MERGED = [(2, 1, 3, 2, 2), (3, 2, 4), *ELEMENTWISE]

# Numbers of parameters; an optimiser sees one long vector.
PARAMETERS = [1, 7, 100]

# The same for penalties and norms, which are added up in shares of 1024 weights.
PENALIZED = [1, 7, 1024, 1025, 2500]
