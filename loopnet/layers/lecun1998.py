"""What LeNet-5 was built of in 1998 and is built of no more (``kernels.subsample``, ``connections``, ``rbf``)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..shapes import expect_rank, several, window_geometry
from .base import Layer
from .convolution import Convolution, Sizes
from .spatial import Spatial
from .weighted import WeightedLayer


class Subsampling2D(Spatial, WeightedLayer):
    """Each window's sum, times one trainable weight of its map, plus one trainable bias: (height, width, channels)
    to (height // window, width // window, channels).

    pool_size: a number, or one for each axis; windows do not overlap. activation: a name, or None.

        Subsampling2D(2, activation="scaled_tanh")
    """

    axes = ("height", "width")

    def __init__(self, pool_size: Sizes = 2, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.pool_size = several(pool_size, 2, f"{self._who}: pool_size")

    def slide(self, pixels, channels):
        out_pixels, _ = window_geometry(self.name, pixels, self.pool_size, self.pool_size, "valid")
        self.declare(w=(channels,), b=(channels,))
        return out_pixels, channels

    def initialize(self, rng):
        super().initialize(rng)
        height, width = self.pool_size  # a unit sums so many numbers, which the vector of weights does not tell
        self.w.value = self.w.initializer((height * width, self._channels), rng)[0]

    def linear_operations(self):
        return "subsample_forward", "subsample_backward_weights", "subsample_backward_input"

    def linear_forward(self, x):
        x = self.inward("x", x)
        self.keep_input(x)
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.ops.subsample_forward(x, self.w.value, self.b.value, y, self.pool_size)
        return self.outward("y", y)

    def linear_backward(self, dy):
        dy = self.inward("dy", dy)
        self.ops.subsample_backward_weights(dy, self._x, self.w.grad, self.b.grad, self.pool_size)
        if not self.needs_input_gradient:
            return None
        dx = self.room("dx", dy, *self._pixels, self._channels)
        self.ops.subsample_backward_input(dy, self.w.value, dx, self.pool_size)
        return self.outward("dx", dx)

    def config(self):
        return {**super().config(), "pool_size": self.pool_size}


class SparseConv2D(Convolution):
    """A convolution whose filters each see only some of the channels; what they do not see has no weight.

    channels: for each filter, the numbers of the channels that it sees: ``[[0, 1], [1, 2, 3]]`` is two filters. The
    rest as in Conv2D, without dilation and groups.

    Raises ``ValueError`` for a filter that sees no channel, or one twice, and at ``build`` for one that is not there.
    """

    axes = ("height", "width")

    def __init__(
        self, channels: Sequence[Sequence[int]], kernel_size: Sizes, strides: Sizes = 1, padding: Any = "valid",
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(len(channels), kernel_size, strides, padding, **kwargs)
        self.channels = [[int(c) for c in seen] for seen in channels]
        for k, seen in enumerate(self.channels):
            if not seen or len(set(seen)) < len(seen) or min(seen) < 0:
                raise ValueError(
                    f"{self._who}: expected different channels for each filter, given {seen} for filter {k}"
                )
        pairs = [(c, k) for k, seen in enumerate(self.channels) for c in seen]
        self.connections = np.array(pairs, np.int64)

    def slide(self, pixels, channels):
        highest = int(self.connections[:, 0].max())
        if highest >= channels:
            raise ValueError(f"{self.name}: expected channels 0 to {channels - 1}, given {highest} in its table")
        out_pixels, self.pad = window_geometry(self.name, pixels, self.kernel_size, self.strides, self.padding)
        self.declare(w=(*self.kernel_size, len(self.connections)), b=(self.filters,))
        return out_pixels, self.filters

    def initialize(self, rng):
        """Each filter as if it stood in a convolution over the channels that it sees, and no others."""
        super().initialize(rng)
        shapes = [(*self.kernel_size, len(seen), self.filters) for seen in self.channels]
        drawn = [self.w.initializer(shape, rng)[..., k] for k, shape in enumerate(shapes)]
        self.w.value = np.concatenate(drawn, axis=-1)

    def bind(self, ops, dtype):
        super().bind(ops, dtype)
        shape = (*self.kernel_size, self._channels, self.filters)
        self._full, self._dfull = (self.ops.asarray(np.zeros(shape, dtype)) for _ in range(2))
        self._pairs = self.ops.asarray(self.connections)

    def linear_operations(self):
        convolution = "conv2d_forward", "conv2d_backward_weights", "conv2d_backward_input"
        return "spread_taps", "collect_taps", *convolution

    def correlate(self, x, y):
        self.ops.spread_taps(self.w.value, self._pairs, self._full)
        self.ops.conv2d_forward(x, self._full, self.b.value, y, self.strides, self.pad)

    def correlate_backward_weights(self, dy, x):
        self.ops.conv2d_backward_weights(dy, x, self._dfull, self.b.grad, self.strides, self.pad)
        self.ops.collect_taps(self._dfull, self._pairs, self.w.grad)

    def correlate_backward_input(self, dy, dx):
        self.ops.conv2d_backward_input(dy, self._full, dx, self.strides, self.pad)

    def config(self):
        config = super().config()
        for missing in ("filters", "dilation_rate", "groups"):
            del config[missing]
        return {**config, "channels": self.channels}


class RBF(Layer):
    """Minus the squared distance of the input from each of so many fixed centres: (inputs,) to (units,).

    centres: numbers of shape (units, inputs). They are not trained and not counted; a saved model carries them among
    the layer's arguments. The largest output is that of the nearest centre; see ``losses.MaximumAPosteriori``.
    """

    def __init__(self, centres: Any, **kwargs: Any):
        super().__init__(**kwargs)
        array = np.asarray(centres, np.float64)
        if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
            raise ValueError(f"{self._who}: expected finite centres of shape (units, inputs), given {array.shape}")
        self.centres = array

    def geometry(self, input_shape):
        expect_rank(self._who, input_shape, 1, "(batch, inputs)")
        if input_shape[0] != self.centres.shape[1]:
            raise ValueError(
                f"{self._who}: expected {self.centres.shape[1]} inputs, as the centres have, given {input_shape[0]}"
            )
        return (len(self.centres),)

    def operations(self):
        return "rbf_forward", "rbf_backward"

    def bind(self, ops, dtype):
        super().bind(ops, dtype)
        self._centres = self.ops.asarray(self.centres.astype(dtype))

    def forward(self, x, training=False):
        self._x = x
        y = self.room("y", x, *self._output)
        self.ops.rbf_forward(x, self._centres, y)
        return y

    def backward(self, dy):
        dx = self.room("dx", dy, *self._input)
        self.ops.rbf_backward(dy, self._x, self._centres, dx)
        return dx

    def config(self):
        return {**super().config(), "centres": self.centres.tolist()}
