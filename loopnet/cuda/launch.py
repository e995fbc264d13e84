"""Launching kernels: how many threads, and in blocks of how many.

A GPU is told to run a kernel by a grid of blocks of threads. Here the number follows from what is written: one thread
for each element of an output (:func:`one_thread_per`), or one block of threads for each (:func:`one_block_per`). Both
turn a kernel into a function with the arguments of its CPU twin, so that either can stand in the table of ``ops``.

    @one_thread_per("y")
    @cuda.jit
    def double(x, y):
        t = cuda.grid(1)            # the thread's own number in the whole grid
        if t < y.size:              # the last block has threads to spare
            y[t] = 2 * x[t]

    double(x, y)
"""

import inspect
from collections.abc import Callable
from math import prod
from typing import Any

from .device import SIMULATED

THREADS = 4 if SIMULATED else 128
"""Threads in a block, a power of two; the simulator has to start every one of them."""

View = Callable[[Any], Any]


def one_thread_per(output: str, axes: int | None = None, view: View | None = None) -> Callable[[Any], "Launcher"]:
    """A thread for every element of the argument named ``output``, or for every index along its first ``axes`` axes.

    view: how the kernel sees its arrays, for one that does not care about their rank.
    """
    return lambda kernel: Launcher(kernel, output, axes, view, lambda count: (-(-count // THREADS), THREADS))


def one_block_per(output: str, axes: int | None = None, view: View | None = None) -> Callable[[Any], "Launcher"]:
    """A block of ``THREADS`` threads for every element of ``output``: they add up together what it takes."""
    return lambda kernel: Launcher(kernel, output, axes, view, lambda count: (count, THREADS))


class Launcher:
    """A kernel that knows its grid; ``kernel`` is what ``cuda.jit`` made of it."""

    def __init__(self, kernel: Any, output: str, axes: int | None, view: View | None, grid: Callable[[int], Any]):
        source = inspect.unwrap(kernel)
        self.__name__, self.__doc__, self.__module__ = source.__name__, source.__doc__, source.__module__
        self.kernel, self._axes, self._view, self._grid = kernel, axes, view, grid
        self._output = list(inspect.signature(source).parameters).index(output)

    def __call__(self, *arguments: Any) -> None:
        dtype = next(a.dtype for a in arguments if hasattr(a, "ndim"))
        seen = [self._as_seen(argument, dtype) for argument in arguments]
        count = prod(arguments[self._output].shape[: self._axes])
        expect_countable(self.__name__, count)
        if count:
            blocks, threads = self._grid(count)
            self.kernel[blocks, threads](*seen)

    def _as_seen(self, argument: Any, dtype: Any) -> Any:
        if isinstance(argument, float):  # Python's are double, and would make the loop double too
            return dtype.type(argument)
        is_array = getattr(argument, "ndim", None)  # numbers have none, or 0 if they are NumPy's
        return self._view(argument) if self._view and is_array else argument


def expect_countable(who: str, count: int) -> None:
    """Raise ``ValueError`` unless so many elements have numbers of 31 bits, as blocks have."""
    if count >= 2**31:
        raise ValueError(f"{who}: at most {2**31 - 1:,} elements at once, given {count:,}")


def flat(array: Any) -> Any:
    """All numbers in a row."""
    return array.reshape(array.size)
