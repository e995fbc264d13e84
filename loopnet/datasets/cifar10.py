"""CIFAR-10: 50,000 + 10,000 colour photographs of 32x32 pixels, in ten classes. A. Krizhevsky (2009), *Learning
multiple layers of features from tiny images*.

The binary version, which needs no pickle. A record is a byte for the label, then 1024 for red, 1024 for green and
1024 for blue, each row by row; a file is 10,000 records.
"""

from pathlib import Path

import numpy as np

from ..backend import image_data_format
from .fetch import Archive, Files, fetch

CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHAPE = (3, 32, 32)  # channels first, as it is stored
RECORD = 1 + 3 * 32 * 32

SUMS = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}

FILES = Files(
    folder="cifar-10/cifar-10-batches-bin",
    sha256=SUMS,
    size=dict.fromkeys(SUMS, 10_000 * RECORD),
    mirrors=("https://www.cs.toronto.edu/~kriz/",),
    archive=Archive(
        name="cifar-10-binary.tar.gz",
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        folder="cifar-10-batches-bin",
        size=170_052_171,
    ),
)


def load_data(files: Files = FILES) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images ``(n, 32, 32, 3)``, red, green, blue; uint8 labels
    ``(n, 1)``, as in Keras; images ``(n, 3, 32, 32)`` where ``backend.image_data_format()`` is "channels_first".

    The files are taken from ``$LOOPNET_DATA/cifar-10/cifar-10-batches-bin``, else the user's cache folder; else the
    archive, found beside that folder or downloaded (170 MB), is unpacked. Raises DataError if they cannot be had,
    ValueError if they are not what they should be.
    """
    paths = fetch(files)
    train = [_read_batch(path) for name, path in paths.items() if name != "test_batch.bin"]
    images, labels = zip(*train, strict=True)
    return (np.concatenate(images), np.concatenate(labels)), _read_batch(paths["test_batch.bin"])


def _read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    data = np.fromfile(path, np.uint8)
    if data.size == 0 or data.size % RECORD:
        raise ValueError(f"{path}: expected records of {RECORD} bytes, given {data.size} bytes")
    records = data.reshape(-1, RECORD)
    if records[:, 0].max() >= len(CLASSES):
        raise ValueError(f"{path}: expected labels 0 to {len(CLASSES) - 1}, given {records[:, 0].max()}")
    images = records[:, 1:].reshape(-1, *SHAPE)
    if image_data_format() == "channels_last":
        images = np.moveaxis(images, 1, -1)
    return np.ascontiguousarray(images), records[:, :1].copy()
