"""Convolution, ReLU and 2x2 max pooling in one.

The two rows of convolution outputs beneath a row of pooling are computed, pooled while they are still in the
first-level cache, and dropped: the largest array of the network is not even stored. Backward, ``winner`` says
all that is needed: of each window's four gradients three are 0, and all four where ReLU switched the unit off.
For the loops and their layout see ``conv2d.py`` beside this file. (Forward, where lanes fill vectors, the loop of
``pooling_tile.py`` runs instead.)

    y, dy    [block][filter][pooled row][pooled run]
    winner   the same shape, int8: 2 * r + s of the winner in its window, or DEAD where ReLU switched the unit off
    scratch  [thread][2 filters][upper, lower][run]

The first layer of a network needs no gradient of its input, and then dz is only read to sum up the weights'
gradient: ``conv2d_relu_pool_backward_weights`` makes two rows of it at a time and drops them too.
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
    lanes, run = u(lanes), u(x.shape[3] - (len(taps) - 1) * lanes)
    for turn in prange(y.shape[0] * pooled_height):
        block, i = divmod(np.int64(turn), pooled_height)
        me, i0, i1 = get_thread_id(), 2 * i, 2 * i + 1
        for k0 in range(0, filters, 2):
            k1 = min(k0 + 1, filters - 1)
            for t in range(run):
                scratch[me, 0, 0, t] = scratch[me, 0, 1, t] = b[k0]
                scratch[me, 1, 0, t] = scratch[me, 1, 1, t] = b[k1]
            for c in range(channels):
                for r in range(w.shape[0]):
                    for t in range(run):
                        s00, s01 = scratch[me, 0, 0, t], scratch[me, 0, 1, t]
                        s10, s11 = scratch[me, 1, 0, t], scratch[me, 1, 1, t]
                        for s in range(u(len(taps))):
                            upper, lower = x[block, c, i0 + r, t + s * lanes], x[block, c, i1 + r, t + s * lanes]
                            s00 += upper * w[r, s, c, k0]
                            s01 += lower * w[r, s, c, k0]
                            s10 += upper * w[r, s, c, k1]
                            s11 += lower * w[r, s, c, k1]
                        scratch[me, 0, 0, t], scratch[me, 0, 1, t] = s00, s01
                        scratch[me, 1, 0, t], scratch[me, 1, 1, t] = s10, s11
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


@njit(parallel=True, cache=True, **FAST)
def conv2d_relu_pool_backward_weights(dy, winner, x, share_w, share_b, dz, sums, lanes, taps, tile, vector):
    """``relu_pool_backward`` for two rows, then ``conv2d.conv2d_backward_weights`` for these.

    dz (threads, filters of a tile, 2, run) holds the two rows; sums (threads, channels * window rows * filters of a
    tile * taps * vector) all sums of a tile, since a row is gone when the next one comes. One turn of the parallel
    loop owns the filters of one tile in one block's share.
    """
    tiles, zero, window_rows = dy.shape[1] // len(tile), dy.dtype.type(0), share_w.shape[1]
    out_height = x.shape[2] - window_rows + 1  # rows of dz: one more than pooling takes where their number is odd
    lanes, run = u(lanes), u(dz.shape[3])
    for turn in prange(dy.shape[0] * tiles):
        block, number = divmod(np.int64(turn), tiles)
        many, across, size = u(len(tile)), u(len(taps)), u(len(vector))
        me, k = get_thread_id(), u(number * len(tile))
        for q in range(many):
            share_b[block, k + q] = 0
            for p in range(run):
                dz[me, q, 0, p] = dz[me, q, 1, p] = 0  # and so it stays past the columns that pooling takes
        for position in range(u(x.shape[1] * window_rows) * many * across * size):
            sums[me, position] = 0
        for i in range((out_height + 1) // 2):
            for q in range(dy.shape[1] // tiles):  # len(tile), but LLVM need not know: unrolled, it compiles longer
                total = zero
                for j in range(u(dy.shape[3]) // lanes if i < dy.shape[2] else u(0)):
                    for lane in range(lanes):
                        t = j * lanes + lane
                        gradient, best_at = dy[block, k + q, i, t], winner[block, k + q, i, t]
                        dz[me, q, 0, t + j * lanes] = gradient if best_at == 0 else zero
                        dz[me, q, 0, t + (j + u(1)) * lanes] = gradient if best_at == 1 else zero
                        dz[me, q, 1, t + j * lanes] = gradient if best_at == 2 else zero
                        dz[me, q, 1, t + (j + u(1)) * lanes] = gradient if best_at == 3 else zero
                        total += gradient if best_at != DEAD else zero
                share_b[block, k + q] += total
                for p in range(u(0) if i < dy.shape[2] else run):
                    dz[me, q, 0, p] = 0
            for c in range(x.shape[1]):
                for r in range(window_rows):
                    first = u(c * window_rows + r) * many * across * size
                    for below in range(min(2, out_height - 2 * i)):
                        row = 2 * i + below + r
                        for step in range(run // size):
                            for v in range(size):
                                t = step * size + v
                                for s in range(across):
                                    for q in range(many):
                                        at = first + (q * across + s) * size + v
                                        sums[me, at] += dz[me, q, below, t] * x[block, c, row, t + s * lanes]
        for c in range(x.shape[1]):
            for r in range(window_rows):
                first = u(c * window_rows + r) * many * across * size
                for s in range(across):
                    for q in range(many):
                        total = zero
                        for v in range(size):
                            total += sums[me, first + (q * across + s) * size + v]
                        share_w[block, r, s, c, k + q] = total
