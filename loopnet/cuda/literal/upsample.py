"""``kernels/upsample.py`` on a GPU: one thread for each output. Shapes are those of :mod:`loopnet.kernels.upsample`."""

from ..device import cuda
from ..launch import one_thread_per
from ..place import place4


@one_thread_per("y")
@cuda.jit
def upsample2d_forward(x, y, size):
    """y[n, i, j, c] = x[n, i // size_height, j // size_width, c]. Reads x; overwrites y."""
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        y[n, i, j, c] = x[n, i // size[0], j // size[1], c]


@one_thread_per("dx")
@cuda.jit
def upsample2d_backward(dy, dx, size):
    """dx[n, row, col, c] = sum over its cell of dy[n, row * size_height + r, col * size_width + s, c].

    Reads dy; overwrites dx.
    """
    t = cuda.grid(1)
    if t < dx.size:
        n, row, col, c = place4(t, dx.shape)
        total = dx.dtype.type(0)
        for r in range(size[0]):
            for s in range(size[1]):
                total += dy[n, row * size[0] + r, col * size[1] + s, c]
        dx[n, row, col, c] = total
