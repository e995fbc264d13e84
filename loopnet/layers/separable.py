"""Convolutions taken apart: each channel by itself, and then pixel by pixel across the channels.

A convolution with groups=channels (``kernels.conv3d``) and one of 1x1 (``kernels.conv2d``); there are no loops of
their own. Chollet (2017), *Xception: deep learning with depthwise separable convolutions*; Howard et al. (2017),
*MobileNets*, section 3.1.
"""

from typing import Any

import numpy as np

from .. import constraints, initializers, regularizers
from ..missing import settle
from ..shapes import positive
from .base import Layer
from .convolution import Conv1D, Conv2D, Convolution, Sizes

SETTLED = ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
"""Arguments of a convolution that a depthwise one works out, or has other names for."""
OWN_NAMES = ("depthwise_initializer", "depthwise_regularizer", "depthwise_constraint", "depth_multiplier")


class DepthwiseConvolution(Convolution):
    """Each channel by itself, under ``depth_multiplier`` windows of its own: so many outputs for each channel, those of
    the first channel first.

    kernel_size and the rest as in Conv2D. Parameters, in Keras's shapes: w (*kernel_size, channels, depth_multiplier),
    b (channels * depth_multiplier,). depthwise_initializer, depthwise_regularizer, depthwise_constraint: of w.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        **kwargs: Any,
    ):
        who = kwargs.get("name") or type(self).__name__
        settle(who, {name: value for name, value in kwargs.items() if name in SETTLED}, {}, OWN_NAMES)
        of_kernel = _of_kernel(who, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        super().__init__(
            1, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            bias_initializer=bias_initializer, **of_kernel, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = positive(depth_multiplier, f"{self._who}: depth_multiplier")

    def slide(self, pixels, channels):
        self.groups, self.filters = channels, channels * self.depth_multiplier
        slid = super().slide(pixels, channels)
        self.declare(w=(*self.kernel_size, channels, self.depth_multiplier), b=(self.filters,))
        return slid

    def config(self):
        config = _renamed(super().config(), "depthwise")
        del config["filters"], config["groups"]
        return {**config, "depth_multiplier": self.depth_multiplier}


def _of_kernel(who: str, which: str, initializer: Any, regularizer: Any, constraint: Any) -> dict[str, Any]:
    """A convolution's arguments, looked at here, so that an error calls them by the names that they were given by."""
    return {
        "kernel_initializer": initializers.get(initializer),
        "kernel_regularizer": regularizers.get(regularizer, f"{who}: {which}_regularizer"),
        "kernel_constraint": constraints.get(constraint, f"{who}: {which}_constraint"),
    }


def _renamed(config: dict[str, Any], kernel: str) -> dict[str, Any]:
    """A convolution's configuration with another word for what starts, regularises and bounds its kernel."""
    return {key.replace("kernel", kernel) if key in SETTLED else key: value for key, value in config.items()}


class DepthwiseConv1D(DepthwiseConvolution, Conv1D):
    """Convolution of sequences, each channel by itself: (steps, channels) to (out_steps, channels * depth_multiplier).

    DepthwiseConv1D(3, padding="same")
    """


class DepthwiseConv2D(DepthwiseConvolution, Conv2D):
    """Convolution of images, each channel by itself: (height, width, channels) to (out_height, out_width, channels *
    depth_multiplier).

        DepthwiseConv2D(3, padding="same", activation="relu")

    An image of one channel takes the tuned way of Conv2D.
    """


