"""Upsampling over lanes: the loops of ``kernels/upsample.py`` with the image loop moved innermost, where all lanes of a
block do the same thing at once.

    x, dx, y, dy    [block][channel][row][column][lane]
"""

import numpy as np
from numba import njit, prange

from .conv2d import u


@njit(parallel=True, cache=True)
def upsample2d_forward(x, y, size):
    """One turn of the parallel loop owns one row of a channel of one block of y."""
    channels, height = y.shape[1], y.shape[2]
    for turn in prange(y.shape[0] * channels * height):
        block, rest = divmod(np.int64(turn), channels * height)
        c, i = divmod(rest, height)
        for j in range(y.shape[3]):
            row, col = i // size[0], j // size[1]
            for lane in range(u(y.shape[4])):
                y[block, c, i, j, lane] = x[block, c, row, col, lane]


@njit(parallel=True, cache=True)
def upsample2d_backward(dy, dx, size):
    """One turn of the parallel loop owns one row of a channel of one block of dx."""
    channels, height = dx.shape[1], dx.shape[2]
    for turn in prange(dx.shape[0] * channels * height):
        block, rest = divmod(np.int64(turn), channels * height)
        c, row = divmod(rest, height)
        for col in range(dx.shape[3]):
            for lane in range(u(dx.shape[4])):
                dx[block, c, row, col, lane] = 0
            for r in range(size[0]):
                for s in range(size[1]):
                    i, j = row * size[0] + r, col * size[1] + s
                    for lane in range(u(dx.shape[4])):
                        dx[block, c, row, col, lane] += dy[block, c, i, j, lane]
