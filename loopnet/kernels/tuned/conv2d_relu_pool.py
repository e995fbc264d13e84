"""Convolution, ReLU and 2x2 max pooling in one: the two rows that a row of pooling needs are computed, pooled
while they are still in the
first-level cache, and dropped. The outputs of the convolution, the largest array of the network, are never stored.

    y, dy   [block][filter][pooled row][pooled column][lane]
    winner  the same shape, int8: 2 * r + s of the winner in its window, or DEAD where ReLU switched the unit off

Backward, the winner says all: of each window's four gradients, three are 0, and all four where the unit is dead.
"""

import numpy as np
from numba import njit, prange

from .conv2d import FAST, add_blocks, collect_two, rows_of, slide, spread, u

DEAD = np.int8(4)


@njit(fastmath=FAST, forceinline=True)
def pool_row(upper, lower, lanes, y, winner):
    """One pooled row from the two rows of convolution outputs beneath it. NaN wins, as in the textbook loop."""
    zero = y.dtype.type(0)
    lanes = u(lanes)
    for j in range(u(y.size) // lanes):
        pooled, left, right = j * lanes, u(2) * j * lanes, (u(2) * j + u(1)) * lanes
        for lane in range(lanes):
            best, best_at = upper[left + lane], np.int8(0)
            value = upper[right + lane]
            if value > best or value != value:
                best, best_at = value, np.int8(1)
            value = lower[left + lane]
            if value > best or value != value:
                best, best_at = value, np.int8(2)
            value = lower[right + lane]
            if value > best or value != value:
                best, best_at = value, np.int8(3)
            if best <= zero:
                best, best_at = zero, DEAD
            y[pooled + lane] = best
            winner[pooled + lane] = best_at


@njit(fastmath=FAST, forceinline=True)
def unpool_row(dy, winner, lanes, upper, lower):
    """The gradients of two rows of convolution outputs from those of the pooled row above them; returns their sum."""
    zero = dy.dtype.type(0)
    lanes = u(lanes)
    total = zero
    for j in range(u(dy.size) // lanes):
        pooled, left, right = j * lanes, u(2) * j * lanes, (u(2) * j + u(1)) * lanes
        for lane in range(lanes):
            gradient, best_at = dy[pooled + lane], winner[pooled + lane]
            upper[left + lane] = gradient if best_at == 0 else zero
            upper[right + lane] = gradient if best_at == 1 else zero
            lower[left + lane] = gradient if best_at == 2 else zero
            lower[right + lane] = gradient if best_at == 3 else zero
            total += gradient if best_at != DEAD else zero
    return total


@njit(parallel=True, fastmath=FAST, cache=True)
def conv2d_relu_pool_forward(x, w, b, y, winner, taps):
    """One turn of the parallel loop owns one pooled row of one block, for all filters."""
    lanes, filters, pooled_height = x.shape[4], w.shape[3], y.shape[2]
    run = (x.shape[3] - w.shape[1] + 1) * lanes
    pixels, pooled, winners = rows_of(x), rows_of(y), rows_of(winner)
    for task in prange(y.shape[0] * pooled_height):
        block, i = divmod(np.int64(task), pooled_height)
        rows = np.empty((2, filters, run), y.dtype)
        slide(pixels[block], w, b, 2 * i, lanes, taps, rows[0])
        slide(pixels[block], w, b, 2 * i + 1, lanes, taps, rows[1])
        for k in range(filters):
            pool_row(rows[0, k], rows[1, k], lanes, pooled[block, k, i], winners[block, k, i])


@njit(parallel=True, fastmath=FAST, cache=True)
def conv2d_relu_pool_backward_input(dy, winner, w, dx):
    """One turn of the parallel loop owns two channels of one block of dx."""
    lanes, filters, channels = dx.shape[4], w.shape[3], dx.shape[1]
    run = (dx.shape[3] - w.shape[1] + 1) * lanes
    gradients, winners, result = rows_of(dy), rows_of(winner), rows_of(dx)
    pairs = (channels + 1) // 2
    for task in prange(dx.shape[0] * pairs):
        block, pair = divmod(np.int64(task), pairs)
        c0, c1 = 2 * pair, min(2 * pair + 1, channels - 1)
        result[block, c0] = 0
        result[block, c1] = 0
        rows = np.zeros((2, filters, run), dy.dtype)  # a column that pooling leaves out gets no gradient
        spare = np.zeros(result.shape[3], dx.dtype)
        for i in range(dy.shape[2]):
            for k in range(filters):
                unpool_row(gradients[block, k, i], winners[block, k, i], lanes, rows[0, k], rows[1, k])
            spread(rows[0], w, 2 * i, c0, c1, lanes, result[block], spare)
            spread(rows[1], w, 2 * i + 1, c0, c1, lanes, result[block], spare)


@njit(parallel=True, fastmath=FAST, cache=True)
def conv2d_relu_pool_backward_weights(dy, winner, x, dw, db, zeros):
    """One turn of the parallel loop owns two filters of one block's share in dw and db; the shares are then
    added in order.
    """
    lanes, blocks, filters = x.shape[4], x.shape[0], dw.shape[3]
    run = (x.shape[3] - dw.shape[1] + 1) * lanes
    gradients, winners, pixels = rows_of(dy), rows_of(winner), rows_of(x)
    share_w = np.zeros((blocks, dw.shape[0], dw.shape[1], dw.shape[2], filters), dw.dtype)
    share_b = np.empty((blocks, filters), db.dtype)
    pairs = (filters + 1) // 2
    for task in prange(blocks * pairs):
        block, pair = divmod(np.int64(task), pairs)
        k0, k1 = 2 * pair, min(2 * pair + 1, filters - 1)
        total0 = total1 = db.dtype.type(0)
        rows = np.zeros((2, 2, run), dy.dtype)  # a column that pooling leaves out gets no gradient
        for i in range(dy.shape[2]):
            total0 += unpool_row(gradients[block, k0, i], winners[block, k0, i], lanes, rows[0, 0], rows[1, 0])
            total1 += unpool_row(gradients[block, k1, i], winners[block, k1, i], lanes, rows[0, 1], rows[1, 1])
            for c in range(x.shape[1]):
                for below in range(2):
                    collect_two(
                        rows[below, 0],
                        rows[below, 1],
                        pixels[block],
                        c,
                        2 * i + below,
                        lanes,
                        zeros,
                        k0,
                        k1,
                        share_w[block],
                    )
        share_b[block, k0] = total0
        share_b[block, k1] = total1
    add_blocks(share_w, dw)
    add_blocks(share_b, db)
