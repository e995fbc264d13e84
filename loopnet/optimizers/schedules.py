"""Where Keras's listings look for the learning-rate schedules; they are ``loopnet.schedules``."""

from ..schedules import (
    CosineDecay,
    ExponentialDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    __getattr__,
    get,
)

__all__ = ["CosineDecay", "ExponentialDecay", "LearningRateSchedule", "PiecewiseConstantDecay", "__getattr__", "get"]
