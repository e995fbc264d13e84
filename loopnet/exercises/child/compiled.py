"""What is asked of a submission that Numba compiles: which arguments it takes, and which instructions it became."""

import inspect
import re
from typing import Any


def is_compiled(mode: str) -> bool:
    """Whether the submission is to run as Numba compiles it, and not by Python."""
    return mode in ("parallel", "vector")


def compile_function(function: Any, mode: str) -> Any:
    """The submission's own Python through Numba with our options, whatever decorators it wears."""
    from numba import njit

    return njit(parallel=mode == "parallel")(getattr(function, "py_func", function))


def parameters(function: Any) -> list[str] | None:
    """The names of the arguments; None for something that takes any number, or that does not say."""
    try:
        takes = inspect.signature(getattr(function, "py_func", function)).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.KEYWORD_ONLY) for p in takes):
        return None
    return [p.name for p in takes if p.default is p.empty or p.kind is not p.KEYWORD_ONLY]


def is_cuda_kernel(function: Any) -> bool:
    """Whether it can be launched on a grid."""
    return hasattr(function, "py_func") and hasattr(type(function), "__getitem__")


def vector_instructions(function: Any) -> dict[str, int]:
    """How many instructions add up several float32 at once, by how many at once: {"8": 4} for 4 instructions of 8.

    Counted in what LLVM made of the loop, the same text on every processor. Additions, or multiplications fused with
    one: a loop that multiplies many at once and then adds them one after the other has not been vectorised.
    """
    found: dict[str, int] = {}
    for code in function.inspect_llvm().values():
        for line in code.splitlines():
            lanes = re.search(r"= (?:tail )?(?:call )?.*?(?:fadd|@llvm\.fmuladd|@llvm\.fma)\b.*?<(\d+) x float>", line)
            if lanes:
                found[lanes[1]] = found.get(lanes[1], 0) + 1
    return found
