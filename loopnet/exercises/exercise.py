"""What an exercise is: a function to write, and cases to try it on. The answers stay in the checker's own process."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent

# The number that outputs hold before the call: a NaN that no arithmetic makes, so that a cell nobody wrote is told from
# one that came out as NaN.
POISON = {
    np.dtype(np.float32): np.uint32(0x7FC0BAD1).view(np.float32),
    np.dtype(np.float64): np.uint64(0x7FF80000000BAD01).view(np.float64),
    np.dtype(np.int32): np.int32(-1_111_111_111),
}


@dataclass
class Case:
    """One call, what should come of it, and what is likely to come of it instead.

    ``arguments`` in order; an output that is to be overwritten is None and arrives full of poison. ``expected`` has the
    arrays that the call must change, or the key "return". Arrays that are in neither must not change.
    """

    what: str
    arguments: dict[str, Any]
    expected: dict[str, Any]
    mistakes: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    """What a known mistake gives, under the words that say so. For all or some of the expected arrays."""
    behind: Callable[[str, tuple[int, ...]], str] | None = None
    """The numbers that one cell of an output is made of, as text."""
    tolerance: float = 1e-6
    launch: tuple[tuple[int, int], tuple[int, int]] | None = None
    """For a CUDA kernel, (blocks, threads in a block)."""

    def given(self) -> dict[str, np.ndarray]:
        """The arrays as they are handed over."""
        arrays = {}
        for name, value in self.arguments.items():
            if value is None:
                like = self.expected[name]
                arrays[name] = np.full(like.shape, POISON[like.dtype])
            elif isinstance(value, np.ndarray | np.generic):
                arrays[name] = np.array(value)
        return arrays

    @property
    def outputs(self) -> list[str]:
        """The arrays that are overwritten."""
        return [name for name, value in self.arguments.items() if value is None]


@dataclass(frozen=True)
class Exercise:
    """A task. Its words, with the signature, are the docstring in its starter."""

    name: str
    title: str
    cases: Callable[[np.random.Generator], list[Case]]
    """Draws the cases of one check: the first is the example of the statement, the others are new each time."""
    tutorial: int
    """The number of the notebook that it belongs to."""
    mode: str = "python"
    """"python", or "cuda" for a kernel in the simulator."""
    compiled: str = ""
    """Also as Numba compiles it: "parallel" (it must have a prange that races for nothing) or "vector"."""
    operation: str = ""
    """The field of ``Ops`` that the function, or ``adapter`` of it, can take the place of."""
    adapter: Callable[[Callable], Callable] | None = None

    @cached_property
    def starter(self) -> str:
        """The file that a learner starts from."""
        return (HERE / "starters" / f"{self.name}.py").read_text(encoding="utf-8")

    @property
    def solution(self) -> Path:
        """One way to do it."""
        return HERE / "solutions" / f"{self.name}.py"

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the function's arguments."""
        for node in ast.parse(self.starter).body:
            if isinstance(node, ast.FunctionDef) and node.name == self.name:
                return [argument.arg for argument in node.args.args]
        raise AssertionError(f"the starter of {self.name} has no function of that name")
