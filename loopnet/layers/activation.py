"""Activations (``kernels.activation``, ``gated``, ``softmax``), as layers and behind names: ``activation="relu"``."""

from math import inf, prod
from typing import Any

from ..shapes import real
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
    """Rectified linear unit: negative numbers become 0. With Keras's arguments it is a ``BoundedReLU``."""

    function = "relu"

    def __new__(cls, max_value: Any = None, negative_slope: Any = 0.0, threshold: Any = 0.0, **kwargs: Any) -> Any:
        if max_value is None and not negative_slope and not threshold:
            return super().__new__(cls)
        return BoundedReLU(max_value, negative_slope or 0.0, threshold or 0.0, **kwargs)

    def __init__(self, max_value: Any = None, negative_slope: Any = 0.0, threshold: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)


class BoundedReLU(_Elementwise):
    """ReLU with more corners: x at most ``max_value``, and negative_slope * (x - threshold) below ``threshold``; none
    of them is negative, and None is no bound. ``activation="relu6"`` has a max_value of 6.
    """

    function = "bounded_relu"

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        given = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
        for name, value in given.items():
            if value is not None and real(value, f"{self._who}: {name}") < 0:
                raise ValueError(f"{self._who}: expected {name} of at least 0, given {value!r}")
        self.max_value = None if max_value is None else float(max_value)
        self.negative_slope, self.threshold = float(negative_slope), float(threshold)

    def constants_of(self):
        most = inf if self.max_value is None else self.max_value
        return tuple(self.dtype.type(value) for value in (most, self.negative_slope, self.threshold))

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self.ops.bounded_relu_backward(dy, self._y, dx, *self.constants_of()[:2])
        return dx

    def config(self):
        own = {"max_value": self.max_value, "negative_slope": self.negative_slope, "threshold": self.threshold}
        return {**super().config(), **own}


class LeakyReLU(_Elementwise):
    """Negative numbers are multiplied by ``negative_slope``, which must not be negative itself."""

    function = "leaky_relu"

    def __init__(self, negative_slope: float = 0.3, alpha: float | None = None, **kwargs: Any):
        """alpha: the older name of negative_slope."""
        super().__init__(**kwargs)
        negative_slope = negative_slope if alpha is None else alpha
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


class HardSigmoid(_Elementwise):
    """A sigmoid of straight lines: x / 6 + 1/2, at least 0 and at most 1."""

    function = "hard_sigmoid"


class Tanh(_Elementwise):
    """Hyperbolic tangent: any number to between -1 and 1."""

    function = "tanh"


class ScaledTanh(_Elementwise):
    """1.7159 * tanh(2/3 * x), LeCun's: it takes 1 to 1 and -1 to -1."""

    function = "scaled_tanh"


class Softsign(_Elementwise):
    """x / (1 + abs(x)): any number to between -1 and 1, which it reaches more slowly than tanh."""

    function = "softsign"


class Softplus(_Elementwise):
    """log(1 + exp(x)), a ReLU without its corner."""

    function = "softplus"


class ELU(_Elementwise):
    """Exponential linear unit: where numbers are negative, alpha * (exp(x) - 1), which ends at -alpha."""

    function = "elu"
    scale = 1.0

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        """alpha: not negative."""
        super().__init__(**kwargs)
        if real(alpha, f"{self._who}: alpha") < 0:
            raise ValueError(f"{self._who}: expected alpha of at least 0, given {alpha!r}")
        self.alpha = float(alpha)

    def constants_of(self):
        return self.dtype.type(self.alpha), self.dtype.type(self.scale)

    def config(self):
        return {**super().config(), "alpha": self.alpha}


class SELU(_Elementwise):
    """ELU with the two numbers that keep signals at mean 0 and variance 1 from layer to layer, where weights start with
    ``kernel_initializer="lecun_normal"``.
    """

    function = "elu"
    alpha, scale = 1.6732632423543772, 1.0507009873554805

    def constants_of(self):
        return self.dtype.type(self.alpha), self.dtype.type(self.scale)


