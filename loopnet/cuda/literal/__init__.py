"""The rung ``cuda_literal``: each file is its namesake in ``loopnet/kernels`` with threads where the outer loops were.

Importing it needs Numba and no GPU: ``@cuda.jit`` compiles a kernel when it is first launched.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def kernels(textbook: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """Operation -> what runs it here: the function of the loop's own name, in the file of its file's name."""
    return {name: getattr(_namesake(loop.__module__), loop.__name__) for name, loop in textbook.items()}


def _namesake(module: str) -> Any:
    return import_module(f"{__name__}.{module.rpartition('.')[2]}")
