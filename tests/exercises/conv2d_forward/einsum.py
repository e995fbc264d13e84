# np.einsum does the loop.
# says: np.einsum
import numpy as np


def conv2d_forward(x, w, b, y, stride, pad):
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            patch = x[:, i : i + w.shape[0], j : j + w.shape[1]]
            y[:, i, j] = b + np.einsum("nrsc,rsck->nk", patch, w)
