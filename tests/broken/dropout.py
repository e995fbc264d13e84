"""Dropout and Gaussian noise gone wrong."""

import numpy as np

from .table import breaks


@breaks("dropout", "dropout")
def the_rest_not_enlarged(ops, x, y, rate, key, step):
    """What is kept keeps its size, so that sums in training are smaller than they will be later."""
    ops.dropout(x, y, rate, key, step)
    y *= 1 - rate


@breaks("dropout", "dropout")
def every_step_the_same_mask(ops, x, y, rate, key, step):
    """The number of the step has no say: the same units are missing for ever."""
    ops.dropout(x, y, rate, key, 0)


@breaks("dropout", "dropout")
def kept_and_dropped_swapped(ops, x, y, rate, key, step):
    """Keeps the share that was to be dropped."""
    ops.dropout(x, y, rate, key, step)
    y[...] = np.where(y == 0, x / (1 - rate), 0)


@breaks("channel_dropout", "channel_dropout")
def every_pixel_tossed_for(ops, x, y, rate, key, step):
    """Drops numbers, and not channels."""
    ops.dropout(x, y, rate, key, step)


@breaks("channel_dropout", "channel_dropout")
def all_images_lose_the_same_channels(ops, x, y, rate, key, step):
    """Which image it is has no say."""
    for n in range(len(x)):
        ops.channel_dropout(x[n : n + 1], y[n : n + 1], rate, key, step)


@breaks("gaussian", "gaussian_noise")
def variance_for_standard_deviation(ops, x, y, stddev, key, step):
    """The noise is as large as its square."""
    ops.gaussian_noise(x, y, stddev * stddev, key, step)


@breaks("gaussian", "gaussian_noise")
def noise_of_the_step_before(ops, x, y, stddev, key, step):
    """Begins to count too late."""
    ops.gaussian_noise(x, y, stddev, key, step - 1 if step else 0)


@breaks("gaussian", "gaussian_dropout")
def factor_around_zero(ops, x, y, stddev, key, step):
    """The 1 is forgotten: nothing but noise is left."""
    ops.gaussian_dropout(x, y, stddev, key, step)
    y -= x
