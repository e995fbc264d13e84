"""The activation that learns (``kernels.prelu``)."""

from collections.abc import Sequence
from typing import Any

from .. import constraints, initializers, regularizers
from ..shapes import whole
from .base import Layer, Parameter
from .spatial import volume


class PReLU(Layer):
    """x where it is positive, else alpha * x; alpha is learned, one for each number of an image.

    shared_axes: axes of a batch, from 1 on, along which all places have one alpha: [1, 2] leaves one for each channel
    of an image. Parameter: alpha, of the shape of an image, 1 along shared axes. Keras's; Keras starts it at 0.

    Raises ``ValueError`` for shared_axes that the input does not have, and for images of more than four axes.
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer, f"{self._who}: alpha_regularizer")
        self.alpha_constraint = constraints.get(alpha_constraint, f"{self._who}: alpha_constraint")
        shared = () if shared_axes is None else shared_axes if isinstance(shared_axes, Sequence) else (shared_axes,)
        self.shared_axes = whole(shared, f"{self._who}: shared_axes")

    def geometry(self, input_shape):
        rank = len(input_shape)
        if not 1 <= rank <= 4:
            raise ValueError(f"{self._who}: expected images of one to four axes, given {input_shape}")
        if any(not 1 <= axis <= rank for axis in self.shared_axes):
            raise ValueError(f"{self._who}: expected shared_axes from 1 to {rank}, given {list(self.shared_axes)}")
        shape = tuple(1 if axis in self.shared_axes else size for axis, size in enumerate(input_shape, start=1))
        learned = self.alpha_initializer, True, self.alpha_regularizer, self.alpha_constraint
        self.alpha = Parameter("alpha", shape, *learned)
        self.parameters = [self.alpha]
        return input_shape

    def operations(self):
        return "prelu_forward", "prelu_backward_input", "prelu_backward_weights"

    def forward(self, x, training=False):
        self._x = x
        y = self.room("y", x, *self._output)
        self.ops.prelu_forward(volume(x), self._slopes(self.alpha.value), volume(y))
        return y

    def backward(self, dy):
        self.ops.prelu_backward_weights(volume(dy), volume(self._x), self._slopes(self.alpha.grad))
        if not self.needs_input_gradient:
            return None
        dx = self.room("dx", dy, *self._input)
        self.ops.prelu_backward_input(volume(dy), volume(self._x), self._slopes(self.alpha.value), volume(dx))
        return dx

    def _slopes(self, alpha: Any) -> Any:
        """(depth, height, width, channels), missing axes of size 1, in the same memory."""
        return alpha.reshape((1,) * (4 - len(self._input)) + self.alpha.shape)

    def config(self):
        regularizer, constraint = self.alpha_regularizer, self.alpha_constraint
        return {
            **super().config(),
            "alpha_initializer": self.alpha_initializer.config(),
            "alpha_regularizer": regularizer and regularizer.config(),
            "alpha_constraint": constraint and constraint.config(),
            "shared_axes": list(self.shared_axes) or None,
        }
