"""Data sets in Keras's form: each module's ``load_data()`` gives ``(x_train, y_train), (x_test, y_test)``.

``digits`` comes with the package; ``mnist`` is looked up on this computer and downloaded if it is not there.
"""

from pathlib import Path

import numpy as np

from ..images import as_input
from . import digits, mnist
from .fetch import DataError, data_folder, find

__all__ = ["NAMES", "DataError", "describe", "digits", "load_for", "mnist"]

NAMES = ("digits", "mnist")

Part = tuple[np.ndarray, np.ndarray]


def load_for(name: str, input_shape: tuple[int, ...]) -> tuple[Part, Part]:
    """A data set as a network with ``input_shape`` takes it: ``(x_train, y_train), (x_test, y_test)``.

    x is float32 ``(n, height, width, 1)`` with pixels in 0..1. The digits are scaled up to the input, MNIST's
    images are padded with zeros, 2 on each side for LeNet-5. y is uint8 ``(n,)``.

    Raises ValueError for an unknown name or an input that the images do not fit, DataError for missing files.
    """
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}; there are {', '.join(NAMES)}")
    if len(input_shape) != 3 or input_shape[2] != 1:
        raise ValueError(f"{name}: images are (height, width, 1), but the network takes {tuple(input_shape)}")
    height, width = input_shape[:2]
    train, test = digits.load_data(size=min(height, width)) if name == "digits" else mnist.load_data()
    return (as_input(train[0], height, width), train[1]), (as_input(test[0], height, width), test[1])


def describe() -> dict[str, str]:
    """For each data set, in a few words, where it is on this computer. Downloads nothing, checks no sums."""
    found = find(mnist.FILES)
    missing = len(mnist.FILES.sha256) - len(found)
    if not found:
        state = f"not here; the first use downloads it to {data_folder(mnist.FILES)}"
    elif missing:
        state = f"{missing} of {len(mnist.FILES.sha256)} files missing; the next use downloads them"
    else:
        state = ", ".join(sorted({str(path.parent) for path in found.values()}))
    return {"digits": f"bundled, {Path(digits.FILE).stat().st_size // 1000} kB", "mnist": state}
