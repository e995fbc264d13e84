"""Convolution over lanes, at stride 1 and without padding: the case that matters, at full speed.

The sums are those of ``kernels/conv2d.py``, and so are the names. What changed:

- The innermost loop runs over ``t``, along a whole row of pixels of all the images of a block (see
  ``lanes.py``). To move the window one column to the right is to add ``lanes`` to ``t``.
- Loops are tiled so that a number, once loaded, is used several times before it is dropped. The vector unit does two
  multiply-adds and two loads at a time, so a loop that loads both factors of every product runs at half speed at best.

Three devices make Numba produce that code. Every index that must vectorise is unsigned: an index that cannot be
negative spares the test for Python's negative indices, and only then does LLVM see that a run is contiguous.
``taps`` is a tuple as long as the window is wide: the length of a tuple is part of its type, a loop of known
length unrolls, and any window gets code of its own. And tiles are inlined into the parallel loop
(``forceinline``), where Numba has already shown that the arrays do not overlap.

    x, dx  [block][channel][row][column][lane]       w, dw  (window_height, window_width, channels, filters)
    y, dy  [block][filter][row][column][lane]         b, db  (filters,)
"""

import numpy as np
from numba import njit, prange
from numba.cpython.unsafe.tuple import tuple_setitem

u = np.uint64
FAST = {"contract", "reassoc"}  # multiply-add in one instruction, sums in any order; NaN and infinity stay exact


# ---- tiles: the innermost loops ------------------------------------------------------------------------------------


@njit(fastmath=FAST, forceinline=True)
def slide_four(x, w, b, k, i, lanes, taps, y0, y1, y2, y3):
    """Row i of the outputs of filters k .. k+3: each pixel, once loaded, meets four weights, and each sum five pixels.

    For a 5x5 window that is 20 multiply-adds for 9 loads and 4 stores, and the 20 weights stay in registers.
    """
    lanes, run = u(lanes), u(y0.size)
    for t in range(run):
        y0[t], y1[t], y2[t], y3[t] = b[k], b[k + 1], b[k + 2], b[k + 3]
    for c in range(x.shape[0]):
        for r in range(w.shape[0]):
            row = x[c, i + r]
            for t in range(run):
                s0, s1, s2, s3 = y0[t], y1[t], y2[t], y3[t]
                for s in range(u(len(taps))):
                    pixel = row[t + s * lanes]
                    s0 += pixel * w[r, s, c, k]
                    s1 += pixel * w[r, s, c, k + 1]
                    s2 += pixel * w[r, s, c, k + 2]
                    s3 += pixel * w[r, s, c, k + 3]
                y0[t], y1[t], y2[t], y3[t] = s0, s1, s2, s3


@njit(fastmath=FAST, forceinline=True)
def slide_one(x, w, b, k, i, lanes, taps, y):
    """Row i of the output of filter k: for the one to three filters left over where four do not divide them."""
    lanes, run = u(lanes), u(y.size)
    for t in range(run):
        y[t] = b[k]
    for c in range(x.shape[0]):
        for r in range(w.shape[0]):
            row = x[c, i + r]
            for t in range(run):
                total = y[t]
                for s in range(u(len(taps))):
                    total += row[t + s * lanes] * w[r, s, c, k]
                y[t] = total


@njit(fastmath=FAST, forceinline=True)
def slide(x, w, b, i, lanes, taps, y):
    """Row i of the outputs of all filters into ``y`` (filters, run)."""
    k, filters = 0, w.shape[3]
    while k + 4 <= filters:
        slide_four(x, w, b, k, i, lanes, taps, y[k], y[k + 1], y[k + 2], y[k + 3])
        k += 4
    while k < filters:
        slide_one(x, w, b, k, i, lanes, taps, y[k])
        k += 1


@njit(fastmath=FAST, forceinline=True)
def collect_two(g0, g1, x, c, i, lanes, zeros, k0, k1, dw):
    """Add one output row's share to the gradients of two filters' weights for channel c: ``dw[r, s, c, k0 and k1]``.

    ``zeros`` is ``taps`` in floating point, and the sums are kept in tuples of that length, hence in registers:
    ten of them for a 5x5 window, and each of 7 loads is used in 10 multiply-adds.
    """
    lanes, run = u(lanes), u(g0.size)
    for r in range(dw.shape[0]):
        row = x[c, i + r]
        sums0, sums1 = zeros, zeros
        for t in range(run):
            for s in range(u(len(zeros))):
                pixel = row[t + s * lanes]
                sums0 = tuple_setitem(sums0, s, sums0[s] + g0[t] * pixel)
                sums1 = tuple_setitem(sums1, s, sums1[s] + g1[t] * pixel)
        for s in range(len(zeros)):
            dw[r, s, c, k0] += sums0[s]
            if k1 != k0:
                dw[r, s, c, k1] += sums1[s]


