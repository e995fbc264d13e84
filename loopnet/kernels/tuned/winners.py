"""The gradients of convolution, ReLU and 2x2 max pooling from the winners alone.

Pooling hands each window's gradient to one of its four outputs, and none where ReLU switched the window off. Three
products in four of ``conv2d_backward_input`` and ``conv2d_backward_weights`` are products with 0. Here only the others
are computed. Which outputs won differs from image to image, so images do not lie side by side in lanes here, but one
after the other, channels last. Then what one winner touches, a row of its window, is one run of
``window_width * channels`` numbers, and has to be long to be worth it:

    for each winner (n, i, j, k) with gradient g:
        dw[r, :, :, k]      += g * x[n, i + r, j : j + window_width, :]        (run by run)
        dx[n, i + r, j : j + window_width, :] += g * w[r, :, :, k]

A sum that is read and written for every product would cost three times what the product costs. So winners are
sorted: for dw by filter, for dx by the output that won; each list adds to one run, which stays in vector registers from
its first winner to its last.

    x_images                [image][row, column, channel] and room for a vector past the end
    dy_images, winners      [image][pooled row][pooled column][filter]
    filter_rows             [window row][filter][run], run = window_width * channels, filled up with zeros
    sums                    [thread][rows * run], in registers: see conv2d_backward_weights

``rows``, ``parts`` and ``vector`` are tuples whose lengths count: window rows added to at a time, vectors of a part of
a run, numbers of a vector.

A product that is left out cannot be NaN. Where x, w or dy is not finite, 0 * infinity would be, and it has to show:
``choice.py`` takes the other way then.
"""

import numpy as np
from numba import get_thread_id, njit, prange

from .conv2d import FAST, u
from .conv2d_relu_pool import DEAD

GROUP = 16
"""Images that are unpacked together: their numbers share a cache line in lanes."""

FILTERS = 16
"""Filters that share an image while it is in the first-level cache."""



