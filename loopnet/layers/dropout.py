"""Layers that disturb a network while it trains, and only then (``kernels.dropout``, ``kernels.gaussian``)."""

from math import prod, sqrt
from typing import Any

from ..ops import Tensor
from ..shapes import channel_order, expect_rank, real, whole
from .base import Layer


class Disturbance(Layer):
    """In training, ``disturb`` does something by chance to each number; else nothing happens.

    seed: fixes what is drawn; without one the model's own seed does.
    """

    operation: str

    def __init__(self, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self._key = 0 if seed is None else whole([seed], f"{self._who}: seed")[0] % 2**32
        self._step = 0

    def initialize(self, rng):
        super().initialize(rng)
        if self.seed is None:
            self._key = int(rng.integers(2**32))

    def operations(self):
        return (self.operation,)

    def strength(self) -> float:
        """What the kernel is told of how much to do; 0 for nothing at all."""
        raise NotImplementedError

    def disturb(self, x: Tensor, y: Tensor) -> None:
        """y is x disturbed: the same way for outputs and their gradients, until the next step."""
        getattr(self.ops, self.operation)(x, y, self.strength(), self._key, self._step)

    def forward(self, x, training=False):
        self._disturbs = training and self.strength() > 0
        if not self._disturbs:
            return x
        self._step = (self._step + 1) % 2**32
        y = self.room("y", x, *self._output)
        self.disturb(x, y)
        return y

    def backward(self, dy):
        if not self._disturbs:
            return dy
        dx = self.room("dx", dy, *self._input)
        self.disturb(dy, dx)
        return dx

    def config(self):
        return {**super().config(), "seed": self.seed}


class Dropout(Disturbance):
    """In training, each number becomes 0 with probability ``rate`` and the others 1 / (1 - rate) times as large; else
    nothing happens.

    seed: fixes the masks; without one the model's own seed does.
    """

    operation = "dropout"

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        if not 0 <= real(rate, f"{self._who}: rate") < 1:
            raise ValueError(f"{self._who}: expected a rate of at least 0 and below 1, given {rate!r}")
        self.rate = float(rate)

    def strength(self):
        return self.rate

    def config(self):
        return {**super().config(), "rate": self.rate}


class SpatialDropout(Dropout):
    """Dropout of whole channels: neighbouring pixels tell much the same, and one that is missing would not be missed.
    Tompson, Goroshin, Jain, LeCun, Bregler (2015), section 3.2.

    rate, seed: as in Dropout. The same channels are dropped in both orders of channels.
    """

    operation = "channel_dropout"
    axes: tuple[str, ...]

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)
        self.data_format = channel_order(data_format, self._who)

    def geometry(self, input_shape):
        last = self.data_format == "channels_last"
        order = ("batch", *self.axes, "channels") if last else ("batch", "channels", *self.axes)
        expect_rank(self._who, input_shape, len(order) - 1, f"({', '.join(order)})")
        return input_shape

    def disturb(self, x, y):
        super().disturb(self._by_channel(x), self._by_channel(y))

    def _by_channel(self, x: Tensor) -> Tensor:
        """(images, pixels, channels), in the same memory; with channels first each is an image by itself."""
        if self.data_format == "channels_first":
            images, channels, *pixels = x.shape
            return x.reshape(images * channels, prod(pixels), 1)
        images, *pixels, channels = x.shape
        return x.reshape(images, prod(pixels), channels)

    def config(self):
        return {**super().config(), "data_format": self.data_format}


class SpatialDropout1D(SpatialDropout):
    """Dropout of whole channels of sequences: (steps, channels). rate: the share of channels that becomes 0."""

    axes = ("steps",)

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed=seed, **kwargs)


class SpatialDropout2D(SpatialDropout):
    """Dropout of whole maps: (height, width, channels). rate: the share of maps that becomes 0."""

    axes = ("height", "width")


class SpatialDropout3D(SpatialDropout):
    """Dropout of whole channels of volumes: (depth, height, width, channels). rate: the share that becomes 0."""

    axes = ("depth", "height", "width")


class GaussianDropout(Dropout):
    """In training, each number times a Gaussian one of mean 1 and variance rate / (1 - rate), as large as Dropout's;
    else nothing happens. Srivastava et al. (2014), section 10.

    rate, seed: as in Dropout.
    """

    operation = "gaussian_dropout"

    def strength(self):
        return sqrt(self.rate / (1 - self.rate))


class GaussianNoise(Disturbance):
    """In training, a Gaussian number is added to each, of mean 0 and standard deviation ``stddev``; else nothing
    happens.

    seed: fixes the noise; without one the model's own seed does.
    """

    operation = "gaussian_noise"

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        if real(stddev, f"{self._who}: stddev") < 0:
            raise ValueError(f"{self._who}: expected stddev of at least 0, given {stddev!r}")
        self.stddev = float(stddev)

    def strength(self):
        return self.stddev

    def backward(self, dy):
        return dy

    def config(self):
        return {**super().config(), "stddev": self.stddev}
