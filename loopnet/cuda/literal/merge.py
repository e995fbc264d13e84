"""``kernels/merge.py`` on a GPU: one thread for each number of the result."""

from math import prod
from typing import Any

from ..device import cuda
from ..launch import flat, one_thread_per
from ..place import place2


@one_thread_per("y", view=flat)
@cuda.jit
def add(a, b, y):
    """y = a + b. Reads a, b; overwrites y."""
    i = cuda.grid(1)
    if i < y.size:
        y[i] = a[i] + b[i]


@one_thread_per("y", view=flat)
@cuda.jit
def subtract(a, b, y):
    """y = a - b. Reads a, b; overwrites y."""
    i = cuda.grid(1)
    if i < y.size:
        y[i] = a[i] - b[i]


@one_thread_per("y", view=flat)
@cuda.jit
def multiply(a, b, y):
    """y = a * b. Reads a, b; overwrites y."""
    i = cuda.grid(1)
    if i < y.size:
        y[i] = a[i] * b[i]


@one_thread_per("y", view=flat)
@cuda.jit
def maximum(a, b, y):
    """y = a where a > b, else b; NaN where either is NaN. Reads a, b; overwrites y."""
    i = cuda.grid(1)
    if i < y.size:
        if a[i] > b[i] or a[i] != a[i]:
            y[i] = a[i]
        else:
            y[i] = b[i]


@one_thread_per("y", view=flat)
@cuda.jit
def minimum(a, b, y):
    """y = a where a < b, else b; NaN where either is NaN. Reads a, b; overwrites y."""
    i = cuda.grid(1)
    if i < y.size:
        if a[i] < b[i] or a[i] != a[i]:
            y[i] = a[i]
        else:
            y[i] = b[i]


@one_thread_per("da", view=flat)
@cuda.jit
def to_the_larger(dy, a, b, da):
    """da = dy where a > b, dy / 2 where they are equal, 0 where a < b. Reads dy, a, b; overwrites da."""
    i = cuda.grid(1)
    if i < da.size:
        if a[i] < b[i]:
            da[i] = 0
        elif a[i] == b[i]:
            da[i] = dy.dtype.type(0.5) * dy[i]
        else:
            da[i] = dy[i]


@one_thread_per("part")
@cuda.jit
def put_rows(part, whole, start):
    """whole[row, start + i] = part[row, i]. Reads part; overwrites its part of whole."""
    t = cuda.grid(1)
    if t < part.size:
        row, i = place2(t, part.shape)
        whole[row, start + i] = part[row, i]


@one_thread_per("part")
@cuda.jit
def cut_rows(whole, part, start):
    """part[row, i] = whole[row, start + i]. Reads its part of whole; overwrites part."""
    t = cuda.grid(1)
    if t < part.size:
        row, i = place2(t, part.shape)
        part[row, i] = whole[row, start + i]


def concatenate(x: Any, y: Any, axis: int, at: int) -> None:
    """x becomes a part of y, along ``axis``."""
    part, whole = _rows(x, axis), _rows(y, axis)
    put_rows(part, whole, at * (whole.shape[1] // y.shape[axis]))


def cut_out(y: Any, x: Any, axis: int, at: int) -> None:
    """The same walk with the arrow turned round."""
    part, whole = _rows(x, axis), _rows(y, axis)
    cut_rows(whole, part, at * (whole.shape[1] // y.shape[axis]))


def _rows(array: Any, axis: int) -> Any:
    rows = prod(array.shape[:axis])
    return array.reshape(rows, array.size // rows)