def tiling(window_rows, run, vector, registers):
    """``rows`` and ``parts`` for runs of that many numbers, and their length when they are filled up.

    registers: vectors that can be summed up at a time.
    """
    vectors = -(-run // vector)
    in_a_run = -(-vectors // registers)  # parts that a run has to be cut into
    parts = -(-vectors // in_a_run)
    rows = max(n for n in range(1, window_rows + 1) if window_rows % n == 0 and (n == 1 or n * parts <= registers))
    return (0,) * rows, (0,) * parts, in_a_run * parts * vector


def image_size(numbers, vector):
    """Room for an image of so many numbers: an odd number of vectors, or every image's first pixel would compete for
    the same few lines of the first-level cache.
    """
    vectors = -(-numbers // vector)
    return (vectors + 1 - vectors % 2) * vector


@njit(parallel=True, cache=True, **FAST)
def unpack(x, images, finite):
    """images[n, (i * width + j) * channels + c] = x[block, c, i, j, lane] with n = block * lanes + lane.

    finite (turns,): whether all numbers are. One turn of the parallel loop owns up to ``GROUP`` images of a block.
    """
    blocks, channels, height, width, lanes = x.shape
    groups = (lanes + GROUP - 1) // GROUP
    for turn in prange(blocks * groups):
        block, group = divmod(np.int64(turn), groups)
        first, last = u(group * GROUP), u(min(lanes, (group + 1) * GROUP))
        zeros = x[0, 0, 0, 0, 0] * 0
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    for lane in range(first, last):
                        zeros += x[block, c, i, j, lane] * 0
                        images[u(block * lanes) + lane, u((i * width + j) * channels + c)] = x[block, c, i, j, lane]
        finite[turn] = zeros == 0


@njit(parallel=True, cache=True, **FAST)
def unroll_filters(w, filter_rows, finite):
    """filter_rows[r, k, s * channels + c] = w[r, s, c, k], and zeros after that.

    finite (window_height * window_width,): whether all numbers are. One turn of the parallel loop owns one place of the
    window.
    """
    window_height, window_width, channels, filters = w.shape
    for turn in prange(window_height * window_width):
        r, s = divmod(np.int64(turn), window_width)
        zeros = w[0, 0, 0, 0] * 0
        for c in range(channels):
            for k in range(filters):
                zeros += w[r, s, c, k] * 0
                filter_rows[r, k, s * channels + c] = w[r, s, c, k]
        for k in range(filters if s == window_width - 1 else 0):
            for p in range(window_width * channels, filter_rows.shape[2]):
                filter_rows[r, k, p] = 0
        finite[turn] = zeros == 0


@njit(parallel=True, cache=True, **FAST)
def backward_weights(
    dy_images, winners, x_images, share_rows, share_b, places, gradients, sums,
    lanes, width, channels, rows, parts, vector,
):  # fmt: skip
    """share_rows [block][filter][window row][run] and share_b [block][filter]: what a block's images add to dw and db.

    places, gradients (threads, windows): where the winners of a filter in an image laid their windows, and their
    gradients. One turn of the parallel loop owns up to ``FILTERS`` filters' share in one block.
    """
    filters, window_rows = share_rows.shape[1], share_rows.shape[2]
    pooled_height, pooled_width = dy_images.shape[1], dy_images.shape[2]
    groups = (filters + FILTERS - 1) // FILTERS
    for turn in prange(share_rows.shape[0] * groups):
        block, group = divmod(np.int64(turn), groups)
        many_rows, many_parts, size = u(len(rows)), u(len(parts)), u(len(vector))
        part_size = many_parts * size
        me, below = get_thread_id(), u(width * channels)
        first_filter, last_filter = u(group * FILTERS), u(min(filters, (group + 1) * FILTERS))
        for k in range(first_filter, last_filter):
            share_b[block, k] = 0
            for r in range(window_rows):
                for p in range(u(share_rows.shape[3])):
                    share_rows[block, k, r, p] = 0
        for n in range(u(block * lanes), u((block + 1) * lanes)):
            for k in range(first_filter, last_filter):
                found = u(0)
                for i in range(u(pooled_height)):
                    for j in range(u(pooled_width)):
                        at = winners[n, i, j, k]
                        places[me, found] = (u(2) * i + u(at >> 1)) * below + (u(2) * j + u(at & 1)) * u(channels)
                        gradients[me, found] = dy_images[n, i, j, k]
                        found += u(at != DEAD)  # if it is dead, the next one takes its place
                for winner in range(found):
                    share_b[block, k] += gradients[me, winner]
                for r in range(u(0), u(window_rows), many_rows):
                    for part in range(u(share_rows.shape[3]) // part_size):
                        first = part * part_size
                        for q in range(many_rows):
                            for p in range(part_size):
                                sums[me, q * part_size + p] = share_rows[block, k, r + q, first + p]
                        for winner in range(found):
                            gradient, start = gradients[me, winner], places[me, winner] + r * below + first
                            for v in range(size):
                                for q in range(many_rows):
                                    for p in range(many_parts):
                                        at = (q * many_parts + p) * size + v
                                        pixel = x_images[n, start + q * below + p * size + v]
                                        sums[me, at] += gradient * pixel
                        for q in range(many_rows):
                            for p in range(part_size):
                                share_rows[block, k, r + q, first + p] = sums[me, q * part_size + p]


@njit(parallel=True, cache=True, **FAST)
def backward_input(
    dy_images, winners, filter_rows, dx, dx_images, counts, which, gradients, sums, rows, parts, vector
):
    """dx, in lanes again, from the winners of each image.

    dx_images (threads, ``GROUP``, numbers): images that are not packed yet. counts (threads, outputs), which and
    gradients (threads, outputs, filters + 1): the filters that won at each output of the convolution. One turn of the
    parallel loop owns up to ``GROUP`` images of a block.
    """
    blocks, channels, height, width, lanes = dx.shape
    pooled_height, pooled_width, filters = dy_images.shape[1], dy_images.shape[2], dy_images.shape[3]
    groups = (lanes + GROUP - 1) // GROUP
    for turn in prange(blocks * groups):
        block, group = divmod(np.int64(turn), groups)
        many_rows, many_parts, size = u(len(rows)), u(len(parts)), u(len(vector))
        part_size = many_parts * size
        me, below = get_thread_id(), u(width * channels)
        first_lane, last_lane = u(group * GROUP), u(min(lanes, (group + 1) * GROUP))
        for here in range(last_lane - first_lane):
            n = u(block * lanes) + first_lane + here
            for p in range(u(dx_images.shape[2])):
                dx_images[me, here, p] = 0
            for i in range(u(pooled_height)):
                for j in range(u(pooled_width)):
                    o0 = u(4) * i * u(pooled_width) + u(2) * j  # the window's four outputs
                    o1, o2, o3 = o0 + u(1), o0 + u(2 * pooled_width), o0 + u(2 * pooled_width + 1)
                    n0, n1, n2, n3 = u(0), u(0), u(0), u(0)  # how many won there
                    for k in range(u(filters)):  # written to all four lists, and kept in one
                        at, gradient = winners[n, i, j, k], dy_images[n, i, j, k]
                        which[me, o0, n0] = which[me, o1, n1] = which[me, o2, n2] = which[me, o3, n3] = k
                        gradients[me, o0, n0] = gradients[me, o1, n1] = gradient
                        gradients[me, o2, n2] = gradients[me, o3, n3] = gradient
                        n0 += u(at == 0)
                        n1 += u(at == 1)
                        n2 += u(at == 2)
                        n3 += u(at == 3)
                    counts[me, o0], counts[me, o1], counts[me, o2], counts[me, o3] = n0, n1, n2, n3
            for r in range(u(0), u(filter_rows.shape[0]), many_rows):
                for part in range(u(filter_rows.shape[2]) // part_size):
                    first = part * part_size
                    for i in range(u(2 * pooled_height)):
                        for j in range(u(2 * pooled_width)):
                            output, start = i * u(2 * pooled_width) + j, (i + r) * below + j * u(channels) + first
                            for q in range(many_rows):
                                for p in range(part_size):
                                    at = q * part_size + p
                                    sums[me, at] = dx_images[me, here, start + q * below + p]
                            for winner in range(counts[me, output]):
                                gradient, filter = gradients[me, output, winner], u(which[me, output, winner])
                                for v in range(size):
                                    for q in range(many_rows):
                                        for p in range(many_parts):
                                            at = (q * many_parts + p) * size + v
                                            weight = filter_rows[r + q, filter, first + p * size + v]
                                            sums[me, at] += gradient * weight
                            for q in range(many_rows):
                                for p in range(part_size):
                                    at = q * part_size + p
                                    dx_images[me, here, start + q * below + p] = sums[me, at]
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    for here in range(last_lane - first_lane):
                        pixel = u((i * width + j) * channels + c)
                        dx[block, c, i, j, first_lane + here] = dx_images[me, here, pixel]


@njit(parallel=True, cache=True)
def add_shares(share_rows, dw):
    """dw[r, s, c, k] = the sum of the blocks' shares, in order. One turn of the parallel loop owns one place of the
    window.
    """
    window_height, window_width, channels, filters = dw.shape
    for turn in prange(window_height * window_width):
        r, s = divmod(np.int64(turn), window_width)
        for c in range(channels):
            for k in range(filters):
                total = share_rows[0, k, r, s * channels + c]
                for block in range(1, share_rows.shape[0]):
                    total += share_rows[block, k, r, s * channels + c]
                dw[r, s, c, k] = total
