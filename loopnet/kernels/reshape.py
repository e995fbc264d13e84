"""Moving numbers about, unchanged: flatten, reshape, permute.

Flatten reads an image's numbers off as one row, in Keras's order: row by row, column by column, channel by channel.

    x, dx  (batch, height, width, channels)         y, dy  (batch, height * width * channels)

Reshape and permute take arrays of any rank, batch first.
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


def reshape(x, y):
    """The same numbers in the same order; only the shape of an image is another. Its own backward pass.

    Reads x; overwrites y. One turn of the parallel loop owns one image.
    """
    source, target = x.reshape(x.shape[0], -1), y.reshape(y.shape[0], -1)
    for n in prange(source.shape[0]):
        for i in range(source.shape[1]):
            target[n, i] = source[n, i]


def permute(x, y, sizes, steps):
    """Turn the axes of an image. Its own backward pass, with the axes turned back.

    y is walked in the order it is stored, along its four axes (missing ones are of size 1): ``sizes`` says how long
    they are, ``steps`` how far apart in x two neighbours along each of them stand.

    Reads x; overwrites y. One turn of the parallel loop owns one image.
    """
    source, target = x.reshape(x.shape[0], -1), y.reshape(y.shape[0], -1)
    for n in prange(source.shape[0]):
        at = 0
        for i in range(sizes[0]):
            for j in range(sizes[1]):
                for k in range(sizes[2]):
                    for m in range(sizes[3]):
                        target[n, at] = source[n, i * steps[0] + j * steps[1] + k * steps[2] + m * steps[3]]
                        at += 1
