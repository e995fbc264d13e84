"""Zero padding: an empty frame around a volume. A convolution that pads does not need it; it skips what lies outside.

    x, dx  (batch, depth, height, width, channels)         y, dy  the same, larger by what is padded

``pad`` counts the zeros before the first plane, row and column; those after the last follow from y's shape.
"""

from numba import prange


def zero_pad_forward(x, y, pad):
    """y[n, plane + pad_front, row + pad_top, col + pad_left, c] = x[n, plane, row, col, c], 0 elsewhere.

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, depth, height, width, channels = x.shape
    _, out_depth, out_height, out_width, _ = y.shape
    for n in prange(batch):
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    plane, row, col = p - pad[0], i - pad[1], j - pad[2]
                    inside = 0 <= plane < depth and 0 <= row < height and 0 <= col < width
                    for c in range(channels):
                        if inside:
                            y[n, p, i, j, c] = x[n, plane, row, col, c]
                        else:
                            y[n, p, i, j, c] = 0


def zero_pad_backward(dy, dx, pad):
    """dx[n, plane, row, col, c] = dy[n, plane + pad_front, row + pad_top, col + pad_left, c]: the frame is cut off.

    Reads dy; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, depth, height, width, channels = dx.shape
    for n in prange(batch):
        for plane in range(depth):
            for row in range(height):
                for col in range(width):
                    for c in range(channels):
                        dx[n, plane, row, col, c] = dy[n, plane + pad[0], row + pad[1], col + pad[2], c]
