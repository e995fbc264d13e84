"""Layers that make images larger (``kernels.upsample``)."""

from collections.abc import Sequence
from typing import Any

from ..ops import Tensor
from ..shapes import positive, several
from .spatial import Spatial

OTHERS = ("bilinear", "bicubic", "lanczos3", "lanczos5")
"""Keras's other interpolations."""


class UpSampling1D(Spatial):
    """Each step of a sequence as ``size`` copies: (steps, channels) to (steps * size, channels)."""

    axes = ("steps",)

    def __init__(self, size: int = 2, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.size = positive(size, f"{self._who}: size")

    def slide(self, pixels, channels):
        return (pixels[0] * self.size,), channels

    def operations(self):
        return (*super().operations(), "upsample2d_forward", "upsample2d_backward")

    def forward(self, x, training=False):
        x = self.inward("x", x)
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.ops.upsample2d_forward(_columns(x), _columns(y), (self.size, 1))
        return self.outward("y", y)

    def backward(self, dy):
        dy = self.inward("dy", dy)
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.ops.upsample2d_backward(_columns(dy), _columns(dx), (self.size, 1))
        return self.outward("dx", dx)

    def config(self):
        return {**super().config(), "size": self.size}


def _columns(x: Tensor) -> Tensor:
    """Sequences as images of one column, in the same memory."""
    return x.reshape(x.shape[0], x.shape[1], 1, x.shape[2])


class UpSampling2D(Spatial):
    """Each pixel as a cell of ``size`` copies: (rows, columns), or a number for both.

    interpolation: "nearest"; Keras's others are refused with ``NotImplementedError``.
    """

    axes = ("height", "width")

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.size = several(size, 2, f"{self._who}: size")
        if interpolation in OTHERS:
            raise NotImplementedError(
                f"{self._who}: interpolation={interpolation!r} is not in loopnet: use 'nearest', and a convolution "
                "behind it, which learns to smooth"
            )
        if interpolation != "nearest":
            raise ValueError(f"{self._who}: expected interpolation 'nearest', given {interpolation!r}")
        self.interpolation = interpolation

    def slide(self, pixels, channels):
        return tuple(size * copies for size, copies in zip(pixels, self.size, strict=True)), channels

    def operations(self):
        return (*super().operations(), "upsample2d_forward", "upsample2d_backward")

    def forward(self, x, training=False):
        x = self.inward("x", x)
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.ops.upsample2d_forward(x, y, self.size)
        return self.outward("y", y)

    def backward(self, dy):
        dy = self.inward("dy", dy)
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.ops.upsample2d_backward(dy, dx, self.size)
        return self.outward("dx", dx)

    def config(self):
        return {**super().config(), "size": self.size, "interpolation": self.interpolation}
