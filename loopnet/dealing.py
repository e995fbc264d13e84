"""Which images an epoch sees: all of them, or so many batches, where ``fit`` is told of ``steps_per_epoch``."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .events import Callback
from .shapes import positive


class Dealer(Callback):
    """Deals the numbers of images, in the order that ``shuffled`` gives, ``steps`` batches for an epoch; the next epoch
    goes on behind them, as in Keras. What is left in the end may be fewer: that epoch is shorter, and all images are
    shuffled again after it. steps: None for all of them.

    It is a callback so that a run that is cut off goes on with what was left.
    """

    remembers = ("left",)

    def __init__(self, count: int, batch_size: int, steps: int | None, shuffled: Callable[[], np.ndarray], who: str):
        self.count, self.batch_size, self.shuffled, self.who = count, batch_size, shuffled, who
        self.steps = -(-count // batch_size) if steps is None else steps
        self.left = np.empty(0, np.int64)

    def deal(self) -> np.ndarray:
        """The images of an epoch. Warns if they make fewer batches than were asked for."""
        if not self.left.size:
            self.left = self.shuffled()
        most = self.steps * self.batch_size
        dealt, self.left = self.left[:most], self.left[most:]
        batches = -(-dealt.size // self.batch_size)
        if batches < self.steps:
            warnings.warn(f"{self.who}={self.steps}: there were {batches} batches left, and no more", stacklevel=4)
        return dealt

    @property
    def images(self) -> int:
        """How many images an epoch has at most."""
        return min(self.count, self.steps * self.batch_size)


def in_order(count: int, batch_size: int, steps: int | None, who: str) -> np.ndarray:
    """The numbers of the images that so many steps look at, the first of all. Warns if there are fewer."""
    whole = -(-count // batch_size)
    if steps is not None and steps > whole:
        warnings.warn(f"{who}={steps}: there are {whole} batches, and no more", stacklevel=4)
    return np.arange(count if steps is None else min(count, steps * batch_size))


def size_and_steps(
    who: str, count: int, batch_size: int | None, steps: int | None, name: str = "steps"
) -> tuple[int, int | None]:
    """How many images are in a batch: if nobody says, 32, or as many as lead through all images in so many steps, as in
    Keras. Raises ``ValueError``.
    """
    if steps is not None:
        steps = positive(steps, f"{who}: {name}")
    if batch_size is None:
        return (32 if steps is None else -(-count // steps)), steps
    return positive(batch_size, f"{who}: batch_size"), steps


def check_freq(freq: Any) -> int | list[int]:
    """``validation_freq``, checked."""
    if isinstance(freq, Iterable) and not isinstance(freq, (str, bytes)):
        return [positive(epoch, "fit: validation_freq") for epoch in freq]
    return positive(freq, "fit: validation_freq")
