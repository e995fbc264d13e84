"""How long ``loopnet train`` takes from the shell until its first batch is trained: cold, and again.

Cold is with an empty Numba cache: every loop is compiled. Warm is any later start, which loads them from the disk.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .timing import summary


def seconds_to_first_batch(cache: str, threads: int) -> tuple[float, str]:
    """Of one child process with that folder as Numba's cache; and what it printed on the way."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.first_batch", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "NUMBA_CACHE_DIR": cache, "NUMBA_NUM_THREADS": str(threads)},
        )
        assert child.stdout is not None
        printed = []
        for line in child.stdout:
            printed.append(line)
            if "first batch trained" in line:
                seconds = time.perf_counter() - start
                child.wait()
                return seconds, "".join(printed)
    raise RuntimeError(f"loopnet train ended before its first batch: {''.join(printed)[-500:]}")


def measure(threads: int, warm: int = 5) -> dict[str, Any]:
    """One cold start, then ``warm`` warm ones."""
    with tempfile.TemporaryDirectory() as cache:
        cold, printed = seconds_to_first_batch(cache, threads)
        later = [seconds_to_first_batch(cache, threads)[0] for _ in range(warm)]
    return {"cold_seconds": cold, "cold_says_so": "compiling" in printed, "warm_seconds": summary(later)}
