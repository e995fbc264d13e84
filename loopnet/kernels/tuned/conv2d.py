"""Convolution over lanes, at stride 1 and without padding: the case that matters, at full speed.

The sums are those of ``kernels/conv2d.py``, and so are the names. What changed:

- The innermost loop runs over ``t``, along a whole row of pixels of all the images of a block (see
  ``lanes.py``). To move the window one column to the right is to add ``lanes`` to ``t``.
- Loops are tiled, so that a number, once loaded, is used several times. The vector unit does two multiply-adds and two
  loads at a time: a loop that loads both factors of every product runs at half speed at best.

Three habits make Numba produce that code:

- Every index that must vectorise is unsigned (``u``). An index that cannot be negative spares the test for Python's
  negative indices, and only then does LLVM see that a run is contiguous.
- ``taps`` is a tuple as long as the window is wide. A tuple's length is part of its type, so Numba knows it
  when it compiles; a loop of known length unrolls, and any window gets code of its own. ``zeros`` is the same
  in floating point.
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
from numba.cpython.unsafe.tuple import tuple_setitem

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
def conv2d_backward_weights(dy, x, share_w, share_b, lanes, zeros):
    """Two filters collect from the taps of one window row at a time: ten sums in registers for a 5x5 window,
    and each of
    7 loads is used in 10 multiply-adds.

    One turn of the parallel loop owns two filters of one block's share.
    """
    filters = dy.shape[1]
    pairs = (filters + 1) // 2
    lanes, run = u(lanes), u(dy.shape[3])
    for turn in prange(dy.shape[0] * pairs):
        block, pair = divmod(np.int64(turn), pairs)
        k0, k1 = 2 * pair, min(2 * pair + 1, filters - 1)  # the same filter twice where one is left over
        sum0 = sum1 = zeros[0]
        for i in range(dy.shape[2]):
            for t in range(run):
                sum0 += dy[block, k0, i, t]
                sum1 += dy[block, k1, i, t]
        share_b[block, k0], share_b[block, k1] = sum0, sum1
        for c in range(x.shape[1]):
            for r in range(share_w.shape[1]):
                for s in range(len(zeros)):
                    share_w[block, r, s, c, k0] = share_w[block, r, s, c, k1] = 0
                for i in range(dy.shape[2]):
                    sums0, sums1 = zeros, zeros
                    for t in range(run):
                        for s in range(u(len(zeros))):
                            pixel = x[block, c, i + r, t + s * lanes]
                            sums0 = tuple_setitem(sums0, s, sums0[s] + dy[block, k0, i, t] * pixel)
                            sums1 = tuple_setitem(sums1, s, sums1[s] + dy[block, k1, i, t] * pixel)
                    for s in range(len(zeros)):
                        share_w[block, r, s, c, k0] += sums0[s]
                        if k1 != k0:
                            share_w[block, r, s, c, k1] += sums1[s]


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
