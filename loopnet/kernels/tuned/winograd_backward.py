"""The input's gradient of convolution, ReLU and 2x2 max pooling: ``winograd.py`` turned around.

Two gradients beside each other, left and right, reach six pixels. Forward, six pixels become v, v * u is summed up,
and the sums become two outputs. Backward, read from right to left, the two gradients become six numbers

    a0 = 24 left                  a1 = -4 (left + right)        a2 = 4 (right - left)
    a3 = left + 2 right           a4 = left - 2 right           a5 = 24 right

the products m = a * u are summed over filters and window rows, and the sums become the gradients of six pixels:

    24 d0 = 4 m0                              24 d1 = 4 (m5 - (m1 - m2)) - 2 (m3 - m4)
    24 d2 = -5 m0 - 4 (m1 + m2) - (m3 + m4)   24 d3 = -5 m5 + (m1 - m2) + 2 (m3 - m4)
    24 d4 = m0 + (m1 + m2) + (m3 + m4)        24 d5 = m5

Then d0 and d1 are complete. The other four get more from the next two gradients, and wait for it in ``edge``. Which of
the four gradients of a pooling window is not 0, the winner says.

    dy, winner  [block][filter][pooled row][pooled run]     dx    [block][channel][row][run]
    points      u, [tile of channels][6][window row, from the last to the first, and filter][channel of the tile]
    lines       a, [thread][6][row and filter][number of a vector]
    sums        m, [thread][6][channel of a tile, upper or lower row, number of a vector]
    edge        [thread][channel][row][four columns that wait, two that are complete; number of a vector]
    zeros       [thread][number of a vector]: gradients times 0

As forward, whole numbers come out exact, and a number that is not finite sends ``choice.py`` the textbook's way. Errors
of float32 are 2.3 to 2.5 times those of ten products (root mean square, normal random numbers, one winner in four).
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .winners_in_lanes import pick
from .winograd import sum_products, weights_at_points


@njit(inline="always", **FAST)
def add_to_columns(sums, edge, zeros, me, c, row, slot, vector):
    """What the sums in ``slot`` give to six columns: the first two are complete then, and divided by 24."""
    number, size = sums.dtype.type, u(len(vector))
    two, four, five, share = number(2), number(4), number(5), number(1) / number(24)
    for v in range(u(len(vector))):
        at = slot * size + v
        m0, m1, m2 = sums[me, 0, at], sums[me, 1, at], sums[me, 2, at]
        m3, m4, m5 = sums[me, 3, at], sums[me, 4, at], sums[me, 5, at]
        first = (edge[me, c, row, v] + four * m0) * share
        second = (edge[me, c, row, size + v] + four * (m5 - (m1 - m2)) - two * (m3 - m4)) * share
        edge[me, c, row, v] = edge[me, c, row, u(2) * size + v] - five * m0 - four * (m1 + m2) - (m3 + m4)
        edge[me, c, row, size + v] = edge[me, c, row, u(3) * size + v] - five * m5 + (m1 - m2) + two * (m3 - m4)
        edge[me, c, row, u(2) * size + v] = m0 + (m1 + m2) + (m3 + m4)
        edge[me, c, row, u(3) * size + v] = m5
        edge[me, c, row, u(4) * size + v], edge[me, c, row, u(5) * size + v] = first, second
        zeros[me, v] += first * number(0) + second * number(0)


@njit(parallel=True, cache=True, **FAST)
def conv2d_relu_pool_backward_input(
    dy, winner, flipped, dx, points, lines, sums, edge, zeros, finite, lanes, taps, tile, vector
):
    """Returns whether a gradient is not finite; ``finite`` (turns,) says so of a turn. Overwrites dx.

    flipped: the weights as (window rows from the last to the first, window columns, filters, channels), for here
    channels are what comes out. The length of ``tile`` divides their number, that of ``vector`` the lanes. One turn
    of the parallel loop owns ``len(vector)`` lanes of one block.
    """
    weights_at_points(flipped, points)
    filters, channels, tiles, zero = dy.shape[1], dx.shape[1], dx.shape[1] // len(tile), dx.dtype.type(0)
    two, four, twenty_four = dx.dtype.type(2), dx.dtype.type(4), dx.dtype.type(24)
    window_height, pooled_height, lanes = flipped.shape[0], dy.shape[2], u(lanes)
    rows = 2 * pooled_height + window_height - 1  # of dx, that a gradient reaches
    columns, all_columns, vectors = u(dy.shape[3]) // lanes, u(dx.shape[3]) // lanes, np.int64(lanes) // len(vector)
    for turn in prange(dy.shape[0] * vectors):
        block, step = divmod(np.int64(turn), vectors)
        many, size = u(len(tile)), u(len(vector))
        me, start = u(get_thread_id()), u(step * len(vector))
        for v in range(size):
            zeros[me, v] = 0
        for c in range(channels):
            for row in range(rows):
                for e in range(u(4) * size):
                    edge[me, c, row, e] = 0
        for p in range(points.shape[1]):
            for row in range(0, 2 * pooled_height + 2, 2 * pooled_height + 1):  # zeros above and below the gradients
                for k in range(filters):
                    for v in range(size):
                        lines[me, p, row * filters + k, v] = 0
        for j in range(columns):
            for i in range(pooled_height):
                for below in range(2):
                    for k in range(filters):
                        n = u((2 * i + 1 + below) * filters + k)
                        for v in range(size):
                            t = j * lanes + start + v
                            left = pick(winner[block, k, i, t] == 2 * below, dy[block, k, i, t], zero)
                            right = pick(winner[block, k, i, t] == 2 * below + 1, dy[block, k, i, t], zero)
                            lines[me, 0, n, v] = twenty_four * left
                            lines[me, 1, n, v] = -four * (left + right)
                            lines[me, 2, n, v] = four * (right - left)
                            lines[me, 3, n, v] = left + two * right
                            lines[me, 4, n, v] = left - two * right
                            lines[me, 5, n, v] = twenty_four * right
            for row in range(0, rows, 2):
                before = row - window_height + 2  # the line, of those of a filter, that meets the window's last row
                begin, end = u(max(0, -before) * filters), u(min(window_height, rows - row) * filters)
                upper, lower = u(before * filters), u((before + 1) * filters)
                for number in range(tiles):
                    sum_products(lines, points, sums, me, number, upper, lower, begin, end, u(0), taps, tile, vector)
                    for q in range(u(channels // tiles)):
                        channel = u(number) * many + q
                        for at in range(u(row), u(min(row + 2, rows))):
                            add_to_columns(sums, edge, zeros, me, channel, at, u(2) * q + at - u(row), vector)
                            for e in range(u(2)):
                                t, complete = (u(2) * j + e) * lanes + start, (u(4) + e) * size
                                for v in range(size):
                                    dx[block, channel, at, t + v] = edge[me, channel, at, complete + v]
        for c in range(channels):
            for row in range(rows):
                for e in range(u(4)):
                    t = (u(2) * columns + e) * lanes + start
                    for v in range(size):
                        last = edge[me, c, row, e * size + v] * (dx.dtype.type(1) / twenty_four)
                        dx[block, c, row, t + v] = last
                        zeros[me, v] += last * zero
            for row in range(dx.shape[2]):  # the last row and column, where pooling leaves them out
                for col in range(u(2) * columns + u(4) if row < rows else u(0), all_columns):
                    for v in range(size):
                        dx[block, c, row, col * lanes + start + v] = zero
        total = zero
        for v in range(size):
            total += zeros[me, v]
        finite[turn] = total == 0
    return not finite.all()
