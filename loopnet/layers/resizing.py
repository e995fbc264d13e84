"""Layers that give images of any size one size (``kernels.resize``, ``padding``)."""

from typing import Any

from ..ops import Tensor
from ..shapes import positive
from .spatial import Spatial, volume
from .upsampling import OTHERS

Window = tuple[int, int, int, int]
"""Its first row and column, its height and width."""


class Sized(Spatial):
    """Images of ``height`` times ``width``: a window of the image, made larger or smaller if it is of another size.

    A subclass says in ``window`` what is cut out. Nothing is done where the image is the window, and of the right size.
    """

    axes = ("height", "width")
    interpolation = "bilinear"

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = positive(height, f"{self._who}: height"), positive(width, f"{self._who}: width")

    def window(self, height: int, width: int) -> Window:
        """What is left of an image of so many pixels."""
        raise NotImplementedError

    def in_proportion(self, height: int, width: int) -> Window:
        """The largest window, in the middle, that is in proportion as height and width shall be."""
        rows = max(min(height, width * self.height // self.width), 1)
        columns = max(min(width, height * self.width // self.height), 1)
        return (height - rows) // 2, (width - columns) // 2, rows, columns

    def slide(self, pixels, channels):
        self._window = self.window(*pixels)
        self._cuts, self._resizes = self._window[2:] != pixels, self._window[2:] != (self.height, self.width)
        return (self.height, self.width), channels

    def operations(self):
        cuts = ("zero_pad_forward", "zero_pad_backward") if self._cuts else ()
        ways = (f"resize_{self.interpolation}_forward", f"resize_{self.interpolation}_backward")
        return (*super().operations(), *cuts, *(ways if self._resizes else ()))

    def forward(self, x, training=False):
        return self.outward("y", self._seen(self.inward("x", x)))

    def _seen(self, x: Tensor) -> Tensor:
        """Channels last, there and back."""
        top, left, *size = self._window
        if self._cuts:
            window = self.room("window", x, *size, self._channels)
            self.ops.zero_pad_backward(volume(x), volume(window), (0, top, left))
            x = window
        if self._resizes:
            y = self.room("y", x, *self._out_pixels, self._channels)
            getattr(self.ops, f"resize_{self.interpolation}_forward")(x, y)
            x = y
        return x

    def backward(self, dy):
        dy = self.inward("dy", dy)
        top, left, *size = self._window
        if self._resizes:
            window = self.room("window's gradient", dy, *size, self._channels)
            getattr(self.ops, f"resize_{self.interpolation}_backward")(dy, window)
            dy = window
        if self._cuts:
            dx = self.room("dx", dy, *self._pixels, self._channels)
            self.ops.zero_pad_forward(volume(dy), volume(dx), (0, top, left))
            dy = dx
        return self.outward("dx", dy)

    def config(self):
        return {**super().config(), "height": self.height, "width": self.width}


class Resizing(Sized):
    """The whole image, squeezed or stretched to ``height`` times ``width``. Keras's, for numbers.

    interpolation: "bilinear", a mixture of four pixels, or "nearest", one of them; Keras's others are refused with
    ``NotImplementedError``, and so are antialias and pad_to_aspect_ratio: an image that shrinks is not smoothed.
    crop_to_aspect_ratio: cut off what is too wide or too high first, instead of squeezing it. Where a new pixel is read
    exactly half-way between two, "nearest" takes the latter; TensorFlow's rounding finds now the one, now the other.
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(height, width, data_format, **kwargs)
        if interpolation in OTHERS and interpolation != "bilinear":
            raise NotImplementedError(f"{self._who}: interpolation={interpolation!r} is not in loopnet: use 'bilinear'")
        if interpolation not in ("bilinear", "nearest"):
            raise ValueError(f"{self._who}: expected interpolation 'bilinear' or 'nearest', given {interpolation!r}")
        self.interpolation, self.crop_to_aspect_ratio = interpolation, bool(crop_to_aspect_ratio)

    def window(self, height, width):
        return self.in_proportion(height, width) if self.crop_to_aspect_ratio else (0, 0, height, width)

    def config(self):
        own = {"interpolation": self.interpolation, "crop_to_aspect_ratio": self.crop_to_aspect_ratio}
        return {**super().config(), **own}


class CenterCrop(Sized):
    """The middle of the image, ``height`` times ``width``. Keras's: of an image that is smaller, along either axis, it
    is the largest window in proportion, in the middle, that is resized.
    """

    def window(self, height, width):
        if height < self.height or width < self.width:
            return self.in_proportion(height, width)
        return (height - self.height) // 2, (width - self.width) // 2, self.height, self.width
