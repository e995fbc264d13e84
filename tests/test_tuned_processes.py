"""The tuned rung in processes of their own: compiled once a machine, into vector code, and the same on any number
of threads. What is run is tuned_child.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from llvmlite import binding
from numba import njit
from tuned_child import most_vector_fmas

from loopnet.kernels.tuned import registers

# At least so many vector multiply-adds in one turn of the innermost loop. Forward, two filters in two rows by the taps,
# or the four outputs of a pooling window for three filters; for the weights, four filters by five taps, or three of the
# first layer's six; Winograd's way, six filters or channels in two rows; from the winners alone, twenty registers of
# sums; dense layers go by tiles of four, two lots of them.
HOT_LOOPS = {
    "conv2d_relu_pool.conv2d_relu_pool_forward": 20,
    "pooling_tile.conv2d_relu_pool_forward": 12,
    "conv2d.conv2d_forward": 12,
    "conv2d.conv2d_backward_input": 8,
    "conv2d.conv2d_backward_weights": 20,
    "conv2d_relu_pool.conv2d_relu_pool_backward_weights": 15,
    "winograd.conv2d_relu_pool_forward": 12,
    "winograd.conv2d_forward": 12,
    "winograd_backward.conv2d_relu_pool_backward_input": 12,
    "winners_in_lanes.weights_from_winners": 15,
    "winners.backward_weights": 20,
    "winners.backward_input": 20,
    "dense.dense_forward": 8,
    "dense.dense_backward_input": 8,
    "dense.dense_backward_weights": 8,
    "few_images.sums_in_registers": 8,
}


HASWELL = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+avx,+avx2,+fma,+bmi,+bmi2,+popcnt,+f16c,+lzcnt",
}
"""To compile for a processor with AVX2, as most have it."""

# With half as many registers of half the length: whole sums still stay in them. A weights' gradient takes two filters
# at a time by five taps; Winograd's way, two sums in two rows by two.
HOT_LOOPS_OF_HASWELL = {
    "conv2d_relu_pool.conv2d_relu_pool_forward": 20,
    "conv2d_relu_pool.conv2d_relu_pool_backward_weights": 10,
    "winograd.conv2d_relu_pool_forward": 8,
    "winograd_backward.conv2d_relu_pool_backward_input": 8,
    "winners.backward_weights": 8,
    "winners.backward_input": 8,
    "dense.dense_forward": 8,
    "dense.dense_backward_input": 8,
    "dense.dense_backward_weights": 8,
    "few_images.sums_in_registers": 8,
}


def train(folder: Path, threads: int, *networks: str, **settings: str) -> dict:
    """The report of tuned_child.py with ``threads`` threads and the disk cache in ``folder``."""
    root = Path(__file__).parent.parent
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"NUMBA_CACHE_DIR": str(folder), "NUMBA_NUM_THREADS": str(threads), "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, str(root / "tests" / "tuned_child.py"), *networks],
        env={**os.environ, **own, **settings}, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """number of threads -> report. The first one finds the disk cache empty, the others find it full."""
    folder = tmp_path_factory.mktemp("cache")
    return {threads: train(folder, threads) for threads in (2, 1, 3)}


def test_the_second_process_compiles_nothing(processes):
    assert processes[2]["compiled"]  # so the listener does hear
    assert processes[1]["compiled"] == processes[3]["compiled"] == []


def test_results_do_not_depend_on_the_number_of_threads(processes):
    """Not in a bit, after three steps, in one process or in another."""
    results = {k: v for report in processes.values() for k, v in report["results"].items()}
    assert set(results) == {"1 of 1", "1 of 2", "2 of 2", "1 of 3", "2 of 3"}
    for threads, result in results.items():
        assert result == results["1 of 1"], threads


def cpu_has_vector_fma() -> bool:
    try:
        features = binding.get_host_cpu_features()
    except RuntimeError:  # LLVM cannot tell on every processor
        return False
    return bool(features.get("fma") and features.get("avx2"))


needs_fma = pytest.mark.skipif(not cpu_has_vector_fma(), reason="this processor has no AVX2 or no FMA")


@needs_fma
@pytest.mark.parametrize("kernel", HOT_LOOPS)
def test_hot_loops_are_vector_multiply_adds(processes, kernel):
    """Numba falls back to one number at a time without a word, and the rung to a tenth of its speed."""
    if not registers.AVX512:
        pytest.skip("this processor has no AVX-512: its loops are those of the next test")
    assert processes[2]["fmas"][kernel] >= HOT_LOOPS[kernel]


@pytest.fixture(scope="module")
def haswell(request, tmp_path_factory):
    if not registers.AVX512:  # then what the others compiled is much the same
        return request.getfixturevalue("processes")[2]
    return train(tmp_path_factory.mktemp("haswell"), 2, "lenet5, full vectors", "wide", **HASWELL)


@needs_fma
@pytest.mark.parametrize("kernel", HOT_LOOPS_OF_HASWELL)
def test_hot_loops_for_a_processor_without_avx512_are_vector_multiply_adds(haswell, kernel):
    assert haswell["fmas"][kernel] >= HOT_LOOPS_OF_HASWELL[kernel]


@needs_fma
@pytest.mark.skipif(not registers.AVX512, reason="this processor has no AVX-512 to compare with")
def test_without_avx512_losses_are_the_same_but_for_rounding(processes, haswell):
    for network, losses in haswell["losses"].items():
        assert len(set(losses)) == len(losses) == 3  # so it has trained
        np.testing.assert_allclose(losses, processes[2]["losses"][network], rtol=2e-5)


@needs_fma
def test_the_count_tells_vector_code_from_scalar_code():
    def dot(a, b):
        total = np.float32(0)
        for i in range(a.size):
            total += a[i] * b[i]
        return total

    ones = np.ones(100, np.float32)
    in_any_order, in_order = njit(fastmath={"reassoc", "contract"})(dot), njit(fastmath={"contract"})(dot)
    assert in_any_order(ones, ones) == in_order(ones, ones) == 100
    counts = [most_vector_fmas(next(iter(f.inspect_asm().values()))) for f in (in_any_order, in_order)]
    assert counts[0] >= 1 and counts[1] == 0
