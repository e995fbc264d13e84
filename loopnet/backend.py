"""Keras's ``backend``, as far as beginners' listings use it: questions whose answers are always the same here.

Which loops run is another matter: ``model.compile(backend=...)``, see ``ops``.
"""

from typing import Any

import numpy as np

from .arrays import Array, Number
from .missing import getattr_of, listed

__all__ = ["backend", "clear_session", "epsilon", "floatx", "get_value", "image_data_format", "set_value"]


def image_data_format() -> str:
    """ "channels_last": what a layer takes images for unless it is told otherwise."""
    return "channels_last"


def floatx() -> str:
    """ "float32": the dtype of a model that is not given another."""
    return "float32"


def backend() -> str:
    """ "numba"."""
    return "numba"


def epsilon() -> float:
    """What the losses take for the smallest probability."""
    return 1e-7


def get_value(x: Any) -> Any:
    """The number or the numbers of ``x``: ``get_value(model.optimizer.learning_rate)`` is a float32, and of a weight it
    is a copy.
    """
    return np.array(x) if isinstance(x, np.ndarray) else np.float32(x)


def set_value(x: Any, value: Any) -> None:
    """Set the learning rate of an optimiser: ``set_value(model.optimizer.learning_rate, 0.001)``. Raises
    ``ValueError`` for what is neither that nor a weight, and ``NotImplementedError`` for a weight.
    """
    if not isinstance(x, (Array, Number)):
        raise ValueError(f"set_value: expected model.optimizer.learning_rate, given {x!r}")
    x.assign(value)


def clear_session() -> None:
    """Nothing: models share nothing that would have to be cleared."""


__getattr__ = getattr_of(
    __name__,
    listed({
        "give each layer data_format": "set_image_data_format",
        "give the model its dtype: Sequential(layers, dtype='float64')": "set_floatx cast_to_floatx cast",
        "it is 1e-7": "set_epsilon",
        "to look inside a network see loopnet.plot and `loopnet step`": "function gradients learning_phase",
        "use numpy": """
            abs argmax argmin binary_crossentropy cast clip concatenate dot exp expand_dims eval flatten log max maximum
            mean min minimum ones ones_like pow prod reshape round sigmoid softmax sqrt square sum tanh transpose
            variable constant zeros zeros_like""",
        "there is one backend of numbers, and nothing to set": "set_session get_session tensorflow_backend",
    }),
)  # fmt: skip
