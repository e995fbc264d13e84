# One scratch array for all turns.
# says: a race: your own array
import numpy as np
from numba import prange


def parallel_backward_weights(dy, x, dw, db, stride, pad):
    batch, height, width, channels = x.shape
    scratch = np.zeros(2, dy.dtype)
    for k in prange(dw.shape[3]):
        db[k] = 0
        for n in range(batch):
            for i in range(dy.shape[1]):
                for j in range(dy.shape[2]):
                    db[k] += dy[n, i, j, k]
        for r in range(dw.shape[0]):
            for s in range(dw.shape[1]):
                for c in range(channels):
                    scratch[0] = 0
                    for n in range(batch):
                        for i in range(dy.shape[1]):
                            for j in range(dy.shape[2]):
                                row = i * stride[0] + r - pad[0]
                                col = j * stride[1] + s - pad[1]
                                if 0 <= row < height and 0 <= col < width:
                                    scratch[0] += dy[n, i, j, k] * x[n, row, col, c]
                    dw[r, s, c, k] = scratch[0]
