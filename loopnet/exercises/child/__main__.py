"""Runs a submission: reads it, calls its function on each case that comes down the pipe, sends back every array.

The first message is the submission; each later one is a case. What the submission prints goes to the file that the
checker gave as this process's output, and the pipe is out of its reach by the usual ways.
"""

import contextlib
import linecache
import math
import os
import random
import sys
import traceback
from typing import IO, Any

import numpy as np

from . import compiled
from .watched import Journal, Watched, watch_allocations
from .wire import receive, send

Arrays = dict[str, np.ndarray]


class Child:
    """The state of the process: the submission's function, and the journal of the call in progress."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.journal: Journal | None = None
        self.order = Journal(set())

    def load(self, begin: dict[str, Any]) -> dict[str, Any]:
        """Run the submission's source and find its function. Returns what it looks like from outside."""
        self.mode: str = begin["mode"]
        self.sources = {piece["file"]: piece["source"] for piece in begin["pieces"]}
        if any("numba" in source for source in self.sources.values()):
            import numba

            if not compiled.is_compiled(self.mode):
                numba.prange = lambda *bounds: (self.journal or self.order).prange(*bounds)
        watch_allocations(lambda: self.journal)
        _limit_memory(begin["memory"])
        namespace: dict[str, Any] = {"__name__": "submission", "__builtins__": __builtins__}
        for piece in begin["pieces"]:
            self._execute(piece, namespace)
        self.function = namespace.get(begin["function"])
        found = {
            "functions": sorted(name for name, value in namespace.items() if _is_defined_here(value)),
            "takes": compiled.parameters(self.function),
            "kernel": compiled.is_cuda_kernel(self.function),
        }
        if self.function is not None and compiled.is_compiled(self.mode):
            self.function = compiled.compile_function(self.function, self.mode)
        return found

    def _execute(self, piece: dict[str, Any], namespace: dict[str, Any]) -> None:
        """Run a piece of source under the name and the line numbers that it has where the learner sees it."""
        source = "\n" * (piece["line"] - 1) + piece["source"]
        linecache.cache[piece["file"]] = (len(source), None, source.splitlines(keepends=True), piece["file"])
        exec(compile(source, piece["file"], "exec", dont_inherit=True), namespace)

    def run(self, case: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Call the function on plain arrays, then on watched ones. Everything that it was given goes back."""
        shuffle = random.Random(case["seed"]).sample
        plain_arrays = {name: array.copy() for name, array in arrays.items()}
        self.order = Journal(set(), lambda turns: shuffle(turns, len(turns)))
        reply, returned = self._call(case, plain_arrays, plain_arrays)
        if compiled.is_compiled(self.mode):
            reply["vector"] = compiled.vector_instructions(self.function) if self.mode == "vector" else None
            return reply, {**plain_arrays, **returned}

        watched_arrays = {name: array.copy() for name, array in arrays.items()}
        self.journal = Journal(set(self.sources))
        given = {
            name: Watched.over(array, name, name not in case["outputs"], self.journal) if array.ndim else array
            for name, array in watched_arrays.items()
        }
        again, returned_again = self._call(case, watched_arrays, given)
        reply["notes"], reply["loops"], reply["again"] = self.journal.notes, self.journal.loops, again
        self.journal = None
        back = {f"again {name}": array for name, array in {**watched_arrays, **returned_again}.items()}
        return reply, {**plain_arrays, **returned, **back}

    def _call(self, case: dict[str, Any], arrays: Arrays, given: dict[str, Any]) -> tuple[dict[str, Any], Arrays]:
        arguments = []
        for name in case["arguments"]:
            value = given[name] if name in given else case["values"][name]
            if isinstance(value, np.ndarray) and value.ndim == 0:
                value = value[()]
            arguments.append(tuple(value) if isinstance(value, list) else value)
        function: Any = self.function
        with np.errstate(all="ignore"):
            try:
                if self.mode == "cuda":
                    grid, block = map(tuple, case["launch"])
                    result = function[grid, block](*arguments)
                else:
                    result = function(*arguments)
            except BaseException as error:  # SystemExit and KeyboardInterrupt among them: each is an answer
                return {"error": self.describe(error)}, {}
        return _returned(result, arguments, case["arguments"])

    def describe(self, error: BaseException) -> dict[str, Any]:
        """An exception with the last line of the submission that it went through."""
        described: dict[str, Any] = {"type": type(error).__name__, "message": str(error).strip(), "line": None}
        if isinstance(error, SyntaxError):
            return {**described, "message": error.msg, "line": error.lineno, "text": (error.text or "").strip()}
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename in self.sources:
                return {**described, "line": frame.lineno, "text": frame.line}
        return described


def _returned(result: Any, arguments: list[Any], names: list[str]) -> tuple[dict[str, Any], Arrays]:
    """What came back, as data."""
    results = result if isinstance(result, tuple) and result else (result,)
    own = {id(a): name for name, a in zip(names, arguments, strict=True) if isinstance(a, np.ndarray | Watched)}
    if all(id(item) in own for item in results):
        return {"returned": {"arguments": [own[id(item)] for item in results]}}, {}
    if isinstance(result, Watched):
        result = result._array
    if isinstance(result, np.ndarray) and result.dtype.kind in "biuf":
        return {"returned": {"array": True}}, {"returned": result}
    if result is None:
        return {"returned": None}, {}
    number = _number(result)
    if number is not None:
        return {"returned": {"number": number}}, {}
    if isinstance(result, list | tuple) and all(_number(item) is not None for item in result):
        return {"returned": {"numbers": [_number(item) for item in result], "kind": type(result).__name__}}, {}
    return {"returned": {"other": type(result).__name__}}, {}


def _number(value: Any) -> bool | int | float | None:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, int) and abs(value) > sys.float_info.max:  # no number of an exercise; no float holds it
        return math.copysign(math.inf, value > 0 or -1)
    return value if isinstance(value, bool | int | float) else None


def _is_defined_here(value: Any) -> bool:
    return callable(value) and getattr(value, "__module__", None) == "submission"


def _limit_memory(more: int) -> None:
    """Let an endless list end in a MemoryError, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))  # what it prints goes to a file
        with open("/proc/self/statm") as pages:
            most = int(pages.read().split()[0]) * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to the checker under new numbers; 0 and 1 become an empty input and the file that 2 already is."""
    questions, answers = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    return open(questions, "rb"), open(answers, "wb")


def main() -> None:
    questions, answers = _private_pipes()
    begin, _ = receive(questions)
    child = Child()
    try:
        found = child.load(begin)
    except BaseException as error:  # also SystemExit: a file may end in one
        send(answers, {"error": child.describe(error)}, {})
        return
    send(answers, found, {})
    while True:
        try:
            case, arrays = receive(questions)
        except EOFError:
            break
        header, back = child.run(case, arrays)
        sys.stdout.flush()
        send(answers, header, back)
    os._exit(0)  # whatever threads it left


if __name__ == "__main__":
    main()
