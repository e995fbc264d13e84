"""Keras's ``activations``: functions of NumPy arrays, which also name a layer's, ``activation=activations.relu``.

Each runs the loop of its layer (``layers.activation``, ``kernels.activation``). Integers are taken as float32. Of what
stands for numbers in ``loopnet.functional`` each makes the next link, as ``Activation("relu")(x)`` does.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .layers.activation import Activation, activation_layer
from .layers.symbolic import Symbolic
from .missing import getattr_of, listed
from .ops import get_ops

__all__ = ["leaky_relu", "linear", "relu", "sigmoid", "softmax", "softplus", "tanh"]


def linear(x: Any) -> Any:
    """x itself."""
    return x if isinstance(x, Symbolic) else np.asarray(x)


def relu(x: Any) -> np.ndarray:
    """max(x, 0)."""
    return _each("relu", x)


def leaky_relu(x: Any) -> np.ndarray:
    """x, or x / 5 where it is negative."""
    return _each("leaky_relu", x)


def sigmoid(x: Any) -> np.ndarray:
    """1 / (1 + exp(-x))."""
    return _each("sigmoid", x)


def tanh(x: Any) -> np.ndarray:
    """Hyperbolic tangent."""
    return _each("tanh", x)


def softplus(x: Any) -> np.ndarray:
    """log(1 + exp(x))."""
    return _each("softplus", x)


def softmax(x: Any) -> np.ndarray:
    """exp(x) divided by its sum along the last axis: rows of probabilities."""
    if isinstance(x, Symbolic):
        return _each("softmax", x)
    x = np.asarray(x)
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"softmax: expected an array (..., classes), given shape {x.shape}")
    return _each("softmax", x, x.shape[-1])


FUNCTIONS: dict[Callable, str] = {globals()[name]: name for name in __all__}


def _each(name: str, x: Any, width: int = 1) -> Any:
    if isinstance(x, Symbolic):
        return Activation(name)(x)
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float32)
    layer = activation_layer(name, name)
    assert layer is not None
    layer.build((width,))
    layer.bind(get_ops("literal"), x.dtype)
    return layer.forward(np.ascontiguousarray(x).reshape(-1, width)).reshape(x.shape)


MISSING = listed({
    "the activations are relu, leaky_relu, sigmoid, tanh, softplus and softmax": """
        celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh log_sigmoid log_softmax
        mish relu6 selu silu soft_shrink softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh_shrink
        threshold""",
    "an activation is named by a string: activation='relu'": "get serialize deserialize",
})  # fmt: skip
"""Also by name, activation="elu"."""

__getattr__ = getattr_of(__name__, MISSING)
