"""The dense layer (``kernels.dense``)."""

from math import prod
from typing import Any

from ..shapes import positive
from .weighted import WeightedLayer


class Dense(WeightedLayer):
    """Every unit sums every input (``kernels.dense``): (inputs,) to (units,), or (..., inputs) to (..., units): each
    pixel or step by itself, with the same weights, as in a convolution with a window of one pixel.

        Dense(10, activation="softmax")
    """

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True, **kwargs: Any):
        super().__init__(activation=activation, use_bias=use_bias, **kwargs)
        self.units = positive(units, f"{self._who}: units")

    def geometry(self, input_shape):
        if not input_shape:
            raise ValueError(f"{self.name}: expected input of shape (batch, ..., inputs), given (batch,)")
        *self._places, self._inputs = input_shape
        self.declare(w=(self._inputs, self.units), b=(self.units,))
        return (*self._places, self.units)

    def linear_operations(self):
        kernels = "dense_forward", "dense_backward_weights", "dense_backward_input"
        return (*kernels, "reshape") if self._places else kernels  # rows of an image: only where it is a plain array

    def linear_forward(self, x):
        self.keep_input(x)
        y = self.room("y", x, *self._output)
        self.ops.dense_forward(self._rows(x), self.w.value, self.b.value, self._rows(y))
        return y

    def linear_backward(self, dy):
        self.ops.dense_backward_weights(self._rows(dy), self._rows(self._x), self.w.grad, self.b.grad)
        if not self.needs_input_gradient:
            return None
        dx = self.room("dx", dy, *self._input)
        self.ops.dense_backward_input(self._rows(dy), self.w.value, self._rows(dx))
        return dx

    def _rows(self, x):
        """One row for each place of each image, in the same memory."""
        return x.reshape(x.shape[0] * prod(self._places), x.shape[len(self._places) + 1]) if self._places else x

    def config(self):
        return {**super().config(), "units": self.units}
