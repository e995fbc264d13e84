"""Convolution over lanes, at stride 1 and without padding: the case that matters, at full speed.

The sums are those of ``kernels/conv2d.py``, and so are the names. (Where windows are three or five columns wide and
sums long, the loops of ``winograd.py`` run instead: ``choice.py`` decides.) What changed:

- The innermost loop runs over ``t``, along a whole row of pixels of all the images of a block (see
  ``lanes.py``). To move the window one column to the right is to add ``lanes`` to ``t``.
- Loops are tiled, so that a number, once loaded, is used several times. The vector unit does two multiply-adds and two
  loads at a time: a loop that loads both factors of every product runs at half speed at best.

Three habits make Numba produce that code:

- Every index that must vectorise is unsigned (``u``). An index that cannot be negative spares the test for Python's
  negative indices, and only then does LLVM see that a run is contiguous.
- ``taps`` is a tuple as long as the window is wide, ``tile`` and ``vector`` are others. A tuple's length is part of its
  type, so Numba knows it when it compiles; a loop of known length unrolls, and any window gets code of its own.
  A length gets its name inside the body of the ``prange``: named outside, it would come in as a number like any other.
- The loops stand in the body of the ``prange``, index whole arrays, and get all their memory as arguments.
  Numba tells LLVM that the arguments of a parallel loop do not overlap; about anything sliced off or allocated
  within, LLVM has to ask at run time, and the 80 comparisons of one loop take longer than the loop.

    x, dx    [block][channel][row][run], run = columns * lanes
    y, dy    [block][filter][row][run]
    w, dw    (window_height, window_width, channels, filters)
    b, db    (filters,)
    scratch  one slice a thread          share_w, share_b   a block's share in dw and db
"""

from typing import Any

import numpy as np
from numba import get_thread_id, njit, prange

u = np.uint64
FAST: dict[str, Any] = {
    # multiply-add in one instruction, sums in any order; NaN and infinity stay exact
    "fastmath": {"contract", "reassoc"},
    # x / 0 is infinity or NaN, as in NumPy, and there is no test before each division
    "error_model": "numpy",
}


@njit(parallel=True, cache=True, **FAST)
def conv2d_forward(x, w, b, y, scratch, lanes, taps):
    """Two filters in two rows at a time: two pixels and two weights meet in four products. For a 5x5 window that is
    20 multiply-adds for 14 loads and 4 stores, and the 10 weights of a window row stay in registers.

    The sums of the rows live in ``scratch`` (threads, 2 filters, 2 rows, run), in the first-level cache. Where the
    number of rows or filters is odd, the last one is computed twice. One turn of the parallel loop owns two rows of y
    in one block, for all filters.
    """
    filters, channels, out_height = w.shape[3], x.shape[1], y.shape[2]
    lanes, run, pairs = u(lanes), u(y.shape[3]), (out_height + 1) // 2
    for turn in prange(y.shape[0] * pairs):
        block, pair = divmod(np.int64(turn), pairs)
        me, i0, i1 = get_thread_id(), 2 * pair, min(2 * pair + 1, out_height - 1)
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
            for t in range(run):
                y[block, k0, i0, t], y[block, k0, i1, t] = scratch[me, 0, 0, t], scratch[me, 0, 1, t]
                y[block, k1, i0, t], y[block, k1, i1, t] = scratch[me, 1, 0, t], scratch[me, 1, 1, t]


@njit(parallel=True, cache=True, **FAST)
def conv2d_backward_input(dy, w, dx, lanes, tile):
    """Two channels take from ``len(tile)`` filters at a time: with eight, 16 multiply-adds for 10 loads and 2 stores.

    The number of channels is even and the length of ``tile`` divides the number of filters. One turn of the
    parallel loop owns two channels of one block of dx.
    """
    pairs, filters = dx.shape[1] // 2, w.shape[3]
    lanes, run = u(lanes), u(dy.shape[3])
    for turn in prange(dx.shape[0] * pairs):
        block, pair = divmod(np.int64(turn), pairs)
        c = 2 * pair
        for row in range(dx.shape[2]):
            for t in range(u(dx.shape[3])):
                dx[block, c, row, t] = 0
                dx[block, c + 1, row, t] = 0
        for i in range(dy.shape[2]):
            for k in range(0, filters, len(tile)):
                for r in range(w.shape[0]):
                    for s in range(u(w.shape[1])):
                        for t in range(run):
                            s0, s1 = dx[block, c, i + r, t + s * lanes], dx[block, c + 1, i + r, t + s * lanes]
                            for q in range(len(tile)):
                                gradient = dy[block, k + q, i, t]
                                s0 += gradient * w[r, s, c, k + q]
                                s1 += gradient * w[r, s, c + 1, k + q]
                            dx[block, c, i + r, t + s * lanes] = s0
                            dx[block, c + 1, i + r, t + s * lanes] = s1


@njit(parallel=True, cache=True, **FAST)
def conv2d_backward_weights(dy, x, share_w, share_b, sums, lanes, taps, tile, vector):
    """``len(tile)`` filters collect from the taps of one window row at a time: with four filters and a 5x5 window, nine
    loads feed 20 multiply-adds.

    Every weight has a sum of ``len(vector)`` numbers in ``sums`` (threads, filters of a tile * taps * vector): as many
    as a vector register holds, or one, of which LLVM makes vectors of its own. Because all three lengths are known when
    it is compiled, LLVM keeps these sums in registers from the first row of the image to the last; only then are the
    numbers of each added up.

    The length of ``tile`` divides the number of filters, that of ``vector`` the run. One turn of the parallel loop
    owns the filters of one tile in one block's share.
    """
    tiles, zero = dy.shape[1] // len(tile), dy.dtype.type(0)
    lanes, run = u(lanes), u(dy.shape[3])
    for turn in prange(dy.shape[0] * tiles):
        block, number = divmod(np.int64(turn), tiles)
        many, across, size = u(len(tile)), u(len(taps)), u(len(vector))
        me, k = get_thread_id(), u(number * len(tile))
        for q in range(many):
            bias_sum = np.float64(0)  # of thousands of numbers, most of which cancel
            for i in range(dy.shape[2]):
                for p in range(run):
                    bias_sum += dy[block, k + q, i, p]
            share_b[block, k + q] = bias_sum
        for c in range(x.shape[1]):
            for r in range(share_w.shape[1]):
                for position in range(many * across * size):
                    sums[me, position] = 0
                for i in range(dy.shape[2]):
                    for step in range(run // size):
                        for v in range(size):
                            t = step * size + v
                            for s in range(across):
                                for q in range(many):
                                    at = (q * across + s) * size + v
                                    sums[me, at] += dy[block, k + q, i, t] * x[block, c, i + r, t + s * lanes]
                for s in range(across):
                    for q in range(many):
                        total = zero
                        for v in range(size):
                            total += sums[me, (q * across + s) * size + v]
                        share_w[block, r, s, c, k + q] = total


@njit(cache=True)
def add_shares(share, total):
    """total = the sum of the blocks' shares, in order: the same bits, whichever thread computed which.

    share: (blocks, numbers). total: (numbers,).
    """
    for i in range(total.size):
        total[i] = share[0, i]
    for block in range(1, share.shape[0]):
        for i in range(total.size):
            total[i] += share[block, i]
