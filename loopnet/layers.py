"""Layers: what a network is made of. Each knows its geometry and its parameters, and asks ``ops`` to run the loops.

The life of a layer: the constructor takes Keras's arguments; ``build`` learns the input's shape, checks it once
and declares the parameters; ``bind`` gets a rung and memory; then ``forward`` and ``backward`` run, batch after
batch. ``forward`` keeps what ``backward`` will need. ``backward`` receives the gradient of the loss with
respect to the layer's output, overwrites the gradients of the layer's own parameters, and returns the gradient
with respect to its input: the chain rule, one link at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from . import initializers
from .ops import Ops, Tensor
from .shapes import Shape, expect_rank, padding_mode, pair, positive, window_geometry


@dataclass
class Parameter:
    """A weight or bias. ``value`` and ``grad`` are views into the model's two long vectors, where the optimiser
    finds them.
    """

    name: str
    shape: Shape
    initializer: initializers.Initializer
    value: Any = None
    grad: Any = None


class Layer:
    """The base of all layers, and by itself the layer that changes nothing."""

    def __init__(self, name: str | None = None, input_shape: Sequence[int] | None = None):
        self.name = name or ""
        self.declared_input_shape = None if input_shape is None else tuple(input_shape)
        self.parameters: list[Parameter] = []
        self.needs_input_gradient = True
        """False in a model's first layer: nobody asks for the gradient of the pixels."""
        self.ops: Ops
        self.built = False
        self._room: dict[str, Tensor] = {}

    def build(self, input_shape: Shape) -> None:
        """Learn the shape of one image at the input; work out ``output_shape``; declare parameters. Raises
        ``ValueError``.
        """
        self._input = tuple(input_shape)
        self._output = self.geometry(self._input)
        self.built = True

    def geometry(self, input_shape: Shape) -> Shape:
        """The shape of one image at the output, for one of ``input_shape`` at the input."""
        return input_shape

    def bind(self, ops: Ops, dtype: np.dtype) -> None:
        """Choose the rung that ``forward`` and ``backward`` run on."""
        self.ops, self.dtype, self._room = ops, dtype, {}

    def room(self, what: str, like: Tensor, *shape: int, dtype: Any = None) -> Tensor:
        """Memory for as many images as ``like`` holds: allocated once, and used again while that number stays
        the same.
        """
        batch = self.ops.images(like)
        known = self._room.get(what)
        if known is None or self.ops.images(known) != batch:
            known = self._room[what] = self.ops.empty((batch, *shape), dtype or self.dtype)
        return known

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        """The layer's output for a batch; valid until the next call."""
        return x

    def backward(self, dy: Tensor) -> Tensor:
        """From the gradient of the output to that of the input; overwrites the gradients of the parameters."""
        return dy

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"name": self.name}

    @property
    def input_shape(self) -> tuple[Any, ...]:
        return (None, *self._input)

    @property
    def output_shape(self) -> tuple[Any, ...]:
        return (None, *self._output)

    @property
    def weights(self) -> list[np.ndarray]:
        """The layer's parameters, in Keras's order: weights, then biases."""
        return [np.asarray(p.value) for p in self.parameters]

    def count_params(self) -> int:
        return sum(prod(p.shape) for p in self.parameters)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.config().items() if value is not None)
        return f"{type(self).__name__}({arguments})"


class Input(Layer):
    """Declares the shape of one image, e.g. ``Input(shape=(28, 28, 1))``. Computes nothing and is not listed by
    ``model.layers``.
    """

    def __init__(self, shape: Sequence[int], name: str | None = None):
        super().__init__(name, [positive(n, "Input: shape") for n in shape])


class ReLU(Layer):
    """Rectified linear unit: negative numbers become 0."""

    def forward(self, x, training=False):
        self._y = self.room("y", x, *self._output)
        self.ops.relu_forward(x, self._y)
        return self._y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self.ops.relu_backward(dy, self._y, dx)
        return dx


