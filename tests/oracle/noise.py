"""What is drawn by chance, and must be the same chance everywhere: Philox, dropout, augmentation."""

from typing import Any

import numpy as np


def philox(left, right, key):
    """Ten rounds of Philox 2x32 for arrays of counters: the two words of noise. Salmon et al. (2011)."""
    word = np.uint64(0xFFFFFFFF)
    left, right, key = (np.asarray(a, np.uint64) & word for a in np.broadcast_arrays(left, right, key))
    for _ in range(10):
        product = left * np.uint64(0xD256D193)  # of two 32-bit words: fits 64
        left, right = (product >> np.uint64(32)) ^ key ^ right, product & word
        key = (key + np.uint64(0x9E3779B9)) & word
    return left, right


def dropout(x, rate, key, step):
    x = np.asarray(x, np.float64)
    noise, _ = philox(np.arange(x.size), step, key)
    return np.where(noise.reshape(x.shape) / 2.0**32 < rate, 0.0, x / (1 - rate))


def channel_dropout(x, rate, key, step):
    x = np.asarray(x, np.float64)
    noise, _ = philox(np.arange(x.shape[0] * x.shape[2]), step, key)
    dropped = noise.reshape(x.shape[0], 1, x.shape[2]) / 2.0**32 < rate
    return np.where(dropped, 0.0, x / (1 - rate))


def normal(shape, key, step):
    """Box, Muller (1958): the real part of a point in the plane, turned round by half a circle."""
    left, right = (word.reshape(shape).astype(np.float64) for word in philox(np.arange(np.prod(shape)), step, key))
    return -(np.sqrt(np.log((left + 1) / 2.0**32) * -2) * np.exp(2j * np.pi * right / 2.0**32)).real


def drawn(place, step, key):
    """Two numbers from -1 to 1 for each place."""
    return tuple(np.asarray(word, np.float64) / 2.0**31 - 1 for word in philox(place, step, key))


def affine_flow(shape, shift, rotation, zoom, shear, key, step):
    """By matrices: what they do to the grid of pixels, less the grid."""
    batch, height, width, _ = shape
    image = np.arange(batch)
    (down, right), (turn, grow), (lean, _) = (drawn(3 * image + part, step, key) for part in range(3))
    angle = rotation * turn
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    leaning = np.array([[np.ones(batch), shear * lean], [np.zeros(batch), np.ones(batch)]])
    matrix = np.einsum("abn,bcn->nac", turned, leaning) * (1 + zoom * grow)[:, None, None]
    grid = np.indices((height, width)) - np.array([height - 1, width - 1])[:, None, None] / 2
    moved = np.stack([shift[0] * down, shift[1] * right], axis=1)
    return np.einsum("nab,bij->naij", matrix, grid) - grid + moved[:, :, None, None]


def elastic_flow(flow, taps, alpha, key, step):
    """The Gaussian as a matrix on either side of the noise."""
    flow, taps = np.asarray(flow, np.float64), np.asarray(taps, np.float64)
    batch, _, height, width = flow.shape
    place = np.arange(batch * height * width).reshape(batch, height, width)
    noise = np.stack(drawn(place, step, key), axis=1)

    def smoothing(size):
        apart = np.arange(size)[None, :] - np.arange(size)[:, None] + len(taps) // 2
        return np.where((apart >= 0) & (apart < len(taps)), taps[np.clip(apart, 0, len(taps) - 1)], 0.0)

    return flow + alpha * smoothing(height) @ noise @ smoothing(width).T


PADS: dict[str, Any] = {"constant": "constant", "nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}


def warp(x, flow, fill_mode="constant"):
    """Every pixel of the old image has a say in every pixel of the new: none, if it is a whole pixel or more away.

    The old image is made large enough first that there is no outside.
    """
    x, flow = np.asarray(x, np.float64), np.asarray(flow, np.float64)
    row, col = np.indices(x.shape[1:3])
    margin = int(np.abs(flow).max()) + 2
    x = np.pad(x, [(0, 0), (margin, margin), (margin, margin), (0, 0)], PADS[fill_mode])
    height, width = x.shape[1:3]
    rows = np.maximum(0, 1 - np.abs((row + margin + flow[:, 0])[..., None] - np.arange(height)))
    cols = np.maximum(0, 1 - np.abs((col + margin + flow[:, 1])[..., None] - np.arange(width)))
    return np.einsum("nijr,nijs,nrsc->nijc", rows, cols, x)


def cutout(x, size, key, step):
    batch, height, width, _ = x.shape
    down, right = philox(np.arange(batch), step, key)
    top = np.floor(down / 2.0**32 * height) - size // 2
    left = np.floor(right / 2.0**32 * width) - size // 2
    below, beside = (np.arange(n)[None, :] - first[:, None] for n, first in ((height, top), (width, left)))
    hidden = ((below >= 0) & (below < size))[:, :, None] & ((beside >= 0) & (beside < size))[:, None, :]
    return np.where(hidden[..., None], 0.0, np.asarray(x, np.float64))


def adjust_contrast(x, factors, low, high):
    """A mixture of the image and its mean, channel by channel."""
    x, share = np.asarray(x, np.float64), np.asarray(factors, np.float64)[:, None, None, None]
    return np.clip(share * x + (1 - share) * x.mean(axis=(1, 2), keepdims=True), low, high)


def adjust_brightness(x, deltas, low, high):
    return np.clip(np.asarray(x, np.float64) + np.asarray(deltas, np.float64)[:, None, None, None], low, high)
