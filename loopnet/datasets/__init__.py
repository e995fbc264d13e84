"""Data sets in Keras's form: each module's ``load_data()`` gives ``(x_train, y_train), (x_test, y_test)``.

``digits`` comes with the package; the others are looked up on this computer and downloaded if they are not there.
"""

from pathlib import Path

import numpy as np

from ..images import as_input
from ..missing import getattr_of, listed
from . import cifar10, digits, fashion_mnist, mnist
from .fetch import DataError, Files, data_folder, find

__all__ = [
    "CHANNELS", "CLASS_NAMES", "NAMES", "DataError", "cifar10", "describe", "digits", "fashion_mnist", "load_for",
    "mnist",
]  # fmt: skip

CHANNELS = {"digits": 1, "mnist": 1, "fashion_mnist": 1, "cifar10": 3}
NAMES = tuple(CHANNELS)
CLASS_NAMES = {"fashion_mnist": fashion_mnist.CLASSES, "cifar10": cifar10.CLASSES}  # the others' are their digits

Part = tuple[np.ndarray, np.ndarray]


def load_for(name: str, input_shape: tuple[int, ...]) -> tuple[Part, Part]:
    """A data set as a network with ``input_shape`` takes it: ``(x_train, y_train), (x_test, y_test)``.

    x is float32 ``(n, height, width, channels)`` with pixels in 0..1. The digits are scaled up to the input, smaller
    images of the other sets are padded with zeros, MNIST's by 2 on each side for LeNet-5. y is uint8 ``(n,)``.

    Raises ValueError for an unknown name or an input that the images do not fit, DataError for missing files.
    """
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}; there are {', '.join(NAMES)}")
    if len(input_shape) != 3 or input_shape[2] != CHANNELS[name]:
        raise ValueError(
            f"{name}: images are (height, width, {CHANNELS[name]}), but the network takes {tuple(input_shape)}"
        )
    height, width = input_shape[:2]
    if name == "digits":
        train, test = digits.load_data(size=min(height, width))
    else:
        train, test = {"mnist": mnist, "fashion_mnist": fashion_mnist, "cifar10": cifar10}[name].load_data()
    return _prepared(train, height, width), _prepared(test, height, width)


def _prepared(part: Part, height: int, width: int) -> Part:
    images, labels = part
    return as_input(images, height, width), labels.reshape(-1)


def describe() -> dict[str, str]:
    """For each data set, in a few words, where it is on this computer. Downloads nothing, checks no sums."""
    return {
        "digits": f"bundled, {Path(digits.FILE).stat().st_size // 1000} kB",
        **{name: _state(files) for name, files in FILES.items()},
    }


FILES: dict[str, Files] = {"mnist": mnist.FILES, "fashion_mnist": fashion_mnist.FILES, "cifar10": cifar10.FILES}


def _state(files: Files) -> str:
    found = find(files)
    missing = len(files.sha256) - len(found)
    if not found:
        return f"not here; the first use downloads it to {data_folder(files)}"
    if missing:
        return f"{missing} of {len(files.sha256)} files missing; the next use downloads them"
    return ", ".join(sorted({str(path.parent) for path in found.values()}))


__getattr__ = getattr_of(
    __name__,
    listed({
        "use cifar10": "cifar100",
        "the data sets are pictures: digits, mnist, fashion_mnist, cifar10": """
            imdb reuters boston_housing california_housing""",
    }),
)  # fmt: skip
