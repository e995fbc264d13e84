"""``kernels/normalization.py`` on a GPU: sums over a channel by one block of threads, the rest by one thread a number.

Formulas are those of :mod:`loopnet.kernels.normalization`. Kernels see images as rows of pixels, one after another:

    x, dx, y, dy  (batch * ..., channels)         mean, variance, gamma, beta and their gradients  (channels,)

Square root and quotient are taken in the arrays' own dtype.
"""

import math

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place2
from .tree import add_up, in_rows


@one_thread_per("mean", view=in_rows)
@cuda.jit
def batch_norm_statistics_by_threads(x, mean, variance):
    """mean[c] = the mean of x;  variance[c] = the mean of (x - mean[c]) ** 2: the lesson, as in conv2d.py.

    Reads x; overwrites mean and variance. One thread owns one channel.
    """
    count = x.dtype.type(x.shape[0])
    c = cuda.grid(1)
    if c < mean.size:
        total = x.dtype.type(0)
        for i in range(x.shape[0]):
            total += x[i, c]
        middle = total / count
        mean[c] = middle

        total = x.dtype.type(0)
        for i in range(x.shape[0]):
            total += (x[i, c] - middle) * (x[i, c] - middle)
        variance[c] = total / count


@one_block_per("mean", view=in_rows)
@cuda.jit
def batch_norm_statistics(x, mean, variance):
    """The same, a channel's pixels dealt out among the threads of a block.

    Reads x; overwrites mean and variance. One block owns one channel.
    """
    shared = cuda.shared.array(THREADS, x.dtype)
    count = x.dtype.type(x.shape[0])
    me, c = cuda.threadIdx.x, cuda.blockIdx.x

    total = x.dtype.type(0)
    for i in range(me, x.shape[0], THREADS):
        total += x[i, c]
    shared[me] = total
    add_up(shared, me)
    middle = shared[0] / count
    cuda.syncthreads()  # all have read the first sum before the second one overwrites it

    total = x.dtype.type(0)
    for i in range(me, x.shape[0], THREADS):
        total += (x[i, c] - middle) * (x[i, c] - middle)
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        mean[c] = middle
        variance[c] = shared[0] / count


@one_thread_per("moving")
@cuda.jit
def moving_average(moving, latest, share):
    """moving[c] += share * (latest[c] - moving[c]). Reads latest; changes moving. One thread owns one channel."""
    c = cuda.grid(1)
    if c < moving.size:
        moving[c] += share * (latest[c] - moving[c])


@one_thread_per("y", view=in_rows)
@cuda.jit
def batch_norm_forward(x, mean, variance, gamma, beta, y, epsilon):
    """y[i,c] = gamma[c] * (x[i,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c].

    Reads x, mean, variance, gamma, beta; overwrites y. One thread owns one element of y.
    """
    t = cuda.grid(1)
    if t < y.size:
        i, c = place2(t, y.shape)
        slope = gamma[c] / math.sqrt(variance[c] + epsilon)
        y[i, c] = slope * (x[i, c] - mean[c]) + beta[c]


@one_block_per("dgamma", view=in_rows)
@cuda.jit
def batch_norm_backward_weights(dy, x, mean, variance, dgamma, dbeta, epsilon):
    """dgamma[c] = sum_i dy[i,c] * x_hat[i,c];  dbeta[c] = sum_i dy[i,c].

    Reads dy, x, mean, variance; overwrites dgamma, dbeta. One block owns one channel.
    """
    shared_gamma = cuda.shared.array(THREADS, x.dtype)
    shared_beta = cuda.shared.array(THREADS, x.dtype)
    me, c = cuda.threadIdx.x, cuda.blockIdx.x
    scale = x.dtype.type(1) / math.sqrt(variance[c] + epsilon)

    total_gamma = x.dtype.type(0)
    total_beta = x.dtype.type(0)
    for i in range(me, x.shape[0], THREADS):
        total_gamma += dy[i, c] * ((x[i, c] - mean[c]) * scale)
        total_beta += dy[i, c]
    shared_gamma[me] = total_gamma
    shared_beta[me] = total_beta
    add_up(shared_gamma, me)
    add_up(shared_beta, me)
    if me == 0:
        dgamma[c] = shared_gamma[0]
        dbeta[c] = shared_beta[0]


@one_thread_per("dx", view=in_rows)
@cuda.jit
def batch_norm_backward_input(dy, x, mean, variance, gamma, dgamma, dbeta, dx, epsilon):
    """dx[i,c] = gamma[c] / sqrt(variance[c] + epsilon) * (dy[i,c] - mean dy - x_hat[i,c] * mean (dy * x_hat)).

    Reads all but dx; overwrites dx. One thread owns one element of dx.
    """
    count = x.dtype.type(x.shape[0])
    t = cuda.grid(1)
    if t < dx.size:
        i, c = place2(t, dx.shape)
        scale = x.dtype.type(1) / math.sqrt(variance[c] + epsilon)
        mean_dy, mean_product = dbeta[c] / count, dgamma[c] / count
        x_hat = (x[i, c] - mean[c]) * scale
        dx[i, c] = gamma[c] * scale * (dy[i, c] - mean_dy - x_hat * mean_product)
