"""``step``: from a function and its arguments to a trace."""

import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from .. import article
from ..kernels.textbook import TEXTBOOK
from ..ops import get_ops
from ..rungs import announce_compilation
from .record import Record, record
from .source import Source
from .trace import Array, Trace, whole_index
from .window import LIMIT, MOST, at_cell, widened


def step(function: Callable, *arguments: Any, cell: tuple[int, ...] | None = None, limit: int = LIMIT) -> Trace:
    """Run a loop line by line on real numbers, and keep what every line did.

        y = np.empty((1, 28, 28, 6), np.float32)
        trace = step(conv2d_forward, x, w, b, y, (1, 1), (0, 0), cell=(0, 3, 4, 2))

    function: any function of plain loops over arrays: a kernel of ``loopnet.kernels``, the article's, or your own.
    arguments: as you would call it with; arrays are copied, and none of yours is changed. cell: a cell of its output
    that must be among the steps; leading axes may be left out, and are 0. limit: about how many steps to record. A run
    that would take more is stepped for the cells around ``cell`` only, and for the rest computed by compiled code. Of a
    cell that takes more than a million steps by itself, only so many are recorded.

    Raises ``ValueError`` for a cell that does not exist, for a function without source, or one that writes to no array.
    """
    function = getattr(function, "py_func", function)  # what Numba compiled, before it did
    if not isinstance(function, types.FunctionType):
        raise ValueError(f"expected a Python function, given {function!r}")
    try:
        named = inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise ValueError(f"{function.__name__}: {error}") from None
    named.apply_defaults()
    given = {name: np.array(v) if isinstance(v, np.ndarray) else v for name, v in named.arguments.items()}
    source = Source(function, [name for name, v in given.items() if isinstance(v, np.ndarray)])
    written = {source.array_of(write.name) for write in source.writes}
    outputs = [name for name, v in given.items() if name in written and isinstance(v, np.ndarray)]
    if not outputs:
        raise ValueError(f"{function.__name__}: expected a function that writes to one of its arrays")
    output = max(outputs, key=lambda name: given[name].ndim)
    if given[output].size == 0:
        raise ValueError(f"{function.__name__}: {output} is empty, its shape is {given[output].shape}")
    anywhere = cell is None
    cell = whole_index(output, given[output].shape, cell if cell is not None else (0,) * given[output].ndim)

    window, stepped, happened = _stepped(function, given, source, output, cell, limit)
    complete = happened.complete and not window
    compiled, after = _compiled(function, given, needed=not complete)
    if window and not _agree(happened, stepped, after, outputs, exactly=False):
        window = {}  # its turns do depend on each other after all
        stepped, happened = _recorded(function, given, source, window, limit)
    if after is None:
        after = stepped
    trace = Trace(
        source=source,
        arrays={
            name: _array(name, given, after, happened, outputs) for name, value in given.items() if _is_array(value)
        },
        constants={name: value for name, value in given.items() if not _is_array(value)},
        output=output,
        cell=cell,
        window=window,
        record=happened,
        compiled=compiled,
        same_bits=bool(compiled) and _agree(happened, stepped, after, outputs, exactly=True),
        title=function.__name__,
    )
    if anywhere and not window:  # a loop that writes to a part of its output only, as concatenate does
        places = [at for _, name, at, _ in happened.writes if name == output]
        if places and trace.ravel(output, cell) not in places:
            trace.cell = trace.unravel(output, places[0])
    trace.span(trace.cell)  # where turns cannot be left out the cell may lie too far on; better to say so now
    return trace


def _stepped(
    function: Callable, given: dict[str, Any], source: Source, output: str, cell: tuple[int, ...], limit: int
) -> tuple[dict[str, range], dict[str, Any], Record]:
    """The window that about ``limit`` steps allow, and what happens in it; one cell always, up to ``MOST`` steps."""
    one = at_cell(source, output, given[output].shape, cell)
    if not one:
        return {}, *_recorded(function, given, source, {}, limit)
    stepped, happened = _recorded(function, given, source, one, MOST)
    turns, steps = happened.turns, len(happened.lines)
    while happened.complete and limit >= steps:
        window = widened(one, turns, source, steps, limit)
        left_out = any(len(window[variable]) < len(turns.get(variable, window[variable])) for variable in window)
        window = window if left_out else {}
        wider, more = _recorded(function, given, source, window, limit + limit // 2)
        if more.complete:
            return window, wider, more
        limit //= 2  # the cell has fewer steps than its neighbours: it stands in a corner
    return one, stepped, happened


def _recorded(
    function: Callable, given: dict[str, Any], source: Source, window: dict[str, range], limit: int
) -> tuple[dict[str, Any], Record]:
    """Run it on copies; the copies, and what happened, up to ``limit`` steps."""
    copies = {name: np.array(v) if _is_array(v) else v for name, v in given.items()}
    with np.errstate(all="ignore"):  # compiled loops do not warn of an overflow either
        return copies, record(function, copies, source, window, limit)


def _compiled(function: Callable, given: dict[str, Any], needed: bool) -> tuple[str, dict[str, Any] | None]:
    """What compiled code, or else Python unwatched, makes of the same arguments; its name, "" if it is not compiled."""
    known = _known_binding(function)
    if known is None and not needed:
        return "", None
    copies = {name: np.array(v) if _is_array(v) else v for name, v in given.items()}
    with announce_compilation():
        try:
            (known or njit(function))(*copies.values())
            return "the literal rung" if function in TEXTBOOK.values() else "the compiled loop", copies
        except NumbaError:
            copies = {name: np.array(v) if _is_array(v) else v for name, v in given.items()}
            function(*copies.values())
            return "", copies


def _known_binding(function: Callable) -> Callable | None:
    for name, kernel in TEXTBOOK.items():
        if kernel is function:
            return getattr(get_ops("literal"), name)
    return {article.basic_conv: article.basic_conv_njit, article.max_pool: article.max_pool_njit}.get(function)


def _agree(
    happened: Record, stepped: dict[str, Any], after: dict[str, Any] | None, outputs: list[str], exactly: bool
) -> bool:
    """Whether all that was stepped came out as in the whole run; the last cell of an unfinished run does not count."""
    if after is None:
        return True
    for name in outputs:
        places = np.unique([at for _, array, at, _ in happened.writes if array == name]).astype(int)
        if not happened.complete:
            continue
        ours, theirs = stepped[name].reshape(-1)[places], after[name].reshape(-1)[places]
        if exactly:
            nan = (ours != ours) & (theirs != theirs)
            if not ((ours == theirs) & (np.signbit(ours) == np.signbit(theirs)) | nan).all():
                return False
        elif not np.allclose(ours, theirs, rtol=1e-3, atol=1e-6, equal_nan=True):
            return False
    return True


def _array(name: str, given: dict[str, Any], after: dict[str, Any], happened: Record, outputs: list[str]) -> Array:
    first_read = next((step for step, array, _ in happened.reads if array == name), None)
    first_write = next((step for step, array, _, _ in happened.writes if array == name), None)
    blank = first_write is not None and (first_read is None or first_write < first_read)
    return Array(name, given[name], np.asarray(after[name]), name in outputs or first_write is not None, blank)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
