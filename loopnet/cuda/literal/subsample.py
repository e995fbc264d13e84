"""``kernels/subsample.py`` on a GPU: one thread for each output, the weights' sums by one block a channel.

Shapes and formulas are those of :mod:`loopnet.kernels.subsample`.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place3, place4
from .tree import add_up


@one_thread_per("y")
@cuda.jit
def subsample_forward(x, w, b, y, window):
    """y = b + w * (the sum of the window). Reads x, w, b; overwrites y. One thread owns one element of y."""
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        total = y.dtype.type(0)
        for r in range(window[0]):
            for s in range(window[1]):
                total += x[n, i * window[0] + r, j * window[1] + s, c]
        y[n, i, j, c] = b[c] + w[c] * total


@one_thread_per("dx")
@cuda.jit
def subsample_backward_input(dy, w, dx, window):
    """dx = w * dy of the window that the pixel is in. Reads dy, w; overwrites dx. One thread owns one element of dx."""
    _, out_height, out_width, _ = dy.shape
    t = cuda.grid(1)
    if t < dx.size:
        n, row, col, c = place4(t, dx.shape)
        i, j = row // window[0], col // window[1]
        if i < out_height and j < out_width:
            dx[n, row, col, c] = w[c] * dy[n, i, j, c]
        else:
            dx[n, row, col, c] = 0


@one_block_per("dw")
@cuda.jit
def subsample_backward_weights(dy, x, dw, db, window):
    """dw[c] = sum_{n,i,j} dy[n,i,j,c] * (the sum of the window);   db[c] = sum dy[n,i,j,c].

    Reads dy, x; overwrites dw, db. One block owns one channel; its threads deal the windows out among themselves.
    """
    batch, out_height, out_width, channels = dy.shape
    slopes = cuda.shared.array(THREADS, dw.dtype)
    shifts = cuda.shared.array(THREADS, db.dtype)
    me, c = cuda.threadIdx.x, cuda.blockIdx.x

    slope, shift = dw.dtype.type(0), db.dtype.type(0)
    for stop in range(me, batch * out_height * out_width, THREADS):
        n, i, j = place3(stop, dy.shape)
        total = dw.dtype.type(0)
        for r in range(window[0]):
            for s in range(window[1]):
                total += x[n, i * window[0] + r, j * window[1] + s, c]
        slope += dy[n, i, j, c] * total
        shift += dy[n, i, j, c]
    slopes[me] = slope
    shifts[me] = shift
    add_up(slopes, me)
    add_up(shifts, me)
    if me == 0:
        dw[c] = slopes[0]
        db[c] = shifts[0]
