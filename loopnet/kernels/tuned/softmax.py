"""Softmax and cross-entropy over lanes: ``kernels/softmax.py`` with the indices turned round, exp once instead
of twice.

    logits, probabilities, targets, dlogits   [class][image]         weight, losses   [image]

In an empty lane the target is all zeros and the weight is 0: no loss, no gradient.
"""

import math

from numba import prange


def softmax_forward(logits, probabilities):
    """One turn of the parallel loop owns one image."""
    classes, batch = logits.shape
    for n in prange(batch):
        largest = logits[0, n]
        for k in range(1, classes):
            if logits[k, n] > largest:
                largest = logits[k, n]
        total = logits.dtype.type(0)
        for k in range(classes):
            e = math.exp(logits[k, n] - largest)
            probabilities[k, n] = e
            total += e
        for k in range(classes):
            probabilities[k, n] /= total


def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
    """One turn of the parallel loop owns one image."""
    classes, batch = logits.shape
    for n in prange(batch):
        largest = logits[0, n]
        for k in range(1, classes):
            if logits[k, n] > largest:
                largest = logits[k, n]
        total = mass = loss = logits.dtype.type(0)
        for k in range(classes):
            e = math.exp(logits[k, n] - largest)
            dlogits[k, n] = e
            total += e
            mass += targets[k, n]
        log_total = math.log(total)
        for k in range(classes):
            if targets[k, n] != 0:
                loss += targets[k, n] * (log_total + largest - logits[k, n])
            dlogits[k, n] = weight[n] * (dlogits[k, n] / total * mass - targets[k, n])
        losses[n] = loss
