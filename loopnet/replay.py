"""A step like the one before it: the same loops on the same memory, noted once and then called one after another.

From step to step a network of plain layers decides nothing: each layer calls the same loop on the same arrays. But
between two loops the other cores wait for Python to get there, up to 40 microseconds, probably because whatever it
needs has left the caches meanwhile. Calls that are ready, one after another, take a third of a microsecond between two.
On a Zen 3 that makes training steps of LeNet-5 1.08 times as fast, and predicting for a single image 1.6 times. What
runs are the same loops in the same order: the numbers are the same to the last bit.

The first step runs through the layers; so does the second, while somebody listens; later ones are repeated from what
was heard, until anything is different: another batch in other memory, a layer that has taken other memory, or a
network that was bound anew. The optimiser is asked in every step, for its numbers change, and so is dropout, which
tosses its coins anew. Whoever wants to see the layers at work in every step says ``compile(run_eagerly=True)``; while a
debugger looks on, it sees them anyway.
"""

import sys
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from operator import is_
from threading import get_ident
from typing import Any

from . import losses
from .layers import (
    Activated,
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    ReLU,
    ScaledTanh,
    Sigmoid,
    Tanh,
    UpSampling2D,
    ZeroPadding2D,
)
from .ops import Ops, Tensor, get_ops
from .plan import ConvReluPool, Linear

ACTIVATIONS = (ReLU, Sigmoid, Tanh, ScaledTanh)
STAGES = (
    ConvReluPool, Linear, Conv2D, Dense, Flatten, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D, UpSampling2D,
    ZeroPadding2D, Activation, *ACTIVATIONS,
)  # fmt: skip
"""What does nothing in a step but call loops, and remember which arrays these were."""

ASKED = (Dropout,)
"""What does something else in every step, and is asked for it itself; on the same arrays."""

LOSSES = (losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy, losses.BinaryCrossentropy)
"""What is one call of a loop."""

MEMORY = ("asarray", "empty", "images", "to_host", "train_step")
"""What ``Ops`` has beside loops."""


