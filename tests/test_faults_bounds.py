"""The fuzz of operations and layers once more, every loop compiled anew with the bounds of its arrays checked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tally import HEAVY, fault

ROOT = Path(__file__).parents[1]

BEYOND = """
import numba, numpy as np

def read(x, at, y):
    for i in numba.prange(2):
        y[i] = x[at + i]

try:
    numba.njit(parallel={})(read)(np.ones(3), 7, np.zeros(2))
except (IndexError, SystemError):  # in a parallel loop the IndexError arrives wrapped up
    print("caught")
"""


@pytest.mark.skipif(not HEAVY, reason="compiles for minutes: make test-faults")
def test_nothing_is_read_or_written_out_of_bounds(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "LOOPNET_FAULTS": ""}
    for parallel in (False, True):  # Numba does check
        command = [sys.executable, "-c", BEYOND.format(parallel)]
        child = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert child.stdout.strip() == "caught", child.stderr
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_faults_fuzz.py"]
    environment["LOOPNET_TALLY"] = ""
    with fault("fuzz with NUMBA_BOUNDSCHECK=1, all operations and layers, float32"):
        done = subprocess.run(
            [*command, "-k", "equal_the_oracle"], env=environment, capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stdout[-3000:]
