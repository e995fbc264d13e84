# All images add to the same weights.
# says: a race: db[0]; turn 0 of prange; own what it writes
from numba import prange


def parallel_backward_weights(dy, x, dw, db, stride, pad):
    batch, height, width, channels = x.shape
    dw[:] = 0
    db[:] = 0
    for n in prange(batch):
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                for k in range(dw.shape[3]):
                    db[k] += dy[n, i, j, k]
                    for r in range(dw.shape[0]):
                        for s in range(dw.shape[1]):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < height and 0 <= col < width:
                                for c in range(channels):
                                    dw[r, s, c, k] += dy[n, i, j, k] * x[n, row, col, c]
