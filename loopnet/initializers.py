"""Where weights start: not all alike, or they would stay alike; not too large, or signals would explode.

An initialiser is called as ``initializer(shape, rng)`` and returns float64 values. The shape is a weight's:
(..., inputs, outputs).
"""

import re
from math import prod, sqrt
from typing import Any

import numpy as np

from .missing import getattr_of, listed
from .shapes import real


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers each output of a weight is summed from, and how many each input feeds: ``(fan_in, fan_out)``."""
    if len(shape) < 2:
        return prod(shape), prod(shape)
    receptive_field = prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


class Initializer:
    def __init__(self, seed: int | None = None):
        self.seed = seed

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator | None = None) -> np.ndarray:
        """Values of that shape, drawn from ``rng``, unless there is none or the initialiser has a seed of its own."""
        if rng is None or self.seed is not None:
            rng = np.random.default_rng(self.seed)
        return self.sample(tuple(shape), rng)

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


class Constant(Initializer):
    """All alike: for biases. value: also an array, with a number for each, or one that is repeated."""

    def __init__(self, value: Any = 0.0):
        super().__init__()
        self.value = value

    def sample(self, shape, rng):
        try:
            return np.array(np.broadcast_to(np.asarray(self.value, np.float64), shape))
        except (TypeError, ValueError):
            raise ValueError(f"Constant: expected a number, or an array for {shape}, given {self.value!r}") from None

    def config(self):
        return {"name": "Constant", "value": np.asarray(self.value).tolist()}


class RandomUniform(Initializer):
    """Uniform between ``minval`` and ``maxval``."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def sample(self, shape, rng):
        return rng.uniform(self.minval, self.maxval, shape)


class RandomNormal(Initializer):
    """A Gaussian."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def sample(self, shape, rng):
        return rng.normal(self.mean, self.stddev, shape)


class FanInVariance(Initializer):
    """Mean 0 and variance ``scale`` / fan_in: keeps the size of signals about equal on their way forward. LeCun's
    ``scale`` is 1, and He's is 2, as a ReLU lets half of the signal through. Uniform, or a Gaussian without its tails.

    LeCun et al. (1998), *Efficient backprop*, section 4.6; He et al. (2015), equation 10.
    """

    scale: float
    uniform = False

    def variance(self, shape: tuple[int, ...]) -> float:
        return self.scale / fans(shape)[0]

    def sample(self, shape, rng):
        return self.spread(shape, rng, self.uniform)

    def spread(self, shape: tuple[int, ...], rng: np.random.Generator, uniform: bool) -> np.ndarray:
        if uniform:
            limit = sqrt(3 * self.variance(shape))
            return rng.uniform(-limit, limit, shape)
        return TruncatedNormal(0.0, sqrt(self.variance(shape)) / CUT_STDDEV).sample(shape, rng)


CUT_STDDEV = 0.87962566103423978
"""What is left of a standard deviation of 1 when the tails beyond 2 are cut off."""


class HeNormal(FanInVariance):
    """For layers with ReLU behind them."""

    scale = 2.0


class HeUniform(HeNormal):
    """For layers with ReLU behind them."""

    uniform = True


class LecunNormal(FanInVariance):
    """For layers with tanh or selu behind them."""

    scale = 1.0


class LecunUniform(LecunNormal):
    """For layers with tanh behind them."""

    uniform = True


class GlorotNormal(FanInVariance):
    """As ``GlorotUniform``, but a Gaussian without its tails."""

    def variance(self, shape):
        return 2 / sum(fans(shape))


class FanInUniform(Initializer):
    """Uniform in +-limit / fan_in: LeCun's, whose limit is 2.4. LeCun et al. (1998), appendix A."""

    def __init__(self, limit: float = 2.4, seed: int | None = None):
        super().__init__(seed)
        self.limit = limit

    def sample(self, shape, rng):
        limit = self.limit / fans(shape)[0]
        return rng.uniform(-limit, limit, shape)


