"""Data that come in pieces, a batch each: from a generator, from an object that is asked for batch number i, or from
whatever can be gone through again and again, as a PyTorch ``DataLoader`` or a ``tf.data.Dataset`` can.

Each piece is checked as arrays are, when its turn has come; one is fetched ahead, before the first step, to see what
the data are like. No more are taken from a generator than there are steps: it goes on where it was.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from .batches import Batch
from .dealing import Source
from .lines import warn
from .shapes import positive

_ARRAYS = (Sequence, Mapping, Set)
"""What is array-like, or wrong, though it can be gone through: lists, tuples, ranges; dictionaries."""


def come_in_pieces(x: Any) -> bool:
    """Whether ``x`` gives batches, and is no array, nor a list of what would be one."""
    if isinstance(x, (type, *_ARRAYS)) or hasattr(x, "__array__") or hasattr(x, "__array_interface__"):
        return False
    return isinstance(x, Iterable) or _is_indexed(x)


def expect_alone(who: str, x: Any, **beside: Any) -> None:
    """Raise ``ValueError`` for arguments given beside pieces ``x`` that are for arrays."""
    for name, value in beside.items():
        if value is not None:
            where = "its batches are as they come"
            if name == "y" or name == "sample_weight":
                where = "its batches are (x, y) or (x, y, sample_weight)"
            raise ValueError(f"{who}: expected no {name} beside data in pieces, given {name} and {kind(x)}; {where}")


class Pieces(Source):
    """The batches of ``x``, each of them what ``take`` makes of its parts: x, y and sample_weight.

    who: whose errors they are. parts: how many parts a piece may have. steps: so many batches are a pass, and the next
    goes on behind them, as in Keras; None: all there are. What is left in the end may be fewer: that pass is shorter,
    and the next begins anew, if ``x`` can be gone through again. shuffled: the order of so many batches, of an object
    that is asked by number. afresh: begin anew with each pass, wherever the last one ended.

    The ``on_epoch_begin`` and ``on_epoch_end`` of ``x`` are called, if there are any. Raises ``ValueError`` for a piece
    that does not fit, or if there is none.
    """

    def __init__(
        self,
        who: str,
        x: Any,
        take: Callable[..., Any],
        parts: Sequence[int] = (2, 3),
        steps: int | None = None,
        steps_name: str = "steps",
        shuffled: Callable[[int], np.ndarray] = np.arange,
        afresh: bool = False,
    ):
        self.who, self.x, self.take, self.parts, self.shuffled, self.afresh = who, x, take, parts, shuffled, afresh
        self.asked = None if steps is None else positive(steps, f"{who}: {steps_name}")
        self.steps_name = steps_name
        known = _known_length(x)
        if known == math.inf and self.asked is None:
            raise ValueError(f"{who}: {kind(x)} never ends; expected {steps_name}, how many batches are to be taken")
        self.steps = self.asked or known  # type: ignore[assignment]
        self.once = isinstance(x, Iterator) and not _is_indexed(x)
        """Whether it can be gone through but once."""
        self._going: Iterator[Any] | None = None
        self._ahead: list[Any] = []
        if not self._fetch(1):
            raise ValueError(f"{who}: expected at least one batch, {kind(x)} gave none")
        self.first = self._ahead[0]

    def expect_passes(self, count: int) -> None:
        """Raise ``ValueError`` if there are not to be so many, for sure."""
        if self.once and self.asked is None and count > 1:
            given = f"given {kind(self.x)}, which can be gone through once, for {count} passes"
            raise ValueError(f"{self.who}: expected {self.steps_name}, {given}")

    def deal(self) -> Iterator[Batch] | None:
        if self.afresh and not self._ahead:
            self._going = None
        if self.once and not self._ahead and not self._fetch(1):
            return None
        return self._pass()

    def _pass(self) -> Iterator[Any]:
        number = 0
        while number != self.asked and (self._ahead or self._fetch(number + 1)):
            number += 1
            yield self._ahead.pop()
        if number == 0:
            raise ValueError(f"{self.who}: expected at least one batch, {kind(self.x)} gave none this time")
        if self.asked is None:
            self.steps = number
        elif number < self.asked:
            asked = f"{self.who}: {self.steps_name}={self.asked}"
            warn(f"{asked}: there were {number} batches left, your input ran out of data")
        self._tell("on_epoch_end")

    def _fetch(self, number: int) -> bool:
        """Take the next piece, the batch of that number in its pass; False if there is none. Before the first of a pass
        is given up, it begins anew.
        """
        if number == 1:
            self._tell("on_epoch_begin")
        for _ in range(2 if number == 1 else 1):
            if self._going is None:
                self._going = self._begin()
            for piece in self._going:
                self._ahead.append(self._checked(piece, number))
                return True
            self._going = None
        return False

    def _begin(self) -> Iterator[Any]:
        if not _is_indexed(self.x):
            return iter(self.x)
        order = self.shuffled(int(_known_length(self.x) or 0))
        return (self.x[int(i)] for i in order)

    def _checked(self, piece: Any, number: int) -> Any:
        parts = tuple(piece) if isinstance(piece, (tuple, list)) else (piece,)
        try:
            if len(parts) not in self.parts:
                also = "x, " if 1 in self.parts else ""
                raise ValueError(f"expected {also}(x, y) or (x, y, sample_weight), given {kind(piece)}")
            return self.take(*map(_array, parts))
        except ValueError as error:
            whose = "" if str(error).startswith(f"{self.who}: ") else f"{self.who}: "
            raise ValueError(f"{whose}{error}; this was batch {number} of {kind(self.x)}") from None

    def _tell(self, event: str) -> None:
        getattr(self.x, event, lambda: None)()


def _is_indexed(x: Any) -> bool:
    """Whether it is asked for its batches by number, as a ``utils.PyDataset`` is: it has a length, and items."""
    return hasattr(x, "__getitem__") and _known_length(x) not in (None, math.inf)


def _known_length(x: Any) -> float | None:
    """How many batches there are: None if nobody knows, infinite if there is no end."""
    if hasattr(x, "cardinality"):  # tf.data.Dataset's word, where -1 is infinite and -2 unknown
        count = int(x.cardinality())
        return count if count >= 0 else math.inf if count == -1 else None
    try:
        if hasattr(type(x), "num_batches"):  # a PyDataset's, None where it never ends
            return math.inf if x.num_batches is None else x.num_batches
        return len(x)
    except (TypeError, NotImplementedError):
        if hasattr(x, "__len__") and hasattr(x, "__getitem__"):  # it should know, but does it wrong
            raise
        return None


def _array(part: Any) -> Any:
    """Another library's tensor as an array; all else as it is."""
    if hasattr(part, "__array__"):
        return np.asarray(part)
    return part.numpy() if hasattr(part, "numpy") else part


def kind(x: Any) -> str:
    """What errors call it."""
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape}"
    name = type(x).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}" + (f" of {len(x)}" if isinstance(x, tuple) else "")
