"""The one place where it is decided how layers are run: which stages a batch walks through, on a given rung.

The layers of a model are what its author wrote; the stages are what is executed. Usually they are the same,
with three exceptions:

- The softmax at the end of a classifier is set apart, because its loss works on the logits before it.
- Convolution, ReLU and 2x2 max pooling in a row are one stage on a rung that has a fused kernel for the three; the ReLU
  may be the convolution's ``activation="relu"`` or a layer of its own.
- Where the network branches, stages stand between the layers that lead from branch to branch (``branches.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np

from .branches import Link, Merge, Take, as_a_chain
from .graph import Graph, above_what_learns
from .layers import Activation, Conv2D, Layer, MaxPooling2D, ReLU, Softmax, WeightedLayer
from .ops import Ops, Tensor


class Stage(Protocol):
    """One link of the chain: a layer, or several run as one. ``ops`` is the rung it runs on."""

    ops: Ops

    @property
    def input_shape(self) -> tuple[Any, ...]: ...

    def forward(self, x: Tensor, training: bool = False) -> Tensor: ...

    def backward(self, dy: Tensor) -> Tensor: ...


class Linear:
    """A weighted layer without its activation."""

    def __init__(self, layer: WeightedLayer):
        self.layer = layer
        self.ops, self.input_shape = layer.ops, layer.input_shape

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        return self.layer.linear_forward(x)

    def backward(self, dy: Tensor) -> Tensor:
        return self.layer.linear_backward(dy)


class ConvReluPool:
    """A convolution with ReLU and the 2x2 max pooling after it, run as one: the convolution's outputs are never
    stored. The fused kernels know no padding: a convolution that pads gets its input with the zeros around it.
    """

    def __init__(self, conv: Conv2D, pool: MaxPooling2D):
        self.conv, self.pool = conv, pool
        self.ops, self.input_shape = conv.ops, conv.input_shape
        pixels = zip(conv.output_shape[1:3], conv.kernel_size, strict=True)
        self._framed = (*(outputs + window - 1 for outputs, window in pixels), conv.input_shape[3])
        self._pads = self._framed != conv.input_shape[1:]

    @staticmethod
    def fits(links: Sequence[Link], ops: Ops) -> bool:
        """Whether these are a convolution, a ReLU, its own or a layer, and a pooling that the fused kernels can run, on
        a rung that has them.
        """
        conv, *relus, pool = links
        return (
            ops.conv2d_relu_pool_forward is not None
            and ops.relu_pool_backward is not None
            and type(conv) is Conv2D  # not a class of somebody's own, which may go another way
            and type(pool) is MaxPooling2D
            and [_is_relu(layer) for layer in (conv._activation, *relus) if layer is not None] == [True]
            and all(layer.ops is ops for layer in links)
            and "conv2d_forward" in conv.operations()  # no dilation, no groups
            and "permute" not in (*conv.operations(), *pool.operations())  # channels last
            and conv.strides == (1, 1)
            and (conv.padding == "valid" or ops.pad_images is not None)
            and pool.pool_size == pool.strides == (2, 2)
            and pool.output_shape[1:3] == tuple(n // 2 for n in conv.output_shape[1:3])  # nothing has to be padded
        )

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        conv, pool = self.conv, self.pool
        conv.keep_input(x)
        if self._pads:
            framed = conv.room("x in its frame", x, *self._framed)
            conv.ops.pad_images(x, framed, conv.pad)  # type: ignore[misc]
            x = framed
        self._x = x
        y = pool.room("y", x, *pool.output_shape[1:])
        self._winner = pool.room("winner as int8", x, *pool.output_shape[1:], dtype=np.int8)
        conv.ops.conv2d_relu_pool_forward(x, conv.w.value, conv.b.value, y, self._winner)  # type: ignore[misc]
        return y

    def backward(self, dy: Tensor) -> Tensor:
        conv, winner = self.conv, self._winner
        if not conv.needs_input_gradient and conv.ops.conv2d_relu_pool_backward_weights is not None:
            conv.ops.conv2d_relu_pool_backward_weights(dy, winner, self._x, conv.w.grad, conv.b.grad)
            return None
        dz = conv.room("dz", dy, *conv.output_shape[1:])
        if conv.needs_input_gradient and conv.ops.conv2d_relu_pool_backward is not None:
            dx = conv.room("dx", dy, *conv.input_shape[1:])
            framed = conv.room("dx in its frame", dy, *self._framed) if self._pads else dx
            conv.ops.conv2d_relu_pool_backward(dy, winner, self._x, conv.w.value, dz, framed, conv.w.grad, conv.b.grad)
            if self._pads:
                conv.ops.crop_images(framed, dx, conv.pad)  # type: ignore[misc]
            return dx
        conv.ops.relu_pool_backward(dy, winner, dz)  # type: ignore[misc]
        return conv.linear_backward(dz)


@dataclass(frozen=True)
class Plan:
    stages: list[Stage]
    """From the images to the logits."""
    trained: list[Stage]
    """Those that the way back leads through: nobody asks for the gradient of what is below all that learns."""
    softmax: Layer | None = None
    """From the logits to probabilities, if the network ends in a softmax."""

    def ending_in(self, last: Stage) -> "Plan":
        """The same, and one more stage in place of the softmax."""
        return Plan([*self.stages, last], [*self.trained, last] if self.trained else [])


def plan(graph: Graph, ops: Ops) -> Plan:
    """The stages for the layers of ``graph`` on the rung of ``ops``."""
    *_, last = graph
    links = as_a_chain(graph, ops, [last])
    asked = above_what_learns(graph)
    stages: list[Stage] = []
    trained: list[Stage] = []
    softmax: Layer | None = None
    at = 0
    while at < len(links):
        link = links[at]
        stage: Stage | None = link
        classifies = link is last and len(last.output_shape) == 2
        run_as_one = _run_as_one(links[at : at + 3], ops)
        if run_as_one > 1:
            stage = ConvReluPool(link, links[at + run_as_one - 1])  # type: ignore[arg-type]
        elif classifies and _is_softmax(link):
            stage, softmax = None, link
        elif classifies and isinstance(link, WeightedLayer) and isinstance(link._activation, Softmax):
            stage, softmax = Linear(link), link._activation
        if stage is not None:
            stages.append(stage)
            if _is_on_the_way_back(link, asked):
                trained.append(stage)
        at += run_as_one
    return Plan(stages, trained, softmax)


def _run_as_one(links: Sequence[Link], ops: Ops) -> int:
    """How many of these are one stage, from the first on."""
    return next((n for n in (2, 3) if len(links) >= n and ConvReluPool.fits(links[:n], ops)), 1)


def _is_relu(layer: Any) -> bool:
    return type(layer.activation if isinstance(layer, Activation) else layer) is ReLU


def _is_softmax(link: Link) -> TypeGuard[Layer]:
    return isinstance(link.activation if isinstance(link, Activation) else link, Softmax)


def _is_on_the_way_back(link: Link, asked: set[Layer]) -> bool:
    if isinstance(link, Layer):
        return link.learns or link in asked
    return link.wanted or isinstance(link, (Take, Merge))
