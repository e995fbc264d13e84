"""Pooling of images and of volumes."""

import numpy as np

from .windows import lay_back, windows_of


def winner_of(values, inside):
    """The place along the last axis of the first largest value that lies inside the image.

    Any NaN beats any number, and a NaN beats the NaN before it, as it is unequal to it.
    """
    first_largest = (inside & (values == values.max(axis=-1)[..., None])).argmax(axis=-1)
    broken = inside & np.isnan(values)
    last_broken = broken.shape[-1] - 1 - broken[..., ::-1].argmax(axis=-1)
    return np.where(broken.any(axis=-1), last_broken, first_largest)


def max_pool2d_forward(x, window, stride, pad, size):
    """(y, winner): winner counts a window's places row by row; the first largest one wins, padding never."""
    x = np.asarray(x, np.float64)
    flat = (x.shape[0], *size, x.shape[3], window[0] * window[1])
    values = windows_of(x, window, stride, (1, 1), pad, size, -np.inf).reshape(flat)
    inside = windows_of(np.ones(x.shape, bool), window, stride, (1, 1), pad, size, False).reshape(flat)
    return values.max(axis=-1), winner_of(values, inside)


def max_pool2d_backward(dy, winner, shape, window, stride, pad):
    dy = np.asarray(dy, np.float64)
    image, i, j, channel = np.indices(dy.shape)
    row = i * stride[0] - pad[0] + winner // window[1]
    column = j * stride[1] - pad[1] + winner % window[1]
    dx = np.zeros(shape)
    np.add.at(dx, (image, row, column, channel), dy)
    return dx


def max_pool3d(x, dy, window, stride, pad):
    """(y, winner, dx)."""
    x, dy, none = np.asarray(x, np.float64), np.asarray(dy, np.float64), (1, 1, 1)
    flat = (*dy.shape, -1)
    values = windows_of(x, window, stride, none, pad, dy.shape[1:4], -np.inf).reshape(flat)
    inside = windows_of(np.ones(x.shape, bool), window, stride, none, pad, dy.shape[1:4], False).reshape(flat)
    winner = winner_of(values, inside)
    taps = np.where(np.arange(values.shape[-1]) == winner[..., None], dy[..., None], 0.0).reshape(*dy.shape, *window)
    return values.max(axis=-1), winner, lay_back(taps, x.shape, window, stride, none, pad)


def average_pool3d(x, dy, window, stride, pad):
    """(y, dx)."""
    x, dy, none = np.asarray(x, np.float64), np.asarray(dy, np.float64), (1, 1, 1)
    places = (5, 6, 7)
    inside = windows_of(np.ones(x.shape), window, stride, none, pad, dy.shape[1:4], 0.0)
    count = inside.sum(axis=places)
    y = windows_of(x, window, stride, none, pad, dy.shape[1:4], 0.0).sum(axis=places) / count
    taps = np.where(inside > 0, (dy / count)[..., None, None, None], 0.0)
    return y, lay_back(taps, x.shape, window, stride, none, pad)


def lp_pool3d(x, dy, window, stride, pad, norm):
    """(y, dx)."""
    x, dy, none = np.asarray(x, np.float64), np.asarray(dy, np.float64), (1, 1, 1)
    values = windows_of(x, window, stride, none, pad, dy.shape[1:4], 0.0)
    y = (np.abs(values) ** norm).sum(axis=(5, 6, 7)) ** (1 / norm)
    length, gradient = y[..., None, None, None], dy[..., None, None, None]
    taps = gradient * np.sign(values) * np.abs(values) ** (norm - 1) / np.where(length == 0, 1, length) ** (norm - 1)
    return y, lay_back(np.where(length == 0, 0, taps), x.shape, window, stride, none, pad)
