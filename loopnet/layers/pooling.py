"""Pooling (``kernels.pool``, ``kernels.pool3d``): each window of pixels becomes one, channel by channel.

Each kind names its kernels once, for volumes; the number of axes and whether the window is the whole image are
settled by the classes at the end.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops import Tensor
from ..shapes import padding_mode, real, several, window_geometry
from .spatial import Spatial, triple, volume

Sizes = int | Sequence[int]


class Pooling(Spatial):
    """pool_size, strides: a number, or one for each axis; strides default to pool_size. padding: "valid" or "same";
    what is padded is never looked at, not as a maximum and not in a mean.
    """

    axes: tuple[str, ...]

    def __init__(
        self,
        pool_size: Sizes = 2,
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, **kwargs)
        who, count = self._who, len(self.axes)
        self.pool_size = several(pool_size, count, f"{who}: pool_size")
        self.strides = self.pool_size if strides is None else several(strides, count, f"{who}: strides")
        if not isinstance(padding, str):
            raise ValueError(f"{who}: expected padding 'valid' or 'same', given {padding!r}")
        self.padding = padding_mode(padding, count, who)

    def slide(self, pixels, channels):
        out_pixels, self.pad = window_geometry(self.name, pixels, self.pool_size, self.strides, self.padding)
        return out_pixels, channels

    def forward(self, x, training=False):
        x = self.inward("x", x)
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.pool(x, y)
        return self.outward("y", y)

    def backward(self, dy):
        dy = self.inward("dy", dy)
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.pool_backward(dy, dx)
        return self.outward("dx", dx)

    # the kernels, each on channels last

    def pool_operations(self) -> tuple[str, ...]:
        raise NotImplementedError

    def operations(self):
        return (*super().operations(), *self.pool_operations())

    def pool(self, x: Tensor, y: Tensor) -> None:
        raise NotImplementedError

    def pool_backward(self, dy: Tensor, dx: Tensor) -> None:
        raise NotImplementedError

    def _geometry_3d(self) -> tuple[tuple[int, ...], ...]:
        return triple(self.pool_size, 1), triple(self.strides, 1), triple(self.pad, 0)

    def config(self):
        return {**super().config(), "pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}


class MaxPooling(Pooling):
    """Keep the largest value of each window."""

    def pool_operations(self):
        return "max_pool3d_forward", "max_pool3d_backward"

    def pool(self, x, y):
        self._winner = self.room("winner", x, *y.shape[1:], dtype=np.int32)
        self.ops.max_pool3d_forward(volume(x), volume(y), volume(self._winner), *self._geometry_3d())

    def pool_backward(self, dy, dx):
        self.ops.max_pool3d_backward(volume(dy), volume(self._winner), volume(dx), *self._geometry_3d())


class AveragePooling(Pooling):
    """Keep the mean of each window."""

    def pool_operations(self):
        return "average_pool3d_forward", "average_pool3d_backward"

    def pool(self, x, y):
        self.ops.average_pool3d_forward(volume(x), volume(y), *self._geometry_3d())

    def pool_backward(self, dy, dx):
        self.ops.average_pool3d_backward(volume(dy), volume(dx), *self._geometry_3d())


class LpPooling(Pooling):
    """Keep the length of each window, taken as a vector: (sum of |x| ** norm) ** (1 / norm), the L2 norm by default.
    ``norm`` is at least 1.
    """

    def __init__(self, *args: Any, norm: float = 2.0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if real(norm, f"{self._who}: norm") < 1:
            raise ValueError(f"{self._who}: expected norm of at least 1, given {norm!r}")
        self.norm = float(norm)

    def pool_operations(self):
        return "lp_pool3d_forward", "lp_pool3d_backward"

    def pool(self, x, y):
        self._x, self._y = x, y
        self.ops.lp_pool3d_forward(volume(x), volume(y), *self._geometry_3d(), self.norm)

    def pool_backward(self, dy, dx):
        arrays = volume(dy), volume(self._x), volume(self._y), volume(dx)
        self.ops.lp_pool3d_backward(*arrays, *self._geometry_3d(), self.norm)

    def config(self):
        return {**super().config(), "norm": self.norm}


class MaxPooling1D(MaxPooling):
    """Keep the largest value of each window of steps: (steps, channels) to (out_steps, channels)."""

    axes = ("steps",)


class MaxPooling2D(MaxPooling):
    """Keep the largest value of each window (``kernels.pool``), channel by channel.

    pool_size, strides: an int or a pair; strides default to pool_size. padding: "valid" or "same"; padding never wins.
    """

    axes = ("height", "width")

    def pool_operations(self):
        return "max_pool2d_forward", "max_pool2d_backward"

    def pool(self, x, y):
        self._winner = self.room("winner", x, *self._out_pixels, self._channels, dtype=np.int32)
        self.ops.max_pool2d_forward(x, y, self._winner, self.pool_size, self.strides, self.pad)

    def pool_backward(self, dy, dx):
        self.ops.max_pool2d_backward(dy, self._winner, dx, self.pool_size, self.strides, self.pad)


class MaxPooling3D(MaxPooling):
    """Keep the largest value of each box: (depth, height, width, channels) to (out_depth, out_height, out_width,
    channels).
    """

    axes = ("depth", "height", "width")


class AveragePooling1D(AveragePooling):
    """Keep the mean of each window of steps."""

    axes = ("steps",)


class AveragePooling2D(AveragePooling):
    """Keep the mean of each window of pixels."""

    axes = ("height", "width")


class AveragePooling3D(AveragePooling):
    """Keep the mean of each box."""

    axes = ("depth", "height", "width")


class LpPooling1D(LpPooling):
    """Keep the L2 (or ``norm=``) norm of each window of steps. PyTorch's LPPool1d; Keras has none."""

    axes = ("steps",)


