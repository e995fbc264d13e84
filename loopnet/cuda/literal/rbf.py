"""``kernels/rbf.py`` on a GPU: one thread for each output; the loss, one for each image.

Shapes and formulas are those of :mod:`loopnet.kernels.rbf`. exp and log are taken in the arrays' own dtype.
"""

import math

from ..device import cuda
from ..launch import one_thread_per
from ..place import place2


@one_thread_per("y")
@cuda.jit
def rbf_forward(x, centres, y):
    """y[n,k] = - sum_j (x[n,j] - centres[k,j]) ** 2. Reads x, centres; overwrites y. One thread owns one element."""
    t = cuda.grid(1)
    if t < y.size:
        n, k = place2(t, y.shape)
        total = y.dtype.type(0)
        for j in range(centres.shape[1]):
            away = x[n, j] - centres[k, j]
            total -= away * away
        y[n, k] = total


@one_thread_per("dx")
@cuda.jit
def rbf_backward(dy, x, centres, dx):
    """dx[n,j] = sum_k 2 * dy[n,k] * (centres[k,j] - x[n,j]). Reads dy, x, centres; overwrites dx."""
    batch, units = dy.shape
    two = dx.dtype.type(2)
    t = cuda.grid(1)
    if t < dx.size:
        n, j = place2(t, dx.shape)
        total = dx.dtype.type(0)
        for k in range(units):
            total += two * dy[n, k] * (centres[k, j] - x[n, j])
        dx[n, j] = total


@one_thread_per("losses")
@cuda.jit
def maximum_a_posteriori(outputs, targets, weight, losses, doutputs, rubbish):
    """losses[n] = sum_k t[n,k] * (log(exp(-rubbish) + sum_l exp y[n,l]) - y[n,k]).

    Reads outputs, targets, weight; overwrites losses and doutputs.
    """
    batch, classes = outputs.shape
    zero = losses.dtype.type(0)
    n = cuda.grid(1)
    if n < batch:
        largest = -rubbish
        for k in range(classes):
            if outputs[n, k] > largest or outputs[n, k] != outputs[n, k]:
                largest = outputs[n, k]
        total = math.exp(-rubbish - largest)
        for k in range(classes):
            total += math.exp(outputs[n, k] - largest)

        loss, mass = zero, zero
        for k in range(classes):
            t = targets[n, k]
            mass += t
            if t != 0:
                loss += t * (math.log(total) + (largest - outputs[n, k]))
        losses[n] = loss

        for k in range(classes):
            p = math.exp(outputs[n, k] - largest) / total
            doutputs[n, k] = weight[n] * (p * mass - targets[n, k]) if weight[n] != 0 else zero
