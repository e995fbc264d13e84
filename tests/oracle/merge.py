"""Where branches meet: two arrays become one number by number, or several stand side by side."""

import numpy as np


def merge(a, b):
    """name -> what becomes of a and b, in double precision."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    largest, smallest = np.maximum(a, b), np.minimum(a, b)
    return {"add": a + b, "subtract": a - b, "multiply": a * b, "maximum": largest, "minimum": smallest}


def to_the_larger(dy, a, b):
    """By half the sign of the difference: 1, 1/2 or 0 of dy. All of it where NaN leaves no difference."""
    share = (1 + np.sign(np.nan_to_num(np.asarray(a, np.float64) - b, posinf=1, neginf=-1, nan=1))) / 2
    share[np.asarray(a) == b] = 0.5  # infinities, too, whose difference is none
    return np.where(share == 0, 0.0, share * np.asarray(dy, np.float64))
