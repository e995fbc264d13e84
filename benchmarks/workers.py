"""The parent's side of ``worker.py``: starts a peer in a process of its own and asks it for bursts."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .peers import QUIET, Peer
from .timing import Burst
from .worker import Task

PAUSE = 0.02
"""Seconds between two turns: long enough for the other process's threads to stop spinning and go to sleep."""


class PeerFailed(Exception):
    """The peer cannot do what it was asked; the message is its own."""


class Worker:
    """A peer's process. Use it as a context manager, or ``close`` it."""

    def __init__(self, peer: Peer, threads: int, environment: str | None = None):
        """environment: one of the peer's by name; None for none of them."""
        self.peer, self.environment = peer, environment
        settings = {} if environment is None else peer.environments[environment]
        count = {"NUMBA_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer.module, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, **QUIET, **settings, **count},
        )

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """One request, one answer. Raises ``PeerFailed``."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(json.dumps({"do": do, **details}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerFailed(f"{self.peer.title}: its process ended with code {self._process.wait()}")
        answer = json.loads(line)
        if "failed" in answer:
            raise PeerFailed(f"{self.peer.title}: {answer['failed']}")
        return answer

    def build(self, task: Task) -> list[list[float]]:
        """Prepare a task; returns what its first calls answered."""
        return self.ask("build", **task._asdict())["answers"]

    def burst_of(self, task: Task, seconds: float) -> Burst:
        """A burst of about so many seconds of a task that was built, for ``timing.take_turns``."""

        def run(calls: int) -> float:
            time.sleep(PAUSE)
            return self.ask("burst", calls=calls, **task._asdict())["seconds"] / calls

        run(1)
        once = min(run(1), run(3))
        calls = max(1, round(seconds / once))
        return lambda: run(calls)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
