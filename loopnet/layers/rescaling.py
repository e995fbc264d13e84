"""Pixels on another scale (``kernels.rescale``)."""

from math import isfinite
from typing import Any

from .base import Layer


class Rescaling(Layer):
    """scale * x + offset, for every number: ``Rescaling(1 / 255)`` takes 0 .. 255 to 0 .. 1. Keras's, for numbers."""

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        if not isfinite(scale) or not isfinite(offset):
            raise ValueError(f"{self._who}: expected a finite scale and offset, given {scale!r} and {offset!r}")
        self.scale, self.offset = float(scale), float(offset)

    def operations(self):
        return ("rescale",)

    def forward(self, x, training=False):
        y = self.room("y", x, *self._output)
        self._rescale(x, y, self.offset)
        return y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self._rescale(dy, dx, 0.0)
        return dx

    def _rescale(self, x: Any, y: Any, offset: float) -> None:
        self.ops.rescale(x, y, self.dtype.type(self.scale), self.dtype.type(offset))

    def config(self):
        return {**super().config(), "scale": self.scale, "offset": self.offset}
