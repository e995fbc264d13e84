"""What the layers of a network ask of their kernels: the arguments that a loop really gets in a training step.

A network runs on whatever table of loops it is given (``Ops``). Here it is given the literal rung with an ear at every
loop; the step then stops at the call that was waited for. So every layer can be stepped, forward and backward, without
the stepper knowing any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..branches import Keep, Merge
from ..kernels.textbook import TEXTBOOK
from ..layers import Activated, Softmax
from ..losses import SparseCategoricalCrossentropy
from ..model import Sequential
from ..ops import get_ops
from ..plan import Linear
from ..plot.network import find_layer
from ..rungs import announce_compilation


@dataclass(frozen=True)
class Call:
    """One call of a loop: who made it, which loop, and its arguments as they were before it."""

    caller: str
    """A layer's name, ``loss``, or ``optimizer``."""
    operation: str
    arguments: tuple[Any, ...]


class _Found(Exception):
    pass


class _Listener:
    """A literal rung that waits for one call."""

    def __init__(self, operation: str, caller: str | None):
        self.operation, self.wanted = operation, caller
        self.caller = ""
        self.found: Call | None = None
        self.heard: list[tuple[str, str]] = []
        literal = get_ops("literal")
        ears: dict[str, Any] = {name: self._with_ear(name, getattr(literal, name)) for name in TEXTBOOK}
        # concatenate writes a part of its output: zeros beside it, and not what stood in the memory before
        self.ops = replace(literal, empty=np.zeros, **ears)

    def _with_ear(self, operation: str, kernel: Callable) -> Callable:
        def call(*arguments: Any) -> None:
            self.heard.append((self.caller, operation))
            if operation == self.operation and self.caller and self.wanted in (None, self.caller):
                copies = tuple(np.array(a) if isinstance(a, np.ndarray) else a for a in arguments)
                self.found = Call(self.caller, operation, copies)
                raise _Found
            kernel(*arguments)

        return call


def find_call(model: Sequential, x: np.ndarray, labels: np.ndarray, operation: str, caller: str | None = None) -> Call:
    """The arguments of the first call of ``operation`` in one training step on images ``x``, made by ``caller`` if that
    is given: a layer, ``loss`` or ``optimizer``. ``softmax_forward`` is found behind logits, too: it follows in use.

    ``model`` is left bound to other loops: compile it again before you use it. Raises ``ValueError`` if there is no
    such call, and says which there are.
    """
    if caller not in (None, "loss", "optimizer"):
        caller = model._layers[find_layer(model, caller)].name
    listener = _Listener(operation, caller)
    loss = model.loss or SparseCategoricalCrossentropy(from_logits=not _ends_in_softmax(model))
    model.compile(model.optimizer or "adam", loss, backend=listener.ops)
    for layer in model._layers:
        layer.needs_input_gradient = layer.needs_input_gradient or operation.endswith("backward_input")
    try:
        with announce_compilation():
            _one_step(model, x, labels, listener)
    except _Found:
        pass
    if listener.found is None:
        made = {name: who for who, name in listener.heard if who and (caller is None or who == caller)}
        who = caller or model.name
        raise ValueError(f"{who}: it does not run {operation}; it runs {', '.join(made) or 'no loop at all'}")
    return listener.found


def _one_step(model: Sequential, x: np.ndarray, labels: np.ndarray, listener: _Listener) -> None:
    """A training step, layer by layer. The same as ``Network._train``, with each caller announced."""
    ops = model._ready()
    data = model._data("step", x, labels)
    y, targets, weight = data.load(ops.asarray(np.arange(len(x))))
    stages, down_to_the_images = model._plan.stages, listener.operation.endswith("backward_input")
    for stage in stages:
        if isinstance(stage, Keep):
            stage.kept.wanted = stage.kept.wanted or down_to_the_images
        listener.caller = _name(stage)
        y = stage.forward(y, training=True)
    if listener.operation.startswith("softmax_forward") and not _ends_in_softmax(model):
        listener.caller = listener.wanted or "softmax"
        ops.softmax_forward(y, np.empty_like(y))
    listener.caller = "loss"
    _, gradient = model._loss(y, targets, weight)
    for stage in reversed(stages if down_to_the_images else model._plan.trained):
        listener.caller = _name(stage)
        gradient = stage.backward(gradient)
    listener.caller = "loss"  # again: what weights add to it by being large
    model._penalize(training=True)
    listener.caller = "optimizer"
    model.optimizer.step(ops, model._values, model._grads)  # type: ignore[union-attr]


def _name(stage: Any) -> str:
    return stage.layer.name if isinstance(stage, (Linear, Merge)) else getattr(stage, "name", "branch")


def _ends_in_softmax(model: Sequential) -> bool:
    last = model._layers[-1]
    return isinstance(last.activation if isinstance(last, Activated) else last, Softmax)