class VarianceScaling(FanInVariance):
    """Mean 0 and variance ``scale`` / n: mode says what n is, "fan_in", "fan_out" or "fan_avg", their mean.
    distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ):
        super().__init__(seed)
        if real(scale, "VarianceScaling: scale") <= 0:
            raise ValueError(f"VarianceScaling: expected scale above 0, given {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"VarianceScaling: expected mode 'fan_in', 'fan_out' or 'fan_avg', given {mode!r}")
        if distribution not in ("normal", "truncated_normal", "untruncated_normal", "uniform"):
            expected = "'truncated_normal', 'untruncated_normal' or 'uniform'"
            raise ValueError(f"VarianceScaling: expected distribution {expected}, given {distribution!r}")
        self.scale, self.mode, self.distribution = float(scale), mode, distribution

    def variance(self, shape):
        fan_in, fan_out = fans(shape)
        return self.scale / {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]

    def sample(self, shape, rng):
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, sqrt(self.variance(shape)), shape)
        return self.spread(shape, rng, self.distribution == "uniform")


class Orthogonal(Initializer):
    """Rows or columns, whichever are fewer, at right angles to each other and of length ``gain``; the last axis is a
    column. Saxe, McClelland, Ganguli (2014).
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None):
        super().__init__(seed)
        self.gain = real(gain, "Orthogonal: gain")

    def sample(self, shape, rng):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: expected weights of two axes or more, given shape {shape}")
        rows, columns = prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # so that no direction is preferred
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


class Identity(Initializer):
    """``gain`` on the diagonal, 0 elsewhere: the layer gives its inputs back."""

    def __init__(self, gain: float = 1.0):
        super().__init__()
        self.gain = real(gain, "Identity: gain")

    def sample(self, shape, rng):
        if len(shape) != 2:
            raise ValueError(f"Identity: expected weights of two axes, given shape {shape}")
        return self.gain * np.eye(*shape)

    def config(self):
        return {"name": "Identity", "gain": self.gain}


_CLASSES = (
    Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal, GlorotUniform, GlorotNormal, HeUniform,
    HeNormal, LecunUniform, LecunNormal, FanInUniform, VarianceScaling, Orthogonal, Identity,
)  # fmt: skip
INITIALIZERS: dict[str, type[Initializer]] = {
    **{re.sub("(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower(): cls for cls in _CLASSES},  # he_normal
    "zero": Zeros, "one": Ones, "uniform": RandomUniform, "normal": RandomNormal,
    **{cls.__name__: cls for cls in _CLASSES},
}  # fmt: skip

# Keras's second names
zeros, ones, constant, truncated_normal = Zeros, Ones, Constant, TruncatedNormal
random_uniform, random_normal = RandomUniform, RandomNormal
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal, lecun_uniform, lecun_normal = HeUniform, HeNormal, LecunUniform, LecunNormal
variance_scaling, orthogonal, identity = VarianceScaling, Orthogonal, Identity


def get(initializer: str | dict[str, Any] | Initializer | type) -> Initializer:
    """An initialiser from its name, from its saved ``config()``, its class, or itself. ``ValueError`` for unknown
    names.
    """
    if isinstance(initializer, Initializer):
        return initializer
    if isinstance(initializer, type) and issubclass(initializer, Initializer):
        return initializer()
    if not isinstance(initializer, (str, dict)):
        raise ValueError(f"expected an initializer or the name of one, given {initializer!r}")
    config = {"name": initializer} if isinstance(initializer, str) else dict(initializer)
    name = config.pop("name")
    if name not in INITIALIZERS:
        raise ValueError(f"unknown initializer {name!r}; expected one of {', '.join(INITIALIZERS)}")
    return INITIALIZERS[name](**config)


__getattr__ = getattr_of(
    __name__,
    listed({
        "use Orthogonal": "OrthogonalInitializer",
        "use Identity": "IdentityInitializer",
        "use GlorotUniform": "STFT",
    }),
)  # fmt: skip
