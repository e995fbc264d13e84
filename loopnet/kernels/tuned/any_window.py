"""Windows of any stride and padding over lanes: the textbook loops of ``kernels/conv2d.py`` and
``kernels/pool.py`` with the image loop
moved innermost, where all lanes of a block do the same thing at once.

Used where a stride is not 1, and for pooling that is not fused with a convolution. ``pad_images`` and
``crop_images`` bring the padded convolutions of stride 1 to the fast kernels of ``conv2d.py``.
"""

import numpy as np
from numba import njit, prange

from .conv2d import FAST, u
from .winners_in_lanes import pick


@njit(parallel=True, cache=True, **FAST)
def strided_forward(x, w, b, y, stride, pad):
    """``kernels.conv2d.conv2d_forward``. One turn of the parallel loop owns one filter of one block of y."""
    filters = w.shape[3]
    for task in prange(y.shape[0] * filters):
        block, k = divmod(np.int64(task), filters)
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                outputs = y[block, k, i, j]
                outputs[:] = b[k]
                for r in range(w.shape[0]):
                    for s in range(w.shape[1]):
                        row = i * stride[0] + r - pad[0]
                        col = j * stride[1] + s - pad[1]
                        if 0 <= row < x.shape[2] and 0 <= col < x.shape[3]:
                            for c in range(x.shape[1]):
                                pixels, weight = x[block, c, row, col], w[r, s, c, k]
                                for lane in range(outputs.size):
                                    outputs[lane] += pixels[lane] * weight


@njit(parallel=True, cache=True, **FAST)
def strided_backward_input(dy, w, dx, stride, pad):
    """``kernels.conv2d.conv2d_backward_input``. One turn of the parallel loop owns one channel of one block of dx."""
    channels = dx.shape[1]
    for task in prange(dx.shape[0] * channels):
        block, c = divmod(np.int64(task), channels)
        for row in range(dx.shape[2]):
            for col in range(dx.shape[3]):
                result = dx[block, c, row, col]
                result[:] = 0
                for r in range(w.shape[0]):
                    for s in range(w.shape[1]):
                        i, between_rows = divmod(row + pad[0] - r, stride[0])
                        j, between_cols = divmod(col + pad[1] - s, stride[1])
                        if between_rows == 0 and between_cols == 0 and 0 <= i < dy.shape[2] and 0 <= j < dy.shape[3]:
                            for k in range(dy.shape[1]):
                                gradients, weight = dy[block, k, i, j], w[r, s, c, k]
                                for lane in range(result.size):
                                    result[lane] += gradients[lane] * weight


@njit(parallel=True, cache=True, **FAST)
def strided_backward_weights(dy, x, dw, db, stride, pad):
    """``kernels.conv2d.conv2d_backward_weights``. One turn of the parallel loop owns one filter of dw and db."""
    for k in prange(dw.shape[3]):
        total = db.dtype.type(0)
        for block in range(dy.shape[0]):
            for i in range(dy.shape[2]):
                for j in range(dy.shape[3]):
                    for lane in range(dy.shape[4]):
                        total += dy[block, k, i, j, lane]
        db[k] = total
        for r in range(dw.shape[0]):
            for s in range(dw.shape[1]):
                for c in range(dw.shape[2]):
                    total = dw.dtype.type(0)
                    for block in range(dy.shape[0]):
                        for i in range(dy.shape[2]):
                            for j in range(dy.shape[3]):
                                row = i * stride[0] + r - pad[0]
                                col = j * stride[1] + s - pad[1]
                                if 0 <= row < x.shape[2] and 0 <= col < x.shape[3]:
                                    gradients, pixels = dy[block, k, i, j], x[block, c, row, col]
                                    for lane in range(pixels.size):
                                        total += gradients[lane] * pixels[lane]
                    dw[r, s, c, k] = total


@njit(parallel=True, cache=True)
def pad_images(x, padded, pad):
    """padded[.., i + pad_top, j + pad_left, ..] = x[.., i, j, ..], 0 elsewhere. One turn of the parallel loop
    owns one channel of a block.
    """
    channels = x.shape[1]
    for task in prange(x.shape[0] * channels):
        block, c = divmod(np.int64(task), channels)
        padded[block, c] = 0
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                for lane in range(u(x.shape[4])):
                    padded[block, c, i + pad[0], j + pad[1], lane] = x[block, c, i, j, lane]


@njit(parallel=True, cache=True)
def crop_images(padded, x, pad):
    """The inverse of ``pad_images``. One turn of the parallel loop owns one channel of a block."""
    channels = x.shape[1]
    for task in prange(x.shape[0] * channels):
        block, c = divmod(np.int64(task), channels)
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                for lane in range(u(x.shape[4])):
                    x[block, c, i, j, lane] = padded[block, c, i + pad[0], j + pad[1], lane]


@njit(parallel=True, cache=True)
def max_pool2d_forward(x, y, winner, window, stride, pad):
    """``kernels.pool.max_pool2d_forward``. One turn of the parallel loop owns one channel of one block of y and
    winner.
    """
    channels = x.shape[1]
    for task in prange(x.shape[0] * channels):
        block, c = divmod(np.int64(task), channels)
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                best, best_at = y[block, c, i, j], winner[block, c, i, j]
                first = True
                for r in range(window[0]):
                    for s in range(window[1]):
                        row = i * stride[0] + r - pad[0]
                        col = j * stride[1] + s - pad[1]
                        if 0 <= row < x.shape[2] and 0 <= col < x.shape[3]:
                            for lane in range(best.size):
                                value = x[block, c, row, col, lane]
                                if first or value > best[lane] or value != value:
                                    best[lane] = value
                                    best_at[lane] = r * window[1] + s
                            first = False


@njit(parallel=True, cache=True)
def max_pool2d_backward(dy, winner, dx, window, stride, pad):
    """``kernels.pool.max_pool2d_backward``, asked the other way round: a pixel collects from all windows that it won.
    All lanes do the same then, wherever their winners are.

    One turn of the parallel loop owns one row of a channel of one block of dx.
    """
    channels, height = dx.shape[1], dx.shape[2]
    for turn in prange(dx.shape[0] * channels * height):
        block, rest = divmod(np.int64(turn), channels * height)
        c, row = divmod(rest, height)
        first_i = max((row + pad[0] - window[0] + stride[0]) // stride[0], 0)
        last_i = min((row + pad[0]) // stride[0], dy.shape[2] - 1)
        for col in range(dx.shape[3]):
            first_j = max((col + pad[1] - window[1] + stride[1]) // stride[1], 0)
            last_j = min((col + pad[1]) // stride[1], dy.shape[3] - 1)
            for lane in range(u(dx.shape[4])):
                dx[block, c, row, col, lane] = 0
            for i in range(first_i, last_i + 1):
                for j in range(first_j, last_j + 1):
                    here = (row + pad[0] - i * stride[0]) * window[1] + col + pad[1] - j * stride[1]
                    for lane in range(u(dx.shape[4])):
                        won = winner[block, c, i, j, lane] == here
                        dx[block, c, row, col, lane] += pick(won, dy[block, c, i, j, lane], dx.dtype.type(0))
