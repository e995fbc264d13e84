"""Random numbers that can be repeated: one seed for everything that does not bring its own."""

import numpy as np

_source = np.random.default_rng()


def set_random_seed(seed: int) -> None:
    """From here on, models without a ``seed`` of their own initialise and shuffle alike on every run."""
    global _source
    _source = np.random.default_rng(seed)


def generators(seed: int | None) -> tuple[np.random.Generator, np.random.Generator]:
    """Two independent streams from one seed: for initial weights and for shuffling."""
    if seed is None:
        seed = int(_source.integers(2**63))
    first, second = np.random.SeedSequence(seed).spawn(2)
    return np.random.default_rng(first), np.random.default_rng(second)
