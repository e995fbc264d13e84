"""Dropout (``kernels.dropout``)."""

from typing import Any

from ..shapes import real, whole
from .base import Layer


class Dropout(Layer):
    """In training, each number becomes 0 with probability ``rate`` and the others 1 / (1 - rate) times as large; else
    nothing happens.

    seed: fixes the masks; without one the model's own seed does.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= real(rate, f"{self._who}: rate") < 1:
            raise ValueError(f"{self._who}: expected a rate of at least 0 and below 1, given {rate!r}")
        self.rate, self.seed = float(rate), seed
        self._key = 0 if seed is None else whole([seed], f"{self._who}: seed")[0] % 2**32
        self._step = 0

    def initialize(self, rng):
        super().initialize(rng)
        if self.seed is None:
            self._key = int(rng.integers(2**32))

    def operations(self):
        return ("dropout",)

    def forward(self, x, training=False):
        self._drops = training and self.rate > 0
        if not self._drops:
            return x
        self._step = (self._step + 1) % 2**32
        y = self.room("y", x, *self._output)
        self.ops.dropout(x, y, self.rate, self._key, self._step)
        return y

    def backward(self, dy):
        if not self._drops:
            return dy
        dx = self.room("dx", dy, *self._input)
        self.ops.dropout(dy, dx, self.rate, self._key, self._step)
        return dx

    def config(self):
        return {**super().config(), "rate": self.rate, "seed": self.seed}
