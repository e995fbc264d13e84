"""Batch normalisation over lanes: the loops of ``kernels/normalization.py``, where a channel of a block is one run.

    x, dx, y, dy    [block][channel][pixel and lane], or [1][feature][image]
    mean, variance, gamma, beta, dgamma, dbeta  (channels,)

Mean and variance are those of a batch, and an empty lane would count as an image: the batch must fill its lanes
(``borders.py`` sees to that).
"""

import math

import numpy as np
from numba import njit, prange

from .conv2d import FAST, u


@njit(parallel=True, cache=True, **FAST)
def batch_norm_statistics(x, mean, variance):
    """Each run is read twice while it is in the cache: for its own mean, ``middle``, and for squares around that.
    Around the mean m of all runs they come to

        sum (x - m) ** 2  =  sum over runs of  squares + size * (middle - m) ** 2

    where m is not known before the last run; so the distances between means are taken from the first run's, which is
    close, and moved to m at the end.

    One turn of the parallel loop owns one channel.
    """
    for c in prange(x.shape[1]):
        size, blocks = u(x.shape[2]), u(x.shape[0])
        total = squares = away = far = first = np.float64(0)
        for block in range(blocks):
            of_run = around = x.dtype.type(0)
            for i in range(size):
                of_run += x[block, c, i]
            middle = x.dtype.type(of_run / size)
            for i in range(size):
                around += (x[block, c, i] - middle) * (x[block, c, i] - middle)
            if block == u(0):
                first = np.float64(middle)
            total += of_run
            squares += around
            away += middle - first
            far += (middle - first) * (middle - first)
        mean[c] = total / (blocks * size)
        variance[c] = (squares + size * (far - away * away / blocks)) / (blocks * size)


@njit(parallel=True, cache=True, **FAST)
def batch_norm_forward(x, mean, variance, gamma, beta, y, epsilon):
    """One turn of the parallel loop owns one channel of one block of y."""
    channels = x.shape[1]
    for turn in prange(x.shape[0] * channels):
        block, c = divmod(np.int64(turn), channels)
        slope = x.dtype.type(np.float64(gamma[c]) / math.sqrt(np.float64(variance[c]) + epsilon))
        for i in range(u(x.shape[2])):
            y[block, c, i] = slope * (x[block, c, i] - mean[c]) + beta[c]


@njit(parallel=True, cache=True, **FAST)
def batch_norm_backward_weights(dy, x, mean, variance, dgamma, dbeta, epsilon):
    """One turn of the parallel loop owns one channel."""
    for c in prange(x.shape[1]):
        scale = x.dtype.type(1 / math.sqrt(np.float64(variance[c]) + epsilon))
        total_gamma = total_beta = x.dtype.type(0)
        for block in range(x.shape[0]):
            gamma_of_run = beta_of_run = x.dtype.type(0)
            for i in range(u(x.shape[2])):
                gamma_of_run += dy[block, c, i] * ((x[block, c, i] - mean[c]) * scale)
                beta_of_run += dy[block, c, i]
            total_gamma += gamma_of_run
            total_beta += beta_of_run
        dgamma[c], dbeta[c] = total_gamma, total_beta


@njit(parallel=True, cache=True, **FAST)
def batch_norm_backward_input(dy, x, mean, variance, gamma, dgamma, dbeta, dx, epsilon):
    """One turn of the parallel loop owns one channel of one block of dx."""
    channels = x.shape[1]
    for turn in prange(x.shape[0] * channels):
        block, c = divmod(np.int64(turn), channels)
        count = x.dtype.type(x.shape[0] * x.shape[2])
        scale = x.dtype.type(1 / math.sqrt(np.float64(variance[c]) + epsilon))
        slope, mean_dy, tilt = gamma[c] * scale, dbeta[c] / count, scale * (dgamma[c] / count)
        for i in range(u(x.shape[2])):
            dx[block, c, i] = slope * ((dy[block, c, i] - mean_dy) - (x[block, c, i] - mean[c]) * tilt)