class Softmax(Layer):
    """Probabilities from logits. Only as the last step of a network: its backward pass lives in the
    cross-entropy loss.
    """

    def geometry(self, input_shape):
        expect_rank(self.name, input_shape, 1, "(batch, classes)")
        return input_shape

    def forward(self, x, training=False):
        y = self.room("y", x, *self._output)
        self.ops.softmax_forward(x, y)
        return y

    def backward(self, dy):
        raise ValueError(
            f"{self.name}: softmax can be trained only as a network's last activation, with a cross-entropy loss"
        )


ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "softmax": Softmax}


def activation_layer(activation: str | None, owner: str) -> Layer | None:
    """The layer behind ``activation="relu"``; None for None and "linear". ``ValueError`` for unknown names."""
    if activation is None or activation == "linear":
        return None
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"{owner}: unknown activation {activation!r}; expected one of linear, {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[activation](name=f"{owner}/{activation}")


def Activation(activation: str, name: str | None = None) -> Layer:
    """``Activation("relu")`` is ``ReLU()``, as a layer of its own."""
    layer = activation_layer(activation, name or "Activation") or Layer()
    layer.name = name or ""
    return layer


class WeightedLayer(Layer):
    """A layer with weights ``w``, biases ``b`` and, behind them, an activation of its own.

    ``linear_forward`` and ``linear_backward`` are the layer without its activation.
    """

    def __init__(
        self,
        activation: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        input_shape: Sequence[int] | None = None,
        name: str | None = None,
    ):
        super().__init__(name, input_shape)
        self.activation = activation_layer(activation, name or type(self).__name__)
        self._activation_name = activation
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def declare(self, w: Shape, b: Shape) -> None:
        self.parameters = [Parameter("w", w, self.kernel_initializer), Parameter("b", b, self.bias_initializer)]
        self.w, self.b = self.parameters

    def build(self, input_shape):
        super().build(input_shape)
        if self.activation:
            self.activation.build(self._output)

    def bind(self, ops, dtype):
        super().bind(ops, dtype)
        if self.activation:
            self.activation.bind(ops, dtype)

    def keep_input(self, x: Tensor) -> None:
        """Remember the input for the backward pass, which multiplies by it."""
        self._x = x

    def linear_forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def linear_backward(self, dy: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x, training=False):
        z = self.linear_forward(x)
        return self.activation.forward(z, training) if self.activation else z

    def backward(self, dy):
        return self.linear_backward(self.activation.backward(dy) if self.activation else dy)

    def config(self):
        return {
            **super().config(),
            "activation": self._activation_name,
            "kernel_initializer": self.kernel_initializer.config(),
            "bias_initializer": self.bias_initializer.config(),
        }


