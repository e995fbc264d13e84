"""Images seen through given transforms, with each of Keras's borders, for `make_warped_golden.py` and
`tests/test_fill_mode.py`.

NumPy promises that the streams of the old `RandomState` never change.
"""

import numpy as np

FILLS = ("constant", "nearest", "reflect", "wrap")

TRANSFORMS = {
    "moved": (1, 0, 1.5, 0, 1, -2.25),
    "moved far": (1, 0, -23.25, 0, 1, 31.75),
    "turned": (0.8, -0.6, 2.25, 0.6, 0.8, -3.125),
    "small": (3, 0, -8.25, 0, 3, -6.5),
}
"""Name: a, b, c, d, e, f. What is seen at column j, row i lies at column a j + b i + c, row d j + e i + f."""


def images() -> np.ndarray:
    """One of (5, 7, 2)."""
    return np.random.RandomState(6).uniform(size=(1, 5, 7, 2)).astype(np.float32)
