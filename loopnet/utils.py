"""Keras's ``utils``, as far as beginners' listings use it."""

from typing import Any

import numpy as np

from .seeds import set_random_seed

__all__ = ["set_random_seed", "to_categorical"]


def to_categorical(y: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers (images,) as one-hot rows (images, num_classes) of float32. ``num_classes`` defaults to
    ``max(y) + 1``.
    """
    from .losses import SparseCategoricalCrossentropy

    y = np.asarray(y)
    classes = int(y.max()) + 1 if num_classes is None else num_classes
    return SparseCategoricalCrossentropy().encode(y, classes).astype(np.float32)