class Conv2D(WeightedLayer):
    """Two-dimensional convolution (``kernels.conv2d``) of (height, width, channels) images with ``filters`` filters.

    filters: how many. kernel_size, strides: an int or a pair (vertical, horizontal). padding: "valid" (none) or
    "same" (zeros around the image so that stride 1 keeps its size). activation: a name, or None. Output:
    (out_height, out_width, filters).

    Raises ``ValueError`` at once for arguments that make no sense, and at ``build`` for a window larger than the image.

        Conv2D(32, (5, 5), activation="relu")
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        activation: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(activation, **kwargs)
        who = self.name or "Conv2D"
        self.filters = positive(filters, f"{who}: filters")
        self.kernel_size = pair(kernel_size, f"{who}: kernel_size")
        self.strides = pair(strides, f"{who}: strides")
        self.padding = padding_mode(padding, who)

    def geometry(self, input_shape):
        expect_rank(self.name, input_shape, 3, "(batch, height, width, channels)")
        (rows, cols), self.pad = window_geometry(self.name, input_shape, self.kernel_size, self.strides, self.padding)
        self.declare(w=(*self.kernel_size, input_shape[2], self.filters), b=(self.filters,))
        return rows, cols, self.filters

    def linear_forward(self, x):
        self.keep_input(x)
        y = self.room("y", x, *self._output)
        self.ops.conv2d_forward(x, self.w.value, self.b.value, y, self.strides, self.pad)
        return y

    def linear_backward(self, dy):
        self.ops.conv2d_backward_weights(dy, self._x, self.w.grad, self.b.grad, self.strides, self.pad)
        if not self.needs_input_gradient:
            return None
        dx = self.room("dx", dy, *self._input)
        self.ops.conv2d_backward_input(dy, self.w.value, dx, self.strides, self.pad)
        return dx

    def config(self):
        return {
            **super().config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


class Dense(WeightedLayer):
    """Every unit sums every input (``kernels.dense``): (inputs,) to (units,).

    Dense(10, activation="softmax")
    """

    def __init__(self, units: int, activation: str | None = None, **kwargs: Any):
        super().__init__(activation, **kwargs)
        self.units = positive(units, f"{self.name or 'Dense'}: units")

    def geometry(self, input_shape):
        if len(input_shape) == 3:
            raise ValueError(
                f"{self.name}: expected input of shape (batch, inputs), given {(None, *input_shape)}; "
                "add Flatten() before it"
            )
        expect_rank(self.name, input_shape, 1, "(batch, inputs)")
        self.declare(w=(input_shape[0], self.units), b=(self.units,))
        return (self.units,)

    def linear_forward(self, x):
        self.keep_input(x)
        y = self.room("y", x, *self._output)
        self.ops.dense_forward(x, self.w.value, self.b.value, y)
        return y

    def linear_backward(self, dy):
        self.ops.dense_backward_weights(dy, self._x, self.w.grad, self.b.grad)
        if not self.needs_input_gradient:
            return None
        dx = self.room("dx", dy, *self._input)
        self.ops.dense_backward_input(dy, self.w.value, dx)
        return dx

    def config(self):
        return {**super().config(), "units": self.units}


class MaxPooling2D(Layer):
    """Keep the largest value of each window (``kernels.pool``), channel by channel.

    pool_size, strides: an int or a pair; strides default to pool_size. padding: "valid" or "same"; padding never wins.
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        name: str | None = None,
        input_shape: Sequence[int] | None = None,
    ):
        super().__init__(name, input_shape)
        who = name or "MaxPooling2D"
        self.pool_size = pair(pool_size, f"{who}: pool_size")
        self.strides = self.pool_size if strides is None else pair(strides, f"{who}: strides")
        self.padding = padding_mode(padding, who)

    def geometry(self, input_shape):
        expect_rank(self.name, input_shape, 3, "(batch, height, width, channels)")
        (rows, cols), self.pad = window_geometry(self.name, input_shape, self.pool_size, self.strides, self.padding)
        return rows, cols, input_shape[2]

    def forward(self, x, training=False):
        y = self.room("y", x, *self._output)
        self._winner = self.room("winner", x, *self._output, dtype=np.int32)
        self.ops.max_pool2d_forward(x, y, self._winner, self.pool_size, self.strides, self.pad)
        return y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self.ops.max_pool2d_backward(dy, self._winner, dx, self.pool_size, self.strides, self.pad)
        return dx

    def config(self):
        return {**super().config(), "pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}


class Flatten(Layer):
    """(height, width, channels) to (height * width * channels,), row by row, channel by channel as in Keras."""

    def geometry(self, input_shape):
        return (prod(input_shape),)

    def forward(self, x, training=False):
        if len(self._input) == 1:
            return x
        y = self.room("y", x, *self._output)
        self.ops.flatten_forward(x, y)
        return y

    def backward(self, dy):
        if len(self._input) == 1:
            return dy
        dx = self.room("dx", dy, *self._input)
        self.ops.flatten_backward(dy, dx)
        return dx


LAYERS: dict[str, type[Layer]] = {
    cls.__name__: cls for cls in (Layer, Input, Conv2D, MaxPooling2D, Flatten, Dense, ReLU, Softmax)
}
