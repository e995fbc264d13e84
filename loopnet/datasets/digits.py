"""The UCI handwritten digits: 1,797 images of 8x8 pixels, bundled. Licence, source and method: DIGITS.md."""

import hashlib
import io
from pathlib import Path

import numpy as np

from ..images import resize_bilinear
from ..shapes import positive
from .download import DataError

FILE = Path(__file__).with_name("digits.npz")
SHA256 = "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e"
LARGEST = 16  # a pixel counts the ink dots in a 4x4 block of the scan


def load_data(size: int = 32) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images ``(n, size, size)``, 0 black; uint8 labels.

    1,437 images to train and 360 to test, always the same ones in the same order, each class spread evenly
    over both. They are scaled up from 8x8 by bilinear interpolation; a size below 8 raises ValueError. The
    same 13 people wrote both parts, which makes this set easier than MNIST. Raises DataError if the file that came
    with the package is damaged.
    """
    size = positive(size, "digits: size")
    images, labels = _read(FILE)
    x = np.rint(resize_bilinear(images, size, size) * (255 / LARGEST)).astype(np.uint8)
    train, test = _split(labels)
    return (x[train], labels[train]), (x[test], labels[test])


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images ``(n, 8, 8)`` and labels ``(n,)``, uint8; their sum is checked before NumPy looks at the file."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise DataError(f"{path} is damaged, it is not the file that came with loopnet; install loopnet again")
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return file["images"], file["labels"]


def _split(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which images train and which test: shuffled, sorted by class, every fifth to test, shuffled again."""
    random = np.random.RandomState(0)  # numpy promises that this old generator's numbers never change
    order = random.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    in_test = np.arange(len(labels)) % 5 == 0
    return random.permutation(order[~in_test]), random.permutation(order[in_test])
