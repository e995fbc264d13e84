"""loopnet, on any rung: the network through its public layers, the step as ``fit`` runs it, on a batch in place."""

from typing import Any

import numba
import numpy as np

from loopnet import Input, Sequential, losses, optimizers
from loopnet.batches import Batches
from loopnet.layers import AveragePooling2D, Conv2D, Dense, Flatten, Layer, MaxPooling2D
from loopnet.ops import get_ops

from ..nets import Net, images, weights
from . import Program

ONE_THREAD = ", 1 thread"


def start(threads: int) -> None:
    pass  # NUMBA_NUM_THREADS is set from outside


def variants(kind: str, batch: int) -> list[str]:
    return ["tuned", "tuned" + ONE_THREAD] if batch == 1 else ["tuned"]


def model_of(net: Net, backend: str, dtype: str = "float32") -> Sequential:
    layers: list[Layer] = [Input(net.image)]
    pooling = MaxPooling2D if net.pooling == "max" else AveragePooling2D
    for filters in net.filters:
        layers += [Conv2D(filters, net.window, activation=net.activation), pooling(2)]
    layers += [Flatten(), *(Dense(units, activation=net.activation) for units in net.units[:-1]), Dense(net.units[-1])]
    model = Sequential(layers, dtype=dtype)
    optimizer = optimizers.get({"name": net.optimizer, "learning_rate": net.learning_rate})
    model.compile(optimizer, losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    model.set_weights(weights(net))
    return model


def build(net: Net, kind: str, batch: int, variant: str, threads: int, dtype: str = "float32") -> Program:
    rung, _, one_thread = variant.partition(ONE_THREAD[:2])
    rung, _, predict = rung.partition(" ")
    model = model_of(net, rung, dtype)
    x, labels = images(net, batch)
    data = Batches(get_ops(rung), *model._checked("benchmark", x, labels))
    in_place = data.load(np.arange(batch))

    def train() -> Any:
        return model._train(*in_place)

    def loss(result: Any) -> list[float]:
        return [float(model._ops.to_host(result[1], (batch,)).mean())]  # type: ignore[union-attr]

    def forward() -> Any:
        return model._forward(in_place[0], training=False)

    def logits(result: Any) -> list[float]:
        if isinstance(result, np.ndarray) and predict:
            return result[0].tolist()
        return model._ops.to_host(result, (batch, 10))[0].tolist()  # type: ignore[union-attr]

    def before() -> None:
        numba.set_num_threads(1 if one_thread else threads)

    if kind == "train":
        return Program(train, loss, before=before)
    if predict:  # NumPy in, NumPy out
        return Program(lambda: model.predict(x, batch_size=batch), logits, before=before)
    return Program(forward, logits, before=before)


def reference(net: Net, kind: str, batch: int) -> list[list[float]]:
    """What everybody should answer: three losses, or the logits, by the literal rung in float64."""
    program = build(net, kind, batch, "literal", 1, dtype="float64")
    return [program.answer(program.call()) for _ in range(3 if kind == "train" else 1)]
