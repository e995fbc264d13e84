"""Dense layers."""

import numpy as np


def dense_forward(x, w, b):
    return np.asarray(x, np.float64) @ np.asarray(w, np.float64) + np.asarray(b, np.float64)


def dense_backward_input(dy, w):
    return np.asarray(dy, np.float64) @ np.asarray(w, np.float64).T


def dense_backward_weights(dy, x):
    """(dw, db)."""
    dy, x = np.asarray(dy, np.float64), np.asarray(x, np.float64)
    return x.T @ dy, dy.sum(axis=0)
