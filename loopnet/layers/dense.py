"""The dense layer (``kernels.dense``)."""

from typing import Any

from ..shapes import expect_rank, positive
from .base import WeightedLayer


class Dense(WeightedLayer):
    """Every unit sums every input (``kernels.dense``): (inputs,) to (units,).

    Dense(10, activation="softmax")
    """

    def __init__(self, units: int, activation: str | None = None, use_bias: bool = True, **kwargs: Any):
        super().__init__(activation=activation, use_bias=use_bias, **kwargs)
        self.units = positive(units, f"{self._who}: units")

    def geometry(self, input_shape):
        if len(input_shape) > 1:
            raise ValueError(
                f"{self.name}: expected input of shape (batch, inputs), given {(None, *input_shape)}; "
                "add Flatten() before it"
            )
        expect_rank(self.name, input_shape, 1, "(batch, inputs)")
        self.declare(w=(input_shape[0], self.units), b=(self.units,))
        return (self.units,)

    def linear_operations(self):
        return "dense_forward", "dense_backward_weights", "dense_backward_input"

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
