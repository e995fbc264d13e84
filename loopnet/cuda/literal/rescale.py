"""``kernels/rescale.py`` on a GPU: one thread for each number."""

from ..device import cuda
from ..launch import flat, one_thread_per


@one_thread_per("y", view=flat)
@cuda.jit
def rescale(x, y, scale, offset):
    """y = scale * x + offset. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        y[i] = scale * x[i] + offset
