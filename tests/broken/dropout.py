"""Dropout gone wrong."""

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
