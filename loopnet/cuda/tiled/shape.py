"""The shape that a kernel is frozen to."""

from typing import Any, NamedTuple


class Shape(NamedTuple):
    """All about a convolution but the batch, as in ``loopnet/kernels/conv2d.py``."""

    height: int
    width: int
    channels: int
    window_height: int
    window_width: int
    filters: int
    out_height: int
    out_width: int
    down_step: int = 1
    right_step: int = 1
    pad_top: int = 0
    pad_left: int = 0

    @property
    def line(self) -> int:
        """Numbers from one row of the image to the next."""
        return self.width * self.channels

    @property
    def run(self) -> int:
        """Numbers in one row of a window: they follow each other in memory."""
        return self.window_width * self.channels

    @property
    def terms(self) -> int:
        """Numbers in a window."""
        return self.window_height * self.run

    @property
    def pixels(self) -> int:
        """Outputs of one filter on one image."""
        return self.out_height * self.out_width

    @property
    def leaves_image(self) -> bool:
        """Whether any window reaches beyond the image."""
        bottom = (self.out_height - 1) * self.down_step - self.pad_top + self.window_height
        right = (self.out_width - 1) * self.right_step - self.pad_left + self.window_width
        return self.pad_top > 0 or self.pad_left > 0 or bottom > self.height or right > self.width

    def backward(self) -> "Shape":
        """The convolution that takes dy to dx, at stride 1: the same windows, turned round, slide over dy."""
        return Shape(
            self.out_height, self.out_width, self.filters, self.window_height, self.window_width, self.channels,
            self.height, self.width, 1, 1, self.window_height - 1 - self.pad_top, self.window_width - 1 - self.pad_left,
        )  # fmt: skip


def shape_of(x: Any, w: Any, y: Any, stride: Any = (1, 1), pad: Any = (0, 0)) -> Shape:
    sizes = (*x.shape[1:], *w.shape[:2], w.shape[3], *y.shape[1:3], *stride, *pad)
    return Shape(*(int(size) for size in sizes))
