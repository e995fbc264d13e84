"""The CUDA rungs on a machine without a GPU: Numba's simulator runs every thread of every kernel in Python.

NUMBA_ENABLE_CUDASIM is read once, when Numba is imported, so each file of tests gets a process of its own.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.mark.parametrize("file", ["simulated_kernels.py", "simulated_training.py"])
def test_in_the_simulator(file):
    path = os.pathsep.join([str(TESTS.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", str(TESTS / file)],
        env={**os.environ, **own}, capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert re.search(r"\d\d+ passed", done.stdout) and "skipped" not in done.stdout