class LpPooling2D(LpPooling):
    """Keep the L2 (or ``norm=``) norm of each window of pixels."""

    axes = ("height", "width")


class LpPooling3D(LpPooling):
    """Keep the L2 (or ``norm=``) norm of each box."""

    axes = ("depth", "height", "width")


class GlobalPooling(Pooling):
    """The window is the whole image: (..., channels) to (channels,), or with keepdims to (1, ..., channels)."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.keepdims = bool(keepdims)

    def slide(self, pixels, channels):
        self.pool_size = self.strides = pixels
        return super().slide(pixels, channels)

    def geometry(self, input_shape):
        output = super().geometry(input_shape)
        return output if self.keepdims else (self._channels,)

    def forward(self, x, training=False):
        y = self.room("y", x, *self._output)
        self.pool(self.inward("x", x), self._of_one_pixel(y))
        return y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.pool_backward(self._of_one_pixel(dy), dx)
        return self.outward("dx", dx)

    def _of_one_pixel(self, y: Tensor) -> Tensor:
        """Channels last: of one pixel, they may be taken for what they are."""
        return y.reshape(len(y), -1) if self._turns() else y

    def config(self):
        base = Spatial.config(self)
        return {**base, "keepdims": self.keepdims}


class GlobalMaxPooling1D(GlobalPooling, MaxPooling):
    """The largest value of each channel of a sequence."""

    axes = ("steps",)


class GlobalMaxPooling2D(GlobalPooling, MaxPooling):
    """The largest value of each channel of an image."""

    axes = ("height", "width")


class GlobalMaxPooling3D(GlobalPooling, MaxPooling):
    """The largest value of each channel of a volume."""

    axes = ("depth", "height", "width")


class GlobalAveragePooling1D(GlobalPooling, AveragePooling):
    """The mean of each channel of a sequence."""

    axes = ("steps",)


class GlobalAveragePooling2D(GlobalPooling, AveragePooling):
    """The mean of each channel of an image."""

    axes = ("height", "width")


class GlobalAveragePooling3D(GlobalPooling, AveragePooling):
    """The mean of each channel of a volume."""

    axes = ("depth", "height", "width")
