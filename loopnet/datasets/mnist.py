"""MNIST: 60,000 + 10,000 handwritten digits of 28x28 pixels. Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0."""

from pathlib import Path

import numpy as np

from .fetch import Files, fetch
from .idx import read_idx

CLASSES = 10

FILES = Files(
    folder="mnist",
    sha256={
        "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
    size={
        "train-images-idx3-ubyte.gz": 9_912_422,
        "train-labels-idx1-ubyte.gz": 28_881,
        "t10k-images-idx3-ubyte.gz": 1_648_877,
        "t10k-labels-idx1-ubyte.gz": 4_542,
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)


def load_data(files: Files = FILES) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images ``(n, 28, 28)``, 0 black; uint8 labels ``(n,)``.

    The files are taken from ``$LOOPNET_DATA/mnist``, else the user's cache folder, else downloaded (11 MB).
    ``files`` is for sets published under the same names. Raises DataError if they cannot be had, ValueError
    if they are not what they should be.
    """
    paths = fetch(files)
    return _read_part(paths, "train"), _read_part(paths, "t10k")


def _read_part(paths: dict[str, Path], part: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(paths[f"{part}-images-idx3-ubyte.gz"], rank=3)
    labels = read_idx(paths[f"{part}-labels-idx1-ubyte.gz"], rank=1)
    if len(images) != len(labels):
        raise ValueError(f"{part}: {len(images)} images but {len(labels)} labels")
    if len(labels) and labels.max() >= CLASSES:
        raise ValueError(f"{part}: expected labels 0 to {CLASSES - 1}, given {labels.max()}")
    return images, labels
