"""``kernels/pool.py`` on a GPU: one thread for each output, forward as on the CPU, backward turned round.

On the CPU the backward pass is a delivery: each output brings its gradient to the pixel that won. Where windows
overlap, two outputs can deliver to one pixel, and two threads must never add to one number at once. So here every
pixel asks, as in ``conv2d_backward_input``: which windows saw me, and in which did I win?

Shapes, names and formulas are those of :mod:`loopnet.kernels.pool`.
"""

from ..device import cuda
from ..launch import one_thread_per
from ..place import place4


@one_thread_per("y")
@cuda.jit
def max_pool2d_forward(x, y, winner, window, stride, pad):
    """y[n,i,j,c] = max over the window, and winner says which (r, s) it was.

    Reads x; overwrites y and winner. One thread owns one element of both.
    """
    batch, height, width, channels = x.shape

    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        first = True
        best = x[n, 0, 0, c]  # replaced by the first pixel inside the window
        best_at = 0
        for r in range(window[0]):
            for s in range(window[1]):
                row = i * stride[0] + r - pad[0]
                col = j * stride[1] + s - pad[1]
                if 0 <= row < height and 0 <= col < width:
                    value = x[n, row, col, c]
                    if first or value > best or value != value:  # NaN is the one value unequal to itself
                        first = False
                        best = value
                        best_at = r * window[1] + s
        y[n, i, j, c] = best
        winner[n, i, j, c] = best_at


@one_thread_per("dx")
@cuda.jit
def max_pool2d_backward(dy, winner, dx, window, stride, pad):
    """dx[n,row,col,c] = sum of dy[n,i,j,c] over the windows (i, j) that the pixel won.

    Reads dy, winner; overwrites dx. One thread owns one element of dx.
    """
    _, out_height, out_width, _ = dy.shape

    t = cuda.grid(1)
    if t < dx.size:
        n, row, col, c = place4(t, dx.shape)
        total = dx.dtype.type(0)
        for r in range(window[0]):
            for s in range(window[1]):
                i, between_rows = divmod(row + pad[0] - r, stride[0])
                j, between_cols = divmod(col + pad[1] - s, stride[1])
                if between_rows == 0 and between_cols == 0 and 0 <= i < out_height and 0 <= j < out_width:
                    if winner[n, i, j, c] == r * window[1] + s:
                        total += dy[n, i, j, c]
        dx[n, row, col, c] = total
