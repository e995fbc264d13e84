"""How LeNet-5 is trained: whole recipes, network and training together, from 1998's to the best that we know.

A recipe is a list of choices, and the next better recipe differs in few of them; :data:`TIME_MACHINE` goes from the
first to the last one choice at a time. Every setting was chosen on the last 10,000 of the 60,000 training images of
MNIST, with the others to train on, and never by looking at test images (``benchmarks/records.py``).

    recipe = RECIPES["best"]
    model = recipe.model((32, 32, 1), images=60000, seed=0)
    model.fit(x, y, **recipe.fit())
"""

from dataclasses import dataclass, field, replace
from typing import Any

from . import optimizers
from .averaging import AveragedWeights
from .layers import (
    RBF,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Layer,
    MaxPooling2D,
    RandomDistortion,
    Rescaling,
    SparseConv2D,
    Subsampling2D,
)
from .lenet1998 import TABLE_I, bitmaps
from .losses import Loss, MaximumAPosteriori, SparseCategoricalCrossentropy
from .model import Sequential
from .schedules import CosineDecay


@dataclass(frozen=True)
class Recipe:
    """The choices. What the defaults are is LeNet-5 as the article trains it."""

    outputs: str = "softmax"
    """Or "rbf": distances from pictures of the digits, and the loss of 1998."""
    connections: str = "all"
    """Or "table": each filter of the second convolution sees the channels that table I of the paper gives it."""
    pooling: str = "max"
    """Or "subsampling", trainable."""
    activation: str = "relu"
    """Or "scaled_tanh"."""
    rescaled: bool = False
    """Pixels from -0.1 to 1.175, as in the paper, instead of 0 to 1."""
    filters: tuple[int, int] = (6, 16)
    units: tuple[int, ...] = (120, 84)
    start: str | dict[str, Any] = field(default_factory=lambda: {"name": "truncated_normal", "stddev": 0.1})
    """The initialiser of the weights."""
    dropout: float = 0.0
    """Of the features between the convolutions and the dense layers."""
    distortion: dict[str, Any] | None = None
    """Arguments of ``RandomDistortion``."""

    learning_rate: float = 0.001
    one_cycle: bool = False
    """The rate climbs from a 25th in the first fifth of the training, then falls to 0 along a cosine."""
    label_smoothing: float = 0.0
    average: float | None = None
    """The decay of ``AveragedWeights``."""
    epochs: int = 10
    batch_size: int = 128

    def layers(self, input_shape: tuple[int, int, int], classes: int = 10) -> list[Layer]:
        how: dict[str, Any] = {"activation": self.activation, "kernel_initializer": self.start}
        if self.outputs == "rbf" and (self.units[-1], classes) != bitmaps().shape[::-1]:
            raise ValueError(
                f"recipe: expected 84 units and 10 classes for RBF outputs, given {self.units[-1]} and {classes}"
            )

        def pooling(name: str) -> Layer:
            return MaxPooling2D(2, name=name) if self.pooling == "max" else Subsampling2D(2, **how, name=name)

        second: Layer = Conv2D(self.filters[1], 5, **how, name="conv2")
        if self.connections == "table":
            second = SparseConv2D(TABLE_I, 5, **how, name="conv2")
        stack: list[Layer] = [Input(input_shape)]
        if self.distortion is not None:
            stack.append(RandomDistortion(**self.distortion, name="distortion"))
        if self.rescaled:
            stack.append(Rescaling(1.275, -0.1, name="rescaling"))
        stack += [Conv2D(self.filters[0], 5, **how, name="conv1"), pooling("pool1"), second, pooling("pool2")]
        stack.append(Flatten(name="flatten"))
        if self.dropout:
            stack.append(Dropout(self.dropout, name="dropout"))
        stack += [Dense(units, **how, name=f"dense{at}") for at, units in enumerate(self.units, start=1)]
        if self.outputs == "rbf":
            return [*stack, RBF(bitmaps(), name="rbf")]
        return [*stack, Dense(classes, kernel_initializer=self.start, name="logits")]

    def loss(self) -> Loss:
        if self.outputs == "rbf":
            return MaximumAPosteriori()
        return SparseCategoricalCrossentropy(from_logits=True, label_smoothing=self.label_smoothing)

    def optimizer(self, images: int) -> optimizers.Optimizer:
        """Adam, with a rate for each step of training on so many images."""
        if not self.one_cycle:
            return optimizers.Adam(self.learning_rate)
        steps = self.epochs * -(-images // self.batch_size)
        climb, top = steps // 5, self.learning_rate
        return optimizers.Adam(CosineDecay(top / 25, steps - climb, warmup_target=top, warmup_steps=climb))

    def model(
        self, input_shape: tuple[int, int, int], images: int, seed: int | None = None, backend: Any = "tuned"
    ) -> Sequential:
        """The network, compiled to be trained on so many images."""
        model = Sequential(self.layers(input_shape), name="lenet5", seed=seed)
        model.compile(self.optimizer(images), self.loss(), metrics=["accuracy"], backend=backend)
        return model

    def fit(self) -> dict[str, Any]:
        """The arguments of ``fit`` that belong to the recipe."""
        callbacks = [] if self.average is None else [AveragedWeights(self.average)]
        return {"batch_size": self.batch_size, "epochs": self.epochs, "callbacks": callbacks}


ARTICLE = Recipe()
LECUN1998 = Recipe(
    outputs="rbf", connections="table", pooling="subsampling", activation="scaled_tanh", rescaled=True,
    start="fan_in_uniform", learning_rate=0.002, one_cycle=True, epochs=20,
)  # fmt: skip
PLAIN = Recipe(dropout=0.5, learning_rate=0.005, one_cycle=True, epochs=20)
AFFINE = {"shift": 1.5, "rotation": 10, "zoom": 0.1, "shear": 0.1}
BEST = replace(
    PLAIN, dropout=0.0, distortion={**AFFINE, "elastic": 12, "sigma": 4},
    filters=(16, 48), units=(60,), epochs=34, average=0.999,
)  # fmt: skip

SPRINT = replace(PLAIN, dropout=0.0, learning_rate=0.015, label_smoothing=0.1, epochs=2)

COLOUR = Recipe(start="glorot_uniform", batch_size=32)

RECIPES: dict[str, Recipe] = {
    "article": ARTICLE, "lecun1998": LECUN1998, "sprint": SPRINT, "plain": PLAIN, "best": BEST, "colour": COLOUR,
}  # fmt: skip
"""article: as the article trains it. lecun1998: the network of 1998, with today's optimiser. sprint: 99 % in seconds.
plain: the best without distorted images. best: the best with them. colour: as the article on CIFAR-10 trains it, for
pictures in colour.
"""


def _time_machine() -> dict[str, Recipe]:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("softmax for RBF outputs", {"outputs": "softmax"}),
        ("every map sees every map", {"connections": "all"}),
        ("max pooling", {"pooling": "max"}),
        ("ReLU for tanh", {"activation": "relu"}),
        ("the article's first weights and pixels", {"start": ARTICLE.start, "rescaled": False}),
        (f"a rate of {PLAIN.learning_rate}", {"learning_rate": PLAIN.learning_rate}),
        ("dropout", {"dropout": PLAIN.dropout}),
        ("distortions, no dropout", {"distortion": AFFINE, "dropout": BEST.dropout}),
        (f"30 epochs instead of {LECUN1998.epochs}", {"epochs": 30}),
        ("twice the filters, one dense layer less", {"filters": (12, 32), "units": BEST.units}),
        ("40 epochs, their weights averaged", {"epochs": 40, "average": BEST.average}),
        (f"16 and 48 filters, {BEST.epochs} epochs", {"filters": BEST.filters, "epochs": BEST.epochs}),
        ("elastic distortions too", {"distortion": BEST.distortion}),
    ]
    recipe, rows = LECUN1998, {"LeNet-5 of 1998": LECUN1998}
    for name, change in steps:
        recipe = rows[name] = replace(recipe, **change)
    return rows


TIME_MACHINE: dict[str, Recipe] = _time_machine()
"""From ``lecun1998`` to ``best``, by way of ``plain``: each row is the one above it with one choice changed."""
