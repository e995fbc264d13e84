"""The weights' gradient of convolution, ReLU and 2x2 max pooling from the winners alone, image beside image.

Of the four gradients in a pooling window three are 0, and all four where ReLU switched the window off:

    dw[r, s, c, k] = sum over images and pooled i, j of  g * x[2 * i + below + r, 2 * j + right + s]

with g = dy[k, i, j] and the winner = 2 * below + right. ``winners.py`` sorts the winners of an image, which pays where
much hangs on each of them. Here every lane picks the pixels of its own winner: first, for each of the columns, that
of the upper or of the lower row, then, for each tap, that of the left or of the right column. In a window five columns
wide these are eleven choices and five multiply-adds, where the four gradients would take twenty multiply-adds.

A product that is left out cannot be NaN. Where x is not finite, 0 * infinity would be, and it has to show: ``finite``
says so, and ``choice.py`` takes the textbook's way then.

    dy, winner  [block][filter][pooled row][pooled run]     x  [block][channel][row][run]
    share_w     a block's share in dw                       share_b  and in db
    sums        [thread][filters of a tile * taps * vector]
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .conv2d_relu_pool import DEAD


@njit(**FAST)
def pick(condition, a, b):
    """``a if condition else b``, as one instruction. Written out in the loop, LLVM makes it a way around the loads,
    and the loop takes three times as long as with products with zeros.
    """
    return a if condition else b


@njit(parallel=True, cache=True, **FAST)
def weights_from_winners(dy, winner, x, share_w, share_b, finite, sums, lanes, taps, tile, vector):
    """``len(tile)`` filters pick from the same pixels, ``len(vector)`` lanes at a time; their sums stay in registers.

    The length of ``tile`` divides the number of filters, that of ``vector`` the lanes. finite (turns,): False if the
    turn saw a pixel that is not; the first of a block looks at all of them. One turn of the parallel loop owns one
    window row of the filters of one tile in one block's share; the first row's owns their biases, too.
    """
    tiles, zero, window_rows = dy.shape[1] // len(tile), dy.dtype.type(0), share_w.shape[1]
    lanes, columns = u(lanes), u(dy.shape[3]) // u(lanes)
    for turn in prange(dy.shape[0] * tiles * window_rows):
        block, rest = divmod(np.int64(turn), tiles * window_rows)
        number, r = divmod(rest, window_rows)
        many, across, size = u(len(tile)), u(len(taps)), u(len(vector))
        me, k = get_thread_id(), u(number * len(tile))
        for q in range(many if r == 0 else u(0)):
            total = zero
            for i in range(dy.shape[2]):
                for t in range(u(dy.shape[3])):
                    total += dy[block, k + q, i, t] if winner[block, k + q, i, t] != DEAD else zero
            share_b[block, k + q] = total
        zeros = zero
        for c in range(x.shape[1] if rest == 0 else 0):
            for row in range(x.shape[2]):
                for t in range(u(x.shape[3])):
                    zeros += x[block, c, row, t] * zero
        finite[turn] = zeros == 0
        for c in range(x.shape[1]):
            for position in range(many * across * size):
                sums[me, position] = 0
            for i in range(dy.shape[2]):
                upper, lower = 2 * i + r, 2 * i + r + 1
                for j in range(columns):
                    for start in range(u(0), lanes, size):
                        for v in range(size):
                            p, t = j * lanes + start + v, u(2) * j * lanes + start + v
                            for q in range(many):
                                at = winner[block, k + q, i, p]
                                below, right = at >= 2, (at & 1) != 0
                                gradient = pick(at != DEAD, dy[block, k + q, i, p], zero)
                                for s in range(across):
                                    a, b = t + s * lanes, t + (s + u(1)) * lanes
                                    on_left = pick(below, x[block, c, lower, a], x[block, c, upper, a])
                                    on_right = pick(below, x[block, c, lower, b], x[block, c, upper, b])
                                    to = (q * across + s) * size + v
                                    sums[me, to] += gradient * pick(right, on_right, on_left)
            for s in range(across):
                for q in range(many):
                    total = zero
                    for v in range(size):
                        total += sums[me, (q * across + s) * size + v]
                    share_w[block, r, s, c, k + q] = total
