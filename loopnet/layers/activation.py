"""Activations (``kernels.activation``, ``kernels.softmax``), as layers and behind names: ``activation="relu"``."""

from typing import Any

from ..shapes import expect_rank, real
from .base import Layer


class _Elementwise(Layer):
    """One kernel for each way; what goes back is worked out from the output."""

    function: str

    def operations(self):
        return f"{self.function}_forward", f"{self.function}_backward"

    def constants_of(self) -> tuple[Any, ...]:
        """What the kernels want beside their arrays."""
        return ()

    def forward(self, x, training=False):
        self._y = self.room("y", x, *self._output)
        getattr(self.ops, f"{self.function}_forward")(x, self._y, *self.constants_of())
        return self._y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        getattr(self.ops, f"{self.function}_backward")(dy, self._y, dx, *self.constants_of())
        return dx


class ReLU(_Elementwise):
    """Rectified linear unit: negative numbers become 0."""

    function = "relu"


class LeakyReLU(_Elementwise):
    """Negative numbers are multiplied by ``negative_slope``, which must not be negative itself."""

    function = "leaky_relu"

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        super().__init__(**kwargs)
        if real(negative_slope, f"{self._who}: negative_slope") < 0:
            raise ValueError(f"{self._who}: expected negative_slope of at least 0, given {negative_slope!r}")
        self.negative_slope = float(negative_slope)

    def constants_of(self):
        return (self.dtype.type(self.negative_slope),)

    def config(self):
        return {**super().config(), "negative_slope": self.negative_slope}


class Sigmoid(_Elementwise):
    """The logistic function: any number to between 0 and 1."""

    function = "sigmoid"


class Tanh(_Elementwise):
    """Hyperbolic tangent: any number to between -1 and 1."""

    function = "tanh"


class ScaledTanh(_Elementwise):
    """1.7159 * tanh(2/3 * x), LeCun's: it takes 1 to 1 and -1 to -1."""

    function = "scaled_tanh"


class Softplus(_Elementwise):
    """log(1 + exp(x)), a ReLU without its corner."""

    function = "softplus"


class Softmax(Layer):
    """Probabilities from logits: (classes,) to (classes,). At the end of a classifier, the cross-entropy takes its
    backward pass over.
    """

    def geometry(self, input_shape):
        expect_rank(self._who, input_shape, 1, "(batch, classes)")
        return input_shape

    def operations(self):
        return "softmax_forward", "softmax_backward"

    def forward(self, x, training=False):
        self._y = self.room("y", x, *self._output)
        self.ops.softmax_forward(x, self._y)
        return self._y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self.ops.softmax_backward(dy, self._y, dx)
        return dx


ACTIVATIONS: dict[str, type[Layer]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "scaled_tanh": ScaledTanh,
    "softplus": Softplus,
    "softmax": Softmax,
}
ARGUMENTS: dict[str, dict[str, Any]] = {"leaky_relu": {"negative_slope": 0.2}}  # Keras: 0.3 as a layer, 0.2 by name


def activation_layer(activation: str | None, owner: str) -> Layer | None:
    """The layer behind ``activation="relu"``; None for None and "linear". ``ValueError`` for unknown names."""
    if activation is None or activation == "linear":
        return None
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ValueError(
            f"{owner}: unknown activation {activation!r}; expected one of linear, {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[activation](name=f"{owner}/{activation}", **ARGUMENTS.get(activation, {}))


def Activation(activation: str, name: str | None = None, **kwargs: Any) -> Layer:
    """``Activation("relu")`` is ``ReLU()``, as a layer of its own."""
    layer = activation_layer(activation, name or "Activation") or Layer()
    return type(layer)(**{**layer.config(), **kwargs, "name": name})
