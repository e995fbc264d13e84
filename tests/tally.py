"""Counts what the fault tests did, so that the table in docs/reliability.md is of what ran and not of what was meant.

    with fault("downloads"):      one fault injected; survived unless the block raises
        ...

With $LOOPNET_TALLY set to a folder, each process leaves its counts there when it ends; faults_table.py adds them up.
"""

import atexit
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEAVY = os.environ.get("LOOPNET_FAULTS") == "heavy"
"""Whether this is ``make test-faults``; ``make test`` runs a small part of each."""

_counts: dict[str, dict[str, float]] = {}


SHARE = float(os.environ.get("LOOPNET_SHARE", "1"))
"""Of the examples of make test-faults, for who has less than an hour."""


def many(few: int, heavy: int) -> int:
    """How many examples to try: ``few`` in make test, ``heavy`` in make test-faults."""
    return max(few, round(heavy * SHARE)) if HEAVY else few


@contextmanager
def fault(row: str) -> Iterator[None]:
    """One fault of that row of the table."""
    counts = _counts.setdefault(row, {"injected": 0, "survived": 0, "seconds": 0.0})
    started = time.perf_counter()
    counts["injected"] += 1
    try:
        yield
        counts["survived"] += 1
    finally:
        counts["seconds"] += time.perf_counter() - started


def _write() -> None:
    folder = os.environ.get("LOOPNET_TALLY")
    if folder and _counts:
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(_counts))


atexit.register(_write)
