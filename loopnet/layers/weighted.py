"""What layers with weights and biases have in common."""

from typing import Any

from .. import constraints, initializers, regularizers
from ..arrays import Array
from ..ops import Tensor
from ..shapes import Shape
from .activation import Activated
from .base import Parameter


class WeightedLayer(Activated):
    """A layer with weights ``w``, biases ``b`` and, behind them, an activation of its own.

    ``linear_forward`` and ``linear_backward`` are the layer without its activation. kernel_regularizer and
    bias_regularizer: what weights and biases add to the loss by being large, see ``regularizers``; None is nothing.
    kernel_constraint and bias_constraint: bounds that they are put back into after each step, see ``constraints``.
    """

    def __init__(
        self,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activation, **kwargs)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer, f"{self._who}: kernel_regularizer")
        self.bias_regularizer = regularizers.get(bias_regularizer, f"{self._who}: bias_regularizer")
        self.kernel_constraint = constraints.get(kernel_constraint, f"{self._who}: kernel_constraint")
        self.bias_constraint = constraints.get(bias_constraint, f"{self._who}: bias_constraint")

    @property
    def kernel(self) -> Array:
        """Keras's name for the weights without the biases."""
        return self.w.answered()

    @property
    def bias(self) -> Array | None:
        """Keras's name for the biases; None without any."""
        return self.b.answered() if self.use_bias else None

    def declare(self, w: Shape, b: Shape) -> None:
        self.w = Parameter("w", w, self.kernel_initializer, True, self.kernel_regularizer, self.kernel_constraint)
        starts = self.bias_initializer if self.use_bias else initializers.Zeros()
        self.b = Parameter("b", b, starts, True, self.bias_regularizer, self.bias_constraint)
        self.parameters, self.constants = ([self.w, self.b], []) if self.use_bias else ([self.w], [self.b])

    def linear_operations(self) -> tuple[str, ...]:
        raise NotImplementedError

    def operations(self):
        return (*self.linear_operations(), *super().operations())

    def keep_input(self, x: Tensor) -> None:
        """Remember the input for the backward pass, which multiplies by it."""
        self._x = x

    def linear_forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def linear_backward(self, dy: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x, training=False):
        z = self.linear_forward(x)
        return self._activation.forward(z, training) if self._activation else z

    def backward(self, dy):
        return self.linear_backward(self._activation.backward(dy) if self._activation else dy)

    def config(self):
        bounds = {"kernel_constraint": self.kernel_constraint, "bias_constraint": self.bias_constraint}
        return {
            **super().config(),
            "activation": self._activation_config,
            "use_bias": self.use_bias,
            "kernel_initializer": self.kernel_initializer.config(),
            "bias_initializer": self.bias_initializer.config(),
            "kernel_regularizer": self.kernel_regularizer and self.kernel_regularizer.config(),
            "bias_regularizer": self.bias_regularizer and self.bias_regularizer.config(),
            **{name: bound.config() for name, bound in bounds.items() if bound is not None},
        }
