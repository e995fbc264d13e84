"""The autoencoders of the golden values: models whose outputs are images, by Keras's names and arguments, which are
loopnet's too.

`make_autoencoder_golden.py` trains them with Keras and `tests/test_autoencoders.py` with loopnet, from the same
weights and on the same images. NumPy promises that the streams of the old `RandomState` never change.
"""

from typing import Any, NamedTuple

import numpy as np

STEPS, IMAGES = 3, 4
METRICS = ("mae", "mse", "accuracy")


class Autoencoder(NamedTuple):
    shape: tuple[int, ...]
    layers: list[tuple[str, dict[str, Any]]]
    loss: str
    learning_rate: float


def conv(filters: int, activation: str) -> tuple[str, dict[str, Any]]:
    return "Conv2D", {"filters": filters, "kernel_size": 3, "activation": activation, "padding": "same"}


AUTOENCODERS = {
    "convolution": Autoencoder((6, 5, 1), [conv(3, "relu"), conv(1, "sigmoid")], "binary_crossentropy", 5.0),
    "upsampling": Autoencoder(
        (6, 4, 1),
        [conv(3, "relu"), ("MaxPooling2D", {"pool_size": 2, "padding": "same"}), conv(2, "relu"),
         ("UpSampling2D", {"size": (2, 2)}), conv(1, "sigmoid")],
        "binary_crossentropy", 1.0,
    ),
    "reshape": Autoencoder(
        (4, 3, 2), [("Flatten", {}), ("Dense", {"units": 24}), ("Reshape", {"target_shape": (4, 3, 2)})], "mse", 0.5
    ),
}  # fmt: skip


def images(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, what they shall become (black and white behind a sigmoid), and what each counts in the last step."""
    random = np.random.RandomState(11)
    shape, _, loss, _ = AUTOENCODERS[name]
    x = random.uniform(size=(IMAGES, *shape))
    return x, (np.round(x) if loss == "binary_crossentropy" else x), random.uniform(size=IMAGES)


def weights_like(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    random = np.random.RandomState(12)
    return [0.5 * random.standard_normal(shape) for shape in shapes]
