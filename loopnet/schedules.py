"""Learning-rate schedules: large steps while there is far to go, small ones to settle.

A schedule is called with the number of steps done so far, from 0, and returns the learning rate of the next one:

    model.compile(SGD(schedules.CosineDecay(0.1, decay_steps=5000)), loss)
"""

import math
from collections.abc import Sequence
from typing import Any

from .missing import getattr_of, listed


class LearningRateSchedule:
    """The base of all schedules. Its attributes are its constructor's arguments, and are saved with a model; all but
    ``name``, which Keras's listings may give and nobody reads.
    """

    def __call__(self, step: int) -> float:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        return {"name": type(self).__name__, **vars(self)}


class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate ** (step / decay_steps); staircase: the exponent is rounded down to a whole number."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ):
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps, self.decay_rate = _steps(decay_steps), float(decay_rate)
        self.staircase = bool(staircase)

    def __call__(self, step):
        turns = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(turns) if self.staircase else turns)


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + decay_rate * step / decay_steps); staircase: step / decay_steps is rounded down."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ):
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps, self.decay_rate = _steps(decay_steps), float(decay_rate)
        self.staircase = bool(staircase)

    def __call__(self, step):
        turns = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(turns) if self.staircase else turns))


class PolynomialDecay(LearningRateSchedule):
    """end + (initial - end) * (1 - step / decay_steps) ** power, and from ``decay_steps`` on the end rate.

    cycle: it climbs again after ``decay_steps``, and comes down to the end rate after twice as many, three times, ...
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = None,
    ):
        self.initial_learning_rate, self.end_learning_rate = float(initial_learning_rate), float(end_learning_rate)
        self.decay_steps, self.power, self.cycle = _steps(decay_steps), float(power), bool(cycle)

    def __call__(self, step):
        cycles = max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1
        left = 1 - min(step / (cycles * self.decay_steps), 1.0)
        return self.end_learning_rate + (self.initial_learning_rate - self.end_learning_rate) * left**self.power


class CosineDecay(LearningRateSchedule):
    """Half a cosine wave, from the initial rate down to ``alpha`` times it in ``decay_steps`` steps, then constant.

    warmup_target, warmup_steps: first climb in a straight line from the initial rate to warmup_target, and decay
    from there. Loshchilov, Hutter (2017), equation 5, without restarts; Goyal et al. (2017) for the climb.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
        name: str | None = None,
    ):
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps, self.alpha = _steps(decay_steps), float(alpha)
        self.warmup_target = None if warmup_target is None else float(warmup_target)
        self.warmup_steps = int(warmup_steps)

    def __call__(self, step):
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return top + (self.warmup_target - top) * step / self.warmup_steps
            top, step = self.warmup_target, step - self.warmup_steps
        wave = (1 + math.cos(math.pi * min(step / self.decay_steps, 1.0))) / 2
        return top * ((1 - self.alpha) * wave + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine wave in ``first_decay_steps`` steps, down to ``alpha`` times the initial rate, again and again.
    Each wave is ``t_mul`` times as long as the one before, and ``m_mul`` times as high.

    Loshchilov, Hutter (2017), equation 5.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = None,
    ):
        self.initial_learning_rate = float(initial_learning_rate)
        self.first_decay_steps = _steps(first_decay_steps, "first_decay_steps")
        self.t_mul, self.m_mul, self.alpha = float(t_mul), float(m_mul), float(alpha)
        if self.t_mul < 1:
            raise ValueError(f"CosineDecayRestarts: expected a t_mul of 1 at least, given {t_mul!r}")

    def __call__(self, step):
        steps, height = float(self.first_decay_steps), 1.0
        while step >= steps:
            step, steps, height = step - steps, steps * self.t_mul, height * self.m_mul
        wave = height * (1 + math.cos(math.pi * step / steps)) / 2
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], values[1] up to boundaries[1], and so on; the last value
    for ever after.
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str | None = None):
        self.boundaries, self.values = [int(b) for b in boundaries], [float(v) for v in values]
        if len(self.values) != len(self.boundaries) + 1 or sorted(self.boundaries) != self.boundaries:
            raise ValueError(
                "PiecewiseConstantDecay: expected rising boundaries and one value more, "
                f"given {self.boundaries} and {self.values}"
            )

    def __call__(self, step):
        return self.values[sum(step > boundary for boundary in self.boundaries)]


def _steps(steps: int, who: str = "decay_steps") -> int:
    if steps <= 0:
        raise ValueError(f"{who}: expected a positive number of steps, given {steps!r}")
    return int(steps)


SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts, PiecewiseConstantDecay
    )
}


def get(config: dict[str, Any]) -> LearningRateSchedule:
    """A schedule from its saved ``config()``."""
    arguments = dict(config)
    name = arguments.pop("name")
    if name not in SCHEDULES:
        raise ValueError(f"unknown schedule {name!r}; expected one of {', '.join(SCHEDULES)}")
    return SCHEDULES[name](**arguments)


__getattr__ = getattr_of(
    __name__,
    listed({
        "a schedule is made again from its config(): schedules.get": "deserialize serialize",
    }),
)  # fmt: skip