class Exponential(_Elementwise):
    """exp(x), which is above 0; infinite from about 88.7 on in float32."""

    function = "exponential"


class _Gated(_Elementwise):
    """What goes back is worked out from the input."""

    def forward(self, x, training=False):
        self._x = x
        return super().forward(x, training)

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        getattr(self.ops, f"{self.function}_backward")(dy, self._x, dx)
        return dx


class SiLU(_Gated):
    """x * sigmoid(x), also called swish."""

    function = "silu"


class GELU(_Gated):
    """x times the share of a Gaussian that lies below x; by the exact formula, which is Keras's default."""

    function = "gelu"


class Mish(_Gated):
    """x * tanh(softplus(x))."""

    function = "mish"


class HardSiLU(_Gated):
    """x times its ``HardSigmoid``, also called hard swish: 0 up to -3, x from 3 on."""

    function = "hard_silu"


class _OfRows(Layer):
    """Along the last axis: (classes,) to (classes,), or (..., classes) to the same: each pixel or step by itself."""

    function: str

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def geometry(self, input_shape):
        if not input_shape:
            raise ValueError(f"{self._who}: expected input of shape (batch, ..., classes), given (batch,)")
        if self.axis not in (-1, len(input_shape)):
            raise ValueError(f"{self._who}: expected axis -1, the last, given {self.axis!r}; turn it with Permute")
        self._places = prod(input_shape[:-1])
        return input_shape

    def operations(self):
        kernels = f"{self.function}_forward", f"{self.function}_backward"
        return kernels if len(self._input) == 1 else (*kernels, "reshape")  # as in Dense

    def forward(self, x, training=False):
        self._y = self.room("y", x, *self._output)
        getattr(self.ops, f"{self.function}_forward")(self._rows(x), self._rows(self._y))
        return self._y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        getattr(self.ops, f"{self.function}_backward")(self._rows(dy), self._rows(self._y), self._rows(dx))
        return dx

    def _rows(self, x):
        """One row for each place of each image, in the same memory."""
        return x if len(self._input) == 1 else x.reshape(x.shape[0] * self._places, self._input[-1])

    def config(self):
        return {**super().config(), "axis": self.axis}


class Softmax(_OfRows):
    """Probabilities from logits: (classes,) to (classes,), or (..., classes) to the same: each pixel or step by itself.
    At the end of a classifier, the cross-entropy takes its backward pass over.

    axis: where the classes are, which is last.
    """

    function = "softmax"


class LogSoftmax(_OfRows):
    """The logarithms of a softmax's probabilities. A loss takes them for logits, ``from_logits=True``.

    axis: where the classes are, which is last.
    """

    function = "log_softmax"


ACTIVATIONS: dict[str, type[Layer]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "bounded_relu": BoundedReLU,
    "sigmoid": Sigmoid,
    "hard_sigmoid": HardSigmoid,
    "tanh": Tanh,
    "scaled_tanh": ScaledTanh,
    "softsign": Softsign,
    "softplus": Softplus,
    "elu": ELU,
    "selu": SELU,
    "exponential": Exponential,
    "silu": SiLU,
    "gelu": GELU,
    "mish": Mish,
    "hard_silu": HardSiLU,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
}
SECOND_NAMES: dict[str, Any] = {
    "swish": "silu", "hard_swish": "hard_silu", "relu6": {"function": "bounded_relu", "max_value": 6.0},
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, Any]] = {"leaky_relu": {"negative_slope": 0.2}}  # Keras: 0.3 as a layer, 0.2 by name


