"""``kernels/padding.py`` on a GPU: one thread for each output. Shapes are those of :mod:`loopnet.kernels.padding`."""

from ..device import cuda
from ..launch import one_thread_per
from ..place import place5


@one_thread_per("y")
@cuda.jit
def zero_pad_forward(x, y, pad):
    """y[n, plane + pad_front, row + pad_top, col + pad_left, c] = x[n, plane, row, col, c], 0 elsewhere."""
    batch, depth, height, width, channels = x.shape
    t = cuda.grid(1)
    if t < y.size:
        n, p, i, j, c = place5(t, y.shape)
        plane, row, col = p - pad[0], i - pad[1], j - pad[2]
        inside = 0 <= plane < depth and 0 <= row < height and 0 <= col < width
        if inside:
            y[n, p, i, j, c] = x[n, plane, row, col, c]
        else:
            y[n, p, i, j, c] = 0


@one_thread_per("dx")
@cuda.jit
def zero_pad_backward(dy, dx, pad):
    """dx[n, plane, row, col, c] = dy[n, plane + pad_front, row + pad_top, col + pad_left, c]."""
    t = cuda.grid(1)
    if t < dx.size:
        n, plane, row, col, c = place5(t, dx.shape)
        dx[n, plane, row, col, c] = dy[n, plane + pad[0], row + pad[1], col + pad[2], c]
