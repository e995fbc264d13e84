"""The networks that are trained, as plain descriptions from which each peer builds its own; and their FLOPs.

FLOPs are the textbook's: two for each multiply-add of the layer's definition, whatever a kernel does to get round
some of them. Bias, activation, pooling, softmax and the optimiser are not counted.
"""

from dataclasses import dataclass
from math import prod

import numpy as np


@dataclass(frozen=True)
class Net:
    """Convolutions, each with an activation and 2x2 pooling behind it, then dense layers with activations between them;
    ten logits.
    """

    key: str
    title: str
    image: tuple[int, int, int]  # height, width, channels
    batch: int
    filters: tuple[int, ...]
    units: tuple[int, ...]
    optimizer: str
    window: int = 5
    activation: str = "relu"  # or tanh
    pooling: str = "max"  # or average

    @property
    def learning_rate(self) -> float:
        return 0.001 if self.optimizer == "adam" else 0.01

    def inputs(self) -> list[tuple[int, int, int]]:
        """What each convolution sees, and last what Flatten sees: (height, width, channels)."""
        height, width, _ = self.image
        shapes = [self.image]
        for filters in self.filters:
            height, width = (height - self.window + 1) // 2, (width - self.window + 1) // 2
            shapes.append((height, width, filters))
        return shapes

    def weight_shapes(self) -> list[tuple[int, ...]]:
        """Weights and bias of each layer, laid out as Keras does."""
        shapes: list[tuple[int, ...]] = []
        inputs = self.inputs()
        for (_, _, channels), filters in zip(inputs, self.filters, strict=False):
            shapes += [(self.window, self.window, channels, filters), (filters,)]
        features = prod(inputs[-1])
        for units in self.units:
            shapes += [(features, units), (units,)]
            features = units
        return shapes

    def multiply_adds(self) -> list[int]:
        """Forward, for one image, layer by layer."""
        counts = []
        for (height, width, channels), filters in zip(self.inputs(), self.filters, strict=False):
            outputs = (height - self.window + 1) * (width - self.window + 1)
            counts.append(outputs * filters * self.window**2 * channels)
        return counts + [prod(shape) for shape in self.weight_shapes()[2 * len(self.filters) :: 2]]

    def flops_forward(self, batch: int) -> int:
        return 2 * batch * sum(self.multiply_adds())

    def flops_step(self, batch: int) -> int:
        """Forward, gradients of the weights, and gradients of the inputs except the images'."""
        counts = self.multiply_adds()
        return 2 * batch * (3 * sum(counts) - counts[0])


LENET = {"batch": 128, "filters": (6, 16), "units": (120, 84, 10), "optimizer": "adam"}
OLDER = {"activation": "tanh", "pooling": "average"}
NETS = {
    net.key: net
    for net in (
        Net("a", "LeNet-5, 32x32x1", (32, 32, 1), **LENET),  # type: ignore[arg-type]
        Net("b", "32 and 64 filters, 28x28x1", (28, 28, 1), 100, (32, 64), (10,), "sgd"),
        Net("c", "LeNet-5, 32x32x3", (32, 32, 3), **LENET),  # type: ignore[arg-type]
        Net("d", "32 and 64 filters of 3x3, 28x28x1", (28, 28, 1), 128, (32, 64), (10,), "adam", window=3),
        Net("e", "LeNet-5, tanh and mean, 32x32x1", (32, 32, 1), **LENET, **OLDER),  # type: ignore[arg-type]
    )
}


def describe(net: Net, kind: str, batch: int) -> str:
    """A task in words: what is done, at which batch size."""
    return f"{net.title}, batch {batch}, " + (f"training, {net.optimizer}" if kind == "train" else "inference")


def weights(net: Net) -> list[np.ndarray]:
    """The weights that everybody starts from: normal, scaled as He et al. (2015); biases 0."""
    random = np.random.default_rng(1)
    return [
        (random.standard_normal(shape) * np.sqrt(2 / prod(shape[:-1]))).astype(np.float32)
        if len(shape) > 1
        else np.zeros(shape, np.float32)
        for shape in net.weight_shapes()
    ]


def images(net: Net, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """A batch that everybody trains on: pixels from 0 to 1, float32, and labels, int64. Noise, which costs the same."""
    random = np.random.default_rng(2)
    return random.random((batch, *net.image), np.float32), random.integers(10, size=batch)
