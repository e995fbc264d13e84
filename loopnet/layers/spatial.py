"""What layers of sequences, images and volumes have in common: pixels along some axes, and channels."""

from math import prod
from typing import Any

from ..ops import Tensor
from ..shapes import Shape, channel_order, expect_rank, turned
from .base import Layer


class Spatial(Layer):
    """A layer that tells channels from pixels: (height, width, channels), or without one axis or with one more.

    The loops are written for channels last. With data_format="channels_first" a layer turns its input round at the door
    and its output on the way out (``inward``, ``outward``), which costs two copies each way.

    A subclass says in ``slide`` how many pixels and channels come out. Where the loops are those of volumes,
    sequences and images are volumes with missing axes of size 1 (``volume``, ``triple``).
    """

    axes: tuple[str, ...] | None = None
    """The names of the axes without the channels; None for any number of them."""

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = channel_order(data_format, self._who)

    def geometry(self, input_shape):
        if self.axes is not None:
            order = ("batch", *_ordered(self.axes, "channels", self.data_format))
            expect_rank(self.name, input_shape, len(order) - 1, f"({', '.join(order)})")
        elif not input_shape:
            raise ValueError(f"{self._who}: expected input of shape (batch, ..., channels), given (batch,)")
        last = self.data_format == "channels_last"
        self._pixels, self._channels = (
            (input_shape[:-1], input_shape[-1]) if last else (input_shape[1:], input_shape[0])
        )
        self._out_pixels, self._out_channels = self.slide(self._pixels, self._channels)
        return _ordered(self._out_pixels, self._out_channels, self.data_format)

    def slide(self, pixels: Shape, channels: int) -> tuple[Shape, int]:
        """Pixels, axis by axis, and channels at the output."""
        return pixels, channels

    def operations(self):
        return (*super().operations(), *(("permute",) if self._turns() else ()))

    def _turns(self) -> bool:
        return self.data_format == "channels_first" and len(self._pixels) > 0

    def inward(self, what: str, x: Tensor) -> Tensor:
        """Channels last, from however they came."""
        if not self._turns():
            return x
        channels, pixels = x.shape[1], x.shape[2:]
        y = self.room(f"{what}, turned", x, *pixels, channels)
        self.ops.permute(x, y, *turned((channels, prod(pixels)), (1, 0)))
        return y

    def outward(self, what: str, y: Tensor) -> Tensor:
        """From channels last to the order that the layer was asked for."""
        if not self._turns():
            return y
        *pixels, channels = y.shape[1:]
        x = self.room(f"{what}, turned back", y, channels, *pixels)
        self.ops.permute(y, x, *turned((prod(pixels), channels), (1, 0)))
        return x

    def config(self):
        return {**super().config(), "data_format": self.data_format}


def _ordered(axes: tuple[Any, ...], channels: Any, data_format: str) -> tuple[Any, ...]:
    return (*axes, channels) if data_format == "channels_last" else (channels, *axes)


def volume(x: Tensor) -> Tensor:
    """(batch, ..., channels) as (batch, depth, height, width, channels), missing axes of size 1, in the same memory."""
    return x.reshape(x.shape[0], *(1,) * (5 - x.ndim), *x.shape[1:])


def triple(numbers: Shape, missing: int) -> Shape:
    """One number for each axis of a volume, ``missing`` for those that the image lacks."""
    return (missing,) * (3 - len(numbers)) + tuple(numbers)
