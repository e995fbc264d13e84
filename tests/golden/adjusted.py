"""Images that Keras's random layers adjust and crop by given numbers, for `make_adjusted_golden.py`,
`tests/test_colours.py` and `tests/test_random_crop.py`.

Chance is left out: a layer is handed the numbers that it would have drawn, one for each image. NumPy promises that the
streams of the old `RandomState` never change.
"""

from typing import Any

import numpy as np

COLOURS: dict[str, tuple[str, dict[str, Any], list[float]]] = {
    "contrast": ("RandomContrast", {"factor": 0.5}, [0.5, 1.0, 1.25, 1.5]),
    "contrast of fractions": ("RandomContrast", {"factor": 0.9, "value_range": (0, 1)}, [0.1, 0.75, 1.5, 1.9]),
    "brightness": ("RandomBrightness", {"factor": 0.5}, [-0.5, -0.125, 0.25, 0.5]),
    "brightness of fractions": ("RandomBrightness", {"factor": 1.0, "value_range": [0, 1]}, [-1.0, -0.25, 0.5, 1.0]),
}
"""Name: the layer, its arguments, and a number for each image: the factor, or the part of the value range."""

CROPS: dict[str, tuple[dict[str, Any], tuple[int, int]]] = {
    "crop": ({"height": 3, "width": 4}, (2, 1)),
    "crop at the corner": ({"height": 4, "width": 2}, (0, 0)),
    "crop at the other": ({"height": 5, "width": 4}, (1, 1)),
}
"""Name: the arguments of RandomCrop, and the corner."""

LOOKS = {"look": (3, 4), "look at a high one": (6, 2), "look closer": (9, 8), "look at most of it": (7, 4)}
"""Name: the size of what RandomCrop shows when it looks, as it is documented: ``smart_resize``."""


def images(arguments: dict[str, Any]) -> np.ndarray:
    """Four of them, (6, 5, 3), as dark and as bright as the value range has it."""
    low, high = arguments.get("value_range", (0, 255))
    return (low + (high - low) * np.random.RandomState(5).uniform(size=(4, 6, 5, 3))).astype(np.float32)
