"""Constraints: weights are put back inside a bound after each step of the optimiser, as Keras has them.

    Dense(128, activation="relu", kernel_constraint=max_norm(3))

Unlike a penalty (``regularizers``) a bound says nothing until it is reached. The norms are those of Keras's ``axis``:
0 is the weights that lead into one output of a Dense layer; for a Conv2D these are axis=[0, 1, 2].

They are NumPy's, on the weights where they lie, and so for the rungs of a CPU.

Hinton et al. (2012), *Improving neural networks by preventing co-adaptation*, for max_norm beside dropout.
"""

from typing import Any

import numpy as np

from .missing import getattr_of, listed, refuse
from .shapes import real, whole

EPSILON = 1e-7
"""Keras's, in place of a division by 0."""


class Constraint:
    """The base of all: called with weights, it returns those that are allowed."""

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(w), which returns the weights allowed")

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"name": type(self).__name__, **vars(self)}


class NonNeg(Constraint):
    """Negative weights become 0."""

    def __call__(self, w):
        return w * (w >= 0)


class MinMaxNorm(Constraint):
    """Norms along ``axis`` lie between ``min_value`` and ``max_value``. rate: which share of the way is gone."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0):
        who = type(self).__name__
        self.min_value, self.max_value = real(min_value, f"{who}: min_value"), real(max_value, f"{who}: max_value")
        self.rate, self.axis = real(rate, f"{who}: rate"), _axis(who, axis)
        if not 0 <= self.min_value <= self.max_value:
            raise ValueError(f"{who}: expected 0 <= min_value <= max_value, given {min_value!r} and {max_value!r}")

    def __call__(self, w):
        norms = np.sqrt(np.sum(np.square(w), axis=_of(self.axis), keepdims=True))
        wanted = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (EPSILON + norms))


class MaxNorm(MinMaxNorm):
    """Norms along ``axis`` are at most ``max_value``."""

    def __init__(self, max_value: float = 2.0, axis: Any = 0):
        super().__init__(0.0, max_value, axis=axis)

    def config(self):
        return {"name": "MaxNorm", "max_value": self.max_value, "axis": self.axis}


class UnitNorm(MinMaxNorm):
    """Norms along ``axis`` are 1."""

    def __init__(self, axis: Any = 0):
        super().__init__(1.0, 1.0, axis=axis)

    def config(self):
        return {"name": "UnitNorm", "axis": self.axis}


max_norm = maxnorm = MaxNorm  # Keras's second names
min_max_norm, non_neg, unit_norm = MinMaxNorm, NonNeg, UnitNorm
nonneg, unitnorm = NonNeg, UnitNorm
CONSTRAINTS: dict[str, type[Constraint]] = {
    "max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm,
    **{cls.__name__: cls for cls in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)},
}  # fmt: skip
MISSING = listed({
    "the constraints are MaxNorm, MinMaxNorm, UnitNorm and NonNeg": "RadialConstraint radial_constraint",
    "a constraint is made again from its config(): constraints.get": "deserialize serialize",
})  # fmt: skip


def get(constraint: Any, who: str = "constraint") -> Constraint | None:
    """A constraint from its name, its class, its saved ``config()``, or itself; None for None. ``ValueError`` for
    unknown ones.
    """
    if constraint is None or isinstance(constraint, Constraint):
        return constraint
    if isinstance(constraint, type) and issubclass(constraint, Constraint):
        return constraint()
    config = {"name": constraint} if isinstance(constraint, str) else constraint
    if not isinstance(config, dict) or "name" not in config:
        raise ValueError(f"{who}: expected a name or an object of loopnet.constraints, given {constraint!r}")
    arguments = {key: value for key, value in config.items() if key != "name"}
    name = config["name"]
    if name not in CONSTRAINTS:
        refuse(name, MISSING)
        raise ValueError(f"{who}: unknown constraint {name!r}; expected one of {', '.join(CONSTRAINTS)}")
    return CONSTRAINTS[name](**arguments)


def _axis(who: str, axis: Any) -> int | list[int]:
    """As JSON can keep it."""
    return list(whole(axis, f"{who}: axis")) if np.iterable(axis) else whole([axis], f"{who}: axis")[0]


def _of(axis: int | list[int]) -> int | tuple[int, ...]:
    return axis if isinstance(axis, int) else tuple(axis)


__getattr__ = getattr_of(__name__, MISSING)
