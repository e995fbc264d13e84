"""The parts of LeNet-5 of 1998."""

import numpy as np

from .loss import softmax_cross_entropy


def subsample(x, w, b, dy, window):
    """(y, dx, dw, db)."""
    x, w, b, dy = (np.asarray(a, np.float64) for a in (x, w, b, dy))
    batch, rows, columns, channels = dy.shape
    inside = x[:, : rows * window[0], : columns * window[1]]
    total = inside.reshape(batch, rows, window[0], columns, window[1], channels).sum(axis=(2, 4))
    dx = np.zeros(x.shape)
    dx[:, : rows * window[0], : columns * window[1]] = (w * dy).repeat(window[0], axis=1).repeat(window[1], axis=2)
    return w * total + b, dx, (dy * total).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


def rbf(x, centres, dy):
    """(y, dx), by the binomial: |x|**2 - 2 x.c + |c|**2."""
    x, c, dy = (np.asarray(a, np.float64) for a in (x, centres, dy))
    y = 2 * x @ c.T - (x**2).sum(axis=1)[:, None] - (c**2).sum(axis=1)
    return y, 2 * (dy @ c - dy.sum(axis=1)[:, None] * x)


def maximum_a_posteriori(outputs, targets, weight, rubbish):
    """The cross-entropy with one class more."""
    outputs, targets = np.asarray(outputs, np.float64), np.asarray(targets, np.float64)
    more = np.full((len(outputs), 1), -float(rubbish))
    losses, gradient = softmax_cross_entropy(np.hstack([outputs, more]), np.hstack([targets, 0 * more]), weight)
    return losses, gradient[:, :-1]
