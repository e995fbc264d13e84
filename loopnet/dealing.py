"""Which images an epoch sees: all of them, or so many batches, where ``fit`` is told of ``steps_per_epoch``."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .batches import Batch, Batches
from .events import Callback
from .lines import warn
from .shapes import positive


class Source:
    """Where batches come from. ``deal()`` gives those of an epoch, or of one look at the data; None once there are no
    more.

    count: how many images there are in all. images: how many of them a pass sees, in batches of ``batch_size``. Of data
    in pieces (``pieces``) these are None, for nobody knows; nor always how many ``steps`` a pass has. first: a batch to
    know the others by.
    """

    count: int | None = None
    images: int | None = None
    batch_size: int | None = None
    steps: int | None = None
    first: Batch

    def deal(self) -> Iterator[Batch] | None:
        raise NotImplementedError


class Dealer(Source, Callback):
    """Deals the images of ``data``, in the order that ``shuffled`` gives for so many, ``steps`` batches for an epoch;
    the next epoch goes on behind them, as in Keras. What is left in the end may be fewer: that epoch is shorter, and
    all images are shuffled again after it. steps: None for all of them.

    It is a callback so that a run that is cut off goes on with what was left.
    """

    count: int
    batch_size: int
    steps: int
    remembers = ("left",)

    def __init__(
        self, data: Batches, batch_size: int, steps: int | None, shuffled: Callable[[int], np.ndarray], who: str
    ):
        self.data, self.count, self.batch_size, self.shuffled, self.who = data, data.count, batch_size, shuffled, who
        self.steps = -(-self.count // batch_size) if steps is None else steps
        self.images = min(self.count, self.steps * batch_size)
        self.first = Batch(data, np.arange(min(self.count, batch_size)), None)
        self.left = np.empty(0, np.int64)

    def deal(self) -> Iterator[Batch]:
        """The batches of an epoch. Warns if they are fewer than were asked for."""
        if not self.left.size:
            self.left = self.shuffled(self.count)
        most = self.steps * self.batch_size
        dealt, self.left = self.left[:most], self.left[most:]
        batches = -(-dealt.size // self.batch_size)
        if batches < self.steps:
            warn(f"{self.who}={self.steps}: there were {batches} batches left, and no more")
        self.images = dealt.size
        return self.data.in_batches(dealt, self.batch_size)


class InOrder(Source):
    """The images of ``data`` from the first on, the same at each look: all, or so many steps. Warns if there are fewer.

    who: whose errors they are; batch_size, steps, name: as for ``size_and_steps``.
    """

    images: int
    batch_size: int

    def __init__(self, who: str, data: Batches, batch_size: int | None, steps: int | None, name: str = "steps"):
        self.data, self.count = data, data.count
        self.batch_size, steps = size_and_steps(who, data.count, batch_size, steps, name)
        self.steps = whole = -(-data.count // self.batch_size)
        if steps is not None and steps > whole:
            warn(f"{who}: {name}={steps}: there are {whole} batches, and no more")
        if steps is not None:
            self.steps = min(steps, whole)
        self.images = min(data.count, self.steps * self.batch_size)

    def deal(self) -> Iterator[Batch]:
        return self.data.in_batches(np.arange(self.images), self.batch_size)


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
