"""Average pooling over lanes: the loops of ``kernels/pool3d.py`` for images, with the image loop moved innermost, where
all lanes of a block do the same thing at once. The sums have the textbook's order, and its bits.

    x, dx, y, dy    [block][channel][row][column][lane]
    window, stride, pad    planes, rows, columns; an image is one plane
"""

import numpy as np
from numba import njit, prange

from .conv2d import u


@njit(parallel=True, cache=True, error_model="numpy")
def average_pool_forward(x, y, window, stride, pad):
    """One turn of the parallel loop owns one row of a channel of one block of y."""
    channels, height = y.shape[1], y.shape[2]
    for turn in prange(y.shape[0] * channels * height):
        block, rest = divmod(np.int64(turn), channels * height)
        c, i = divmod(rest, height)
        rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], x.shape[2])
        for j in range(y.shape[3]):
            cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], x.shape[3])
            inside = y.dtype.type((rows[1] - rows[0]) * (cols[1] - cols[0]))
            for lane in range(u(y.shape[4])):
                y[block, c, i, j, lane] = 0
            for row in range(rows[0], rows[1]):
                for col in range(cols[0], cols[1]):
                    for lane in range(u(y.shape[4])):
                        y[block, c, i, j, lane] += x[block, c, row, col, lane]
            for lane in range(u(y.shape[4])):
                y[block, c, i, j, lane] /= inside


@njit(parallel=True, cache=True, error_model="numpy")
def average_pool_backward(dy, dx, window, stride, pad):
    """A pixel collects from all windows that cover it, since several may, and only one turn may write it.

    One turn of the parallel loop owns one row of a channel of one block of dx.
    """
    channels, height = dx.shape[1], dx.shape[2]
    for turn in prange(dx.shape[0] * channels * height):
        block, rest = divmod(np.int64(turn), channels * height)
        c, row = divmod(rest, height)
        first_i = max((row + pad[1] - window[1] + stride[1]) // stride[1], 0)
        last_i = min((row + pad[1]) // stride[1], dy.shape[2] - 1)
        for col in range(dx.shape[3]):
            first_j = max((col + pad[2] - window[2] + stride[2]) // stride[2], 0)
            last_j = min((col + pad[2]) // stride[2], dy.shape[3] - 1)
            for lane in range(u(dx.shape[4])):
                dx[block, c, row, col, lane] = 0
            for i in range(first_i, last_i + 1):
                rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
                for j in range(first_j, last_j + 1):
                    cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], dx.shape[3])
                    inside = dx.dtype.type((rows[1] - rows[0]) * (cols[1] - cols[0]))
                    for lane in range(u(dx.shape[4])):
                        dx[block, c, row, col, lane] += dy[block, c, i, j, lane] / inside
