"""Batch normalization."""

import numpy as np


def batch_norm(x, gamma, beta, dy, epsilon):
    """(mean, variance, y, dgamma, dbeta, dx); dx by the chain rule through mean and variance, one step at a time."""
    x, gamma, beta, dy = (np.asarray(a, np.float64) for a in (x, gamma, beta, dy))
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    deviation = np.sqrt(variance + epsilon)
    centred = x - mean
    d_hat = dy * gamma
    d_variance = (d_hat * centred).sum(axis=axes) * -0.5 / deviation**3
    d_mean = -(d_hat / deviation).sum(axis=axes)
    count = x.size // x.shape[-1]
    dx = d_hat / deviation + d_variance * 2 * centred / count + d_mean / count
    y = gamma * centred / deviation + beta
    return mean, variance, y, (dy * centred / deviation).sum(axis=axes), dy.sum(axis=axes), dx
