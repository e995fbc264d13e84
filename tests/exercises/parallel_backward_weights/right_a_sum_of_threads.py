# The turns add to a plain number, which Numba adds up for each thread and then together.
from numba import prange


def parallel_backward_weights(dy, x, dw, db, stride, pad):
    batch, height, width, channels = x.shape
    for k in range(dw.shape[3]):
        bias = dy.dtype.type(0)
        for n in prange(batch):
            for i in range(dy.shape[1]):
                for j in range(dy.shape[2]):
                    bias += dy[n, i, j, k]
        db[k] = bias
        for r in range(dw.shape[0]):
            for s in range(dw.shape[1]):
                for c in range(channels):
                    total = dy.dtype.type(0)
                    for n in prange(batch):
                        for i in range(dy.shape[1]):
                            for j in range(dy.shape[2]):
                                row = i * stride[0] + r - pad[0]
                                col = j * stride[1] + s - pad[1]
                                if 0 <= row < height and 0 <= col < width:
                                    total += dy[n, i, j, k] * x[n, row, col, c]
                    dw[r, s, c, k] = total
