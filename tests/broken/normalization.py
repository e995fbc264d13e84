"""Batch normalization gone wrong."""

import numpy as np

from .table import breaks, spoils


@breaks("batch_norm", "batch_norm_statistics")
def variance_of_a_sample(ops, x, mean, variance):
    """Divided by one less than the count, as PyTorch keeps it and Keras does not."""
    ops.batch_norm_statistics(x, mean, variance)
    count = x.size // x.shape[-1]
    variance *= count / (count - 1)


@breaks("batch_norm", "batch_norm_statistics")
def variance_in_one_pass(ops, x, mean, variance):
    """The mean of squares less the square of the mean: two large numbers, whose difference has lost its last digits."""
    axes = tuple(range(x.ndim - 1))
    mean[...] = x.mean(axis=axes)
    variance[...] = (x * x).mean(axis=axes) - mean * mean


@breaks("batch_norm", "batch_norm_forward")
def epsilon_beside_the_root(ops, x, mean, variance, gamma, beta, y, epsilon):
    """Epsilon is added to the deviation and not to the variance."""
    y[...] = gamma * (x - mean) / (np.sqrt(variance) + epsilon) + beta


@breaks("batch_norm", "batch_norm_backward_input")
def statistics_taken_for_constants(ops, dy, x, mean, variance, gamma, dgamma, dbeta, dx, epsilon):
    """Forgets that every pixel moves the mean and the variance, too."""
    dx[...] = gamma / np.sqrt(variance + epsilon) * dy


@spoils("batch_norm", "batch_norm_backward_weights", output=5)
def dbeta_forgotten(dbeta, before):
    """Nobody writes beta's gradient."""
    dbeta[:] = before


@breaks("batch_norm", "moving_average")
def moving_average_shares_swapped(ops, moving, latest, share):
    """The latest batch gets the share of all the earlier ones."""
    ops.moving_average(moving, latest, 1 - share)
