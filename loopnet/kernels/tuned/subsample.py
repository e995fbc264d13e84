"""Trainable subsampling over lanes: the loops of ``kernels/subsample.py`` with the image loop moved innermost, where
all lanes of a block do the same thing at once.

    x, dx, y, dy    [block][channel][row][column][lane]        w, dw, b, db  (channels,)
"""

import numpy as np
from numba import njit, prange

from .conv2d import FAST


@njit(parallel=True, cache=True, **FAST)
def subsample_forward(x, w, b, y, window):
    """One turn of the parallel loop owns one channel of one block of y."""
    channels = y.shape[1]
    for task in prange(y.shape[0] * channels):
        block, c = divmod(np.int64(task), channels)
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                result = y[block, c, i, j]
                result[:] = 0
                for r in range(window[0]):
                    for s in range(window[1]):
                        pixels = x[block, c, i * window[0] + r, j * window[1] + s]
                        for lane in range(result.size):
                            result[lane] += pixels[lane]
                for lane in range(result.size):
                    result[lane] = b[c] + w[c] * result[lane]


@njit(parallel=True, cache=True, **FAST)
def subsample_backward_input(dy, w, dx, window):
    """One turn of the parallel loop owns one channel of one block of dx."""
    channels = dx.shape[1]
    for task in prange(dx.shape[0] * channels):
        block, c = divmod(np.int64(task), channels)
        for row in range(dx.shape[2]):
            for col in range(dx.shape[3]):
                i, j = row // window[0], col // window[1]
                result = dx[block, c, row, col]
                if i < dy.shape[2] and j < dy.shape[3]:
                    gradients = dy[block, c, i, j]
                    for lane in range(result.size):
                        result[lane] = w[c] * gradients[lane]
                else:
                    result[:] = 0


@njit(parallel=True, cache=True, **FAST)
def subsample_backward_weights(dy, x, dw, db, window):
    """Each of the two sums is of thousands of numbers, most of which cancel: it is made in float64. One turn of the
    parallel loop owns one channel of dw and db.
    """
    for c in prange(dw.size):
        slope, shift = np.float64(0), np.float64(0)
        for block in range(dy.shape[0]):
            for i in range(dy.shape[2]):
                for j in range(dy.shape[3]):
                    gradients = dy[block, c, i, j]
                    for lane in range(gradients.size):
                        shift += gradients[lane]
                    for r in range(window[0]):
                        for s in range(window[1]):
                            pixels = x[block, c, i * window[0] + r, j * window[1] + s]
                            for lane in range(gradients.size):
                                slope += np.float64(gradients[lane]) * pixels[lane]
        dw[c], db[c] = slope, shift
