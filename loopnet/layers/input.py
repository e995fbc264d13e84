"""The layer that says what comes in."""

from collections.abc import Sequence
from typing import Any

from .base import Layer, fixed, without_batch


class Input(Layer):
    """Declares the shape of one image, e.g. ``Input(shape=(28, 28, 1))``; or batch_shape, with the batch in front.
    Computes nothing and is not listed by ``model.layers``. batch_size: any number of images will do, whatever it says.
    """

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        name: str | None = None,
        batch_shape: Sequence[int | None] | None = None,
        **others: Any,
    ):
        if shape is None:
            shape = without_batch(batch_shape) if batch_shape is not None else others.pop("input_shape", None)
        super().__init__(name, fixed(shape, "Input: shape"), **others)


InputLayer = Input
