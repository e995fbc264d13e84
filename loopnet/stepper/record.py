"""Run a loop's own code under watch: its lines, the numbers it reads from arrays and writes to them, its variables.

The function is not rewritten. What runs is its code object, the same that the ``literal`` rung compiles, and two things
around it are ours: the arrays it is given say what is read and written, and the ``range`` and ``prange`` that it calls
can leave turns out, so that a cell far inside a large layer is reached at once.
"""

import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .source import Source


@dataclass
class Record:
    """What happened, step by step; a step is one line that ran. Events carry the number of the step they belong to."""

    code: types.CodeType
    """The code object that ran."""
    lines: list[int] = field(default_factory=list)
    reads: list[tuple[int, str, int]] = field(default_factory=list)
    """(step, array, flat index); the number read is what the last write left there."""
    writes: list[tuple[int, str, int, Any]] = field(default_factory=list)
    """(step, array, flat index, number)."""
    assigned: list[tuple[int, str, Any]] = field(default_factory=list)
    """(step, local variable, value)."""
    complete: bool = False
    """Whether the function came to its end."""
    turns: dict[str, range] = field(default_factory=dict)
    """For each loop variable, from the first to the last turn that its loops would take, were none left out."""


class _Enough(Exception):
    """As many steps as were asked for have been recorded."""


def record(
    function: Callable, arguments: Mapping[str, Any], source: Source, window: Mapping[str, range], limit: int
) -> Record:
    """Run ``function`` on ``arguments`` and write down every step, up to ``limit``.

    arguments: by name. Arrays among them are changed, as the function changes them. window: loop variable to the turns
    it is to take; loops over other variables run in full.
    """
    assert isinstance(function, types.FunctionType)
    recorder = _Recorder(function.__code__, source, window, limit)
    watched = {
        name: Watched(value, name, recorder) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }
    ours = {**function.__globals__, "range": recorder.turns, "prange": recorder.turns}
    stepped = types.FunctionType(recorder.code, ours, function.__name__, function.__defaults__, function.__closure__)
    before = sys.gettrace()
    sys.settrace(recorder.enter)
    try:
        stepped(**watched)
        recorder.result.complete = True
    except _Enough:
        pass
    finally:
        sys.settrace(before)
    return recorder.result


class _Recorder:
    def __init__(self, code: types.CodeType, source: Source, window: Mapping[str, range], limit: int):
        self.source, self.window, self.limit = source, window, limit
        self.result = Record(code)
        self.code = code
        self._start_of = source.start_of
        self._assigned = {line: statement.assigned for line, statement in source.statements.items()}
        self._several_lines = {line for line, s in source.statements.items() if s.end > s.line}
        self._now = 0  # the line that is running

    @property
    def step(self) -> int:
        return len(self.result.lines) - 1

    def enter(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        return self.line if frame.f_code is self.code else None

    def line(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        """Python calls this before each line of the function, and when it returns."""
        if event == "exception":
            return self.line
        result = self.result
        line = self._start_of.get(frame.f_lineno, frame.f_lineno)
        if event == "line" and line == self._now and line in self._several_lines:
            return self.line  # further down in the same statement
        names = self._assigned.get(self._now)
        if names:
            local, step = frame.f_locals, len(result.lines) - 1
            for name in names:
                value = local.get(name)
                if not isinstance(value, Watched):
                    result.assigned.append((step, name, value))
        if event != "line":
            return self.line
        if len(result.lines) >= self.limit:
            raise _Enough
        self._now = line
        result.lines.append(line)
        return self.line

    def turns(self, *arguments: int) -> Any:
        """``range`` and ``prange`` as the function sees them."""
        every = range(*arguments)
        caller = sys._getframe(1)
        loop = self.source.loop_at(self._start_of.get(caller.f_lineno, 0)) if caller.f_code is self.code else None
        if loop is None:
            return every
        known = self.result.turns.get(loop.variable, every)
        self.result.turns[loop.variable] = range(min(known.start, every.start), max(known.stop, every.stop))
        wanted = self.window.get(loop.variable)
        if wanted is None:
            return every
        return (
            every[max(wanted.start - every.start, 0) : max(wanted.stop - every.start, 0)]
            if every.step == 1
            else ([turn for turn in every if turn in wanted])
        )


class Watched:
    """An array as the function sees it: each number taken out of it or put into it is written down.

    Indexed by whole numbers and slices. A reshaped array or a row of it is a view that tells its whole array's places.
    """

    def __init__(self, array: np.ndarray, name: str, recorder: _Recorder, first: int = 0):
        self._array, self._name, self._recorder, self._first = array, name, recorder, first
        strides = [1]
        for size in reversed(array.shape[1:]):
            strides.append(strides[-1] * size)
        self._strides = strides[::-1] if array.ndim else []
        self.shape, self.ndim, self.size, self.dtype = array.shape, array.ndim, array.size, array.dtype

    def __len__(self) -> int:
        return len(self._array)

    def reshape(self, *shape: Any) -> "Watched":
        return Watched(self._array.reshape(*shape), self._name, self._recorder, self._first)

    def __getitem__(self, index: Any) -> Any:
        value = self._array[index]
        places = self._places(index)
        recorder = self._recorder
        if isinstance(places, np.ndarray):
            if isinstance(value, np.ndarray) and value.size and value.flags.c_contiguous:  # a row, or a piece of one
                return Watched(value, self._name, recorder, int(places.flat[0]))
            recorder.result.reads.extend((recorder.step, self._name, int(place)) for place in places.flat)
        else:
            recorder.result.reads.append((recorder.step, self._name, places))
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        self._array[index] = value
        places, stored, recorder = self._places(index), self._array[index], self._recorder
        several = isinstance(places, np.ndarray)
        for place, number in zip(places.flat, stored.flat, strict=True) if several else [(places, stored)]:
            recorder.result.writes.append((recorder.step, self._name, int(place), number))

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        result = self._recorder.result
        result.reads.extend((self._recorder.step, self._name, self._first + at) for at in range(self.size))
        return np.array(self._array, dtype)

    def _places(self, index: Any) -> Any:
        """Flat places in the whole array: an int, or an array of them where the index leaves axes over."""
        index = _tuple(index)
        if len(index) == self.ndim and all(isinstance(i, (int, np.integer)) for i in index):
            place = self._first
            for i, size, stride in zip(index, self.shape, self._strides, strict=True):
                place += (int(i) + size if i < 0 else int(i)) * stride
            return place
        if not all(isinstance(i, (int, np.integer, slice)) for i in index):
            raise ValueError(f"{self._name}: the stepper follows whole numbers and slices as indices, given {index!r}")
        places: Any = np.array(self._first)
        for axis in range(self.ndim):
            i, size = index[axis] if axis < len(index) else slice(None), self.shape[axis]
            along = np.arange(size)[i] * self._strides[axis]
            places = places[..., np.newaxis] + along if isinstance(i, slice) else places + along
        return places


def _tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)
