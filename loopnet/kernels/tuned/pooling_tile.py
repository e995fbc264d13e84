"""Convolution, ReLU and 2x2 max pooling, with one innermost loop over all the terms of a sum.

Term n of an output is a pixel times a weight. Where the pixel lies, seen from the corner of its window, is looked up,

    output k at corner  =  b[k] + sum over n of  x[corner + positions[n]] * weights[n, k]

so the loops over window rows, window columns and channels are one, however long each is. The four outputs of a pooling
window make a tile with those of a few more filters: every pixel meets all filters, every weight all four outputs. With
four filters that is 16 multiply-adds for 8 loads, and the 16 sums stay in registers (AVX-512 has 32) from the first
term to the last.

Every sum is as wide as a vector register, across images. Where lanes do not fill vectors, ``choice.py`` takes the loop
of ``conv2d_relu_pool.py`` instead, which runs along whole rows; and where sums are long, in windows five wide, that of
``winograd.py``.

    x          [block][its pixels, ``width`` numbers in a row]
    weights    (terms, filters): w as it lies in memory, so terms go by window row, window column, channel
    positions  (terms,)
    b, y, winner    as in conv2d.py and conv2d_relu_pool.py
    sums       [thread][filter of a tile, upper left, upper right, lower left, lower right, number of a vector]
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .conv2d_relu_pool import DEAD
from .winners_in_lanes import pick


@njit(parallel=True, cache=True, **FAST)
def conv2d_relu_pool_forward(x, weights, b, y, winner, positions, sums, width, lanes, tile, vector):
    """Where the length of ``tile`` does not divide the filters, the last tile overlaps the one before; where that of
    ``vector`` does not divide the lanes, the last vector does. One turn of the parallel loop owns one pooled row of one
    block.
    """
    filters, zero = y.shape[1], b.dtype.type(0)
    for turn in prange(y.shape[0] * y.shape[2]):
        block, i = divmod(np.int64(turn), y.shape[2])
        me, right, below, many, size = u(get_thread_id()), u(lanes), u(width), u(len(tile)), u(len(vector))
        for number in range((filters + len(tile) - 1) // len(tile)):
            k = u(min(number * len(tile), filters - len(tile)))
            for j in range(u(y.shape[3]) // right):
                for step in range((right + size - u(1)) // size):
                    lane = min(step * size, right - size)
                    corner, t = u(2 * i) * below + u(2) * j * right + lane, j * right + lane
                    at = corner + positions[0]
                    for v in range(size):  # the first term apart: sums that begin at 0 take 1.2 times as long
                        for q in range(many):
                            for o in range(u(4)):
                                pixel = x[block, at + (o // u(2)) * below + (o % u(2)) * right + v]
                                sums[me, (u(4) * q + o) * size + v] = pixel * weights[0, k + q]
                    for n in range(1, positions.size):
                        at = corner + positions[n]
                        for v in range(size):
                            for q in range(many):
                                for o in range(u(4)):
                                    pixel = x[block, at + (o // u(2)) * below + (o % u(2)) * right + v]
                                    sums[me, (u(4) * q + o) * size + v] += pixel * weights[n, k + q]
                    for q in range(u(min(len(tile), filters))):
                        for v in range(size):
                            best, best_at = sums[me, u(4) * q * size + v] + b[k + q], np.int8(0)
                            for o in range(u(1), u(4)):
                                value = sums[me, (u(4) * q + o) * size + v] + b[k + q]
                                wins = (value > best) | (value != value)  # NaN wins, as in the textbook loop
                                best, best_at = pick(wins, value, best), pick(wins, np.int8(o), best_at)
                            y[block, k + q, i, t + v] = pick(best <= zero, zero, best)
                            winner[block, k + q, i, t + v] = pick(best <= zero, DEAD, best_at)
