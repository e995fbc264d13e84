"""What this machine can do at best: multiply-adds a second, and bytes a second from memory and from cache.

Measured, not looked up: what a data sheet promises, a virtual machine may not keep. A share of the peak is a share of
what the same Numba, in the same minute, gets out of the same cores with a loop that does nothing but multiply
and add.
"""

import numpy as np
from numba import get_num_threads, njit, prange

from .timing import burst_of

CHAINS, STEPS = 8, 12
"""Eight sums at a time hide the four cycles that each multiply-add takes, on a core that starts two in a cycle."""


@njit(parallel=True, fastmath={"contract"}, cache=True)
def polynomials(x, y, a, turns):
    """Eight polynomials of degree twelve at every x, by Horner's rule: 96 multiply-adds for one load and one store.

    One turn of the parallel loop owns one core's row of y.
    """
    for core in prange(x.shape[0]):
        values, results = x[core], y[core]
        for _ in range(turns):
            for t in range(np.uint64(values.size)):
                v = values[t]
                s0, s1, s2, s3 = v, v + a, v - a, v * a
                s4, s5, s6, s7 = v * v, v * v + a, v * v - a, v + a + a
                for _step in range(STEPS):
                    s0 = s0 * v + a
                    s1 = s1 * v + a
                    s2 = s2 * v + a
                    s3 = s3 * v + a
                    s4 = s4 * v + a
                    s5 = s5 * v + a
                    s6 = s6 * v + a
                    s7 = s7 * v + a
                results[t] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7


@njit(parallel=True, cache=True)
def triad(x, y, z, factor, turns):
    """x = y + factor * z, as in McCalpin's STREAM: two numbers read and one written. A core owns a row."""
    for core in prange(x.shape[0]):
        result, left, right = x[core], y[core], z[core]
        for _ in range(turns):
            for t in range(np.uint64(result.size)):
                result[t] = left[t] + factor * right[t]


class MultiplyAdd:
    """The peak as something to be timed beside others: ``call()`` does ``flops`` floating-point operations."""

    def __init__(self, turns: int = 400):
        cores = get_num_threads()
        self._x, self._y = np.full((cores, 1024), 0.9, np.float32), np.zeros((cores, 1024), np.float32)
        self._turns = turns
        self.flops = 2 * CHAINS * STEPS * turns * self._x.size

    def __call__(self) -> None:
        polynomials(self._x, self._y, np.float32(0.1), self._turns)


def peak_gflops(rounds: int = 9) -> float:
    """Thousand million float32 operations a second on all of Numba's threads: the best of some short bursts."""
    call = MultiplyAdd()
    burst = burst_of(call, 0.01)
    return call.flops / min(burst() for _ in range(rounds)) / 1e9


def bandwidth(bytes_a_core: int, rounds: int = 9) -> float:
    """Thousand million bytes a second, for three arrays that take ``bytes_a_core`` together: the best of some bursts.

    What is written counts once, as in STREAM, though most machines read it first.
    """
    cores, size = get_num_threads(), bytes_a_core // 12
    x, y, z = (np.ones((cores, size), np.float32) for _ in range(3))
    turns = max(1, 4_000_000 // size)
    burst = burst_of(lambda: triad(x, y, z, np.float32(0.1), turns), 0.02)
    return 12 * size * cores * turns / min(burst() for _ in range(rounds)) / 1e9


CACHE, MEMORY = 192 * 1024, 256 * 1024 * 1024
"""Bytes a core: what fits into a second-level cache, and what fits into no cache."""


def roofs(quick: bool = False) -> dict[str, float]:
    """The three lines of a roofline."""
    rounds = 3 if quick else 9
    return {
        "peak_gflops": peak_gflops(rounds),
        "cache_gb_s": bandwidth(CACHE, rounds),
        "memory_gb_s": bandwidth(MEMORY // (8 if quick else 1), rounds),
    }
