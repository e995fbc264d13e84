"""Arrays that write down who read and wrote each of their cells, and notice what a loop should not do.

A value that comes out right can still come from the wrong place: a library call instead of the loop, index -1 that
wraps round to the other side, a cell that two turns of a parallel loop both write. A :class:`Watched` array behaves as
a NumPy array in a loop and tells its :class:`Journal`, which keeps the first occurrence of each kind.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

# what NumPy itself is for; the same names in a submission's process are replaced below
_ALLOCATORS = {name: getattr(np, name) for name in ("empty", "zeros", "ones", "full", "array", "asarray")}
_ALLOCATORS["ascontiguousarray"] = np.ascontiguousarray
_LIKE = {"empty_like": np.empty_like, "zeros_like": np.zeros_like, "ones_like": np.ones_like, "full_like": np.full_like}
_empty = np.empty
HARMLESS_FUNCTIONS = {"shape", "ndim", "size", "may_share_memory", "shares_memory"}


class Journal:
    """What was noticed in one call. ``files`` are the names of the submission's files, to find the line at fault."""

    def __init__(self, files: set[str], order: Callable[[range], list[int]] = list):
        self.files = files
        self.order = order
        self.notes: dict[str, dict[str, Any]] = {}
        self.turn: tuple[int, int] | None = None
        self.loops = 0

    def note(self, kind: str, **details: Any) -> None:
        """Keep the first of each kind."""
        if kind not in self.notes:
            self.notes[kind] = {"line": self._line(), **details}

    def _line(self) -> int | None:
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename in self.files:
                return frame.f_lineno
            frame = frame.f_back
        return None

    # ---- owners: the turn of a parallel loop, or the thread of a CUDA kernel

    def owner(self) -> tuple[Any, ...] | None:
        if self.turn is not None:
            return self.turn
        thread: Any = threading.current_thread()
        if hasattr(thread, "blockIdx"):
            block, within = thread.blockIdx, thread.threadIdx
            return 0, (block.x, block.y, block.z), (within.x, within.y, within.z)
        return None

    def prange(self, *bounds: int) -> Iterator[int]:
        """``numba.prange`` for one process: its turns one after the other, in an order that a loop must not mind."""
        if self.turn is not None:  # an inner prange is a plain loop to Numba
            yield from range(*bounds)
            return
        self.loops += 1
        loop = self.loops
        try:
            for turn in self.order(range(*bounds)):
                self.turn = (loop, turn)
                yield turn
        finally:
            self.turn = None


class Cells:
    """The memory behind an array and all views of it: whether each cell was written, and by whom, and who read it."""

    def __init__(self, name: str, shape: tuple[int, ...], written: bool, journal: Journal):
        self.name, self.shape, self.journal = name, shape, journal
        self.written = np.full(int(np.prod(shape)), written)
        self.writer: dict[int, Any] = {}
        self.readers: dict[int, Any] = {}

    def index(self, place: int) -> list[int]:
        return [int(i) for i in np.unravel_index(place, self.shape)]

    def read(self, place: int) -> None:
        if not self.written[place]:
            self.journal.note("unwritten", array=self.name, index=self.index(place))
        owner = self.journal.owner()
        if owner is None:
            return
        writer = self.writer.get(place)
        if writer is not None and writer[0] == owner[0] and writer != owner:
            self._race(place, writer, owner, "written")
        known = self.readers.setdefault(place, owner)
        if known[0] == owner[0] and known != owner:  # several readers: whoever writes is not the only one
            self.readers[place] = (owner[0], None)
        elif known[0] != owner[0]:
            self.readers[place] = owner

    def write(self, place: int) -> None:
        self.written[place] = True
        owner = self.journal.owner()
        if owner is None:
            return
        writer, reader = self.writer.get(place), self.readers.get(place)
        for other, how in ((writer, "written"), (reader, "read")):
            if other is not None and other[0] == owner[0] and other != owner:
                self._race(place, other, owner, how)
        self.writer[place] = owner

    def _race(self, place: int, first: Any, then: Any, how: str) -> None:
        where = {"array": self.name, "index": self.index(place)}
        self.journal.note("race", **where, first=first[1:], then=then[1:], how=how)


