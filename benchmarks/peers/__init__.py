"""The peers: each builds the networks of ``nets.py`` in its own idiom, with the same weights, images and optimiser.

A peer is a module here with three functions:

    start(threads)                            once, before anything else
    variants(kind, batch)                     its ways to do a task, all worth a trial; the fastest one races
    build(net, kind, batch, variant, threads) a ``Program``: one training step, or one inference, again and again

``kind`` is "train" or "infer". A step ends with all weights changed; an inference with all logits in memory. The batch
lies where the peer wants it before the clock starts: nobody pays for reading data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _nothing(*_: Any) -> None:
    """For a peer that has nothing to do here."""


@dataclass(frozen=True)
class Program:
    call: Callable[[], Any]
    """One step or one inference; may return before it is done."""
    answer: Callable[[Any], list[float]]
    """What ``call`` computed: the loss before the step, or the first image's logits."""
    finish: Callable[[Any], object] = _nothing
    """Waits until what ``call`` returned is really there."""
    before: Callable[[], object] = _nothing
    """Called before each burst."""


@dataclass(frozen=True)
class Peer:
    """What the parent process knows of a peer without importing it."""

    module: str
    package: str
    title: str
    environments: dict[str, dict[str, str]]
    """By name, the environment variables to try it with."""


# Without these, glibc gives large arrays back to the system after each step, and each step faults the pages in again.
# A PyTorch step is up to twice as fast with them; nobody is slower.
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "67108864",
}
# A thread of libgomp that waits for work spins for milliseconds, in the way of the one it waits for if cores are busy.
SHORT_SPIN = {"GOMP_SPINCOUNT": "10000"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}

PEERS = {
    "torch": Peer(
        "torch_peer",
        "torch",
        "PyTorch",
        {"malloc settings": MALLOC, "malloc settings, short spin": {**MALLOC, **SHORT_SPIN}},
    ),
    "tensorflow": Peer(
        "tensorflow_peer",
        "tensorflow",
        "TensorFlow",
        {
            "oneDNN, malloc settings": {**MALLOC, "TF_ENABLE_ONEDNN_OPTS": "1"},
            "no oneDNN, malloc settings": {**MALLOC, "TF_ENABLE_ONEDNN_OPTS": "0"},
        },
    ),
    "jax": Peer("jax_peer", "jax", "JAX", {"malloc settings": MALLOC}),
}
LOOPNET = Peer("loopnet_peer", "loopnet", "loopnet", {"": {}})
PEAK = Peer("peak_peer", "loopnet", "peak", {"": {}})
