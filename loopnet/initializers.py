"""Where weights start: not all alike, or they would stay alike; not too large, or signals would explode.

An initialiser is called as ``initializer(shape, rng)`` and returns float64 values. The shape is a weight's:
(..., inputs, outputs).
"""

from math import prod, sqrt
from typing import Any

import numpy as np


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers each output of a weight is summed from, and how many each input feeds: ``(fan_in, fan_out)``."""
    if len(shape) < 2:
        return prod(shape), prod(shape)
    receptive_field = prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


class Initializer:
    def __init__(self, seed: int | None = None):
        self.seed = seed

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        return self.sample(shape, rng if self.seed is None else np.random.default_rng(self.seed))

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"name": type(self).__name__, **vars(self)}


class Zeros(Initializer):
    """All 0: right for biases, and for nothing else."""

    def sample(self, shape, rng):
        return np.zeros(shape)


class Ones(Initializer):
    """All 1: for factors that shall change nothing at first, such as the gamma of BatchNormalization."""

    def sample(self, shape, rng):
        return np.ones(shape)


class GlorotUniform(Initializer):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)): keeps the size of signals about equal from layer to layer, both ways.

    Keras's default. Glorot, Bengio (2010), equation 16.
    """

    def sample(self, shape, rng):
        limit = sqrt(6 / sum(fans(shape)))
        return rng.uniform(-limit, limit, shape)


class TruncatedNormal(Initializer):
    """A Gaussian without its tails: samples beyond two standard deviations are drawn again. The article's choice."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def sample(self, shape, rng):
        values = rng.standard_normal(shape)
        while (outside := np.abs(values) > 2).any():
            values[outside] = rng.standard_normal(int(outside.sum()))
        return self.mean + self.stddev * values


class FanInUniform(Initializer):
    """Uniform in +-limit / fan_in: LeCun's, whose limit is 2.4. LeCun et al. (1998), appendix A."""

    def __init__(self, limit: float = 2.4, seed: int | None = None):
        super().__init__(seed)
        self.limit = limit

    def sample(self, shape, rng):
        limit = self.limit / fans(shape)[0]
        return rng.uniform(-limit, limit, shape)


INITIALIZERS = {
    "zeros": Zeros,
    "ones": Ones,
    "glorot_uniform": GlorotUniform,
    "truncated_normal": TruncatedNormal,
    "fan_in_uniform": FanInUniform,
    **{cls.__name__: cls for cls in (Zeros, Ones, GlorotUniform, TruncatedNormal, FanInUniform)},
}


def get(initializer: str | dict[str, Any] | Initializer) -> Initializer:
    """An initialiser from its name, from its saved ``config()``, or itself. ``ValueError`` for unknown names."""
    if isinstance(initializer, Initializer):
        return initializer
    config = {"name": initializer} if isinstance(initializer, str) else dict(initializer)
    name = config.pop("name")
    if name not in INITIALIZERS:
        raise ValueError(f"unknown initializer {name!r}; expected one of {', '.join(INITIALIZERS)}")
    return INITIALIZERS[name](**config)
