# A row of the window is an owner too; db by itself.
import numba
import numpy as np
from numba import prange


@numba.njit(parallel=True)
def parallel_backward_weights(dy, x, dw, db, stride, pad):
    images, out_height, out_width, filters = dy.shape
    for k in prange(filters):
        db[k] = 0
        for n in range(images):
            for i in range(out_height):
                for j in range(out_width):
                    db[k] += dy[n, i, j, k]
    for r in prange(dw.shape[0]):
        sums = np.zeros(filters, dw.dtype)
        for s in range(dw.shape[1]):
            for c in range(dw.shape[2]):
                for k in range(filters):
                    sums[k] = 0
                for n in range(images):
                    for i in range(out_height):
                        row = i * stride[0] + r - pad[0]
                        if row < 0 or row >= x.shape[1]:
                            continue
                        for j in range(out_width):
                            col = j * stride[1] + s - pad[1]
                            if 0 <= col < x.shape[2]:
                                for k in range(filters):
                                    sums[k] += dy[n, i, j, k] * x[n, row, col, c]
                for k in range(filters):
                    dw[r, s, c, k] = sums[k]
