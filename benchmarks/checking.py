"""Nothing is timed that has not just computed the right answer: a wrong kernel would win every race."""

import importlib.util
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

Arrays = Mapping[str, np.ndarray]

TOLERANCE = 2e-6
"""As a share of the largest number of an array. Inputs are drawn in quarters, so most float32 sums are exact."""


class Refused(Exception):
    """The answer is wrong, so its time says nothing. The message says what is wrong."""


@cache
def oracle() -> ModuleType:
    """The test suite's: NumPy in float64, by other means than loopnet's loops (``tests/oracle``)."""
    path = Path(__file__).parents[1] / "tests" / "oracle" / "__init__.py"
    specification = importlib.util.spec_from_file_location("oracle", path)
    if specification is None or specification.loader is None or not path.is_file():
        raise FileNotFoundError("the benchmarks need tests/oracle beside them, and it is not there")
    module = importlib.util.module_from_spec(specification)
    sys.modules["oracle"] = module  # a package, whose parts look here for each other
    specification.loader.exec_module(module)
    return module


def check(got: Arrays, want: Arrays, tolerance: float = TOLERANCE) -> None:
    """Raise :class:`Refused` unless every array is there, finite, of the right shape and close to what is wanted."""
    if got.keys() != want.keys():
        raise Refused(f"answers {', '.join(got)}; expected {', '.join(want)}")
    for name, expected in want.items():
        array = np.asarray(got[name], np.float64)
        if array.shape != expected.shape:
            raise Refused(f"{name}: shape {array.shape}; expected {expected.shape}")
        if not np.isfinite(array).all():
            raise Refused(f"{name}: {np.count_nonzero(~np.isfinite(array))} of {array.size} numbers are not finite")
        allowed = tolerance * np.abs(expected).max(initial=0)
        worst = np.abs(array - expected).max(initial=0)
        if not worst <= allowed:
            raise Refused(f"{name}: off by {worst:.3g}, where {allowed:.3g} is allowed")
