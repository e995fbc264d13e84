"""The one place where it is decided how layers are run: which stages a batch walks through, on a given rung.

The layers of a model are what its author wrote; the stages are what is executed. Usually they are the same. The softmax at the
end of a classifier is set apart, because its loss works on the logits before it.
"""

from dataclasses import dataclass
from typing import Protocol

from .layers import Layer, Softmax, WeightedLayer
from .ops import Ops, Tensor


class Stage(Protocol):
    """One link of the chain: a layer, or several run as one."""

    def forward(self, x: Tensor, training: bool = False) -> Tensor: ...

    def backward(self, dy: Tensor) -> Tensor: ...


class Linear:
    """A weighted layer without its activation."""

    def __init__(self, layer: WeightedLayer):
        self.layer = layer

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        return self.layer.linear_forward(x)

    def backward(self, dy: Tensor) -> Tensor:
        return self.layer.linear_backward(dy)


@dataclass(frozen=True)
class Plan:
    stages: list[Stage]
    """From the images to the logits."""
    softmax: Layer | None
    """From the logits to probabilities, if the network ends in a softmax."""
    first_trained: int
    """The first stage that has parameters: the backward pass ends there, nobody asks for the gradient of the pixels."""


def plan(layers: list[Layer], ops: Ops) -> Plan:
    """The stages for ``layers`` on the rung of ``ops``."""
    stages: list[Stage] = list(layers)
    softmax: Layer | None = None
    last = layers[-1]
    if isinstance(last, Softmax):
        stages, softmax = stages[:-1], last
    elif isinstance(last, WeightedLayer) and isinstance(last.activation, Softmax):
        stages, softmax = [*stages[:-1], Linear(last)], last.activation
    trained = [i for i, layer in enumerate(layers) if layer.parameters]
    return Plan(stages, softmax, trained[0] if trained else len(stages))
