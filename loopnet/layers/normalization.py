"""Batch normalisation (``kernels.normalization``)."""

from typing import Any

import numpy as np

from .. import initializers
from ..shapes import real
from .base import Parameter
from .spatial import Spatial


class BatchNormalization(Spatial):
    """Each channel to mean 0 and variance 1 over the batch, then times gamma plus beta, which are learned.

    axis: where the channels are, -1 (last) or 1 (first). momentum: how much the moving mean and variance keep at each
    step. epsilon: keeps the division finite where a channel does not vary. center, scale: with beta, with gamma.

    In training the batch's own mean and variance are used, and the moving ones follow; else, and where the layer is
    frozen, the moving ones are.
    Parameters in Keras's order: gamma, beta, moving_mean, moving_variance; the last two are not trained.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not 0 <= real(momentum, f"{self._who}: momentum") <= 1 or real(epsilon, f"{self._who}: epsilon") <= 0:
            raise ValueError(
                f"{self._who}: expected momentum of 0 to 1 and epsilon above 0, given {momentum!r} and {epsilon!r}"
            )
        self.axis, self.momentum, self.epsilon = axis, float(momentum), float(epsilon)
        self.center, self.scale = bool(center), bool(scale)

    def geometry(self, input_shape):
        rank = len(input_shape)
        if self.axis not in (-1, 1, rank):
            raise ValueError(f"{self.name}: expected axis -1, 1 or {rank}, given {self.axis!r}")
        self.data_format = "channels_first" if self.axis == 1 and rank > 1 else "channels_last"
        return super().geometry(input_shape)

    def slide(self, pixels, channels):
        shape, zeros, ones = (channels,), initializers.Zeros(), initializers.Ones()
        self.gamma, self.beta = Parameter("gamma", shape, ones), Parameter("beta", shape, zeros)
        self.moving_mean = Parameter("moving_mean", shape, zeros, trainable=False)
        self.moving_variance = Parameter("moving_variance", shape, ones, trainable=False)
        learned = [p for p, wanted in ((self.gamma, self.scale), (self.beta, self.center)) if wanted]
        self.parameters = [*learned, self.moving_mean, self.moving_variance]
        self.constants = [p for p in (self.gamma, self.beta) if p not in learned]
        return pixels, channels

    def operations(self):
        return (
            *super().operations(),
            "batch_norm_statistics", "moving_average", "batch_norm_forward",
            "batch_norm_backward_weights", "batch_norm_backward_input",
        )  # fmt: skip

    def bind(self, ops, dtype):
        super().bind(ops, dtype)
        self._mean, self._variance = (self.ops.asarray(np.empty(self._channels, dtype)) for _ in range(2))
        self._zeros = self.ops.asarray(np.zeros(self._channels, dtype))

    @property
    def differs_in_training(self) -> bool:
        return True

    def forward(self, x, training=False):
        self._x, self._by_the_batch = self.inward("x", x), training and not self.frozen
        x = self._x
        mean, variance = self.moving_mean.value, self.moving_variance.value
        if self._by_the_batch:
            self.ops.batch_norm_statistics(x, self._mean, self._variance)
            share = self.dtype.type(1 - self.momentum)
            self.ops.moving_average(mean, self._mean, share)
            self.ops.moving_average(variance, self._variance, share)
            mean, variance = self._mean, self._variance
        y = self.room("y", x, *self._pixels, self._channels)
        self.ops.batch_norm_forward(x, mean, variance, self.gamma.value, self.beta.value, y, self.epsilon)
        return self.outward("y", y)

    def backward(self, dy):
        dy, gamma, beta = self.inward("dy", dy), self.gamma, self.beta
        dx = self.room("dx", dy, *self._pixels, self._channels)
        if self._by_the_batch:
            batch = self._x, self._mean, self._variance
            self.ops.batch_norm_backward_weights(dy, *batch, gamma.grad, beta.grad, self.epsilon)
            self.ops.batch_norm_backward_input(dy, *batch, gamma.value, gamma.grad, beta.grad, dx, self.epsilon)
        else:  # frozen, or looking: the moving statistics are constants, and the layer only stretches
            zeros = self._zeros
            self.ops.batch_norm_forward(dy, zeros, self.moving_variance.value, gamma.value, zeros, dx, self.epsilon)
        return self.outward("dx", dx)

    def config(self):
        config = super().config()
        del config["data_format"]  # follows from the axis
        names = ("axis", "momentum", "epsilon", "center", "scale")
        return {**config, **{name: getattr(self, name) for name in names}}
