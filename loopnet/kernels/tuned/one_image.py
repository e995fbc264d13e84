"""Convolution, ReLU and 2x2 max pooling of a single image.

One image has no lanes to run along. What all its pixels share is the filters: a pixel is multiplied by its weight in
each of them, and these lie side by side in memory, so here the innermost loop runs along the filters.

    output k at corner  =  b[k] + sum over n of  x[corner + positions[n]] * weights[n, k]

As in ``pooling_tile.py``, all terms make one loop, and the four outputs of a pooling window share every weight: for 16
filters, 64 multiply-adds for 16 weights and four pixels. The sums stay in registers from the first term to the last.

    x           (pixels,) with ``width`` in a row, channel after channel
    weights     (terms, filters), filled up with filters of zeros until vectors divide them
    positions   (terms,) where the pixel of a term lies, seen from the corner of its window
    b           (filters,)
    y, winner   [filter][pooled row][pooled column], as in conv2d_relu_pool.py
    sums        [thread][upper left, upper right, lower left, lower right; number of a vector]
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .conv2d_relu_pool import DEAD
from .winners_in_lanes import pick


@njit(parallel=True, cache=True, **FAST)
def conv2d_relu_pool_forward(x, weights, b, y, winner, positions, sums, width, vector):
    """``len(vector)`` filters at a time. One turn of the parallel loop owns one pooled row."""
    zero = b.dtype.type(0)
    for i in prange(y.shape[1]):
        me, below, size = u(get_thread_id()), u(width), u(len(vector))
        for first in range(u(0), u(weights.shape[1]), size):
            for j in range(u(y.shape[2])):
                corner = u(2 * i) * below + u(2) * j
                for position in range(u(4) * size):
                    sums[me, position] = 0
                for n in range(positions.size):
                    at = corner + positions[n]
                    for v in range(size):
                        for o in range(u(4)):
                            pixel = x[at + (o // u(2)) * below + o % u(2)]
                            sums[me, o * size + v] += pixel * weights[n, first + v]
                for k in range(first, min(first + size, u(b.size))):
                    best, best_at = sums[me, k - first] + b[k], np.int8(0)
                    for o in range(u(1), u(4)):
                        value = sums[me, o * size + k - first] + b[k]
                        wins = (value > best) | (value != value)  # NaN wins, as in the textbook loop
                        best, best_at = pick(wins, value, best), pick(wins, np.int8(o), best_at)
                    y[k, i, j] = pick(best <= zero, zero, best)
                    winner[k, i, j] = pick(best <= zero, DEAD, best_at)
