"""Flatten: read an image's numbers off as one row, in Keras's order: row by row, column by column, channel by channel.

x, dx  (batch, height, width, channels)         y, dy  (batch, height * width * channels)
"""

from numba import prange


def flatten_forward(x, y):
    """y[n, (i * width + j) * channels + c] = x[n, i, j, c].

    Reads x; overwrites y. One turn of the parallel loop owns one image.
    """
    batch, height, width, channels = x.shape
    for n in prange(batch):
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    y[n, (i * width + j) * channels + c] = x[n, i, j, c]


def flatten_backward(dy, dx):
    """dx[n, i, j, c] = dy[n, (i * width + j) * channels + c]: the same walk with the arrow turned round.

    Reads dy; overwrites dx. One turn of the parallel loop owns one image.
    """
    batch, height, width, channels = dx.shape
    for n in prange(batch):
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    dx[n, i, j, c] = dy[n, (i * width + j) * channels + c]
