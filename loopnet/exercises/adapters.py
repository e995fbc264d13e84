"""The article's loops know one image and one channel; these give them the arguments of a layer's kernel."""

from collections.abc import Callable

import numpy as np
from numba import njit


def conv2d_from_basic_conv(loop: Callable) -> Callable:
    """A ``conv2d_forward`` for stride (s, s) and no padding: the loop, once for each image, filter and channel."""

    @njit
    def conv2d_forward(x, w, b, y, stride, pad):
        batch, height, width, channels = x.shape
        size, filters = w.shape[0], w.shape[3]
        image = np.empty((height, width), x.dtype)
        filter = np.empty((size, size), w.dtype)
        out = np.empty((y.shape[1], y.shape[2]), y.dtype)
        for n in range(batch):
            for k in range(filters):
                y[n, :, :, k] = b[k]
            for c in range(channels):
                image[:] = x[n, :, :, c]
                for k in range(filters):
                    filter[:] = w[:, :, c, k]
                    loop(image, out, width, height, y.shape[2], y.shape[1], filter, size, stride[0])
                    y[n, :, :, k] += out

    return conv2d_forward


def max_pool2d_from_max_pool(loop: Callable) -> Callable:
    """A ``max_pool2d_forward`` for square windows and no padding: the loop, once for each image and channel. Where the
    largest stood, it looks up afterwards.
    """

    @njit
    def max_pool2d_forward(x, y, winner, window, stride, pad):
        batch, height, width, channels = x.shape
        image = np.empty((height, width), x.dtype)
        out = np.empty((y.shape[1], y.shape[2]), y.dtype)
        for n in range(batch):
            for c in range(channels):
                image[:] = x[n, :, :, c]
                loop(image, out, width, height, y.shape[2], y.shape[1], window[0], stride[0])
                y[n, :, :, c] = out
                for i in range(y.shape[1]):
                    for j in range(y.shape[2]):
                        for place in range(window[0] * window[1] - 1, -1, -1):
                            r, s = divmod(place, window[1])
                            if image[i * stride[0] + r, j * stride[1] + s] == out[i, j]:
                                winner[n, i, j, c] = place

    return max_pool2d_forward
