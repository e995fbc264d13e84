"""When two answers are equal: within a rung's tolerance, or to the bit."""

import numpy as np

from .rung import Arrays

# Rungs that run the textbook's source must answer as Python does, to the bit.
SAME_BITS_AS_PYTHON = ("literal", "parallel")

# How far from the oracle a rung may be, as a share of the largest number in the array. One line for each
# new rung. The tuned rung adds up in another order and in more, shorter sums, which is no less exact.
TOLERANCE = {
    "python": {"float32": 2e-6, "float64": 2e-14},
    "literal": {"float32": 2e-6, "float64": 2e-14},
    "parallel": {"float32": 2e-6, "float64": 2e-14},
    "tuned": {"float32": 2e-6, "float64": 2e-14},
    # A GPU's exp, log and pow are off by a few units in the last place, and work in the arrays' own dtype.
    "cuda_literal": {"float32": 4e-6, "float64": 4e-14},
    "cuda": {"float32": 4e-6, "float64": 4e-14},
}


def assert_close(got: Arrays, want: Arrays, tolerance: float, dtype: str) -> None:
    """Every array present, of the right dtype and shape, off by at most `tolerance` times its largest number.

    NaN and infinities must stand exactly where the expected array has them.
    """
    assert got.keys() == want.keys()
    for name, expected in want.items():
        array = got[name]
        right_dtype = expected.dtype if expected.dtype.kind == "i" else dtype
        assert array.dtype == right_dtype, f"{name}: {array.dtype}, expected {right_dtype}"
        assert array.shape == expected.shape, f"{name}: shape {array.shape}, expected {expected.shape}"
        finite = np.abs(expected[np.isfinite(expected)])
        allowed = tolerance * finite.max() if finite.size else 0.0
        np.testing.assert_allclose(array, expected, rtol=0, atol=allowed, equal_nan=True, err_msg=name)


def assert_same_bits(got: Arrays, want: Arrays) -> None:
    """Equal to the last bit, the sign of zero included; NaN equals NaN whatever its sign and payload."""
    assert got.keys() == want.keys()
    for name, expected in want.items():
        array = got[name]
        assert array.dtype == expected.dtype and array.shape == expected.shape, name
        different = array.view(f"u{array.itemsize}") != expected.view(f"u{expected.itemsize}")
        different &= ~((array != array) & (expected != expected))
        assert not different.any(), f"{name} differs at {np.argwhere(different)[:5].tolist()}"