class SeparableConvolution(Layer):
    """A depthwise convolution, and a convolution of one pixel behind it that mixes its outputs to ``filters``.

    filters: how many. depth_multiplier: outputs of the first for each channel. The rest as in Conv2D; strides, padding
    and dilation are the first one's, bias and activation the second one's.

    Parameters, in Keras's shapes and order: depthwise (*kernel_size, channels, depth_multiplier), pointwise (1, ...,
    channels * depth_multiplier, filters), b (filters,). Each has an initializer, a regularizer and a constraint.

    ``backend`` is the rung of the first one; the second runs on the rung that was asked for, where that has it.
    """

    depthwise_class: type[DepthwiseConvolution]
    pointwise_class: type[Convolution]

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.depthwise = self.depthwise_class(
            kernel_size, strides, padding, depth_multiplier, data_format, dilation_rate, use_bias=False,
            depthwise_initializer=depthwise_initializer, depthwise_regularizer=depthwise_regularizer,
            depthwise_constraint=depthwise_constraint, name=self._who,
        )  # fmt: skip
        self.pointwise = self.pointwise_class(
            filters, 1, data_format=data_format, activation=activation, use_bias=use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer, bias_constraint=bias_constraint,
            **_of_kernel(self._who, "pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint),
            name=self._who,
        )  # fmt: skip
        self.filters, self.use_bias, self._activation = self.pointwise.filters, use_bias, self.pointwise._activation
        for name in ("kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier"):
            setattr(self, name, getattr(self.depthwise, name))

    @property
    def activation(self) -> Any:
        """That of the second, as ``WeightedLayer.activation``."""
        return self.pointwise.activation

    @activation.setter
    def activation(self, activation: Any) -> None:
        self.pointwise.activation = activation
        self._activation = self.pointwise._activation
        self.bind_to(None)  # the networks look here, and not at its halves

    @property
    def halves(self) -> tuple[DepthwiseConvolution, Convolution]:
        """The two convolutions that it is, in the order in which they run."""
        self.depthwise.name, self.pointwise.name = f"{self._who}/depthwise", self._who
        return self.depthwise, self.pointwise

    @property
    def depthwise_kernel(self) -> np.ndarray:
        """Keras's name for the weights of the first."""
        return self.depthwise.kernel

    @property
    def pointwise_kernel(self) -> np.ndarray:
        """Keras's name for the weights of the second."""
        return self.pointwise.kernel

    @property
    def bias(self) -> np.ndarray | None:
        """Keras's name for the biases; None without any."""
        return self.pointwise.bias

    def geometry(self, input_shape):
        first, second = self.halves
        first.build(input_shape)
        second.build(first._output)
        self.pad = first.pad
        first.w.name, second.w.name = "depthwise", "pointwise"
        self.parameters = [*first.parameters, *second.parameters]
        return second._output

    def operations(self):
        return (*self.depthwise.operations(), *self.pointwise.operations())

    def bind(self, ops, dtype):
        from ..borders import Border, with_borders  # which need this module
        from ..plan import Plan

        super().bind(ops, dtype)
        self.depthwise.bind(self.ops, dtype)
        self.pointwise.bind(ops, dtype)
        self._stages = with_borders(Plan(list(self.halves), []), self.ops, self.output_shape).stages
        self._borders = [stage for stage in self._stages if isinstance(stage, Border)]

    def forward(self, x, training=False):
        for border in self._borders:
            border.images = self.ops.images(x)
        for stage in self._stages:
            x = stage.forward(x, training)
        return x

    def backward(self, dy):
        self.depthwise.needs_input_gradient = self.needs_input_gradient
        for stage in reversed(self._stages):
            dy = stage.backward(dy)
        return dy

    def config(self):
        first, second = self.depthwise.config(), _renamed(self.pointwise.config(), "pointwise")
        of_first = {key: first[key] for key in first if not key.startswith(("activation", "use_bias", "bias"))}
        del second["groups"]
        return {**second, **of_first, **super().config()}


class SeparableConv1D(SeparableConvolution):
    """Convolution of sequences taken apart: (steps, channels) to (out_steps, filters).

    SeparableConv1D(64, 3, padding="same")
    """

    depthwise_class, pointwise_class = DepthwiseConv1D, Conv1D


class SeparableConv2D(SeparableConvolution):
    """Convolution of images taken apart: (height, width, channels) to (out_height, out_width, filters).

        SeparableConv2D(64, 3, activation="relu")

    The second half, where most of the products are, is tuned.
    """

    depthwise_class, pointwise_class = DepthwiseConv2D, Conv2D