class Watched(NDArrayOperatorsMixin):
    """An array, or a view of one, under observation."""

    def __init__(self, array: np.ndarray, cells: Cells, places: np.ndarray):
        self._array, self._cells, self._places = array, cells, places

    @classmethod
    def over(cls, array: np.ndarray, name: str, written: bool, journal: Journal) -> "Watched":
        return cls(array, Cells(name, array.shape, written, journal), np.arange(array.size).reshape(array.shape))

    # ---- what a loop does

    def __getitem__(self, key: Any) -> Any:
        key = _all_plain(key)
        self._look_at(key)
        places = self._places[key]
        if isinstance(places, np.ndarray):
            return Watched(self._array[key], self._cells, places)
        self._cells.read(int(places))
        return self._array[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        key = _all_plain(key)
        self._look_at(key)
        for place in np.ravel(self._places[key]):
            self._cells.write(int(place))
        self._array[key] = _plain(value)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def _look_at(self, key: Any) -> None:
        for axis, i in enumerate(key if isinstance(key, tuple) else (key,)):
            if isinstance(i, int | np.integer) and axis < self._array.ndim:
                if i < 0:
                    self._cells.journal.note("negative", array=self._cells.name, index=int(i), axis=axis)
                if not -self._array.shape[axis] <= i < self._array.shape[axis]:
                    self._cells.journal.note(
                        "outside", array=self._cells.name, index=int(i), axis=axis, size=self._array.shape[axis]
                    )

    def _read_all(self) -> None:
        for place in self._places.flat:
            self._cells.read(int(place))

    # ---- what may be asked of an array that is looped over

    shape = property(lambda self: self._array.shape)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    dtype = property(lambda self: self._array.dtype)
    itemsize = property(lambda self: self._array.itemsize)
    nbytes = property(lambda self: self._array.nbytes)
    strides = property(lambda self: self._array.strides)
    T = property(lambda self: self.transpose())

    def transpose(self, *axes: Any) -> "Watched":
        return Watched(self._array.transpose(*axes), self._cells, self._places.transpose(*axes))

    def reshape(self, *shape: Any, **options: Any) -> "Watched":
        return Watched(self._array.reshape(*shape), self._cells, self._places.reshape(*shape))

    def ravel(self, *order: Any) -> "Watched":
        return self.reshape(-1)

    @property
    def flat(self) -> "Watched":
        return self.reshape(-1)

    def copy(self, *order: Any) -> "Watched":
        self._read_all()
        return Watched.over(self._array.copy(), f"copy of {self._cells.name}", True, self._cells.journal)

    flatten = copy

    def astype(self, dtype: Any, *options: Any, **more: Any) -> "Watched":
        self._read_all()
        return Watched.over(self._array.astype(dtype), f"copy of {self._cells.name}", True, self._cells.journal)

    def fill(self, value: Any) -> None:
        self[...] = value

    def item(self, *index: Any) -> Any:
        return (self[index] if len(index) > 1 else self.reshape(-1)[index[0] if index else 0]).item()

    def tolist(self) -> Any:
        self._read_all()
        return self._array.tolist()

    # ---- what does the work of the loop

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        self._cells.journal.note("library", call=f".{name}")
        return getattr(self._array, name)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self._cells.journal.note("library", call="a conversion to a plain array")
        return self._array.astype(dtype or self._array.dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        self._cells.journal.note("library", call=_SPOKEN.get(ufunc.__name__, f"np.{ufunc.__name__}"))
        outputs = options.pop("out", None)
        plain = getattr(ufunc, method)(*map(_plain, inputs), **{key: _plain(value) for key, value in options.items()})
        if outputs is not None:
            outputs[0][...] = plain
            return outputs[0]
        return self._watch(plain)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function.__name__ not in HARMLESS_FUNCTIONS:
            self._cells.journal.note("library", call=f"np.{function.__name__}")
        return self._watch(function(*_all_plain(args), **{key: _plain(value) for key, value in options.items()}))

    def _watch(self, result: Any) -> Any:
        if isinstance(result, np.ndarray) and result.ndim:
            return Watched.over(result, "a temporary array", True, self._cells.journal)
        return result


_SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "power": "**", "negative": "-",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "absolute": "abs",
}  # fmt: skip
_SPOKEN = {"matmul": "@", **{name: f"{sign} on whole arrays" for name, sign in _SIGNS.items()}}


def _plain(value: Any) -> Any:
    return value._array if isinstance(value, Watched) else value


def _all_plain(value: Any) -> Any:
    return type(value)(map(_all_plain, value)) if type(value) in (list, tuple) else _plain(value)


def watch_allocations(journal: Callable[[], Journal | None]) -> None:
    """From now on arrays that a submission makes itself are watched too, while ``journal()`` is not None.

    Scratch space that all turns of a parallel loop share is as much of a race as the output.
    """

    def turned(name: str, allocate: Callable[..., np.ndarray]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            current = journal()
            calling = sys._getframe(1).f_code.co_filename
            if current is None or calling not in current.files:
                return allocate(*args, **options)
            array = allocate(*_all_plain(args), **{key: _plain(value) for key, value in options.items()})
            if name in ("array", "asarray", "ascontiguousarray") and args and isinstance(args[0], Watched):
                return args[0] if name != "array" else Watched.over(array, "a copy", True, current)
            return Watched.over(array, "your own array", name not in ("empty", "empty_like"), current)

        run.__name__ = name
        return run

    for name, allocate in {**_ALLOCATORS, **_LIKE}.items():
        setattr(np, name, turned(name, allocate))
