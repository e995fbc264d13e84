"""Convolutions (``kernels.conv2d``, ``kernels.conv3d``) of sequences, images and volumes."""

from collections.abc import Sequence
from typing import Any

from ..ops import Tensor
from ..shapes import Padding, padding_mode, positive, several, window_geometry
from .spatial import Spatial, triple, volume
from .weighted import WeightedLayer

Sizes = int | Sequence[int]


class Convolution(Spatial, WeightedLayer):
    """``filters`` windows of weights slide over the input.

    filters: how many. kernel_size, strides, dilation_rate: a number, or one for each axis. padding: "valid" (none),
    "same" (zeros around the image so that stride 1 keeps its size), or zeros spelled out: a number, or for each axis a
    number or a pair (before, after). groups: cut channels and filters into so many groups, each filter seeing only
    its own. activation: a name, a function of ``activations``, a layer such as LeakyReLU(0.1), or None.

    Raises ``ValueError`` at once for arguments that make no sense, and at ``build`` for a window larger than the image
    or channels that cannot be grouped.
    """

    axes: tuple[str, ...]
    more_paddings: tuple[str, ...] = ()

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, activation=activation, use_bias=use_bias, **kwargs)
        who, count = self._who, len(self.axes)
        self.filters = positive(filters, f"{who}: filters")
        self.kernel_size = several(kernel_size, count, f"{who}: kernel_size")
        self.strides = several(strides, count, f"{who}: strides")
        self.padding = padding_mode(padding, count, who, *self.more_paddings)
        self.dilation_rate = several(dilation_rate, count, f"{who}: dilation_rate")
        self.groups = positive(groups, f"{who}: groups")
        if self.filters % self.groups:
            raise ValueError(f"{who}: expected filters in groups of equal size, given {filters} in {groups} groups")

    def slide(self, pixels, channels):
        if channels % self.groups:
            raise ValueError(
                f"{self.name}: expected channels that can be cut into {self.groups} groups, given {channels}"
            )
        out_pixels, self.pad = window_geometry(
            self.name, pixels, self.kernel_size, self.strides, self.effective_padding(), self.dilation_rate
        )
        self.declare(w=(*self.kernel_size, channels // self.groups, self.filters), b=(self.filters,))
        return out_pixels, self.filters

    def effective_padding(self) -> Padding:
        """What ``window_geometry`` understands."""
        return self.padding

    def linear_operations(self):
        return "conv3d_forward", "conv3d_backward_weights", "conv3d_backward_input"

    def linear_forward(self, x):
        x = self.inward("x", x)
        self.keep_input(x)
        y = self.room("y", x, *self._out_pixels, self.filters)
        self.correlate(x, y)
        return self.outward("y", y)

    def linear_backward(self, dy):
        dy = self.inward("dy", dy)
        self.correlate_backward_weights(dy, self._x)
        if not self.needs_input_gradient:
            return None
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.correlate_backward_input(dy, dx)
        return self.outward("dx", dx)

    # the kernels, each on channels last

    def correlate(self, x: Tensor, y: Tensor) -> None:
        self.ops.conv3d_forward(volume(x), self._as_3d(self.w.value), self.b.value, volume(y), *self._geometry_3d())

    def correlate_backward_weights(self, dy: Tensor, x: Tensor) -> None:
        dw = self._as_3d(self.w.grad)
        self.ops.conv3d_backward_weights(volume(dy), volume(x), dw, self.b.grad, *self._geometry_3d())

    def correlate_backward_input(self, dy: Tensor, dx: Tensor) -> None:
        self.ops.conv3d_backward_input(volume(dy), self._as_3d(self.w.value), volume(dx), *self._geometry_3d())

    def _as_3d(self, w: Tensor) -> Tensor:
        """Filters of sequences or images as filters of volumes, in the same memory."""
        return w.reshape(*triple(self.kernel_size, 1), self._channels // self.groups, self.filters)

    def _geometry_3d(self) -> tuple[tuple[int, ...], ...]:
        return triple(self.strides, 1), triple(self.dilation_rate, 1), triple(self.pad, 0)

    def config(self):
        return {
            **super().config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
        }


class Conv1D(Convolution):
    """Convolution of sequences: (steps, channels) to (out_steps, filters). padding may also be "causal": no step sees a
    later one.

        Conv1D(64, 3, padding="same")
    """

    axes = ("steps",)
    more_paddings = ("causal",)

    def effective_padding(self):
        if self.padding == "causal":
            return (((self.kernel_size[0] - 1) * self.dilation_rate[0], 0),)
        return self.padding

    def slide(self, pixels, channels):
        if self.padding == "causal" and self.data_format == "channels_first":
            raise ValueError(f"{self.name}: expected channels_last with padding 'causal', given channels_first")
        return super().slide(pixels, channels)


class Conv2D(Convolution):
    """Convolution of images: (height, width, channels) to (out_height, out_width, filters).

        Conv2D(32, (5, 5), activation="relu")

    Without dilation and groups it runs on ``kernels.conv2d``, the page to read first, and is tuned.
    """

    axes = ("height", "width")

    def _is_plain(self) -> bool:
        return self.groups == 1 and self.dilation_rate == (1, 1)

    def linear_operations(self):
        if self._is_plain():
            return "conv2d_forward", "conv2d_backward_weights", "conv2d_backward_input"
        return super().linear_operations()

    def correlate(self, x, y):
        if not self._is_plain():
            return super().correlate(x, y)
        self.ops.conv2d_forward(x, self.w.value, self.b.value, y, self.strides, self.pad)

    def correlate_backward_weights(self, dy, x):
        if not self._is_plain():
            return super().correlate_backward_weights(dy, x)
        self.ops.conv2d_backward_weights(dy, x, self.w.grad, self.b.grad, self.strides, self.pad)

    def correlate_backward_input(self, dy, dx):
        if not self._is_plain():
            return super().correlate_backward_input(dy, dx)
        self.ops.conv2d_backward_input(dy, self.w.value, dx, self.strides, self.pad)


class Conv3D(Convolution):
    """Convolution of volumes: (depth, height, width, channels) to (out_depth, out_height, out_width, filters).

        Conv3D(8, 3)
    """

    axes = ("depth", "height", "width")
