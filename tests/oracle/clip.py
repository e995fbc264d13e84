"""Gradients made smaller."""

import numpy as np


def clip_by_value(dw, limit):
    return np.clip(np.asarray(dw, np.float64), -limit, limit)


def clip_by_norm(dw, limit):
    """The nearest vector of norm `limit`, unless dw is shorter."""
    dw = np.asarray(dw, np.float64)
    return dw * min(1.0, limit / max(np.linalg.norm(dw), 1e-300))
