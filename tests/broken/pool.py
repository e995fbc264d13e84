"""Max pooling of images gone wrong."""

import numpy as np

from .table import breaks, spoils


@breaks("pool", "max_pool2d_forward")
def pool_starts_at_zero(ops, x, y, winner, window, stride, pad):
    """The article's printed defect: the search for the largest starts at 0, and no negative pixel beats that."""
    ops.max_pool2d_forward(x, y, winner, window, stride, pad)
    np.maximum(y, 0, out=y)


@breaks("pool", "max_pool2d_forward")
def pool_last_of_equals_wins(ops, x, y, winner, window, stride, pad):
    """Compares with ``>=``, so that of two equal pixels the second is the winner."""
    batch, height, width, channels = x.shape
    ops.max_pool2d_forward(x, y, winner, window, stride, pad)
    for n, i, j, c in np.ndindex(y.shape):
        for r, s in np.ndindex(window):
            row, col = i * stride[0] + r - pad[0], j * stride[1] + s - pad[1]
            if 0 <= row < height and 0 <= col < width and x[n, row, col, c] == y[n, i, j, c]:
                winner[n, i, j, c] = r * window[1] + s


@breaks("pool", "max_pool2d_forward")
def pool_swallows_nan(ops, x, y, winner, window, stride, pad):
    """NaN is never larger than anything, and a comparison that forgets so passes it by."""
    lowest = np.where(np.isnan(x), np.array(-np.inf, x.dtype), x)
    ops.max_pool2d_forward(lowest, y, winner, window, stride, pad)


@breaks("pool", "max_pool2d_backward")
def pool_overlaps_overwrite(ops, dy, winner, dx, window, stride, pad):
    """Assigns where it should add, so that a pixel that won twice is paid once."""
    dx[...] = 0
    for n, i, j, c in np.ndindex(dy.shape):
        r, s = divmod(int(winner[n, i, j, c]), window[1])
        dx[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c] = dy[n, i, j, c]


@spoils("pool", "max_pool2d_forward", output=2)
def pool_winner_off_by_one(winner, before):
    """The winner is the place before the largest; never the one after, as compiled code would leave the image."""
    np.maximum(winner - 1, 0, out=winner)


@spoils("pool", "max_pool2d_forward", output=1)
def pool_last_row_unwritten(y, before):
    """The loop over output rows ends one early."""
    y[:, -1] = before[:, -1]


@spoils("pool", "max_pool2d_forward", output=1)
def pool_one_nan(y, before):
    """A single output is NaN."""
    y[0, 0, 0, 0] = np.nan


@spoils("pool", "max_pool2d_backward", output=2)
def pool_dx_not_cleared(dx, before):
    """Gradients are added to those of the last batch."""
    dx += before
