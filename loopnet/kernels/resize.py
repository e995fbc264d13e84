"""Resizing: an image of another height and width, read from the old one pixel by pixel.

    x, dx  (batch, height, width, channels)         y, dy  (batch, out_height, out_width, channels)

Both images cover the same square, so that the middle of the new row i, at (i + 1/2) / out_height of the way down, lies
at (i + 1/2) * height / out_height among the old rows, whose own middles are at 1/2, 3/2, ... Columns likewise.

    nearest    the old row in which that place lies
    bilinear   a mixture of the two old rows between whose middles it lies, the nearer one counting more; beyond the
               first and the last middle, that row alone

Shrunk, an image is not smoothed first: what lies between the places that are read is left out. Places are worked out in
whole numbers, in steps of a row's 1 / (2 * out_height), so that none of them is rounded. On the way back each old pixel
gathers from the new ones that have read it.
"""

from numba import prange
from numba.extending import register_jitable
from numpy import float64


@register_jitable
def first_in(row, size, out_size):
    """The first new row whose nearest is old row ``row`` or a later one: (2 i + 1) size / (2 out_size) >= row."""
    return -((size - 2 * row * out_size) // (2 * size))


@register_jitable
def steps_down(i, size, out_size):
    """How far from the first old row's middle new row i is read: so many steps, 2 * out_size of them to a row."""
    return min(max((2 * i + 1) * size - out_size, 0), 2 * out_size * (size - 1))


def resize_nearest_forward(x, y):
    """y[n, i, j, c] = x[n, floor((i + 1/2) height / out_height), floor((j + 1/2) width / out_width), c].

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    _, height, width, _ = x.shape
    batch, out_height, out_width, channels = y.shape
    for n in prange(batch):
        for i in range(out_height):
            row = (2 * i + 1) * height // (2 * out_height)
            for j in range(out_width):
                col = (2 * j + 1) * width // (2 * out_width)
                for c in range(channels):
                    y[n, i, j, c] = x[n, row, col, c]


def resize_nearest_backward(dy, dx):
    """dx[n, row, col, c] = the sum of dy[n, i, j, c] over the new pixels whose nearest it is; 0 if there is none.

    Reads dy; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    _, out_height, out_width, _ = dy.shape
    batch, height, width, channels = dx.shape
    for n in prange(batch):
        for row in range(height):
            for col in range(width):
                for c in range(channels):
                    total = dx.dtype.type(0)
                    for i in range(first_in(row, height, out_height), first_in(row + 1, height, out_height)):
                        for j in range(first_in(col, width, out_width), first_in(col + 1, width, out_width)):
                            total += dy[n, i, j, c]
                    dx[n, row, col, c] = total


def resize_bilinear_forward(x, y):
    """y[n, i, j, c] = x[n] at the place of (i, j), mixed from the four pixels around.

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    _, height, width, _ = x.shape
    batch, out_height, out_width, channels = y.shape
    for n in prange(batch):
        for i in range(out_height):
            steps = steps_down(i, height, out_height)
            top = steps // (2 * out_height)
            bottom = min(top + 1, height - 1)
            below = float64(steps - 2 * out_height * top) / (2 * out_height)  # how far on the way to the next row
            for j in range(out_width):
                steps = steps_down(j, width, out_width)
                left = steps // (2 * out_width)
                right = min(left + 1, width - 1)
                beside = float64(steps - 2 * out_width * left) / (2 * out_width)
                for c in range(channels):
                    upper = (1 - beside) * x[n, top, left, c] + beside * x[n, top, right, c]
                    lower = (1 - beside) * x[n, bottom, left, c] + beside * x[n, bottom, right, c]
                    y[n, i, j, c] = (1 - below) * upper + below * lower


def resize_bilinear_backward(dy, dx):
    """dx[n, row, col, c] = the sum of dy[n, i, j, c] times the share that the pixel has in (i, j).

    The share of an old row in a new one is 1 where it is read at the row's middle, and falls to 0 at the middles of the
    rows before and after; so a new row that has a share of it has it, or one of those two, for its nearest.

    Reads dy; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    _, out_height, out_width, _ = dy.shape
    batch, height, width, channels = dx.shape
    for n in prange(batch):
        for row in range(height):
            first = first_in(max(row - 1, 0), height, out_height)
            last = first_in(min(row + 2, height), height, out_height)
            for col in range(width):
                begin = first_in(max(col - 1, 0), width, out_width)
                end = first_in(min(col + 2, width), width, out_width)
                for c in range(channels):
                    total = 0.0
                    for i in range(first, last):
                        away = abs(steps_down(i, height, out_height) - 2 * out_height * row)
                        down = max(1 - float64(away) / (2 * out_height), float64(0))
                        for j in range(begin, end):
                            away = abs(steps_down(j, width, out_width) - 2 * out_width * col)
                            across = max(1 - float64(away) / (2 * out_width), float64(0))
                            total += down * across * dy[n, i, j, c]
                    dx[n, row, col, c] = total
