"""A process of its own for a submission: with a time limit for each answer, and none of the right answers in it."""

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from .child.wire import receive, send
from .submission import Submission

# Importing loopnet would import Numba and every layer: a second for each check. The child needs two names of packages.
BOOT = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]  # not the current one, which may hold a numpy.py
import runpy, types
for name, path in (("loopnet", {package!r}), ("loopnet.exercises", {here!r})):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
runpy.run_module("loopnet.exercises.child.__main__", run_name="__main__")
"""
HERE = Path(__file__).parent
START = 30.0  # seconds for the imports at the top of a submission, on a slow disk
MEMORY = 512 << 20  # bytes more than the child has when it is about to read the submission
MEMORY_COMPILED = 8 << 30  # address space, of which threads and LLVM take much and use little

# No thread of a library, and no address space set aside for each of the submission's own, counts as its memory.
FRUGAL = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Stopped(Exception):
    """The submission gave no answer: the message says why."""


class Runner:
    """A context: the child starts with the submission loaded, and is gone at the end whatever it still does."""

    def __init__(self, submission: Submission, mode: str, time_limit: float):
        self.submission, self.mode, self.time_limit = submission, mode, time_limit
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __enter__(self) -> "Runner":
        self._printed = tempfile.TemporaryFile()
        boot = BOOT.format(package=str(HERE.parent), here=str(HERE))
        self.process = subprocess.Popen(
            [sys.executable, "-c", boot],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            env=environment(self.mode),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        threading.Thread(target=_listen, args=(self.process.stdout, self.answers), daemon=True).start()
        return self

    def __exit__(self, *error: Any) -> None:
        _kill(self.process)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()  # type: ignore[union-attr]
            except OSError:  # what was still to be written has nobody to read it
                pass
        self._printed.close()

    def load(self) -> dict[str, Any]:
        """Read the submission. Returns {"error"} or {"functions", "takes", "kernel"}."""
        memory = MEMORY if self.mode == "python" else MEMORY_COMPILED
        pieces = [asdict(piece) for piece in self.submission.pieces]
        begin = {"mode": self.mode, "pieces": pieces, "function": self.submission.function, "memory": memory}
        return self._ask(begin, {}, max(START, self.time_limit))[0]

    def run(self, case: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Call the function on a case. Raises ``Stopped`` if no answer comes."""
        return self._ask(case, arrays, self.time_limit)

    def printed(self, most: int = 400) -> str:
        """The beginning of what the submission wrote to its standard output."""
        self._printed.seek(0)
        text = self._printed.read(most + 1).decode(errors="replace")
        return text if len(text) <= most else text[:most] + " ..."

    def _ask(self, header: dict[str, Any], arrays: dict[str, np.ndarray], seconds: float) -> tuple[Any, Any]:
        assert self.process.stdin is not None
        try:
            send(self.process.stdin, header, arrays)
        except OSError:  # it has ended; the answer, or its absence, says how
            pass
        answer = self._wait(seconds)
        if answer is None:
            raise Stopped(f"it ended the process that it ran in ({self._ending()})")
        return answer

    def _wait(self, seconds: float) -> Any:
        """The next message, or None. Where the system tells, seconds are those that the child had a processor for, so
        that a busy computer fails nobody; one that only sleeps gets three times as long.
        """
        start, used = time.monotonic(), _processor_seconds(self.process.pid)
        while True:
            try:
                return self.answers.get(timeout=min(seconds, 1.0))
            except queue.Empty:
                waited = time.monotonic() - start
                now = _processor_seconds(self.process.pid)
                busy = waited if now is None or used is None else now - used
                if busy >= seconds or waited >= 3 * seconds:
                    raise Stopped(f"it was still running after {seconds:g} seconds, and was stopped") from None

    def _ending(self) -> str:
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        if code < 0:
            try:
                return f"killed by {signal.Signals(-code).name}"
            except ValueError:
                return f"killed by signal {-code}"
        return f"exit code {code}"


def environment(mode: str) -> dict[str, str]:
    """The child's environment: Numba's settings are ours, not those of whoever is being checked."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    if "NUMBA_CACHE_DIR" in os.environ:
        kept["NUMBA_CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]
    settings = {
        "python": {"NUMBA_DISABLE_JIT": "1"},
        "cuda": {"NUMBA_ENABLE_CUDASIM": "1"},
        "parallel": {"NUMBA_NUM_THREADS": "4"},
        "vector": {},
    }[mode]
    return {**kept, **settings, **FRUGAL}


def _listen(pipe: IO[bytes], answers: "queue.SimpleQueue[Any]") -> None:
    """Hand over each message; at the end, or at something that is not a message, None."""
    while True:
        try:
            answers.put(receive(pipe))
        except Exception:  # whatever a submission may write into a pipe
            answers.put(None)
            return


def _processor_seconds(process: int) -> float | None:
    """What a process has used so far; None if the system does not tell."""
    try:
        with open(f"/proc/{process}/stat") as file:
            after_name = file.read().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None


def _kill(process: subprocess.Popen) -> None:
    """The child and whatever it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
