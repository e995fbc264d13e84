"""Memory that the kernels work in, kept from one call to the next, and the sizes of their tiles.

A kernel allocates nothing (``conv2d.py`` says why). What it needs is made at the first call and found again at every
later one: for the same shapes, and the same thread of Python, since two of them may train at once.
"""

import threading
from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numba import config

from .lanes import aligned

_of_this_thread = threading.local()

PAGE = 4096
"""Bytes that are left free between what two threads write. Steps of the benchmarks' networks are 2 to 9 % faster with
it, probably because a processor reads ahead of a loop, and would fetch the other thread's memory away from it.
"""


def kept(make: Callable[..., Any], *arguments: Any) -> Any:
    """``make(*arguments)``, made once and then found again. Arguments must be hashable: shapes, types, numbers."""
    known: dict[Any, Any] = vars(_of_this_thread)
    found = known.get((make, arguments))
    if found is None:
        found = known[make, arguments] = make(*arguments)
    return found


def scratch(what: str, *shape: int, dtype: Any) -> np.ndarray:
    """Aligned memory for each thread that a parallel loop may have.

    what: a name; kernels that are not at work at the same time may share one. The first axis of what a thread gets is
    longer than asked for, by a page.
    """
    return kept(_scratch, what, shape, dtype)


def _scratch(_what: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    step = prod(shape[1:]) * np.dtype(dtype).itemsize
    return aligned((config.NUMBA_NUM_THREADS, shape[0] + -(-PAGE // step), *shape[1:]), dtype)


def shared(what: str, *shape: int, dtype: Any) -> np.ndarray:
    """Aligned memory for all threads of a parallel loop: the front of what was the largest need so far."""
    size, known = prod(shape), vars(_of_this_thread).setdefault("shared", {})
    if (what, dtype) not in known or known[what, dtype].size < size:
        known[what, dtype] = aligned((size,), dtype)
    return known[what, dtype][:size].reshape(shape)


def runs(tensor: np.ndarray) -> np.ndarray:
    """[block][channel][row][column][lane] with column and lane as the one run that they are."""
    blocks, channels, height, width, lanes = tensor.shape
    return tensor.reshape(blocks, channels, height, width * lanes)


@cache
def divisor(number: int, at_most: int = 8) -> tuple[int, ...]:
    """As many at a time as divide their number: a tuple of that length, since Numba compiles for lengths of tuples."""
    return (0,) * max(n for n in range(1, at_most + 1) if number % n == 0)


def taps(of_w: tuple[int, ...]) -> tuple[int, ...]:
    """As many zeros as a window of weights of that shape has columns."""
    return (0,) * of_w[1]
