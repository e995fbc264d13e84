"""``kernels/resize.py`` on a GPU: one thread for each output.

Shapes and formulas are those of :mod:`loopnet.kernels.resize`; shares are taken in the arrays' own dtype.
"""

from ...kernels import resize
from ..device import cuda
from ..launch import one_thread_per
from ..place import place4

first_in, steps_down = cuda.jit(device=True)(resize.first_in), cuda.jit(device=True)(resize.steps_down)


@cuda.jit(device=True)
def part(steps, out_size, like):
    """``steps`` as a part of a row, in the dtype of the array ``like``."""
    return like.dtype.type(steps) / like.dtype.type(2 * out_size)


@one_thread_per("y")
@cuda.jit
def resize_nearest_forward(x, y):
    """y[n, i, j, c] = x[n, floor((i + 1/2) height / out_height), floor((j + 1/2) width / out_width), c]."""
    _, height, width, _ = x.shape
    _, out_height, out_width, _ = y.shape
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        y[n, i, j, c] = x[n, (2 * i + 1) * height // (2 * out_height), (2 * j + 1) * width // (2 * out_width), c]


@one_thread_per("dx")
@cuda.jit
def resize_nearest_backward(dy, dx):
    """dx[n, row, col, c] = the sum of dy over the new pixels whose nearest it is. Reads dy; overwrites dx."""
    _, out_height, out_width, _ = dy.shape
    _, height, width, _ = dx.shape
    t = cuda.grid(1)
    if t < dx.size:
        n, row, col, c = place4(t, dx.shape)
        total = dx.dtype.type(0)
        for i in range(first_in(row, height, out_height), first_in(row + 1, height, out_height)):
            for j in range(first_in(col, width, out_width), first_in(col + 1, width, out_width)):
                total += dy[n, i, j, c]
        dx[n, row, col, c] = total


@one_thread_per("y")
@cuda.jit
def resize_bilinear_forward(x, y):
    """y[n, i, j, c] = x[n] at the place of (i, j), mixed from the four pixels around. Reads x; overwrites y."""
    _, height, width, _ = x.shape
    _, out_height, out_width, _ = y.shape
    one = y.dtype.type(1)
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        down, across = steps_down(i, height, out_height), steps_down(j, width, out_width)
        top, left = down // (2 * out_height), across // (2 * out_width)
        bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
        below = part(down - 2 * out_height * top, out_height, y)
        beside = part(across - 2 * out_width * left, out_width, y)
        upper = (one - beside) * x[n, top, left, c] + beside * x[n, top, right, c]
        lower = (one - beside) * x[n, bottom, left, c] + beside * x[n, bottom, right, c]
        y[n, i, j, c] = (one - below) * upper + below * lower


@one_thread_per("dx")
@cuda.jit
def resize_bilinear_backward(dy, dx):
    """dx[n, row, col, c] = the sum of dy times the share that the pixel has in it. Reads dy; overwrites dx."""
    _, out_height, out_width, _ = dy.shape
    _, height, width, _ = dx.shape
    one, zero = dx.dtype.type(1), dx.dtype.type(0)
    t = cuda.grid(1)
    if t < dx.size:
        n, row, col, c = place4(t, dx.shape)
        first, last = first_in(max(row - 1, 0), height, out_height), first_in(min(row + 2, height), height, out_height)
        begin, end = first_in(max(col - 1, 0), width, out_width), first_in(min(col + 2, width), width, out_width)
        total = zero
        for i in range(first, last):
            away = abs(steps_down(i, height, out_height) - 2 * out_height * row)
            down = max(one - part(away, out_height, dx), zero)
            for j in range(begin, end):
                away = abs(steps_down(j, width, out_width) - 2 * out_width * col)
                across = max(one - part(away, out_width, dx), zero)
                total += down * across * dy[n, i, j, c]
        dx[n, row, col, c] = total
