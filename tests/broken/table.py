"""How a fault is written down: a kernel in place of the right one, or what befalls the right one's answer.

Most faults call the right kernel and spoil its arguments or its answer, which is what a slip in a loop amounts to. The
docstring of each says what is wrong with it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from loopnet.ops import Ops, get_ops

FUSED = "conv2d, relu, pool"


class Break(NamedTuple):
    operation: str
    """The row of checks.OPERATIONS that ought to object."""
    field: str
    """The kernel's name in Ops."""
    kernel: Callable[..., None]
    """The broken kernel: a working rung first, and then the arguments of the right one."""


BREAKS: dict[str, Break] = {}


def breaks(operation: str, field: str) -> Callable[..., Any]:
    """Register ``kernel(ops, *arguments)``, which stands in for ``ops.<field>(*arguments)``."""

    def register(kernel: Callable[..., None]) -> Callable[..., None]:
        name = kernel.__name__
        assert name not in BREAKS, f"two faults are called {name}, and the first would never be tried"
        assert kernel.__doc__, f"{name}: say what is wrong with it"
        BREAKS[name] = Break(operation, field, kernel)
        return kernel

    return register


def spoils(operation: str, field: str, output: int) -> Callable[..., Any]:
    """Register the right kernel, after which ``spoil(array, before)`` gets argument number ``output`` and a copy of
    what was in it before the call.
    """

    def register(spoil: Callable[[Any, np.ndarray], None]) -> Callable[..., None]:
        def kernel(ops: Ops, *arguments: Any) -> None:
            before = arguments[output].copy()
            getattr(ops, field)(*arguments)
            spoil(arguments[output], before)

        kernel.__name__, kernel.__doc__ = spoil.__name__, spoil.__doc__
        breaks(operation, field)(kernel)
        return spoil

    return register


def broken(name: str, rung: str | None = None) -> tuple[Ops, str]:
    """The rung with one kernel replaced, and the operation that the kernel belongs to.

    By default Python, which minds its arrays' bounds, or the tuned rung for what Python does not have.
    """
    operation, field, kernel = BREAKS[name]
    ops = get_ops(rung or ("tuned" if operation == FUSED else "python"))
    replaced: dict[str, Any] = {field: partial(kernel, ops)}
    return replace(ops, **replaced), operation
