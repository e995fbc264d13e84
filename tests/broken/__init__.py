"""Kernels that are wrong on purpose, one fault each, to see that the suite objects to every one.

A file for each family of operations, as in checks/; table.py says how a fault is written down.
"""

from . import (
    activation,
    augmentation,
    clip,
    conv,
    dense,
    dropout,
    fused,
    lenet1998,
    loss,
    merge,
    moves,
    normalization,
    optimizer,
    penalty,
    pool,
    pool3d,
)
from .table import BREAKS, broken

__all__ = [
    "BREAKS", "broken",
    "activation", "augmentation", "clip", "conv", "dense", "dropout", "fused", "lenet1998", "loss", "merge",
    "moves", "normalization", "optimizer", "penalty", "pool", "pool3d",
]  # fmt: skip
