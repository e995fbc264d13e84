"""Layers that move numbers about (``kernels.reshape``, ``kernels.padding``)."""

from collections.abc import Sequence
from math import prod
from typing import Any

from ..shapes import by, frame, turned, whole
from .base import Layer
from .spatial import Spatial, triple, volume


class Identity(Layer):
    """The same numbers in the same shape: where a listing wants a layer and nothing is to be done."""


class Flatten(Spatial):
    """(height, width, channels), or any other shape, to one row, in Keras's order: row by row, channel by channel.

    data_format="channels_first": the image comes as (channels, height, width); the row is the same.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)

    def geometry(self, input_shape):
        super().geometry(input_shape)
        return (prod(input_shape),)

    def operations(self):
        moves = {1: (), 3: ("flatten_forward", "flatten_backward")}
        return (*super().operations(), *moves.get(len(self._input), ("reshape",)))

    def forward(self, x, training=False):
        if len(self._input) == 1:
            return x
        x = self.inward("x", x)
        y = self.room("y", x, *self._output)
        (self.ops.flatten_forward if len(self._input) == 3 else self.ops.reshape)(x, y)
        return y

    def backward(self, dy):
        if len(self._input) == 1:
            return dy
        dx = self.room("dx", dy, *self._pixels, self._channels)
        (self.ops.flatten_backward if len(self._input) == 3 else self.ops.reshape)(dy, dx)
        return self.outward("dx", dx)


class Reshape(Layer):
    """The same numbers in the same order under another shape; one size may be -1: whatever is left.

    Reshape((28, 28, 1))
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.target_shape = whole(target_shape, f"{self._who}: target_shape")
        if any(n < 1 and n != -1 for n in self.target_shape) or self.target_shape.count(-1) > 1:
            raise ValueError(
                f"{self._who}: expected positive sizes, of which one may be -1, given {tuple(target_shape)}"
            )

    def geometry(self, input_shape):
        known = prod(n for n in self.target_shape if n != -1)
        shape = tuple(n if n != -1 else prod(input_shape) // known for n in self.target_shape)
        if prod(shape) != prod(input_shape):
            raise ValueError(f"{self.name}: cannot reshape {input_shape} to {self.target_shape}")
        return shape

    def operations(self):
        return ("reshape",)

    def forward(self, x, training=False):
        y = self.room("y", x, *self._output)
        self.ops.reshape(x, y)
        return y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self.ops.reshape(dy, dx)
        return dx

    def config(self):
        return {**super().config(), "target_shape": self.target_shape}


class Permute(Layer):
    """The axes of an image in another order, counted from 1 as in Keras: Permute((2, 1)) turns rows into columns."""

    def __init__(self, dims: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = whole(dims, f"{self._who}: dims")
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)) or len(self.dims) > 4:
            raise ValueError(f"{self._who}: expected each of 1, 2, ... once, up to 4, given {self.dims}")

    def geometry(self, input_shape):
        if len(input_shape) != len(self.dims):
            raise ValueError(f"{self.name}: expected {len(self.dims)} axes, given {('batch', *input_shape)}")
        return tuple(input_shape[d - 1] for d in self.dims)

    def operations(self):
        return ("permute",)

    def forward(self, x, training=False):
        y = self.room("y", x, *self._output)
        self.ops.permute(x, y, *turned(self._input, [d - 1 for d in self.dims]))
        return y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        back = [self.dims.index(d) for d in range(1, len(self.dims) + 1)]
        self.ops.permute(dy, dx, *turned(self._output, back))
        return dx

    def config(self):
        return {**super().config(), "dims": self.dims}


class ZeroPadding(Spatial):
    """Zeros around the image. padding: a number for all sides, or for each axis a number or a pair (before, after)."""

    axes: tuple[str, ...]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = frame(padding, len(self.axes), f"{self._who}: padding")

    def slide(self, pixels, channels):
        sizes = zip(self.padding, pixels, strict=True)
        return tuple(before + size + after for (before, after), size in sizes), channels

    def operations(self):
        return (*super().operations(), "zero_pad_forward", "zero_pad_backward")

    def _before(self) -> tuple[int, ...]:
        return triple(tuple(before for before, _ in self.padding), 0)

    def forward(self, x, training=False):
        x = self.inward("x", x)
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.ops.zero_pad_forward(volume(x), volume(y), self._before())
        return self.outward("y", y)

    def backward(self, dy):
        dy = self.inward("dy", dy)
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.ops.zero_pad_backward(volume(dy), volume(dx), self._before())
        return self.outward("dx", dx)

    def config(self):
        return {**super().config(), "padding": self.padding}


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after a sequence. padding: a number, or a pair (before, after)."""

    axes = ("steps",)


class ZeroPadding2D(ZeroPadding):
    """Zeros around an image. padding: a number, (vertical, horizontal) or ((top, bottom), (left, right))."""

    axes = ("height", "width")


class ZeroPadding3D(ZeroPadding):
    """Zeros around a volume. padding: a number, one for each axis, or a pair for each."""

    axes = ("depth", "height", "width")


class Cropping(Spatial):
    """The edges of the image cut off. cropping: so many pixels from all sides, or for each axis a number or a pair
    (before, after).

    It is zero padding with its two loops exchanged: gradients come back with zeros around them.
    """

    axes: tuple[str, ...]

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = frame(cropping, len(self.axes), f"{self._who}: cropping", of="pixels")

    def slide(self, pixels, channels):
        sizes = zip(self.cropping, pixels, strict=True)
        left = tuple(size - before - after for (before, after), size in sizes)
        if min(left) < 1:
            raise ValueError(f"{self._who}: cropping {self.cropping} leaves nothing of {by(pixels)} pixels")
        return left, channels

    def operations(self):
        return (*super().operations(), "zero_pad_forward", "zero_pad_backward")

    def _before(self) -> tuple[int, ...]:
        return triple(tuple(before for before, _ in self.cropping), 0)

    def forward(self, x, training=False):
        x = self.inward("x", x)
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.ops.zero_pad_backward(volume(x), volume(y), self._before())
        return self.outward("y", y)

    def backward(self, dy):
        dy = self.inward("dy", dy)
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.ops.zero_pad_forward(volume(dy), volume(dx), self._before())
        return self.outward("dx", dx)

    def config(self):
        return {**super().config(), "cropping": self.cropping}


class Cropping1D(Cropping):
    """The ends of a sequence cut off. cropping: a number, or a pair (before, after)."""

    axes = ("steps",)


class Cropping2D(Cropping):
    """The edges of an image cut off. cropping: a number, (vertical, horizontal) or ((top, bottom), (left, right))."""

    axes = ("height", "width")

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **kwargs: Any):
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(Cropping):
    """The sides of a volume cut off. cropping: a number, one for each axis, or a pair for each."""

    axes = ("depth", "height", "width")
