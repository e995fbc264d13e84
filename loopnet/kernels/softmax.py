"""Softmax turns scores (logits) into probabilities; cross-entropy says how surprised they are by the truth.

    p[n,k] = exp(z[n,k]) / sum_l exp(z[n,l])             loss[n] = - sum_k t[n,k] * log p[n,k]

    logits z, probabilities p, targets t, dlogits   (batch, classes)         weight, losses   (batch,)

The largest logit is subtracted first: it cancels in the fraction, and exp can then not overflow. Loss and
gradient share one kernel, because together they are simpler and safer than apart: log(exp(z)) is never
computed, and the gradient is just "probability minus truth". Bridle (1990); Goodfellow, Bengio, Courville
(2016), section 6.2.2.3.

exp and log are taken in double precision whatever the dtype: ten of them an image cost nothing, and Python and
compiled code then call the same library function, so that all rungs agree to the last bit.
"""

import math

from numba import prange
from numpy import float64


def softmax_forward(logits, probabilities):
    """p[n,k] = exp(z[n,k] - max z[n]) / sum_l exp(z[n,l] - max z[n]).

    Reads logits; overwrites probabilities. One turn of the parallel loop owns one image (row).
    """
    batch, classes = logits.shape
    for n in prange(batch):
        largest = logits[n, 0]
        for k in range(1, classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = 0.0
        for k in range(classes):
            total += math.exp(float64(logits[n, k]) - float64(largest))
        for k in range(classes):
            probabilities[n, k] = math.exp(float64(logits[n, k]) - float64(largest)) / total


def softmax_backward(dy, probabilities, dx):
    """dx[n,k] = p[n,k] * (dy[n,k] - sum_l dy[n,l] * p[n,l]): raising one probability lowers the others.

    For a softmax inside a network; at its end, :func:`softmax_cross_entropy` takes both steps at once.

    Reads dy, probabilities; overwrites dx. One turn of the parallel loop owns one image (row).
    """
    batch, classes = dy.shape
    for n in prange(batch):
        mean = dx.dtype.type(0)
        for k in range(classes):
            mean += dy[n, k] * probabilities[n, k]
        for k in range(classes):
            dx[n, k] = probabilities[n, k] * (dy[n, k] - mean)


def log_softmax_forward(logits, y):
    """y[n,k] = log p[n,k] = z[n,k] - max z[n] - log sum_l exp(z[n,l] - max z[n]), also where p is too small to be told
    from 0.

    Reads logits; overwrites y. One turn of the parallel loop owns one image (row).
    """
    batch, classes = logits.shape
    for n in prange(batch):
        largest = logits[n, 0]
        for k in range(1, classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = 0.0
        for k in range(classes):
            total += math.exp(float64(logits[n, k]) - float64(largest))
        for k in range(classes):
            y[n, k] = float64(logits[n, k]) - float64(largest) - math.log(total)


def log_softmax_backward(dy, y, dx):
    """dx[n,k] = dy[n,k] - exp(y[n,k]) * sum_l dy[n,l].

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one image (row).
    """
    batch, classes = dy.shape
    for n in prange(batch):
        total = 0.0
        for k in range(classes):
            total += float64(dy[n, k])
        for k in range(classes):
            dx[n, k] = float64(dy[n, k]) - math.exp(float64(y[n, k])) * total


def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
    """losses[n] = sum_k t[n,k] * (log sum_l exp z[n,l] - z[n,k]);  dlogits[n,k] = weight[n] * (p[n,k] * sum_l
    t[n,l] - t[n,k]).

    targets are one-hot rows (or any distribution over the classes). weight[n] is image n's share in the batch's loss,
    1 / batch for a plain mean; losses are left unweighted, for the reader and the progress bar.

    Reads logits, targets, weight; overwrites losses and dlogits. One turn of the parallel loop owns one image (row).
    """
    batch, classes = logits.shape
    for n in prange(batch):
        largest = logits[n, 0]
        for k in range(1, classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = 0.0
        for k in range(classes):
            total += math.exp(float64(logits[n, k]) - float64(largest))

        loss = 0.0
        mass = 0.0
        for k in range(classes):
            mass += float64(targets[n, k])
            if targets[n, k] != 0:  # 0 * log 0 is 0, also for a class that cannot be reached
                loss += float64(targets[n, k]) * (math.log(total) + float64(largest) - float64(logits[n, k]))
        losses[n] = loss

        for k in range(classes):
            p = math.exp(float64(logits[n, k]) - float64(largest)) / total
            dlogits[n, k] = float64(weight[n]) * (p * mass - float64(targets[n, k]))
