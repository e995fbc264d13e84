"""What every test gets."""

import os
import zlib

# Before Numba loads OpenMP, and for the processes that tests start: threads that wait for the others must sleep. By
# default they spin, and beside a second process on the same cores a training took eight times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest  # noqa: E402
from tally import HEAVY  # noqa: E402

SLOWEST = (
    "test_articles_train.py", "test_meta.py", "test_faults_fuzz.py", "test_tuned_processes.py", "test_faults_resume.py",
    "test_faults_load.py", "test_cuda_simulator.py", "test_cuda_simulator_tiled.py", "test_precompile.py",
    "test_cuda_simulator_layers.py",
)  # fmt: skip
"""Files that take a minute or more, for all that few tests are in them. Most of test_meta.py's time is not its own: it
is the first to need the tuned loops, and whoever needs them later finds them in Numba's cache.
"""


def pytest_collection_modifyitems(items):
    """The slowest first, so that no worker is left with one of them when all others are done."""
    items.sort(key=lambda item: SLOWEST.index(item.path.name) if item.path.name in SLOWEST else len(SLOWEST))


@pytest.fixture(autouse=True)
def no_helpers(monkeypatch):
    """The tests are spread over the cores already, and few of their networks have more than a loop to compile."""
    monkeypatch.setattr("loopnet.precompile.MOST", 0)


@pytest.fixture(autouse=True)
def the_same_cases_in_every_run(request, monkeypatch):
    """A check without a seed draws one; in ``make test`` it is each test's own, so that none fails by luck."""
    if not HEAVY:
        seed = zlib.crc32(request.node.nodeid.encode())
        monkeypatch.setattr("secrets.randbelow", lambda below: seed % below)
