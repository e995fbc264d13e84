"""Convolution of images and of volumes."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .windows import lay_back, windows_of


def conv2d_forward(x, w, b, stride, pad, size):
    x, w, b = (np.asarray(a, np.float64) for a in (x, w, b))
    return np.einsum("nijcrs,rsck->nijk", windows_of(x, w.shape[:2], stride, (1, 1), pad, size, 0.0), w) + b


def conv2d_backward_input(dy, w, shape, stride, pad):
    """The full convolution of dy, pixels `stride` apart, with the filters flipped; then without the frame."""
    dy, w = np.asarray(dy, np.float64), np.asarray(w, np.float64)
    batch, rows, columns, filters = dy.shape
    window_height, window_width, channels, _ = w.shape
    apart = np.zeros((batch, (rows - 1) * stride[0] + 1, (columns - 1) * stride[1] + 1, filters))
    apart[:, :: stride[0], :: stride[1]] = dy
    around_height, around_width = window_height - 1, window_width - 1
    apart = np.pad(apart, [(0, 0), (around_height,) * 2, (around_width,) * 2, (0, 0)])
    views = sliding_window_view(apart, (window_height, window_width), axis=(1, 2))
    frame = np.einsum("nijkrs,rsck->nijc", views, w[::-1, ::-1])

    dx = np.zeros(shape)  # pixels that no window reached keep 0
    reached = frame[:, pad[0] :, pad[1] :][:, : shape[1], : shape[2]]
    dx[:, : reached.shape[1], : reached.shape[2]] = reached
    return dx


def conv2d_backward_weights(dy, x, window, stride, pad):
    """(dw, db)."""
    dy, x = np.asarray(dy, np.float64), np.asarray(x, np.float64)
    windows = windows_of(x, window, stride, (1, 1), pad, dy.shape[1:3], 0.0)
    return np.einsum("nijcrs,nijk->rsck", windows, dy), dy.sum(axis=(0, 1, 2))


def conv3d(x, w, b, dy, stride, dilation, pad, groups):
    """(y, dx, dw, db): each group a convolution of its own."""
    x, w, b, dy = (np.asarray(a, np.float64) for a in (x, w, b, dy))
    window, shape = w.shape[:3], x.shape
    y, dx, dw = [], [], []
    for xg, wg, dyg in zip(*(np.split(a, groups, axis=-1) for a in (x, w, dy)), strict=True):
        windows = windows_of(xg, window, stride, dilation, pad, dy.shape[1:4], 0.0)
        y.append(np.einsum("npijcqrs,qrsck->npijk", windows, wg))
        dw.append(np.einsum("npijcqrs,npijk->qrsck", windows, dyg))
        taps = np.einsum("npijk,qrsck->npijcqrs", dyg, wg)
        dx.append(lay_back(taps, (*shape[:4], shape[4] // groups), window, stride, dilation, pad))
    return np.concatenate(y, -1) + b, np.concatenate(dx, -1), np.concatenate(dw, -1), dy.sum(axis=(0, 1, 2, 3))
