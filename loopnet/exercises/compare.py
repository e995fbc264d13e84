"""When numbers count as equal: floats that went through sums in another order differ in their last digits."""

from typing import Any

import numpy as np


def close(given: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    """Cell by cell, ``tolerance`` being relative for numbers above 1. NaN is close to nothing."""
    with np.errstate(invalid="ignore"):
        a, b = given.astype(np.float64), expected.astype(np.float64)
        return (a == b) | (np.abs(a - b) <= tolerance * np.maximum(1, np.abs(b)))


def same(given: Any, expected: Any, tolerance: float) -> bool:
    """Whether two arrays, or numbers, are equal throughout; here NaN is the same as NaN."""
    a, b = np.asarray(given), np.asarray(expected)
    if a.shape != b.shape:
        return False
    nan = np.isnan(a.astype(np.float64)) & np.isnan(b.astype(np.float64))
    return bool((nan | close(a, b, tolerance)).all())


def all_same(given: dict[str, Any], expected: dict[str, Any], tolerance: float) -> bool:
    """Whether the arrays that both have under one name are the same."""
    return all(same(given[name], expected[name], tolerance) for name in given.keys() & expected.keys())
