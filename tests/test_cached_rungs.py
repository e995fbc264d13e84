"""No rung is served another rung's compiled code, in one process or from the disk cache of an earlier one.

Numba's cache can mix up `njit(cache=True)(f)` and `njit(parallel=True, cache=True)(f)` of one function
(numba issue 6845). Every answer would still be right, and every comparison of the two rungs a comparison of
one with itself. So child processes ask: did the threads start? `numba.threading_layer()` answers only after
parallel code was loaded.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from loopnet.ops import TEXTBOOK, get_ops

PROBE = """
import json, sys
import numba, numpy as np

def threads_started():
    try:
        return bool(numba.threading_layer())
    except ValueError:
        return False

answers = []
for name in sys.argv[1:]:
    {get_kernel}
    x, w, b, y = np.ones((4, 3)), np.ones((3, 2)), np.ones(2), np.empty((4, 2))
    kernel(x, w, b, y)
    assert (y == 4).all()
    answers.append([name, threads_started(), sum(kernel.stats.cache_hits.values())])
print(json.dumps(answers))
"""

OURS = "from loopnet.ops import get_ops; kernel = get_ops(name).dense_forward"
NAIVE = "import naive; kernel = getattr(naive, name)"

NAIVE_MODULE = """
from numba import njit, prange

def dense_forward(x, w, b, y):
    for n in prange(x.shape[0]):
        for k in range(w.shape[1]):
            total = b[k]
            for c in range(w.shape[0]):
                total += x[n, c] * w[c, k]
            y[n, k] = total

literal = njit(cache=True)(dense_forward)
parallel = njit(cache=True, parallel=True)(dense_forward)
"""


def probe(get_kernel: str, folder: Path, *names: str) -> list[list]:
    """Run kernels in a new process: [name, threads started by now, loads from the disk cache] for each."""
    root = Path(__file__).parent.parent
    path = os.pathsep.join([str(folder), str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": path}
    program = PROBE.format(get_kernel=get_kernel)
    done = subprocess.run(
        [sys.executable, "-c", program, *names], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("first, second", [("literal", "parallel"), ("parallel", "literal")])
def test_serial_stays_serial_and_parallel_parallel(first, second, tmp_path):
    compiled = probe(OURS, tmp_path, first, second)
    assert [hits for _, _, hits in compiled] == [0, 0]
    assert compiled[1][1]  # whichever came first, threads have started once both have run
    # Each by itself in a new process, which finds both in the cache.
    assert probe(OURS, tmp_path, "literal") == [["literal", False, 1]]
    assert probe(OURS, tmp_path, "parallel") == [["parallel", True, 1]]


def test_the_probe_sees_a_mix_up(tmp_path):
    """Two bindings of one function object, as they should not be made: the serial one comes back parallel."""
    (tmp_path / "naive.py").write_text(NAIVE_MODULE)
    probe(NAIVE, tmp_path, "parallel")
    name, threads_started, loads = probe(NAIVE, tmp_path, "literal")[0]
    if not loads:
        pytest.skip("this Numba keeps the two bindings apart by itself")
    assert (name, threads_started) == ("literal", True)


@pytest.mark.parametrize("operation", TEXTBOOK)
def test_every_compiled_kernel_has_a_name_and_options_of_its_own(operation):
    literal, parallel = getattr(get_ops("literal"), operation), getattr(get_ops("parallel"), operation)
    assert not literal.targetoptions.get("parallel")
    assert parallel.targetoptions["parallel"]
    names = {kernel.py_func.__qualname__ for kernel in (literal, parallel)}
    assert len(names) == 2, "the disk cache files kernels under these names"


def test_every_tuned_kernel_has_a_name_of_its_own_too():
    """Among all compiled functions of the package: two of one name in one file are what the cache mixes up."""
    get_ops("tuned"), get_ops("parallel"), get_ops("literal")
    modules = [module for name, module in sys.modules.items() if name.startswith("loopnet.kernels")]
    rungs = [vars(get_ops(name)) for name in ("literal", "parallel", "tuned")]
    found = {value for names in [*map(vars, modules), *rungs] for value in names.values() if is_compiled(value)}
    filed_under = Counter((kernel.py_func.__code__.co_filename, kernel.py_func.__qualname__) for kernel in found)
    assert [name for name, count in filed_under.items() if count > 1] == []
    assert any("tuned" in file for file, _ in filed_under)


def is_compiled(value: object) -> bool:
    return hasattr(value, "py_func") and hasattr(value, "targetoptions")


GARBAGE = """
import gc, sys
sys.path.insert(0, {folder!r})
import some_loops
from numba.core import event
from loopnet.rungs import compile_rung

class Watch(event.Listener):
    def on_start(self, event): print("compiling", gc.isenabled())
    def on_end(self, event): pass

event.register("numba:compile", Watch())  # after loopnet's own, so that it hears it second
compile_rung(some_loops.outer, "literal")(1)
print("done", gc.isenabled())
try:
    compile_rung(some_loops.wrong, "literal")(1)
except Exception:
    print("failed", gc.isenabled())
gc.disable()
compile_rung(some_loops.outer, "parallel")(2.0)
print("off before", gc.isenabled())
"""

SOME_LOOPS = """
from numba import njit

@njit
def inner(x):
    return x + 1

def outer(x):
    return inner(x)

def wrong(x):
    return x.nothing
"""


def test_a_compilation_is_not_interrupted_by_the_garbage_collector(tmp_path):
    """Nested ones, failing ones, and with a collector that was off before: it is as it was afterwards."""
    (tmp_path / "some_loops.py").write_text(SOME_LOOPS)
    child = subprocess.run(
        [sys.executable, "-c", GARBAGE.format(folder=str(tmp_path))],
        capture_output=True, text=True, env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    lines = child.stdout.splitlines()
    during = [line for line in lines if line.startswith("compiling")]
    assert set(during) == {"compiling False"} and len(during) >= 4, lines
    assert [line for line in lines if line not in during] == ["done True", "failed True", "off before False"]
