"""How one kernel becomes several rungs: the same source, compiled with other options, never mixed up on disk.

Numba's disk cache files a compiled function under its source file, line and qualified name. Two bindings of one
function, serial and parallel, share all three and can be served in place of one another (numba issue 6845). So
each rung gets a function object of its own, with the same code and a name of its own.
"""

import gc
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numba import njit
from numba.core import event

from .lines import say


def compile_rung(kernel: Callable, rung: str, **options: Any) -> Callable:
    """``kernel``'s source through ``numba.njit(**options)``, cached on disk under the name ``<kernel>_<rung>``.

    Compilation is lazy: it happens at the first call with new argument types, and once per machine.
    """
    assert isinstance(kernel, types.FunctionType)
    twin = types.FunctionType(kernel.__code__, kernel.__globals__, f"{kernel.__name__}_{rung}", kernel.__defaults__)
    twin.__qualname__ = twin.__name__
    twin.__module__ = kernel.__module__
    twin.__doc__ = kernel.__doc__
    return njit(cache=True, **options)(twin)


class OnFlatArrays:
    """A compiled loop over single numbers, wherever they stand. It is handed flat views, so that Numba compiles it once
    and not once for each number of axes. An array that is not contiguous has none, and goes in as it is.
    """

    def __init__(self, loop: Any):
        self.loop = loop

    def __call__(self, *arguments: Any) -> None:
        self.loop(*(a.reshape(-1) if isinstance(a, np.ndarray) and a.flags.c_contiguous else a for a in arguments))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle ask for these before there is a loop
            raise AttributeError(name)
        return getattr(self.loop, name)


class _CollectLater(event.Listener):
    """Keeps Python's garbage collector out of a compilation. What Numba builds is a large graph of objects that live
    until it is done; to walk it again and again took an eighth of the time.
    """

    def __init__(self) -> None:
        self.lock, self.depth, self.collects = threading.Lock(), 0, False

    def on_start(self, event: event.Event) -> None:
        with self.lock:
            if self.depth == 0:
                self.collects = gc.isenabled()
                gc.disable()
            self.depth += 1

    def on_end(self, event: event.Event) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth == 0 and self.collects:
                gc.enable()


event.register("numba:compile", _CollectLater())


def _to_stderr(line: str) -> None:
    say(line, sys.stderr)  # past a progress bar, and not into what a command prints as its result


@contextmanager
def announce_compilation(print_fn: Callable[[str], object] = _to_stderr) -> Iterator[None]:
    """Say so, once, if and only if Numba really compiles something inside this block (a load from disk is silent)."""
    listener = _Announcement(print_fn)
    with event.install_listener("numba:compile", listener):
        yield


class _Announcement(event.Listener):
    def __init__(self, print_fn: Callable[[str], object]):
        self.print_fn: Callable[[str], object] | None = print_fn

    def on_start(self, event: event.Event) -> None:
        if self.print_fn is not None:
            how_long = "first time only, a few seconds for each kind of layer"
            self.print_fn(f"compiling the loops for this machine ({how_long}) ...")
            self.print_fn = None

    def on_end(self, event: event.Event) -> None:
        pass
