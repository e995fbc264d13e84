"""Convolution, ReLU and 2x2 max pooling with six products where the textbook has ten: Winograd's way.

Two outputs beside each other, of a window five columns wide, share four of the six pixels that they see. From

    v0 = 4 (d0 - d2) + (d4 - d2)          u0 = g0 / 4
    v1 = (d4 + d3) - 4 (d2 + d1)          u1 = g0 + g1 + g2 + g3 + g4
    v2 = (d4 - d3) - 4 (d2 - d1)          u2 = g0 - g1 + g2 - g3 + g4
    v3 = (d4 - d2) + 2 (d3 - d1)          u3 = g0 + 2 g1 + 4 g2 + 8 g3 + 16 g4
    v4 = (d4 - d2) - 2 (d3 - d1)          u4 = g0 - 2 g1 + 4 g2 - 8 g3 + 16 g4
    v5 = 4 (d1 - d3) + (d5 - d3)          u5 = g4

for six pixels d of a row and five weights g of a window row, both outputs follow with one product each for the six:

    y0 = d0 g0 + d1 g1 + d2 g2 + d3 g3 + d4 g4  =  v0 u0 + (v3 u3 + v4 u4 - 4 (v1 u1 + v2 u2)) / 24
    y1 = d1 g0 + d2 g1 + d3 g2 + d4 g3 + d5 g4  =  v5 u5 + (v3 u3 - v4 u4 - 2 (v1 u1 - v2 u2)) / 12

(u are the values of the polynomial g0 + g1 t + ... + g4 t^4 at the points t = 0, 1, -1, 2, -2 and infinity; as many
points fix the product of two polynomials as it has coefficients.) There and back it takes many additions, but few of
the loops have them: v is made once for all filters and u once for all images, and since the products may be summed over
channels and window rows first, y is made once for all channels. So it pays where there are many of both: ``table.py``
knows how many.

    x, b, y, winner    as in conv2d_relu_pool.py
    points   u, (6, window_height, channels, filters)           lines   v, [thread][6][channel][row][pooled run]
    sums     of v * u, [thread][6][filter][upper, lower][pooled run]

What it costs is accuracy: v is up to ten times as large as d, and errors of float32 are one and a half times those of
ten products (root mean square, normal random numbers; 1.7 times with negative pixels set to 0). Whole numbers that
are not too large come out exact, and six equal columns give v0 = v2 = v3 = v4 = v5 = 0: outputs of pixels that are
all alike are equal, as in the textbook, and the first of them wins. But one infinite pixel, or one that is when it is
multiplied by ten, would reach both outputs: ``finite`` says whether any did, and ``table.py`` takes the textbook's way
then.

Lavin, Gray (2016), *Fast algorithms for convolutional neural networks*, section 4, there for windows of
three; Winograd (1980), *Arithmetic complexity of computations*, for one row.
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .conv2d_relu_pool import pool_row

WINDOW_WIDTH, POINTS = 5, 6


@njit(cache=True, **FAST)
def weights_at_points(w, points):
    """points = u of every row of every window."""
    for r in range(w.shape[0]):
        for c in range(w.shape[2]):
            for k in range(w.shape[3]):
                g0, g1, g2, g3, g4 = w[r, 0, c, k], w[r, 1, c, k], w[r, 2, c, k], w[r, 3, c, k], w[r, 4, c, k]
                even, odd = g0 + g2 + g4, g1 + g3
                points[0, r, c, k] = g0 / 4
                points[1, r, c, k] = even + odd
                points[2, r, c, k] = even - odd
                even, odd = g0 + 4 * g2 + 16 * g4, 2 * g1 + 8 * g3
                points[3, r, c, k] = even + odd
                points[4, r, c, k] = even - odd
                points[5, r, c, k] = g4


@njit(**FAST)
def row_at_points(x, lines, me, lanes, block, c, row, r):
    """lines = v for every second column of a row of x. It becomes row r of the thread's ``lines``."""
    two, four = x.dtype.type(2), x.dtype.type(4)
    for j in range(u(lines.shape[4]) // lanes):
        for lane in range(lanes):
            t, at = u(2) * j * lanes + lane, j * lanes + lane
            d0, d1, d2 = x[block, c, row, t], x[block, c, row, t + lanes], x[block, c, row, t + u(2) * lanes]
            t += u(3) * lanes
            d3, d4, d5 = x[block, c, row, t], x[block, c, row, t + lanes], x[block, c, row, t + u(2) * lanes]
            lines[me, 0, c, r, at] = four * (d0 - d2) + (d4 - d2)
            lines[me, 1, c, r, at] = (d4 + d3) - four * (d2 + d1)
            lines[me, 2, c, r, at] = (d4 - d3) - four * (d2 - d1)
            lines[me, 3, c, r, at] = (d4 - d2) + two * (d3 - d1)
            lines[me, 4, c, r, at] = (d4 - d2) - two * (d3 - d1)
            lines[me, 5, c, r, at] = four * (d1 - d3) + (d5 - d3)


@njit(**FAST)
def row_of_outputs(sums, bias, scratch, me, lanes, k, below):
    """The upper or lower row of filter k's outputs, in ``scratch``. Returns 0, or NaN if one is not finite."""
    number = sums.dtype.type
    two, four, twelve, twenty_four, zero = number(2), number(4), number(12), number(24), number(0)
    zeros = zero
    for j in range(u(sums.shape[4]) // lanes):
        for lane in range(lanes):
            t, at = u(2) * j * lanes + lane, j * lanes + lane
            m0, m1, m2 = sums[me, 0, k, below, at], sums[me, 1, k, below, at], sums[me, 2, k, below, at]
            m3, m4, m5 = sums[me, 3, k, below, at], sums[me, 4, k, below, at], sums[me, 5, k, below, at]
            left = m0 + (m3 + m4 - four * (m1 + m2)) / twenty_four + bias
            right = m5 + (m3 - m4 - two * (m1 - m2)) / twelve + bias
            scratch[me, 0, below, t], scratch[me, 0, below, t + lanes] = left, right
            zeros += left * zero + right * zero
    return zeros


@njit(parallel=True, cache=True, **FAST)
def forward(x, points, b, y, winner, lines, sums, scratch, finite, lanes, taps):
    """The loops of ``conv2d_relu_pool.py``, two filters in two rows, for each of the six points; a point has one
    column and as many rows as the window: ``len(taps)``.

    finite (turns,): whether all outputs are. One turn of the parallel loop owns one pooled row of one block.
    """
    filters, channels, pooled_height = y.shape[1], x.shape[1], y.shape[2]
    lanes, run = u(lanes), u(y.shape[3])
    for turn in prange(y.shape[0] * pooled_height):
        block, i = divmod(np.int64(turn), pooled_height)
        me = get_thread_id()
        for c in range(channels):
            for r in range(len(taps) + 1):
                row_at_points(x, lines, me, lanes, block, c, 2 * i + r, r)
        for p in range(points.shape[0]):
            for k0 in range(0, filters, 2):
                k1 = min(k0 + 1, filters - 1)
                for t in range(run):
                    sums[me, p, k0, 0, t] = sums[me, p, k0, 1, t] = 0
                    sums[me, p, k1, 0, t] = sums[me, p, k1, 1, t] = 0
                for c in range(channels):
                    for t in range(run):
                        s00, s01 = sums[me, p, k0, 0, t], sums[me, p, k0, 1, t]
                        s10, s11 = sums[me, p, k1, 0, t], sums[me, p, k1, 1, t]
                        for r in range(u(len(taps))):
                            upper, lower = lines[me, p, c, r, t], lines[me, p, c, r + u(1), t]
                            s00 += upper * points[p, r, c, k0]
                            s01 += lower * points[p, r, c, k0]
                            s10 += upper * points[p, r, c, k1]
                            s11 += lower * points[p, r, c, k1]
                        sums[me, p, k0, 0, t], sums[me, p, k0, 1, t] = s00, s01
                        sums[me, p, k1, 0, t], sums[me, p, k1, 1, t] = s10, s11
        zeros = b.dtype.type(0)
        for k in range(filters):
            zeros += row_of_outputs(sums, b[k], scratch, me, lanes, k, 0)
            zeros += row_of_outputs(sums, b[k], scratch, me, lanes, k, 1)
            pool_row(scratch, me, 0, lanes, y, winner, block, k, i)
        finite[turn] = zeros == 0
