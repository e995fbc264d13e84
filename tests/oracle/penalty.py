"""What weights add to the loss by being large."""

import numpy as np


def weight_penalty(w, l1, l2):
    """(penalty, gradient): norms of the vector, and the slope of each weight's own part."""
    w = np.asarray(w, np.float64)
    return l1 * np.linalg.norm(w, 1) + l2 * np.linalg.norm(w, 2) ** 2, np.sign(w) * (l1 + 2 * l2 * np.abs(w))
