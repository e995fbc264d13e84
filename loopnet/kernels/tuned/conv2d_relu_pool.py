"""Convolution, ReLU and 2x2 max pooling in one.

The two rows of convolution outputs beneath a row of pooling are computed, pooled while they are still in the
first-level cache, and dropped: the largest array of the network is not even stored. Backward, ``winner`` says
all that is needed: of each window's four gradients three are 0, and all four where ReLU switched the unit off.
For the loops and their layout see ``conv2d.py`` beside this file.

    y, dy    [block][filter][pooled row][pooled run]
    winner   the same shape, int8: 2 * r + s of the winner in its window, or DEAD where ReLU switched the unit off
    scratch  [thread][4 filters][upper, lower][run]
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u

DEAD = np.int8(4)


@njit(forceinline=True, **FAST)
def pool_row(scratch, me, q, lanes, y, winner, block, k, i):
    """Pooled row i of filter k from the two rows in slot q. NaN wins, as in the textbook loop."""
    zero = y.dtype.type(0)
    for j in range(u(y.shape[3]) // lanes):
        left, right, pooled = u(2) * j * lanes, (u(2) * j + u(1)) * lanes, j * lanes
        for lane in range(lanes):
            best, best_at = scratch[me, q, 0, left + lane], np.int8(0)
            value = scratch[me, q, 0, right + lane]
            if value > best or value != value:
                best, best_at = value, np.int8(1)
            value = scratch[me, q, 1, left + lane]
            if value > best or value != value:
                best, best_at = value, np.int8(2)
            value = scratch[me, q, 1, right + lane]
            if value > best or value != value:
                best, best_at = value, np.int8(3)
            if best <= zero:
                best, best_at = zero, DEAD
            y[block, k, i, pooled + lane] = best
            winner[block, k, i, pooled + lane] = best_at


@njit(parallel=True, cache=True, **FAST)
def conv2d_relu_pool_forward(x, w, b, y, winner, scratch, lanes, taps):
    """``conv2d.conv2d_forward`` for two rows, then pooling. One turn of the parallel loop owns one pooled row
    of one block.
    """
    filters, channels, pooled_height = w.shape[3], x.shape[1], y.shape[2]
    lanes, run = u(lanes), u(scratch.shape[3])
    for turn in prange(y.shape[0] * pooled_height):
        block, i = divmod(np.int64(turn), pooled_height)
        me = get_thread_id()
        in_fours = filters - filters % 4
        for k in range(0, in_fours, 4):
            for below in range(2):
                for q in range(4):
                    for t in range(run):
                        scratch[me, q, below, t] = b[k + q]
                for c in range(channels):
                    for r in range(w.shape[0]):
                        row = 2 * i + below + r
                        for t in range(run):
                            s0, s1 = scratch[me, 0, below, t], scratch[me, 1, below, t]
                            s2, s3 = scratch[me, 2, below, t], scratch[me, 3, below, t]
                            for s in range(u(len(taps))):
                                pixel = x[block, c, row, t + s * lanes]
                                s0 += pixel * w[r, s, c, k]
                                s1 += pixel * w[r, s, c, k + 1]
                                s2 += pixel * w[r, s, c, k + 2]
                                s3 += pixel * w[r, s, c, k + 3]
                            scratch[me, 0, below, t], scratch[me, 1, below, t] = s0, s1
                            scratch[me, 2, below, t], scratch[me, 3, below, t] = s2, s3
            for q in range(4):
                pool_row(scratch, me, q, lanes, y, winner, block, k + q, i)
        for k0 in range(in_fours, filters, 2):  # what four do not divide, two at a time
            k1 = min(k0 + 1, filters - 1)
            for below in range(2):
                for t in range(run):
                    scratch[me, 0, below, t] = b[k0]
                    scratch[me, 1, below, t] = b[k1]
                for c in range(channels):
                    for r in range(w.shape[0]):
                        row = 2 * i + below + r
                        for t in range(run):
                            s0, s1 = scratch[me, 0, below, t], scratch[me, 1, below, t]
                            for s in range(u(len(taps))):
                                pixel = x[block, c, row, t + s * lanes]
                                s0 += pixel * w[r, s, c, k0]
                                s1 += pixel * w[r, s, c, k1]
                            scratch[me, 0, below, t], scratch[me, 1, below, t] = s0, s1
            pool_row(scratch, me, 0, lanes, y, winner, block, k0, i)
            pool_row(scratch, me, 1, lanes, y, winner, block, k1, i)


@njit(parallel=True, cache=True, **FAST)
def relu_pool_backward(dy, winner, dz):
    """The gradient of the convolution's outputs: dy where the winner stood, 0 elsewhere.

    All three are [block][filter][row][column][lane]. Overwrites dz. One turn of the parallel loop owns one
    filter's outputs in one block.
    """
    filters, zero = dy.shape[1], dz.dtype.type(0)
    for turn in prange(dy.shape[0] * filters):
        block, k = divmod(np.int64(turn), filters)
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                for lane in range(u(dy.shape[4])):
                    gradient, best_at = dy[block, k, i, j, lane], winner[block, k, i, j, lane]
                    dz[block, k, 2 * i, 2 * j, lane] = gradient if best_at == 0 else zero
                    dz[block, k, 2 * i, 2 * j + 1, lane] = gradient if best_at == 1 else zero
                    dz[block, k, 2 * i + 1, 2 * j, lane] = gradient if best_at == 2 else zero
                    dz[block, k, 2 * i + 1, 2 * j + 1, lane] = gradient if best_at == 3 else zero
            for row in range(2 * i, 2 * i + 2):
                for col in range(2 * dy.shape[3], dz.shape[3]):  # the column that pooling leaves out, where it does
                    for lane in range(dz.shape[4]):
                        dz[block, k, row, col, lane] = 0
        for row in range(2 * dy.shape[2], dz.shape[2]):  # and the row
            for col in range(dz.shape[3]):
                for lane in range(dz.shape[4]):
                    dz[block, k, row, col, lane] = 0
