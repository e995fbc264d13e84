"""Keras's ``backend``, as far as beginners' listings use it: which order the axes of images have, and questions whose
answers are always the same here.

Which loops run is another matter: ``model.compile(backend=...)``, see ``ops``.
"""

from math import prod
from typing import Any

import numpy as np

from .arrays import Array, Number
from .missing import getattr_of, listed

__all__ = [
    "backend", "clear_session", "count_params", "epsilon", "floatx", "get_value", "image_data_format",
    "set_image_data_format", "set_value",
]  # fmt: skip

_ORDER = "channels_last"


def image_data_format() -> str:
    """What a layer takes images for that is made without data_format: "channels_last" unless another was set."""
    return _ORDER


def set_image_data_format(data_format: str) -> None:
    """Let the layers and readers of images that are made from now on take "channels_first" or "channels_last" where
    they are given no data_format. Models that there are, and files of models, stay what they are. Raises
    ``ValueError`` for anything else.
    """
    global _ORDER
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f"set_image_data_format: expected 'channels_last' or 'channels_first', given {data_format!r}"
        )
    _ORDER = data_format


def count_params(x: Any) -> int:
    """How many numbers a weight has."""
    return prod(x.shape)


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
        "today's names are image_data_format and set_image_data_format": "image_dim_ordering set_image_dim_ordering",
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
