"""``kernels/prelu.py`` on a GPU: one thread for each number, a slope's sum by one block.

Shapes and formulas are those of :mod:`loopnet.kernels.prelu`.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place4, place5
from .tree import add_up


@one_thread_per("y")
@cuda.jit
def prelu_forward(x, alpha, y):
    """y = alpha * x where x < 0, else x. Reads x, alpha; overwrites y. One thread owns one element of y."""
    planes, rows, columns, maps = alpha.shape
    t = cuda.grid(1)
    if t < y.size:
        n, p, i, j, c = place5(t, y.shape)
        value = x[n, p, i, j, c]
        if value < 0:
            y[n, p, i, j, c] = alpha[p % planes, i % rows, j % columns, c % maps] * value
        else:
            y[n, p, i, j, c] = value


@one_thread_per("dx")
@cuda.jit
def prelu_backward_input(dy, x, alpha, dx):
    """dx = alpha * dy where x < 0, 0 where x is 0, else dy. Reads dy, x, alpha; overwrites dx.

    One thread owns one element of dx.
    """
    planes, rows, columns, maps = alpha.shape
    t = cuda.grid(1)
    if t < dx.size:
        n, p, i, j, c = place5(t, dx.shape)
        value = x[n, p, i, j, c]
        if value == 0:
            dx[n, p, i, j, c] = 0
        elif value < 0:
            dx[n, p, i, j, c] = alpha[p % planes, i % rows, j % columns, c % maps] * dy[n, p, i, j, c]
        else:
            dx[n, p, i, j, c] = dy[n, p, i, j, c]


@one_block_per("dalpha")
@cuda.jit
def prelu_backward_weights(dy, x, dalpha):
    """dalpha = the sum of dy * x over all images, and over all places that share the slope, where x < 0.

    Reads dy, x; overwrites dalpha. One block owns one slope; its threads deal out the images and the places of each.
    """
    batch, depth, height, width, channels = x.shape
    planes, rows, columns, maps = dalpha.shape
    shared = cuda.shared.array(THREADS, dalpha.dtype)
    me = cuda.threadIdx.x
    p, i, j, c = place4(cuda.blockIdx.x, dalpha.shape)
    sharing = batch, depth // planes, height // rows, width // columns, channels // maps

    total = dalpha.dtype.type(0)
    for t in range(me, sharing[0] * sharing[1] * sharing[2] * sharing[3] * sharing[4], THREADS):
        n, plane, row, col, channel = place5(t, sharing)
        plane, row, col, channel = p + plane * planes, i + row * rows, j + col * columns, c + channel * maps
        value = x[n, plane, row, col, channel]
        if not value >= 0:  # NaN, too
            total += dy[n, plane, row, col, channel] * value
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        dalpha[p, i, j, c] = shared[0]
