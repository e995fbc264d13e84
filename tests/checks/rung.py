"""Inputs drawn for a case, and the way into a rung's memory and back.

What has one row for each image is a tensor, laid out as the rung likes; weights, their gradients and the optimizer's
vectors are plain arrays.
"""

import zlib
from typing import Any

import numpy as np

from loopnet.ops import Ops

Arrays = dict[str, np.ndarray]


def tensor(ops: Ops, array: np.ndarray) -> Any:
    return ops.pack(array)


def plain(ops: Ops, array: np.ndarray) -> Any:
    return ops.asarray(array.copy())


def poison(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """What outputs start as: NaN (or -7), so that an element which a kernel forgets cannot pass for a zero."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else -7, dtype)


def on_host(array: Any) -> np.ndarray:
    """A plain array of a rung as a NumPy array."""
    return np.asarray(array)


def generator(case: Any) -> np.random.Generator:
    """The same numbers for a case on every rung."""
    return np.random.default_rng(zlib.crc32(repr(case).encode()))


def draw(case: Any, dtype: str, **shapes: tuple[int, ...]) -> Arrays:
    """Standard normal numbers, rounded to the dtype afterwards."""
    random = generator(case)
    return {name: random.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}
