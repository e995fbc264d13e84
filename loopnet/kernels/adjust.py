"""Augmentation of colours: each image with more or less contrast, or brighter or darker, than it was.

    x, y             (batch, height, width, channels), which may be the same array
    factors, deltas  (batch,), one number for each image, drawn by whoever calls
    means            (batch, channels), scratch
    low, high        what black and white are; what would go beyond is cut off. NaN passes through.

All of one floating dtype.
"""

from numba import prange
from numpy import float64


def adjust_contrast(x, factors, means, y, low, high):
    """y[n,i,j,c] = (x[n,i,j,c] - m) * factors[n] + m, at least low, at most high; m is channel c's mean in image n.

    Reads x, factors; overwrites means, y. One turn of the parallel loop owns one image.
    """
    batch, height, width, channels = x.shape
    for n in prange(batch):
        for c in range(channels):
            total = float64(0)
            for i in range(height):
                for j in range(width):
                    total += float64(x[n, i, j, c])
            means[n, c] = total / (height * width)
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    value = (x[n, i, j, c] - means[n, c]) * factors[n] + means[n, c]
                    if value < low:
                        value = low
                    if value > high:
                        value = high
                    y[n, i, j, c] = value


def adjust_brightness(x, deltas, y, low, high):
    """y[n,i,j,c] = x[n,i,j,c] + deltas[n], at least low, at most high.

    Reads x, deltas; overwrites y. One turn of the parallel loop owns one image.
    """
    batch, height, width, channels = x.shape
    for n in prange(batch):
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    value = x[n, i, j, c] + deltas[n]
                    if value < low:
                        value = low
                    if value > high:
                        value = high
                    y[n, i, j, c] = value
