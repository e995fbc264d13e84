"""How fast a loop is beside ours: as ratios, measured in turn in one process, at the sizes of LeNet-5."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import CPU_BACKENDS, Ops, get_ops

BATCH = 32
ROUNDS = 7
SHORTEST = 0.02  # seconds that one measurement lasts at least


def arguments(operation: str, ops: Ops, batch: int) -> tuple[Any, ...]:
    """Arrays and scalars for one call, in the rung's own memory, of LeNet-5's second convolution or its neighbours."""
    random = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    def tensor(*shape: int) -> Any:
        return ops.pack(array(*shape))

    def plain(*shape: int) -> Any:
        return ops.asarray(array(*shape))

    x, y, filters = (batch, 14, 14, 6), (batch, 10, 10, 16), (5, 5, 6, 16)
    pooled = (batch, 5, 5, 16)
    winner = ops.pack(random.integers(0, 4, pooled).astype(np.int32))
    one, two, none = (1, 1), (2, 2), (0, 0)
    scalar = np.float32
    made: dict[str, Callable[[], tuple[Any, ...]]] = {
        "conv2d_forward": lambda: (tensor(*x), plain(*filters), plain(16), tensor(*y), one, none),
        "conv2d_backward_input": lambda: (tensor(*y), plain(*filters), tensor(*x), one, none),
        "conv2d_backward_weights": lambda: (tensor(*y), tensor(*x), plain(*filters), plain(16), one, none),
        "max_pool2d_forward": lambda: (tensor(*y), tensor(*pooled), winner, two, two, none),
        "max_pool2d_backward": lambda: (tensor(*pooled), winner, tensor(*y), two, two, none),
        "relu_forward": lambda: (tensor(*y), tensor(*y)),
        "relu_backward": lambda: (tensor(*y), tensor(*y), tensor(*y)),
        "dense_forward": lambda: (tensor(batch, 400), plain(400, 120), plain(120), tensor(batch, 120)),
        "dense_backward_weights": lambda: (tensor(batch, 120), tensor(batch, 400), plain(400, 120), plain(120)),
        "softmax_cross_entropy": lambda: (
            tensor(batch, 10), tensor(batch, 10), plain(batch), plain(batch), tensor(batch, 10),
        ),
        "sgd_update": lambda: (*(plain(1000 * batch) for _ in range(3)), scalar(0.01), scalar(0.9), False),
        "adam_update": lambda: (
            *(abs(plain(1000 * batch)) for _ in range(4)), *map(scalar, (1e-3, 0.9, 0.999, 1e-7, 0.1, 0.001)),
        ),
    }  # fmt: skip
    return made[operation]()


def speeds(operation: str, yours: Callable) -> dict[str, float]:
    """How many times as fast as Python ours and ``yours`` are, slowest rung first; the median of rounds in turn."""
    rungs = {name: get_ops(name) for name in CPU_BACKENDS}
    kernels: dict[str, tuple[Ops, Callable]] = {name: (ops, getattr(ops, operation)) for name, ops in rungs.items()}
    python_ops, python = kernels.pop("python")
    if kernels["tuned"][1] is kernels["parallel"][1]:
        del kernels["tuned"]  # no loop of its own
    kernels["yours"] = get_ops("parallel"), yours
    calls = {name: (kernel, arguments(operation, ops, BATCH)) for name, (ops, kernel) in kernels.items()}
    repeats = {name: _warm(*call) for name, call in calls.items()}
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            rounds[name].append(_seconds(*call, repeats[name]))
    slow = arguments(operation, python_ops, 1)
    by_python = min(_seconds(python, slow, 1) for _ in range(3)) * BATCH
    ratios = {name: by_python / statistics.median(seconds) for name, seconds in rounds.items()}
    return {"python": 1.0, **dict(sorted(ratios.items(), key=lambda item: item[1]))}


def _warm(kernel: Callable, given: tuple[Any, ...]) -> int:
    """Compile, and find how many calls one measurement needs."""
    kernel(*given)
    repeats = 1
    while _seconds(kernel, given, repeats) * repeats < SHORTEST and repeats < 10_000:
        repeats *= 2
    return repeats


def _seconds(kernel: Callable, given: tuple[Any, ...], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        kernel(*given)
    return (time.perf_counter() - start) / repeats