def activation_layer(activation: Any, owner: str) -> Layer | None:
    """The layer behind ``activation="relu"``, ``activations.relu``, ``LeakyReLU(0.1)`` or what ``activation_config``
    gave; None for None and "linear". Raises ``NotImplementedError`` for one of Keras's others, ``ValueError`` for the
    rest.
    """
    from ..activations import FUNCTIONS, MISSING  # which needs this module

    given = activation
    if isinstance(activation, Layer):
        activation = activation_config(activation)
    elif callable(activation):
        activation = FUNCTIONS.get(activation, activation)
    if activation is None or activation == "linear":
        return None
    if isinstance(activation, str):
        activation = SECOND_NAMES.get(activation, activation)
    if isinstance(activation, dict):
        arguments = dict(activation)
        activation = arguments.pop("function", None)
    else:
        arguments = ARGUMENTS.get(activation, {}) if isinstance(activation, str) else {}
    if isinstance(activation, str) and activation in MISSING:
        raise NotImplementedError(f"{owner}: {activation} is not in loopnet: {MISSING[activation]}")
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        names = f"expected one of linear, {', '.join((*ACTIVATIONS, *SECOND_NAMES))}, by name"
        raise ValueError(f"{owner}: unknown activation {given!r}; {names}")
    layer = ACTIVATIONS[activation](**arguments, name=f"{owner}/{activation}")
    layer.__name__ = activation  # type: ignore[attr-defined]  # that of the function which Keras has in its place
    return layer


def activation_config(layer: Layer | None) -> str | dict[str, Any] | None:
    """What makes an activation again: its name, with its arguments if they are not those behind the name."""
    names = {cls: name for name, cls in ACTIVATIONS.items()}
    if layer is None or type(layer) is Layer:
        return None
    if type(layer) not in names:
        return repr(layer)  # which is no name
    name = names[type(layer)]
    usual = ACTIVATIONS[name](**ARGUMENTS.get(name, {}), name=layer.name).config()
    arguments = {key: value for key, value in layer.config().items() if key != "name"}
    return name if layer.config() == usual else {"function": name, **arguments}


def unnamed(activation: Any) -> Layer:
    """The layer behind a name, without a name of its own yet: ``ReLU()`` for "relu"."""
    layer = activation_layer(activation, "activations") or Layer()
    return type(layer)(**{**layer.config(), "name": None})


class Activated(Layer):
    """A layer with an activation behind all else that it does."""

    def __init__(self, activation: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._activation = activation_layer(activation, self._who)
        self._activation_config = activation_config(self._activation)

    @property
    def activation(self) -> Any:
        """What is behind it, which can be called on numbers and has Keras's ``__name__``: a layer, or the function
        ``linear``.
        """
        from ..activations import linear  # which needs this module

        return self._activation or linear

    @activation.setter
    def activation(self, activation: Any) -> None:
        """In place of the one there was: ``model.layers[-1].activation = None`` leaves the logits."""
        self._activation = activation_layer(activation, self._who)
        self._activation_config = activation_config(self._activation)
        if self._activation and self.built:
            self._activation.build(self._output)
        self.bind_to(None)  # its networks are to bind it again, and to decide anew what is run as one

    def build(self, input_shape):
        super().build(input_shape)
        if self._activation:
            self._activation.build(self._output)

    def operations(self):
        return (*super().operations(), *self._activation_operations())

    def _activation_operations(self) -> tuple[str, ...]:
        return self._activation.operations() if self._activation else ()

    def bind(self, ops, dtype):
        super().bind(ops, dtype)
        if self._activation:
            self._activation.bind(self.ops, dtype)


class Activation(Activated):
    """An activation as a layer of its own: ``Activation("relu")`` computes what ``ReLU()`` does, which is its
    ``activation``.

    activation: what ``Dense`` takes: a name, a function of ``activations``, a layer such as ``LeakyReLU(0.1)``, or
    None, which changes nothing. Raises ``ValueError`` for what is none of these.
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(activation, **kwargs)

    def forward(self, x, training=False):
        return self._activation.forward(x, training) if self._activation else x

    def backward(self, dy):
        return self._activation.backward(dy) if self._activation else dy

    def config(self):
        return {**super().config(), "activation": self._activation_config}
