"""A process of its own for test_tuned_processes.py: trains small networks on the tuned rung, reports in JSON.

    python tuned_child.py [the networks' names]

Numbers are reported as their bytes' digest: what is asked of them is that they are the same. Losses are reported by
themselves, too, for processes whose kernels are not the same.
"""

import hashlib
import json
import re
import sys
from collections.abc import Callable
from functools import partial

import numba
import numpy as np
from numba.core import event

from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from loopnet.lenet import lenet5
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.model import Sequential

STEPS = 3
BATCH = 100  # two blocks of lanes, some of them empty
FULL_VECTORS = 64  # two blocks of lanes that vector registers divide
FEW = 20  # one block of lanes that do not fill vector registers


def same_padded() -> Sequential:
    layers = [
        Input((9, 8, 3)),
        Conv2D(6, 3, padding="same", activation="relu"), MaxPooling2D(),
        Conv2D(5, 3, padding="same", activation="relu"),
        Flatten(), Dense(10),
    ]  # fmt: skip
    return Sequential(layers, seed=0)


def wide() -> Sequential:
    """Its second convolution goes Winograd's way, and back by the winners alone."""
    layers = [
        Input((14, 14, 1)),
        Conv2D(12, 3, activation="relu"), MaxPooling2D(),
        Conv2D(32, 5, activation="relu"), MaxPooling2D(),
        Flatten(), Dense(10),
    ]  # fmt: skip
    return Sequential(layers, seed=0)


def without_pooling() -> Sequential:
    layers = [Input((9, 8, 6)), Conv2D(6, 5, activation="relu"), Flatten(), Dense(10)]
    return Sequential(layers, seed=0)


NETWORKS: dict[str, tuple[Callable[[], Sequential], int]] = {
    "lenet5": (partial(lenet5, seed=0), BATCH),
    "lenet5, full vectors": (partial(lenet5, seed=0), FULL_VECTORS),
    "lenet5, few images": (partial(lenet5, seed=0), FEW),
    "same padded": (same_padded, BATCH),
    "wide": (wide, BATCH),
    "without pooling, full vectors": (without_pooling, FULL_VECTORS),
}
"""How each is made, and how many images it trains on."""


def train(model: Sequential, batch: int) -> tuple[list[float], dict[str, str]]:
    """The losses, and digests of losses, gradients and weights of the last step."""
    random = np.random.default_rng(0)
    model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), backend="tuned")
    x = random.standard_normal((batch, *model.input_shape[1:])).astype("float32")
    labels = random.integers(10, size=batch)
    losses = [model.train_on_batch(x, labels) for _ in range(STEPS)]
    gradients = [np.asarray(p.grad) for layer in model.layers for p in layer.parameters]
    arrays = {"losses": [np.array(losses)], "gradients": gradients, "weights": model.get_weights()}
    assert np.isfinite(losses).all()
    digests = {n: hashlib.sha256(b"".join(a.tobytes() for a in list_)).hexdigest() for n, list_ in arrays.items()}
    return losses, digests


class Compilations(event.Listener):
    """The names of the functions that Numba compiles, and does not load from disk."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_start(self, event: event.Event) -> None:
        self.names.append(event.data["dispatcher"].py_func.__name__)

    def on_end(self, event: event.Event) -> None:
        pass


def most_vector_fmas(assembly: str) -> int:
    """The largest number of multiply-adds on whole vectors in one basic block: that of the hottest unrolled loop.

    A block ends where a label stands, which is where a jump may land.
    """
    blocks = re.split(r"^[.\w$]+:", assembly, flags=re.MULTILINE)
    return max(len(re.findall(r"\bvfmadd\d+p[sd]\b.*%[yz]mm", block)) for block in blocks)


def fmas_of_kernels() -> dict[str, int]:
    """Of each kernel of the tuned rung that this process has compiled; Numba shows no assembly of what it loads."""
    modules = [module for name, module in sys.modules.items() if name.startswith("loopnet.kernels.tuned")]
    found = {value for module in modules for value in vars(module).values() if hasattr(value, "inspect_asm")}
    return {
        f"{kernel.py_func.__module__.rpartition('.')[2]}.{kernel.py_func.__name__}": max(
            map(most_vector_fmas, kernel.inspect_asm().values())
        )
        for kernel in found
        if kernel.stats.cache_misses
    }


if __name__ == "__main__":
    compilations = Compilations()
    losses: dict[str, list[float]] = {}
    results: dict[str, dict[str, dict[str, str]]] = {}
    with event.install_listener("numba:compile", compilations):
        for threads in range(1, min(2, numba.config.NUMBA_NUM_THREADS) + 1):
            numba.set_num_threads(threads)
            of_threads = results[f"{threads} of {numba.config.NUMBA_NUM_THREADS}"] = {}
            for name in sys.argv[1:] or NETWORKS:
                make, batch = NETWORKS[name]
                losses[name], of_threads[name] = train(make(), batch)
    report = {"compiled": compilations.names, "fmas": fmas_of_kernels(), "losses": losses, "results": results}
    print(json.dumps(report))
