"""LeNet-5 as it was built in 1998, layer by layer as in section II.B of the paper. 60,000 numbers to learn.

    32x32  -C1: 6 maps, 5x5->  28x28x6  -S2->  14x14x6  -C3: 16 maps, 5x5, sparse->  10x10x16  -S4->  5x5x16
           -C5: 120 maps, 5x5->  1x1x120  -F6->  84  -RBF->  10

Every unit up to F6 is squashed by 1.7159 tanh(2/3 x). An output says how far F6 is from a picture of the digit, drawn
in 7x12 pixels of -1 and 1; the loss is the paper's equation 9 (``losses.MaximumAPosteriori``).

What differs from the paper: the digits' pictures are our own drawing (figure 3 prints a picture, not numbers), the
outputs have their sign turned (see ``kernels.rbf``), and how it is trained, for which see ``recipes``.

LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*.
"""

from typing import Any

import numpy as np

from .layers import RBF, Conv2D, Dense, Flatten, Input, Rescaling, SparseConv2D, Subsampling2D
from .model import Sequential

TABLE_I = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
    [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5],
    [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5],
    [0, 1, 2, 3, 4, 5],
]  # fmt: skip
"""Which maps of S2 each map of C3 sees: three neighbours, four neighbours, two pairs, all."""

DIGITS = """
 ..###..  ...#...  ..###..  ..###..  .....#.  #######  ..####.  #######  ..###..  ..###..
 .#...#.  ..##...  .#...#.  .#...#.  ....##.  #......  .#.....  ......#  .#...#.  .#...#.
 #.....#  .#.#...  #.....#  ......#  ....##.  #......  #......  ......#  #.....#  #.....#
 #.....#  ...#...  ......#  ......#  ...#.#.  #......  #......  .....#.  #.....#  #.....#
 #.....#  ...#...  ......#  .....#.  ...#.#.  #.###..  #.###..  .....#.  .#...#.  #.....#
 #.....#  ...#...  .....#.  ..###..  ..#..#.  ##...#.  ##...#.  ....#..  ..###..  .#...##
 #.....#  ...#...  ....#..  .....#.  ..#..#.  ......#  #.....#  ....#..  .#...#.  ..###.#
 #.....#  ...#...  ...#...  ......#  .#...#.  ......#  #.....#  ...#...  #.....#  ......#
 #.....#  ...#...  ..#....  ......#  #######  ......#  #.....#  ...#...  #.....#  ......#
 #.....#  ...#...  .#.....  #.....#  .....#.  #.....#  #.....#  ..#....  #.....#  ......#
 .#...#.  ...#...  #......  .#...#.  .....#.  .#...#.  .#...#.  ..#....  .#...#.  .....#.
 ..###..  .#####.  #######  ..###..  .....#.  ..###..  ..###..  ..#....  ..###..  .####..
"""


def bitmaps() -> np.ndarray:
    """The ten digits as rows of 84 numbers, 1 for ink and -1 for paper: (10, 84)."""
    lines = [line.split() for line in DIGITS.strip().splitlines()]
    return np.array([[1.0 if ink == "#" else -1.0 for line in lines for ink in line[digit]] for digit in range(10)])


def lenet5_1998(
    input_shape: tuple[int, int, int] = (32, 32, 1), classes: int = 10, seed: int | None = None, dtype: str = "float32"
) -> Sequential:
    """LeNet-5 of 1998 for images of ``input_shape``, 32x32 as C5 wants them, with pixels from 0 (paper) to 1 (ink).

    Compile it with the loss "maximum_a_posteriori". Raises ``ValueError`` for other sizes, and for another number of
    classes than the ten digits that there are pictures of.
    """
    if tuple(input_shape[:2]) != (32, 32):
        raise ValueError(f"lenet5_1998: expected images of 32x32 pixels, given {input_shape[0]}x{input_shape[1]}")
    if classes != 10:
        raise ValueError(f"lenet5_1998: expected 10 classes, whose pictures are its targets, given {classes}")
    start: dict[str, Any] = {"kernel_initializer": "fan_in_uniform", "activation": "scaled_tanh"}
    return Sequential(
        [
            Input(input_shape),
            Rescaling(1.275, -0.1, name="input"),  # so that the pixels' mean is about 0 and their variance about 1
            Conv2D(6, 5, **start, name="c1"),
            Subsampling2D(2, **start, name="s2"),
            SparseConv2D(TABLE_I, 5, **start, name="c3"),
            Subsampling2D(2, **start, name="s4"),
            Conv2D(120, 5, **start, name="c5"),
            Flatten(name="flatten"),
            Dense(84, **start, name="f6"),
            RBF(bitmaps(), name="rbf"),
        ],
        name="lenet5_1998",
        dtype=dtype,
        seed=seed,
    )
