"""Keras's ``activations``: functions of NumPy arrays, which also name a layer's, ``activation=activations.relu``.

Each runs the loop of its layer (``layers.activation``; ``kernels.activation``, ``gated`` and ``softmax``). Integers are
taken as float32. Of what stands for numbers in ``loopnet.functional`` each makes the next link, as
``ReLU()(x)`` does.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Array, answer
from .layers.activation import activation_layer, unnamed
from .layers.symbolic import Symbolic
from .missing import getattr_of, listed, settle
from .ops import get_ops

__all__ = [
    "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "leaky_relu", "linear", "log_softmax",
    "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip


def linear(x: Any) -> Any:
    """x itself."""
    return x if isinstance(x, Symbolic) else answer(x)


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Array:
    """max(x, 0); with the others, at most max_value, and negative_slope * (x - threshold) below threshold."""
    if max_value is None and not negative_slope and not threshold:
        return _each("relu", x)
    bounds: dict[str, Any] = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
    return _each("bounded_relu", x, **bounds)


def relu6(x: Any) -> Array:
    """max(x, 0), at most 6."""
    return _each("bounded_relu", x, max_value=6.0)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Array:
    """x, or negative_slope * x where it is negative."""
    return _each("leaky_relu", x, negative_slope=negative_slope)


def sigmoid(x: Any) -> Array:
    """1 / (1 + exp(-x))."""
    return _each("sigmoid", x)


def hard_sigmoid(x: Any) -> Array:
    """x / 6 + 1/2, at least 0 and at most 1."""
    return _each("hard_sigmoid", x)


def tanh(x: Any) -> Array:
    """Hyperbolic tangent."""
    return _each("tanh", x)


def softsign(x: Any) -> Array:
    """x / (1 + abs(x))."""
    return _each("softsign", x)


def softplus(x: Any) -> Array:
    """log(1 + exp(x))."""
    return _each("softplus", x)


def elu(x: Any, alpha: float = 1.0) -> Array:
    """x, or alpha * (exp(x) - 1) where it is negative."""
    return _each("elu", x, alpha=alpha)


def selu(x: Any) -> Array:
    """1.0507 * elu(x, alpha=1.6733)."""
    return _each("selu", x)


def exponential(x: Any) -> Array:
    """exp(x)."""
    return _each("exponential", x)


def silu(x: Any) -> Array:
    """x * sigmoid(x)."""
    return _each("silu", x)


swish = silu


def gelu(x: Any, approximate: bool = False) -> Array:
    """x times the share of a Gaussian that lies below x. Raises ``NotImplementedError`` for the approximate one."""
    settle("gelu", {"approximate": approximate}, {"approximate": "use the exact one, approximate=False"})
    return _each("gelu", x)


def mish(x: Any) -> Array:
    """x * tanh(softplus(x))."""
    return _each("mish", x)


def hard_silu(x: Any) -> Array:
    """x * hard_sigmoid(x)."""
    return _each("hard_silu", x)


hard_swish = hard_silu


def softmax(x: Any) -> Array:
    """exp(x) divided by its sum along the last axis: rows of probabilities."""
    return _rows("softmax", x)


def log_softmax(x: Any) -> Array:
    """The logarithm of softmax(x)."""
    return _rows("log_softmax", x)


FUNCTIONS: dict[Callable, str] = {globals()[name]: name for name in __all__}


def _rows(name: str, x: Any) -> Any:
    if isinstance(x, Symbolic):
        return _each(name, x)
    x = np.asarray(x)
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"{name}: expected an array (..., classes), given shape {x.shape}")
    return _each(name, x, x.shape[-1])


def _each(name: str, x: Any, width: int = 1, **arguments: Any) -> Any:
    if isinstance(x, Symbolic):
        return unnamed({"function": name, **arguments} if arguments else name)(x)
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float32)
    layer = activation_layer({"function": name, **arguments}, name)
    assert layer is not None
    layer.build((width,))
    layer.bind(get_ops("literal"), x.dtype)
    return answer(layer.forward(np.ascontiguousarray(x).reshape(-1, width)).reshape(x.shape))


KNOWN = (
    "the activations are relu, leaky_relu, elu, selu, silu, gelu, mish, sigmoid, tanh, softplus, softsign, "
    "exponential, softmax, log_softmax, hard_sigmoid and hard_silu"
)
MISSING = listed({
    KNOWN: """
        celu glu hard_shrink hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid sparsemax squareplus
        tanh_shrink threshold""",
    "an activation is named by a string: activation='relu'": "get serialize deserialize",
})  # fmt: skip
"""Also by name, activation="celu"."""

__getattr__ = getattr_of(__name__, MISSING)
