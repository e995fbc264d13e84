"""Convolution over lanes, at stride 1 and without padding: the case that matters, at full speed.

The sums are those of ``kernels/conv2d.py``, and so are the names. What changed:

- The innermost loop runs over ``t``, along a whole row of pixels of all the images of a block (see
  ``lanes.py``). To move the window one column to the right is to add ``lanes`` to ``t``.
- Loops are tiled, so that a number, once loaded, is used several times. The vector unit does two multiply-adds and two
  loads at a time: a loop that loads both factors of every product runs at half speed at best.

Three habits make Numba produce that code:

- Every index that must vectorise is unsigned (``u``). An index that cannot be negative spares the test for Python's
  negative indices, and only then does LLVM see that a run is contiguous.
- ``taps`` is a tuple as long as the window is wide, ``tile`` and ``vector`` are others. A tuple's length is part of its
  type, so Numba knows it when it compiles; a loop of known length unrolls, and any window gets code of its own.
  The length is asked for where it is used: given a name outside the ``prange``, it is a number like any other.
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
    """Four filters at a time: each pixel, once loaded, meets four weights, and each of four sums five pixels.

    For a 5x5 window that is 20 multiply-adds for 9 loads and 4 stores, and the 20 weights stay in registers.
    The sums of a row live in ``scratch`` (threads, 4, run), in the first-level cache. One turn of the parallel
    loop owns one row of y in one block, for all filters.
    """
    filters, channels, out_height = w.shape[3], x.shape[1], y.shape[2]
    lanes, run = u(lanes), u(y.shape[3])
    for turn in prange(y.shape[0] * out_height):
        block, i = divmod(np.int64(turn), out_height)
        me = get_thread_id()
        in_fours = filters - filters % 4
        for k in range(0, in_fours, 4):
            for q in range(4):
                for t in range(run):
                    scratch[me, q, t] = b[k + q]
            for c in range(channels):
                for r in range(w.shape[0]):
                    for t in range(run):
                        s0, s1, s2, s3 = scratch[me, 0, t], scratch[me, 1, t], scratch[me, 2, t], scratch[me, 3, t]
                        for s in range(u(len(taps))):
                            pixel = x[block, c, i + r, t + s * lanes]
                            s0 += pixel * w[r, s, c, k]
                            s1 += pixel * w[r, s, c, k + 1]
                            s2 += pixel * w[r, s, c, k + 2]
                            s3 += pixel * w[r, s, c, k + 3]
                        scratch[me, 0, t], scratch[me, 1, t], scratch[me, 2, t], scratch[me, 3, t] = s0, s1, s2, s3
            for q in range(4):
                for t in range(run):
                    y[block, k + q, i, t] = scratch[me, q, t]
        for k0 in range(in_fours, filters, 2):  # what four do not divide, two at a time
            k1 = min(k0 + 1, filters - 1)
            for t in range(run):
                scratch[me, 0, t] = b[k0]
                scratch[me, 1, t] = b[k1]
            for c in range(channels):
                for r in range(w.shape[0]):
                    for t in range(run):
                        s0, s1 = scratch[me, 0, t], scratch[me, 1, t]
                        for s in range(u(len(taps))):
                            pixel = x[block, c, i + r, t + s * lanes]
                            s0 += pixel * w[r, s, c, k0]
                            s1 += pixel * w[r, s, c, k1]
                        scratch[me, 0, t], scratch[me, 1, t] = s0, s1
            for t in range(run):
                y[block, k0, i, t] = scratch[me, 0, t]
                y[block, k1, i, t] = scratch[me, 1, t]


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
def conv2d_backward_weights(dy, x, share_w, share_b, sums, dy_ends, x_ends, lanes, taps, tile, vector):
    """``len(tile)`` filters collect from the taps of one window row at a time: with four filters and a 5x5 window, nine
    loads feed 20 multiply-adds.

    Every weight has a sum as long as a vector register, ``len(vector)`` numbers in ``sums`` (threads, filters of a
    tile * taps * vector). Because all three lengths are known when it is compiled, LLVM keeps these sums in registers
    from the first row of the image to the last; only then are the numbers of each added up. Where vectors do not
    fill a run, its end is copied out and filled up with zeros: dy_ends (threads, filters of a tile, rows of dy,
    vector) and x_ends (threads, taps, rows of x, vector).

    The length of ``tile`` divides the number of filters. One turn of the parallel loop owns the filters of one tile
    in one block's share.
    """
    tiles, zero = dy.shape[1] // len(tile), dy.dtype.type(0)
    lanes, run = u(lanes), u(dy.shape[3])
    for turn in prange(dy.shape[0] * tiles):
        block, number = divmod(np.int64(turn), tiles)
        me, k = get_thread_id(), u(number * len(tile))
        left = run % u(len(vector))
        for q in range(u(len(tile))):
            total = zero
            for i in range(dy.shape[2]):
                for p in range(run):
                    total += dy[block, k + q, i, p]
                for v in range(u(len(vector)) if left else u(0)):
                    dy_ends[me, q, i, v] = dy[block, k + q, i, run - left + v] if v < left else zero
            share_b[block, k + q] = total
        for c in range(x.shape[1]):
            for s in range(u(len(taps)) if left else u(0)):
                for row in range(x.shape[2]):
                    for v in range(u(len(vector))):
                        x_ends[me, s, row, v] = x[block, c, row, run - left + v + s * lanes] if v < left else zero
            for r in range(share_w.shape[1]):
                for position in range(u(len(tile) * len(taps) * len(vector))):
                    sums[me, position] = 0
                for i in range(dy.shape[2]):
                    for step in range(run // u(len(vector))):
                        for v in range(u(len(vector))):
                            t = step * u(len(vector)) + v
                            for s in range(u(len(taps))):
                                for q in range(u(len(tile))):
                                    at = (q * u(len(taps)) + s) * u(len(vector)) + v
                                    sums[me, at] += dy[block, k + q, i, t] * x[block, c, i + r, t + s * lanes]
                for i in range(dy.shape[2] if left else 0):
                    for v in range(u(len(vector))):
                        for s in range(u(len(taps))):
                            for q in range(u(len(tile))):
                                at = (q * u(len(taps)) + s) * u(len(vector)) + v
                                sums[me, at] += dy_ends[me, q, i, v] * x_ends[me, s, i + r, v]
                for s in range(u(len(taps))):
                    for q in range(u(len(tile))):
                        total = zero
                        for v in range(u(len(vector))):
                            total += sums[me, (q * u(len(taps)) + s) * u(len(vector)) + v]
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
