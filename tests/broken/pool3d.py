"""Pooling of volumes gone wrong: the largest, the mean, the norm."""

import numpy as np

from .table import breaks, spoils


@breaks("max_pool3d", "max_pool3d_forward")
def max_pool3d_swallows_nan(ops, x, y, winner, window, stride, pad):
    """A comparison that forgets that NaN is never larger passes it by."""
    lowest = np.where(np.isnan(x), np.array(-np.inf, x.dtype), x)
    ops.max_pool3d_forward(lowest, y, winner, window, stride, pad)


@spoils("max_pool3d", "max_pool3d_forward", output=2)
def max_pool3d_winner_off_by_one(winner, before):
    """The winner is the place before the largest; never the one after, as compiled code would leave the image."""
    np.maximum(winner - 1, 0, out=winner)


@spoils("max_pool3d", "max_pool3d_backward", output=2)
def max_pool3d_dx_not_cleared(dx, before):
    """Gradients are added to those of the last batch."""
    dx += before


@breaks("average_pool3d", "average_pool3d_forward")
def average_strides_of_the_neighbour_axis(ops, x, y, window, stride, pad):
    """Rows are as far apart as planes ought to be, planes as columns, and columns as rows."""
    ops.average_pool3d_forward(x, y, window, (stride[2], *stride[:2]), pad)


@breaks("average_pool3d", "average_pool3d_forward")
def average_counts_the_padding(ops, x, y, window, stride, pad):
    """Divides by the whole window, also where half of it lies outside the image."""
    rest = [(y.shape[1 + a] - 1) * stride[a] + window[a] - pad[a] - x.shape[1 + a] for a in range(3)]
    frame = [(0, 0), *((pad[a], max(rest[a], 0)) for a in range(3)), (0, 0)]
    ops.average_pool3d_forward(np.pad(x, frame), y, window, stride, (0, 0, 0))


@spoils("average_pool3d", "average_pool3d_backward", output=1)
def average_dx_not_cleared(dx, before):
    """Gradients are added to those of the last batch."""
    dx += before


@breaks("lp_pool3d", "lp_pool3d_forward")
def norm_is_always_two(ops, x, y, window, stride, pad, norm):
    """The Euclidean length, whichever norm was asked for."""
    ops.lp_pool3d_forward(x, y, window, stride, pad, 2.0)


@breaks("lp_pool3d", "lp_pool3d_backward")
def norm_forgets_the_sign(ops, dy, x, y, dx, window, stride, pad, norm):
    """A negative pixel's gradient points the wrong way: longer is further from 0, not larger."""
    ops.lp_pool3d_backward(dy, np.abs(x), y, dx, window, stride, pad, norm)