class Replay:
    """The training step of a network, ``replay(x, targets, weight)``, and its outputs, ``replay.outputs(x)``."""

    values_changed = False  # which a step that keeps weights of its own wants to be told

    _before: tuple[Any, ...] = ()
    """What the last step was, and its arrays."""
    _noted: tuple[tuple[Any, ...], list[Callable[[], Any]], Any] | None = None
    """Where that was, the calls of the last step, and what it returned."""

    def __init__(self, network: Any):
        self._network = network

    def __getstate__(self) -> dict[str, Any]:
        return {"_network": self._network}  # a copy listens anew

    @staticmethod
    def of(network: Any, ops: Ops) -> "Replay | None":
        """For a network that is being bound to ``ops``; None if there is more to its steps than loops."""
        layers = _layers_of(network)
        plain = (
            ops.name == "tuned"
            and ops is get_ops("tuned")  # not one whose loops somebody has replaced
            and all(type(stage) in (*STAGES, *ASKED) for stage in network._plan.stages)
            and all(layer.ops is ops for layer in layers)
            and all(type(layer._activation) in (*ACTIVATIONS, type(None))
                    or network._plan.softmax in (layer, layer._activation)
                    for layer in layers if isinstance(layer, Activated))
            and not network._regularized
            and not network._bounded
            and (network.loss is None or (type(network._criterion) in LOSSES and len(network.output_shape) == 2))
        )  # fmt: skip
        return Replay(network) if plain else None

    def __call__(self, x: Tensor, targets: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        network = self._network

        def by_layers() -> Any:
            network._step = None
            try:
                return network._train(x, targets, weight)
            finally:
                network._step = self

        repeated, result = self._again(("train", x, targets, weight), by_layers)
        if repeated:
            network.optimizer.step(network._ops, network._values, network._grads)
        return result

    def outputs(self, x: Tensor) -> Tensor:
        network = self._network

        def by_layers() -> Any:
            network._replay = None
            try:
                return network._forward(x, training=False)
            finally:
                network._replay = self

        return self._again(("predict", x), by_layers)[1]

    def _again(self, step: tuple[Any, ...], by_layers: Callable[[], Any]) -> tuple[bool, Any]:
        """Whether the step was repeated without the optimiser, and what it returns."""
        if self._network.run_eagerly or _is_watched():
            self._before, self._noted = (), None
            return False, by_layers()
        before, self._before = self._before, step
        if len(before) != len(step) or not all(map(is_, before, step)):
            self._noted = None
            return False, by_layers()
        if self._noted is None or self._noted[0] != self._where():
            self._noted = None
            calls: list[Callable[[], Any]] = []
            result = self._listen(by_layers, calls)
            self._noted = self._where(), calls, result
            return False, result
        _, calls, result = self._noted
        for call in calls:
            call()
        return True, result

    def _where(self) -> tuple[Any, ...]:
        """Another layer's memory, or another thread of Python, whose kernels have scratch of their own, is elsewhere;
        and so is a layer that begins to disturb its images, or no longer does.
        """
        disturbs = (stage.strength() > 0 for stage in self._network._plan.stages if isinstance(stage, ASKED))
        return Layer.rooms_taken, get_ident(), *disturbs

    def _listen(self, by_layers: Callable[[], Any], calls: list[Callable[[], Any]]) -> Any:
        """``by_layers()``, and ``calls`` grows by its loops, except the optimiser's, each with its arguments."""

        def with_ear(loop: Callable) -> Callable:
            def call(*arguments: Any) -> Any:
                made_ready = getattr(loop, "made_ready", None)
                calls.append(made_ready(*arguments) if made_ready else partial(loop, *arguments))
                return loop(*arguments)

            return call

        network, ops, plan = self._network, self._network._ops, self._network._plan
        layers = [layer for layer in _layers_of(network) if not isinstance(layer, ASKED)]
        asked = {id(stage): _Asked(stage, calls) for stage in plan.stages if isinstance(stage, ASKED)}
        stages, trained = ([asked.get(id(stage), stage) for stage in some] for some in (plan.stages, plan.trained))
        loops = {f.name: getattr(ops, f.name) for f in fields(ops) if f.name not in MEMORY and not _optimizes(f.name)}
        ears: dict[str, Any] = {name: with_ear(loop) for name, loop in loops.items() if callable(loop)}
        listening = replace(ops, **ears)
        try:
            network._ops, network._plan = listening, replace(plan, stages=stages, trained=trained)
            for layer in layers:
                layer.ops = listening
            return by_layers()
        finally:
            network._ops, network._plan = ops, plan
            for layer in layers:
                layer.ops = ops


class _Asked:
    """In place of a stage while somebody listens: ``calls`` grows by what it is asked."""

    def __init__(self, stage: Any, calls: list[Callable[[], Any]]):
        self._stage, self._calls = stage, calls

    def forward(self, *arguments: Any) -> Any:
        self._calls.append(partial(self._stage.forward, *arguments))
        return self._stage.forward(*arguments)

    def backward(self, *arguments: Any) -> Any:
        self._calls.append(partial(self._stage.backward, *arguments))
        return self._stage.backward(*arguments)


def _layers_of(network: Any) -> list[Layer]:
    """Those that call loops, activations among them."""
    own = [layer._activation for layer in network._layers if isinstance(layer, Activated) and layer._activation]
    return [*network._layers, *own]


if sys.version_info >= (3, 12):

    def _is_watched() -> bool:
        """Whether a debugger looks on."""
        return sys.gettrace() is not None or sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID) is not None

else:

    def _is_watched() -> bool:
        """Whether a debugger looks on."""
        return sys.gettrace() is not None


def _optimizes(name: str) -> bool:
    return name.endswith("_update") or name.startswith("clip_") or name == "sum_of_squares"
