"""The layer that says what comes in."""

from collections.abc import Sequence
from typing import Any

from .base import Layer, fixed, without_batch
from .symbolic import Symbolic


class InputLayer(Layer, Symbolic):
    """Declares the shape of one image, e.g. ``Input(shape=(28, 28, 1))``; or batch_shape, with the batch in front.
    Computes nothing. Only networks that ``loopnet.Model`` put together list it, ``model.layers[0]``, as in Keras.
    batch_size: any number of images will do, whatever it says.
    A layer can be called on it, ``x = Conv2D(32, 3)(inputs)``: it stands for the images (``loopnet.functional``).
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
        self.dtype = str(dtype or "float32")  # type: ignore[assignment]
        assert self.declared_input_shape is not None
        self.build(self.declared_input_shape)

    @property
    def shape(self) -> tuple[Any, ...]:
        """That of a batch: None, and the shape of one image."""
        return self.input_shape

    @property
    def input(self) -> "InputLayer":
        return self

    @property
    def output(self) -> "InputLayer":  # type: ignore[override]
        return self


Input = InputLayer
