"""Convolution with four products where the textbook has six, or six where it has ten: Winograd's way.

Two outputs beside each other, of a window three columns wide, share two of the four pixels that they see. From

    v0 = d0 - d2        u0 = g0
    v1 = d1 + d2        u1 = g0 + g1 + g2
    v2 = d2 - d1        u2 = g0 - g1 + g2
    v3 = d1 - d3        u3 = g2

for four pixels d of a row and three weights g of a window row, both outputs follow with one product each for the four:

    y0 = d0 g0 + d1 g1 + d2 g2  =  v0 u0 + (v1 u1 + v2 u2) / 2
    y1 = d1 g0 + d2 g1 + d3 g2  =  (v1 u1 - v2 u2) / 2 - v3 u3

(u are the values of the polynomial g0 + g1 t + g2 t^2 at the points t = 0, 1, -1 and infinity; as many points fix the
product of two polynomials as it has coefficients.) Windows five columns wide take the points 2 and -2, too:

    v0 = 4 (d0 - d2) + (d4 - d2)          u0 = g0 / 4
    v1 = (d4 + d3) - 4 (d2 + d1)          u1 = g0 + g1 + g2 + g3 + g4
    v2 = (d4 - d3) - 4 (d2 - d1)          u2 = g0 - g1 + g2 - g3 + g4
    v3 = (d4 - d2) + 2 (d3 - d1)          u3 = g0 + 2 g1 + 4 g2 + 8 g3 + 16 g4
    v4 = (d4 - d2) - 2 (d3 - d1)          u4 = g0 - 2 g1 + 4 g2 - 8 g3 + 16 g4
    v5 = 4 (d1 - d3) + (d5 - d3)          u5 = g4

    y0 = d0 g0 + d1 g1 + d2 g2 + d3 g3 + d4 g4  =  (24 v0 u0 + (v3 u3 + v4 u4) - 4 (v1 u1 + v2 u2)) / 24
    y1 = d1 g0 + d2 g1 + d3 g2 + d4 g3 + d5 g4  =  (12 v5 u5 + (v3 u3 - v4 u4) - 2 (v1 u1 - v2 u2)) / 12

There and back it takes many additions, but few of the loops have them: v is made once for all filters and u once for
all images, and since the products may be summed over channels and window rows first, y is made once for all channels.
So it pays where there are some of both: ``choice_winograd.py`` knows how many.

    x, b, y, winner    as in conv2d.py and conv2d_relu_pool.py
    points   u, [tile of filters][point][window row and channel][filter of the tile]
    lines    v, [thread][point][row and channel][pair of columns and lane]
    sums     of v * u, [thread][point][filter of a tile, upper or lower row, number of a vector]
    zeros    [thread][number of a vector]: outputs times 0
    taps     a tuple as long as the window is wide: 3 or 5

What it costs is accuracy: in a window of five, v is up to ten times as large as d, and errors of float32 are 1.6 to 1.9
times those of ten products (root mean square, normal random numbers; 1.9 to 2.2 times with negative pixels set to 0).
In a window of three it costs nothing: errors are 0.76 to 0.94 times those of six products. Whole numbers that are not
too large come out exact, and equal columns give v that are 0 but for v1: outputs of pixels that are all alike are
equal, as in the textbook, and the first of them wins. But one infinite pixel, or one that is when it is multiplied by
ten, would reach both outputs: the kernels look for that, and ``choice.py`` takes the textbook's way then.

``inline="always"`` is Numba's inlining, before LLVM sees anything. A function that LLVM inlines it has optimised
before, in a place where nothing says that the arrays do not overlap. Such a function has one ``return``: with two,
Numba takes the tuples that they make for arrays that may overlap, and the kernels take two to three times as long.

Lavin, Gray (2016), *Fast algorithms for convolutional neural networks*, section 4; Winograd (1980), *Arithmetic
complexity of computations*, for one row.
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .conv2d_relu_pool import DEAD
from .winners_in_lanes import pick


@njit(**FAST)
def weights_at_points(w, points):
    """points = u of every row of every window."""
    tiles, many, five = u(points.shape[0]), u(points.shape[3]), w.shape[1] == 5
    window_height, channels = u(w.shape[0]), u(w.shape[2])
    for number in range(tiles):
        for r in range(window_height):
            for c in range(channels):
                for q in range(many):
                    n, k = r * channels + c, number * many + q
                    g0, g1, g2 = w[r, 0, c, k], w[r, 1, c, k], w[r, 2, c, k]
                    if not five:
                        points[number, 0, n, q] = g0
                        points[number, 1, n, q] = g0 + g2 + g1
                        points[number, 2, n, q] = g0 + g2 - g1
                        points[number, 3, n, q] = g2
                        continue
                    g3, g4 = w[r, 3, c, k], w[r, 4, c, k]
                    even, odd = g0 + g2 + g4, g1 + g3
                    points[number, 0, n, q] = g0 / 4
                    points[number, 1, n, q] = even + odd
                    points[number, 2, n, q] = even - odd
                    even, odd = g0 + 4 * g2 + 16 * g4, 2 * g1 + 8 * g3
                    points[number, 3, n, q] = even + odd
                    points[number, 4, n, q] = even - odd
                    points[number, 5, n, q] = g4


@njit(inline="always", **FAST)
def pixels_at_points(x, lines, me, block, c, row, n, left, columns, lanes, taps, vector):
    """lines = v for ``columns`` pairs of columns of a row of x, from pair ``left`` on: number n of the thread's lines.

    Where the number of columns is odd, the last pair overlaps the one before; where the length of ``vector`` does
    not divide the lanes, the last vector does.
    """
    two, four, last = x.dtype.type(2), x.dtype.type(4), u(x.shape[3]) // lanes - u(len(taps)) - u(1)
    size = u(len(vector))
    for j in range(columns):
        for step in range((lanes + size - u(1)) // size):
            start = min(step * size, lanes - size)
            for v in range(size):
                at, t = j * lanes + start + v, min(u(2) * (left + j), last) * lanes + start + v
                d0, d1, d2 = x[block, c, row, t], x[block, c, row, t + lanes], x[block, c, row, t + u(2) * lanes]
                t += u(3) * lanes
                d3 = x[block, c, row, t]
                if len(taps) == 3:
                    lines[me, 0, n, at] = d0 - d2
                    lines[me, 1, n, at] = d1 + d2
                    lines[me, 2, n, at] = d2 - d1
                    lines[me, 3, n, at] = d1 - d3
                    continue
                d4, d5 = x[block, c, row, t + lanes], x[block, c, row, t + u(2) * lanes]
                lines[me, 0, n, at] = four * (d0 - d2) + (d4 - d2)
                lines[me, 1, n, at] = (d4 + d3) - four * (d2 + d1)
                lines[me, 2, n, at] = (d4 - d3) - four * (d2 - d1)
                lines[me, 3, n, at] = (d4 - d2) + two * (d3 - d1)
                lines[me, 4, n, at] = (d4 - d2) - two * (d3 - d1)
                lines[me, 5, n, at] = four * (d1 - d3) + (d5 - d3)


@njit(inline="always", **FAST)
def sum_products(lines, points, sums, me, number, upper, lower, begin, end, start, taps, tile, vector):
    """sums = v * u, for the filters of tile ``number`` in two rows, summed over window rows and channels.

    Term n multiplies lines ``upper + n`` and ``lower + n``. With eight filters, 16 multiply-adds for 10 loads; the sums
    stay in registers from the first term to the last.
    """
    many, size = u(len(tile)), u(len(vector))
    for p in range(u(len(taps)) + u(1)):
        for position in range(u(2) * many * size):
            sums[me, p, position] = 0
        for n in range(begin, end):
            for v in range(size):
                above, below = lines[me, p, upper + n, start + v], lines[me, p, lower + n, start + v]
                for q in range(many):
                    sums[me, p, u(2) * q * size + v] += above * points[number, p, n, q]
                    sums[me, p, (u(2) * q + u(1)) * size + v] += below * points[number, p, n, q]


@njit(inline="always", **FAST)
def outputs(sums, me, at, bias, taps):
    """The left and the right output of one pair.

    In a window of five each ends with the division by 24 or 12, and nothing is added after it. The numerator of a whole
    number is exact, and so is its product with the float32 nearest to 1 / 24.
    """
    number = sums.dtype.type
    m0, m1, m2, m3 = sums[me, 0, at], sums[me, 1, at], sums[me, 2, at], sums[me, 3, at]
    if len(taps) == 3:
        left = (m0 + bias) + (m1 + m2) * (number(1) / number(2))
        right = (bias - m3) + (m1 - m2) * (number(1) / number(2))
    else:
        m4, m5 = sums[me, 4, at], sums[me, 5, at]
        left = (number(24) * (m0 + bias) + (m3 + m4) - number(4) * (m1 + m2)) * (number(1) / number(24))
        right = (number(12) * (m5 + bias) + (m3 - m4) - number(2) * (m1 - m2)) * (number(1) / number(12))
    return left, right


@njit(parallel=True, cache=True, **FAST)
def conv2d_relu_pool_forward(
    x, w, b, y, winner, points, lines, sums, zeros, finite, lanes, columns, rows, taps, tile, vector
):
    """Returns whether an output is not finite; ``finite`` (turns,) says so of a turn.

    The length of ``tile`` divides the number of filters. One turn of the parallel loop owns ``columns`` times ``rows``
    pooled outputs of every filter in one block.
    """
    weights_at_points(w, points)
    channels, tiles, zero, window_height = x.shape[1], y.shape[1] // len(tile), b.dtype.type(0), w.shape[0]
    lanes, pooled_width = u(lanes), u(y.shape[3]) // u(lanes)
    groups, strips = -(-np.int64(pooled_width) // columns), -(-y.shape[2] // rows)
    for turn in prange(y.shape[0] * groups * strips):
        block, rest = divmod(np.int64(turn), groups * strips)
        group, strip = divmod(rest, strips)
        size = u(len(vector))
        me, left, first = u(get_thread_id()), u(group * columns), strip * rows
        wide, end = min(u(columns), pooled_width - left), min(first + rows, y.shape[2])
        for row in range(2 * first, 2 * end + window_height - 1):
            for c in range(channels):
                n = u((row - 2 * first) * channels + c)
                pixels_at_points(x, lines, me, block, c, row, n, left, wide, lanes, taps, vector)
        for v in range(size):
            zeros[me, v] = 0
        for i in range(first, end):
            upper, terms = u(2 * (i - first) * channels), u(window_height * channels)
            lower = upper + u(channels)
            for number in range(tiles):
                for step in range((wide * lanes + size - u(1)) // size):
                    start = min(step * size, wide * lanes - size)
                    sum_products(lines, points, sums, me, number, upper, lower, u(0), terms, start, taps, tile, vector)
                    for q in range(y.shape[1] // tiles):
                        k = number * len(tile) + q
                        for v in range(size):
                            at, t = u(2) * u(q) * size + v, left * lanes + start + v
                            best, value = outputs(sums, me, at, b[k], taps)
                            zeros[me, v] += best * zero + value * zero
                            best_at = pick(value > best, np.int8(1), np.int8(0))
                            best = pick(value > best, value, best)
                            value, last = outputs(sums, me, at + size, b[k], taps)
                            zeros[me, v] += value * zero + last * zero
                            best_at = pick(value > best, np.int8(2), best_at)
                            best = pick(value > best, value, best)
                            best_at = pick(last > best, np.int8(3), best_at)
                            best = pick(last > best, last, best)
                            y[block, k, i, t] = pick(best > zero, best, zero)
                            winner[block, k, i, t] = pick(best > zero, best_at, DEAD)
        total = zero
        for v in range(size):
            total += zeros[me, v]
        finite[turn] = total == 0
    return not finite.all()


@njit(parallel=True, cache=True, **FAST)
def conv2d_forward(x, w, b, y, points, lines, sums, zeros, finite, lanes, columns, taps, tile, vector):
    """The same without pooling. The length of ``vector`` divides the lanes; rows and columns of y are two at least.

    One turn of the parallel loop owns ``columns`` pairs of columns of every filter in one block.
    """
    weights_at_points(w, points)
    channels, tiles, zero, out_height = x.shape[1], y.shape[1] // len(tile), b.dtype.type(0), y.shape[2]
    lanes, pairs = u(lanes), (u(y.shape[3]) // u(lanes) + u(1)) // u(2)
    groups = -(-np.int64(pairs) // columns)
    for turn in prange(y.shape[0] * groups):
        block, group = divmod(np.int64(turn), groups)
        size = u(len(vector))
        me, left, terms = u(get_thread_id()), u(group * columns), u(w.shape[0] * channels)
        wide = min(u(columns), pairs - left)
        for row in range(x.shape[2]):
            for c in range(channels):
                pixels_at_points(x, lines, me, block, c, row, u(row * channels + c), left, wide, lanes, taps, vector)
        for v in range(size):
            zeros[me, v] = 0
        for pair in range((out_height + 1) // 2):
            i = min(2 * pair, out_height - 2)
            upper, lower = u(i * channels), u((i + 1) * channels)
            for number in range(tiles):
                for step in range(wide * lanes // size):
                    start = step * size
                    sum_products(lines, points, sums, me, number, upper, lower, u(0), terms, start, taps, tile, vector)
                    t0 = min(u(2) * (left + start // lanes), u(y.shape[3]) // lanes - u(2)) * lanes + start % lanes
                    for q in range(y.shape[1] // tiles):
                        k = number * len(tile) + q
                        for below in range(2):
                            for v in range(size):
                                at = (u(2) * u(q) + u(below)) * size + v
                                y0, y1 = outputs(sums, me, at, b[k], taps)
                                zeros[me, v] += y0 * zero + y1 * zero
                                y[block, k, i + below, t0 + v], y[block, k, i + below, t0 + lanes + v] = y0, y1
        total = zero
        for v in range(size):
            total += zeros[me, v]
        finite[turn] = total == 0
    return not finite.all()
