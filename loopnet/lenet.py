"""LeNet-5, as the article builds it: two rounds of convolution and pooling, then three dense layers.

    32x32x1  -conv 5x5->  28x28x6  -pool->  14x14x6  -conv 5x5->  10x10x16  -pool->  5x5x16  -flatten->  400  ->
    120  ->  84  ->  10

LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*, section II.B,
simplified: ReLU for the scaled tanh, max pooling for trainable subsampling, every map of C3 connected to every map of
S2, softmax for RBF units. ``lenet1998.py`` is without these simplifications.
"""

from collections.abc import Callable
from typing import Any

from .layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from .lenet1998 import lenet5_1998
from .model import Sequential


def lenet5(
    input_shape: tuple[int, int, int] = (32, 32, 1), classes: int = 10, seed: int | None = None, dtype: str = "float32"
) -> Sequential:
    """LeNet-5 for images of ``input_shape``: 61,706 parameters for 32x32x1 and ten classes. Its outputs are logits."""
    start: dict[str, Any] = {"kernel_initializer": {"name": "truncated_normal", "stddev": 0.1}}
    return Sequential(
        [
            Input(input_shape),
            Conv2D(6, 5, activation="relu", **start, name="conv1"),
            MaxPooling2D(2, name="pool1"),
            Conv2D(16, 5, activation="relu", **start, name="conv2"),
            MaxPooling2D(2, name="pool2"),
            Flatten(name="flatten"),
            Dense(120, activation="relu", **start, name="dense1"),
            Dense(84, activation="relu", **start, name="dense2"),
            Dense(classes, **start, name="logits"),
        ],
        name="lenet5",
        dtype=dtype,
        seed=seed,
    )


ARCHITECTURES: dict[str, Callable[..., Sequential]] = {"lenet5": lenet5, "lenet5_1998": lenet5_1998}
