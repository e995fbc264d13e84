"""``kernels/reshape.py`` on a GPU: one thread for each number that moves. Shapes are those of
:mod:`loopnet.kernels.reshape`.
"""

from ..device import cuda
from ..launch import flat, one_thread_per
from ..place import place2, place4


@one_thread_per("y")
@cuda.jit
def flatten_forward(x, y):
    """y[n, (i * width + j) * channels + c] = x[n, i, j, c]. Reads x; overwrites y."""
    batch, height, width, channels = x.shape
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, x.shape)
        y[n, (i * width + j) * channels + c] = x[n, i, j, c]


@one_thread_per("dx")
@cuda.jit
def flatten_backward(dy, dx):
    """dx[n, i, j, c] = dy[n, (i * width + j) * channels + c]. Reads dy; overwrites dx."""
    batch, height, width, channels = dx.shape
    t = cuda.grid(1)
    if t < dx.size:
        n, i, j, c = place4(t, dx.shape)
        dx[n, i, j, c] = dy[n, (i * width + j) * channels + c]


@one_thread_per("y", view=flat)
@cuda.jit
def reshape(x, y):
    """The same numbers in the same order. Reads x; overwrites y."""
    t = cuda.grid(1)
    if t < y.size:
        y[t] = x[t]


@one_thread_per("target")
@cuda.jit
def permute_rows(source, target, sizes, steps):
    """target[n, at] = source[n, i * steps[0] + j * steps[1] + k * steps[2] + m * steps[3]]: the thread works out the
    place (i, j, k, m) that the CPU's four loops come to.
    """
    t = cuda.grid(1)
    if t < target.size:
        n, at = place2(t, target.shape)
        i, j, k, m = place4(at, sizes)
        target[n, at] = source[n, i * steps[0] + j * steps[1] + k * steps[2] + m * steps[3]]


def permute(x, y, sizes, steps):
    """Turn the axes of an image, whatever their number up to four."""
    batch, numbers = x.shape[0], x.size // x.shape[0]
    permute_rows(x.reshape(batch, numbers), y.reshape(batch, numbers), sizes, steps)