@njit(fastmath=FAST, forceinline=True)
def spread_tile(g, w, r, s, c0, c1, k, tile, offset, dx0, dx1):
    """Give the gradients ``g`` (filters, run) of ``len(tile)`` filters from k on back to two channels, through
    tap (r, s).
    """
    offset = u(offset)
    for t in range(u(g.shape[1])):
        s0, s1 = dx0[t + offset], dx1[t + offset]
        for q in range(len(tile)):
            gradient = g[k + q, t]
            s0 += gradient * w[r, s, c0, k + q]
            s1 += gradient * w[r, s, c1, k + q]
        dx0[t + offset] = s0
        dx1[t + offset] = s1


@njit(fastmath=FAST, forceinline=True)
def spread(g, w, i, c0, c1, lanes, dx, spare):
    """Give the gradients ``g`` (filters, run) of output row i back to channels c0 and c1 of the input rows beneath it.

    Where one channel is left over, c1 is c0, and what would be added twice goes to ``spare``.
    """
    filters = w.shape[3]
    for r in range(w.shape[0]):
        dx0 = dx[c0, i + r]
        dx1 = spare if c1 == c0 else dx[c1, i + r]
        k = 0
        while k + 4 <= filters:
            for s in range(w.shape[1]):
                spread_tile(g, w, r, s, c0, c1, k, (0, 0, 0, 0), s * lanes, dx0, dx1)
            k += 4
        while k < filters:
            for s in range(w.shape[1]):
                spread_tile(g, w, r, s, c0, c1, k, (0,), s * lanes, dx0, dx1)
            k += 1


@njit
def rows_of(tensor):
    """[block][channel][row][column][lane] with column and lane as the one run that they are."""
    blocks, channels, height, width, lanes = tensor.shape
    return tensor.reshape(blocks, channels, height, width * lanes)


@njit
def add_blocks(partial, total):
    """total = sum over blocks of partial[block], in order: the same bits whoever computed the parts."""
    parts, sums = partial.reshape(partial.shape[0], -1), total.reshape(-1)
    for i in range(sums.size):
        sums[i] = parts[0, i]
    for block in range(1, parts.shape[0]):
        for i in range(sums.size):
            sums[i] += parts[block, i]


# ---- kernels -------------------------------------------------------------------------------------------------------


@njit(parallel=True, fastmath=FAST, cache=True)
def conv2d_forward(x, w, b, y, taps):
    """y = x * w + b. One turn of the parallel loop owns one row of y in one block, for all filters."""
    lanes, out_height = x.shape[4], y.shape[2]
    pixels, outputs = rows_of(x), rows_of(y)
    for task in prange(y.shape[0] * out_height):
        block, i = divmod(np.int64(task), out_height)
        slide(pixels[block], w, b, i, lanes, taps, outputs[block, :, i])


@njit(parallel=True, fastmath=FAST, cache=True)
def conv2d_backward_input(dy, w, dx):
    """One turn of the parallel loop owns two channels of one block of dx."""
    lanes, out_height = dx.shape[4], dy.shape[2]
    gradients, result = rows_of(dy), rows_of(dx)
    channels = dx.shape[1]
    pairs = (channels + 1) // 2
    for task in prange(dx.shape[0] * pairs):
        block, pair = divmod(np.int64(task), pairs)
        c0, c1 = 2 * pair, min(2 * pair + 1, channels - 1)
        result[block, c0] = 0
        result[block, c1] = 0
        g = np.empty((w.shape[3], gradients.shape[3]), dy.dtype)
        spare = np.zeros(result.shape[3], dx.dtype)
        for i in range(out_height):
            g[:] = gradients[block, :, i]  # side by side, so that they are read without a jump
            spread(g, w, i, c0, c1, lanes, result[block], spare)


@njit(parallel=True, fastmath=FAST, cache=True)
def conv2d_backward_weights(dy, x, dw, db, zeros):
    """One turn of the parallel loop owns two filters of one block's share in dw and db; the shares are then
    added in order.
    """
    lanes, blocks, out_height, filters = x.shape[4], x.shape[0], dy.shape[2], dw.shape[3]
    gradients, pixels = rows_of(dy), rows_of(x)
    share_w = np.zeros((blocks, dw.shape[0], dw.shape[1], dw.shape[2], filters), dw.dtype)
    share_b = np.empty((blocks, filters), db.dtype)
    pairs = (filters + 1) // 2
    for task in prange(blocks * pairs):
        block, pair = divmod(np.int64(task), pairs)
        k0, k1 = 2 * pair, min(2 * pair + 1, filters - 1)
        for k in range(k0, k1 + 1):
            total = db.dtype.type(0)
            for i in range(out_height):
                for t in range(gradients.shape[3]):
                    total += gradients[block, k, i, t]
            share_b[block, k] = total
        for c in range(x.shape[1]):
            for i in range(out_height):
                g0, g1 = gradients[block, k0, i], gradients[block, k1, i]
                collect_two(g0, g1, pixels[block], c, i, lanes, zeros, k0, k1, share_w[block])
    add_blocks(share_w, dw)
    add_blocks(share_b, db)
