"""Upsampling: each pixel becomes a cell of copies, the nearest of them all; an image grows by whole numbers.

    x, dx  (batch, height, width, channels)         y, dy  (batch, height * size_height, width * size_width, channels)

``size`` is a pair: rows and columns of a cell. On the way back a pixel answers for all its copies, so their gradients
add up. Odena, Dumoulin, Olah (2016), *Deconvolution and checkerboard artifacts*, put a convolution behind it to make
images larger.
"""

from numba import prange


def upsample2d_forward(x, y, size):
    """y[n, i, j, c] = x[n, i // size_height, j // size_width, c].

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, out_height, out_width, channels = y.shape
    for n in prange(batch):
        for i in range(out_height):
            for j in range(out_width):
                for c in range(channels):
                    y[n, i, j, c] = x[n, i // size[0], j // size[1], c]


def upsample2d_backward(dy, dx, size):
    """dx[n, row, col, c] = sum over its cell of dy[n, row * size_height + r, col * size_width + s, c].

    Reads dy; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, height, width, channels = dx.shape
    for n in prange(batch):
        for row in range(height):
            for col in range(width):
                for c in range(channels):
                    total = dx.dtype.type(0)
                    for r in range(size[0]):
                        for s in range(size[1]):
                            total += dy[n, row * size[0] + r, col * size[1] + s, c]
                    dx[n, row, col, c] = total
