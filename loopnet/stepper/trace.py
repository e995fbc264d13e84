"""A trace: every step of one run, and the questions that can be asked of it.

All three faces (page, notebook, terminal) show the same trace. A step is one line that ran; "at step t" is after it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from .record import Record
from .source import Source, Statement


@dataclass
class Array:
    """One of the loop's arrays, before and after the whole run."""

    name: str
    before: np.ndarray
    after: np.ndarray
    written: bool
    blank: bool
    """Whether it holds nothing of meaning before it is written: a pure output."""


@dataclass(frozen=True)
class Read:
    """A number that a step took from an array."""

    array: str
    index: tuple[int, ...]
    value: Any


@dataclass(frozen=True)
class Term:
    """One step's share in a sum: the numbers it read, what it added, and the sum so far."""

    step: int
    reads: tuple[Read, ...]
    added: float
    total: float | None
    """None where nothing is added up: in max pooling, say, where the reads are candidates."""


@dataclass
class Trace:
    """The steps of one function on given arrays. Made by :func:`loopnet.stepper.step`."""

    source: Source
    arrays: dict[str, Array]
    constants: dict[str, Any]
    """The arguments that are no arrays."""
    output: str
    """The array whose cells are walked through: of what is written, the one with the most axes."""
    cell: tuple[int, ...]
    """The cell that was asked for."""
    window: dict[str, range]
    """The loops that were not run in full, and the turns they took. Empty if everything was stepped."""
    record: Record
    compiled: str = ""
    """Which compiled loop the numbers outside the window come from; "" if there was none to compare with."""
    same_bits: bool = False
    """Whether all that was stepped equals what the compiled loop wrote, bit for bit."""
    title: str = ""
    notes: list[str] = field(default_factory=list)
    """What is shown, in sentences for the reader."""
    picture: dict[str, Any] | None = None
    """The network's own input and the pixels each cell can see: ``image``, ``rows``, ``columns``; None if unknown."""

    def __len__(self) -> int:
        return len(self.record.lines)

    # ---- one step --------------------------------------------------------------------------------------------------

    def statement(self, step: int) -> Statement:
        return self.source.statements[self.record.lines[step]]

    def reads(self, step: int) -> list[Read]:
        """The numbers that a step took from arrays, in the order in which it took them."""
        events = _of_step(self.record.reads, step)
        return [Read(name, self.unravel(name, at), self.value(name, at, step)) for _, name, at in events]

    def writes(self, step: int) -> list[Read]:
        """The numbers that a step put into arrays."""
        return [Read(name, self.unravel(name, at), value) for _, name, at, value in _of_step(self.record.writes, step)]

    def value(self, array: str, at: int, step: int) -> Any:
        """The number at a flat place of an array as a step finds it, before it writes."""
        events = self._written.get((array, at), [])
        last = bisect_left(events, step, key=lambda event: event[0]) - 1
        return events[last][1] if last >= 0 else self.arrays[array].before.reshape(-1)[at]

    def variables(self, step: int) -> dict[str, Any]:
        """The local variables after a step, in the order in which they came to be; arguments are not among them."""
        found = {}
        for name, events in self._assigned.items():
            last = bisect_left(events, step + 1, key=lambda event: event[0]) - 1
            if last >= 0:
                found[name] = events[last][1]
        return found

    def loop_ends(self, step: int) -> bool:
        """Whether the step is the head of a loop that finds no further turn."""
        loop = self.source.loop_at(self.record.lines[step])
        if loop is None:
            return False
        following = step + 1
        return following < len(self) and not loop.line < self.record.lines[following] <= loop.end

    def holds(self, step: int) -> bool | None:
        """Whether the condition of an ``if`` was true; None for other lines and for the last step."""
        statement = self.statement(step)
        if statement.kind != "if" or step + 1 >= len(self):
            return None
        first, last = statement.body
        return first <= self.record.lines[step + 1] <= last

    # ---- moving about ----------------------------------------------------------------------------------------------

    def over(self, step: int) -> int:
        """The step after the loop whose head this is; elsewhere simply the next step."""
        loop = self.source.loop_at(self.record.lines[step])
        return self._leave(step, loop.line, loop.end) if loop else min(step + 1, len(self) - 1)

    def out(self, step: int) -> int:
        """The step after the innermost loop that this step is in."""
        loop = self.source.loop_of(self.record.lines[step])
        return self._leave(step, loop.line, loop.end) if loop else len(self) - 1

    def _leave(self, step: int, first: int, last: int) -> int:
        while step < len(self) - 1:
            step += 1
            if not first <= self.record.lines[step] <= last:
                break
        return step

    def span(self, index: tuple[int, ...], array: str | None = None) -> tuple[int, int]:
        """The first and the last step of the work on a cell: the turn of the innermost loop that ends in writing it.

        array: the output if None. Raises ``ValueError`` for a cell that does not exist or was not stepped.
        """
        name = array or self.output
        index = whole_index(name, self.arrays[name].after.shape, index)
        events = self._written.get((name, self.ravel(name, index)))
        if not events and self.window and not self.record.complete and (name, index) == (self.output, self.cell):
            return 0, len(self) - 1  # its work is too long, and was cut off
        if not events:
            raise ValueError(f"{name}{list(index)} is outside the steps that were recorded: {self.window_in_words()}")
        end = events[-1][0]
        loop = self.source.loop_of(self.record.lines[end])
        start = end
        while start > 0 and loop is not None and self.record.lines[start] != loop.line:
            start -= 1
        return start, end

    # ---- provenance ------------------------------------------------------------------------------------------------

    def terms(self, index: tuple[int, ...], array: str | None = None) -> list[Term]:
        """What a cell was made of, in the order of the loops: the reads of the innermost loop of its work."""
        start, end = self.span(index, array)
        reading = sorted({event[0] for event in _of_steps(self.record.reads, start, end + 1)})
        deepest = max((self.statement(step).depth for step in reading), default=0)
        inside = [step for step in reading if self.statement(step).depth == deepest]
        adding = [step for step in inside if self.statement(step).accumulates]
        if adding:
            return [self._term(step) for step in adding]
        candidates: dict[Any, Term] = {}  # a candidate is often looked at twice: compared, then taken
        for term in map(self._term, inside):
            candidates.setdefault((term.reads[-1].array, term.reads[-1].index), term)
        return list(candidates.values())

    def winner(self, index: tuple[int, ...], array: str | None = None) -> Term | None:
        """Which of several candidates became a cell's value, as in max pooling; None where it was computed."""
        name, terms = array or self.output, self.terms(index, array)
        simple = all(term.total is None and len(term.reads) == 1 for term in terms)
        if len(terms) < 2 or not simple or len({term.reads[0].array for term in terms}) > 1:
            return None
        index = whole_index(name, self.arrays[name].after.shape, index)
        value = float(self._written[name, self.ravel(name, index)][-1][1])
        same = (term for term in terms if term.added == value or (term.added != term.added and value != value))  # NaN
        return next(same, None)

    def _term(self, step: int) -> Term:
        statement, reads = self.statement(step), tuple(self.reads(step))
        if not statement.accumulates:
            return Term(step, reads, float(reads[-1].value), None)
        total = float(self.variables(step)[statement.accumulates])
        is_product = all(part.kind == "read" or part.text.strip() == "*" for part in statement.parts)
        if is_product and statement.operator == "+":
            added = float(prod(read.value for read in reads))
        else:
            added = total - float(self.variables(step - 1)[statement.accumulates])
        return Term(step, reads, added, total)

    def provenance(self, index: tuple[int, ...], array: str | None = None) -> list[Term]:
        """What a cell was made of, the largest contribution first."""
        return sorted(self.terms(index, array), key=lambda term: -abs(term.added))

    # ---- words -----------------------------------------------------------------------------------------------------

    def window_in_words(self) -> str:
        """Which part of the run was recorded."""
        if not self.window:
            return "every step" if self.record.complete else f"the first {len(self):,} steps"
        parts = []
        for variable, turns in self.window.items():
            every = self.record.turns.get(variable, turns)
            if len(turns) < len(every):
                to = f" to {turns.stop - 1}" if len(turns) > 1 else ""
                parts.append(f"{variable} = {turns.start}{to}")
        cut = "" if self.record.complete else f", the first {len(self):,} steps"
        return (", ".join(parts) or "every step") + cut

    def ravel(self, array: str, index: tuple[int, ...]) -> int:
        return int(np.ravel_multi_index(index, self.arrays[array].after.shape))

    def unravel(self, array: str, at: int) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(at, self.arrays[array].after.shape))

    @cached_property
    def _written(self) -> Mapping[tuple[str, int], list[tuple[int, Any]]]:
        events: dict[tuple[str, int], list[tuple[int, Any]]] = defaultdict(list)
        for step, name, at, value in self.record.writes:
            events[name, at].append((step, value))
        return dict(events)

    @cached_property
    def _assigned(self) -> Mapping[str, list[tuple[int, Any]]]:
        events: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        for step, name, value in self.record.assigned:
            events[name].append((step, value))
        return dict(events)

    # ---- faces -----------------------------------------------------------------------------------------------------

    def page(self) -> Any:
        """The trace as a page that needs no network: ``.save(path)`` writes it, a notebook shows it."""
        from .page import page_of

        return page_of(self)

    def save(self, path: Any) -> None:
        """Write the page to a file."""
        self.page().save(path)

    def _repr_html_(self) -> str:
        return self.page()._repr_html_()

    def __repr__(self) -> str:
        return f"<Trace of {self.source.name}: {len(self):,} steps, {self.window_in_words()}>"


def whole_index(name: str, shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[int, ...]:
    """An index with zeros for leading axes that were left out: the image's, as a rule. ``ValueError`` if outside."""
    whole = (0,) * (len(shape) - len(index)) + tuple(index)
    if len(whole) != len(shape) or not all(0 <= i < size for i, size in zip(whole, shape, strict=True)):
        given = ",".join(map(str, index))
        raise ValueError(f"expected a cell inside {name}, whose shape is {shape}, given {given}")
    return whole


def _of_step(events: list[Any], step: int) -> list[Any]:
    return _of_steps(events, step, step + 1)


def _of_steps(events: list[Any], start: int, stop: int) -> list[Any]:
    """The events of the steps ``start`` to ``stop - 1``; they are in the order of their steps."""
    first = bisect_left(events, start, key=lambda event: event[0])
    return events[first : bisect_left(events, stop, key=lambda event: event[0])]
