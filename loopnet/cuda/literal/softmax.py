"""``kernels/softmax.py`` on a GPU: one thread for each image, its loops over the classes the CPU's.

Shapes and formulas are those of :mod:`loopnet.kernels.softmax`. exp and log are taken in the arrays' own dtype: double
precision is many times slower on most GPUs.
"""

import math

from ..device import cuda
from ..launch import one_thread_per


@one_thread_per("probabilities", axes=1)
@cuda.jit
def softmax_forward(logits, probabilities):
    """p[n,k] = exp(z[n,k] - max z[n]) / sum_l exp(z[n,l] - max z[n]). Reads logits; overwrites probabilities."""
    batch, classes = logits.shape
    n = cuda.grid(1)
    if n < batch:
        largest = logits[n, 0]
        for k in range(1, classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = logits.dtype.type(0)
        for k in range(classes):
            total += math.exp(logits[n, k] - largest)
        for k in range(classes):
            probabilities[n, k] = math.exp(logits[n, k] - largest) / total


@one_thread_per("dx", axes=1)
@cuda.jit
def softmax_backward(dy, probabilities, dx):
    """dx[n,k] = p[n,k] * (dy[n,k] - sum_l dy[n,l] * p[n,l]). Reads dy, probabilities; overwrites dx."""
    batch, classes = dy.shape
    n = cuda.grid(1)
    if n < batch:
        mean = dx.dtype.type(0)
        for k in range(classes):
            mean += dy[n, k] * probabilities[n, k]
        for k in range(classes):
            dx[n, k] = probabilities[n, k] * (dy[n, k] - mean)


@one_thread_per("y", axes=1)
@cuda.jit
def log_softmax_forward(logits, y):
    """y[n,k] = z[n,k] - max z[n] - log sum_l exp(z[n,l] - max z[n]). Reads logits; overwrites y."""
    batch, classes = logits.shape
    n = cuda.grid(1)
    if n < batch:
        largest = logits[n, 0]
        for k in range(1, classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = logits.dtype.type(0)
        for k in range(classes):
            total += math.exp(logits[n, k] - largest)
        for k in range(classes):
            y[n, k] = logits[n, k] - largest - math.log(total)


@one_thread_per("dx", axes=1)
@cuda.jit
def log_softmax_backward(dy, y, dx):
    """dx[n,k] = dy[n,k] - exp(y[n,k]) * sum_l dy[n,l]. Reads dy, y; overwrites dx."""
    batch, classes = dy.shape
    n = cuda.grid(1)
    if n < batch:
        total = dx.dtype.type(0)
        for k in range(classes):
            total += dy[n, k]
        for k in range(classes):
            dx[n, k] = dy[n, k] - math.exp(y[n, k]) * total


@one_thread_per("losses")
@cuda.jit
def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
    """losses[n] = sum_k t[n,k] * (log sum_l exp z[n,l] - z[n,k]);  dlogits[n,k] = weight[n] * (p[n,k] * sum_l t[n,l]
    - t[n,k]).

    Reads logits, targets, weight; overwrites losses and dlogits.
    """
    batch, classes = logits.shape
    n = cuda.grid(1)
    if n < batch:
        largest = logits[n, 0]
        for k in range(1, classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = logits.dtype.type(0)
        for k in range(classes):
            total += math.exp(logits[n, k] - largest)

        loss = logits.dtype.type(0)
        mass = logits.dtype.type(0)
        for k in range(classes):
            mass += targets[n, k]
            if targets[n, k] != 0:  # 0 * log 0 is 0, also for a class that cannot be reached
                loss += targets[n, k] * (math.log(total) + (largest - logits[n, k]))
        losses[n] = loss

        for k in range(classes):
            p = math.exp(logits[n, k] - largest) / total
            dlogits[n, k] = weight[n] * (p * mass - targets[n, k])
