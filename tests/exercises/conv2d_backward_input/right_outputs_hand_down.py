# The outputs hand their gradient down to the pixels, instead of the pixels asking.
import numpy as np


def conv2d_backward_input(dy, w, dx, stride, pad):
    dx.fill(0)
    for n, i, j, k in np.ndindex(dy.shape):
        for r, s, c in np.ndindex(*w.shape[:3]):
            row, col = i * stride[0] + r - pad[0], j * stride[1] + s - pad[1]
            if row < 0 or col < 0 or row >= dx.shape[1] or col >= dx.shape[2]:
                continue
            dx[n, row, col, c] += dy[n, i, j, k] * w[r, s, c, k]
