"""Pooling over volumes: the largest value of each window, its mean, or its norm, channel by channel.

    x, dx  (batch, depth, height, width, channels)         y, dy  (batch, out_depth, out_height, out_width, channels)

The geometry and its names are those of :mod:`loopnet.kernels.conv3d` without filters: ``p i j`` output plane, row and
column, ``q r s`` their places in the window; ``window``, ``stride`` and ``pad`` are triples. Images are volumes of
depth 1, sequences of height 1 as well. A window that hangs over the edge minds only what lies inside.

The three differ in whom they hold responsible: behind a maximum one pixel answers for the whole gradient, behind a
mean all alike, behind a norm each by its share. Every backward pass is a delivery: for each output, to the
pixels of its window; windows may overlap, and gradients add up.

What lies inside the image of a window is a box again: ``planes``, ``rows`` and ``cols`` are its first place and the one
after its last.

Maximum: see :mod:`loopnet.kernels.pool`. Mean: LeCun et al. (1989), whose layers also learned a factor. Norm: Sermanet,
Chintala, LeCun (2012), *Convolutional neural networks applied to house numbers digit classification*, section 2.2.
"""

import math

from numba import prange
from numpy import float64


def max_pool3d_forward(x, y, winner, window, stride, pad):
    """y[n,p,i,j,c] = max over the window; winner (int32) is (q * window_height + r) * window_width + s of the first
    largest.

    Padding never wins; NaN does. Reads x; overwrites y and winner. One turn of the parallel loop owns one image of
    both.
    """
    batch, depth, height, width, channels = x.shape
    _, out_depth, out_height, out_width, _ = y.shape

    for n in prange(batch):
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    for c in range(channels):
                        first = True
                        best = x[n, 0, 0, 0, c]  # replaced by the first pixel inside the window
                        best_at = 0
                        for q in range(window[0]):
                            plane = p * stride[0] + q - pad[0]
                            if plane < 0 or plane >= depth:
                                continue
                            for r in range(window[1]):
                                row = i * stride[1] + r - pad[1]
                                if row < 0 or row >= height:
                                    continue
                                for s in range(window[2]):
                                    col = j * stride[2] + s - pad[2]
                                    if col < 0 or col >= width:
                                        continue
                                    value = x[n, plane, row, col, c]
                                    if first or value > best or value != value:
                                        first = False
                                        best = value
                                        best_at = (q * window[1] + r) * window[2] + s
                        y[n, p, i, j, c] = best
                        winner[n, p, i, j, c] = best_at


def max_pool3d_backward(dy, winner, dx, window, stride, pad):
    """dx[n, plane, row, col, c] += dy[n,p,i,j,c] at the winner's place, 0 elsewhere.

    Reads dy, winner; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, depth, height, width, channels = dx.shape
    _, out_depth, out_height, out_width, _ = dy.shape

    for n in prange(batch):
        for plane in range(depth):
            for row in range(height):
                for col in range(width):
                    for c in range(channels):
                        dx[n, plane, row, col, c] = 0
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    for c in range(channels):
                        q, rest = divmod(winner[n, p, i, j, c], window[1] * window[2])
                        r, s = divmod(rest, window[2])
                        plane = p * stride[0] + q - pad[0]
                        row = i * stride[1] + r - pad[1]
                        col = j * stride[2] + s - pad[2]
                        dx[n, plane, row, col, c] += dy[n, p, i, j, c]


def average_pool3d_forward(x, y, window, stride, pad):
    """y[n,p,i,j,c] = the mean of what the window covers of the image; padding does not count (as in Keras).

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, depth, height, width, channels = x.shape
    _, out_depth, out_height, out_width, _ = y.shape

    for n in prange(batch):
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
                    rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
                    cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
                    inside = (planes[1] - planes[0]) * (rows[1] - rows[0]) * (cols[1] - cols[0])
                    for c in range(channels):
                        total = y.dtype.type(0)
                        for plane in range(planes[0], planes[1]):
                            for row in range(rows[0], rows[1]):
                                for col in range(cols[0], cols[1]):
                                    total += x[n, plane, row, col, c]
                        y[n, p, i, j, c] = total / y.dtype.type(inside)


def average_pool3d_backward(dy, dx, window, stride, pad):
    """dx[n, plane, row, col, c] += dy[n,p,i,j,c] / inside for every pixel inside the window.

    Reads dy; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, depth, height, width, channels = dx.shape
    _, out_depth, out_height, out_width, _ = dy.shape

    for n in prange(batch):
        for plane in range(depth):
            for row in range(height):
                for col in range(width):
                    for c in range(channels):
                        dx[n, plane, row, col, c] = 0
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
                    rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
                    cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
                    inside = (planes[1] - planes[0]) * (rows[1] - rows[0]) * (cols[1] - cols[0])
                    for c in range(channels):
                        share = dy[n, p, i, j, c] / dx.dtype.type(inside)
                        for plane in range(planes[0], planes[1]):
                            for row in range(rows[0], rows[1]):
                                for col in range(cols[0], cols[1]):
                                    dx[n, plane, row, col, c] += share


def lp_pool3d_forward(x, y, window, stride, pad, norm):
    """y[n,p,i,j,c] = (sum over the window of |x| ** norm) ** (1 / norm); norm 2 is the Euclidean length.

    Powers are taken in double precision, as in softmax.py and for its reasons.

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, depth, height, width, channels = x.shape
    _, out_depth, out_height, out_width, _ = y.shape

    for n in prange(batch):
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
                    rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
                    cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
                    for c in range(channels):
                        total = 0.0
                        for plane in range(planes[0], planes[1]):
                            for row in range(rows[0], rows[1]):
                                for col in range(cols[0], cols[1]):
                                    total += math.pow(abs(float64(x[n, plane, row, col, c])), norm)
                        y[n, p, i, j, c] = math.pow(total, 1 / norm)


def lp_pool3d_backward(dy, x, y, dx, window, stride, pad, norm):
    """dx[n, plane, row, col, c] += dy[n,p,i,j,c] * sign(x) * (|x| / y) ** (norm - 1); nothing where y is 0.

    Reads dy, x, y; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, depth, height, width, channels = dx.shape
    _, out_depth, out_height, out_width, _ = dy.shape

    for n in prange(batch):
        for plane in range(depth):
            for row in range(height):
                for col in range(width):
                    for c in range(channels):
                        dx[n, plane, row, col, c] = 0
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
                    rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
                    cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
                    for c in range(channels):
                        length = float64(y[n, p, i, j, c])
                        if length == 0:
                            continue
                        for plane in range(planes[0], planes[1]):
                            for row in range(rows[0], rows[1]):
                                for col in range(cols[0], cols[1]):
                                    value = float64(x[n, plane, row, col, c])
                                    if value == 0:  # |x| has a corner there
                                        continue
                                    share = float64(dy[n, p, i, j, c]) * math.pow(abs(value) / length, norm - 1)
                                    if value < 0:
                                        share = -share
                                    dx[n, plane, row, col, c] += dx.dtype.type(share)
