"""The clock on a CUDA card, and what the card could do at best: both measured where the benchmark runs."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from loopnet.cuda.device import cuda
from loopnet.cuda.frozen import frozen, static

from .checking import Refused

CALLS = 20
"""Calls that are timed together."""
TURNS, MOST_TURNS = 2**21, 2**26
"""Of a loop that keeps the card busy for some 5 ms, and for 0.2 s."""


def kernel_seconds(call: Callable[[], object], rounds: int) -> float:
    """Device time of one call, by CUDA events: the median over the rounds.

    A round's calls are queued while the card is kept busy, so that they run one right after the other, and the host's
    time for launching them is not counted. A round in which the card had nothing left to do before the last call was
    queued is thrown away, and the card kept busy for twice as long; a call that itself waits for the card cannot be
    queued, and is timed as it is.
    """
    start, stop = cuda.event(), cuda.event()
    result = cuda.device_array(1, np.float32)  # here: taking and giving back memory waits for the card
    turns, times = TURNS, list[float]()
    while len(times) < rounds:
        keep_busy[1, 1](np.int32(turns), result)
        start.record()
        for _ in range(CALLS):
            call()
        stop.record()
        idle = start.query()
        stop.synchronize()
        if idle and turns < MOST_TURNS:
            turns *= 2
        else:
            times.append(cuda.event_elapsed_time(start, stop) / 1e3 / CALLS)
    return median(times)


def wall_seconds(call: Callable[[], object], rounds: int, wait: Callable[[], object]) -> float:
    """Wall-clock time of one call, the host's part and all: the median over the rounds, each ended by ``wait``."""
    times = []
    for _ in range(rounds):
        wait()
        before = time.perf_counter()
        for _ in range(CALLS):
            call()
        wait()
        times.append((time.perf_counter() - before) / CALLS)
    return median(times)


def excuse(error: Exception) -> str:
    """Why there is no time, in one line."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, Refused) else f"{type(error).__name__}: {text}"


@cuda.jit
def keep_busy(turns, result):
    value = np.float32(1)
    for _ in range(turns):
        value = value * np.float32(0.5) + np.float32(0.5)
    result[0] = value


def _multiply_add_kernel() -> Any:
    CHAINS, TURNS = 16, 4096

    def multiply_add(y, factor):
        values = cuda.local.array(CHAINS, np.float32)
        for c in static(CHAINS):
            values[c] = np.float32(c)
        for _ in range(TURNS):
            for c in static(CHAINS):
                values[c] = values[c] * factor + factor
        total = np.float32(0)
        for c in static(CHAINS):
            total += values[c]
        y[cuda.grid(1)] = total

    return cuda.jit(frozen(multiply_add, {})), 2 * CHAINS * TURNS


@cuda.jit
def copy(x, y):
    for t in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        y[t] = x[t]


def roofs(rounds: int) -> dict[str, float]:
    """GFLOP/s of multiply-adds in registers, and GB/s of a copy too large for any cache."""
    blocks, threads = 8192, 256
    y = cuda.device_array(blocks * threads, np.float32)
    kernel, flops = _multiply_add_kernel()
    kernel[blocks, threads](y, np.float32(0.5))
    peak = blocks * threads * flops / kernel_seconds(lambda: kernel[blocks, threads](y, np.float32(0.5)), rounds) / 1e9
    size = 2**27
    one, other = cuda.device_array(size, np.float32), cuda.device_array(size, np.float32)
    copy[blocks, threads](one, other)
    memory = 8 * size / kernel_seconds(lambda: copy[blocks, threads](one, other), rounds) / 1e9
    return {"peak_gflops": peak, "memory_gb_s": memory}
