"""``kernels/adjust.py`` on a GPU: a channel's mean by one block of threads, the rest by one thread a number.

Shapes and formulas are those of :mod:`loopnet.kernels.adjust`; means are taken in the arrays' own dtype, and by a
kernel of their own: the next one starts when all of them are there.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place2, place4
from .tree import add_up


@one_block_per("means")
@cuda.jit
def mean_of_channels(x, means):
    """means[n, c] = the mean of x over the pixels of image n. Reads x; overwrites means.

    One block owns one mean; its threads deal out the pixels.
    """
    _, height, width, _ = x.shape
    shared = cuda.shared.array(THREADS, x.dtype)
    me = cuda.threadIdx.x
    n, c = place2(cuda.blockIdx.x, means.shape)

    total = x.dtype.type(0)
    for pixel in range(me, height * width, THREADS):
        total += x[n, pixel // width, pixel % width, c]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        means[n, c] = shared[0] / x.dtype.type(height * width)


@one_thread_per("y")
@cuda.jit
def stretch_from_means(x, factors, means, y, low, high):
    """y = (x - mean) * factor + mean, at least low, at most high. Reads x, factors, means; overwrites y."""
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        value = (x[n, i, j, c] - means[n, c]) * factors[n] + means[n, c]
        if value < low:
            value = low
        if value > high:
            value = high
        y[n, i, j, c] = value


def adjust_contrast(x, factors, means, y, low, high):
    """y = (x - the channel's mean) * factor + the mean, at least low, at most high, in two steps."""
    mean_of_channels(x, means)
    stretch_from_means(x, factors, means, y, low, high)


@one_thread_per("y")
@cuda.jit
def adjust_brightness(x, deltas, y, low, high):
    """y = x + delta, at least low, at most high. Reads x, deltas; overwrites y."""
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        value = x[n, i, j, c] + deltas[n]
        if value < low:
            value = low
        if value > high:
            value = high
        y[n, i, j, c] = value
