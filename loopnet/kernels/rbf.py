"""Radial basis functions: an output is the larger the closer the input is to its centre; and a loss for them.

    y[n,k] = - sum_j (x[n,j] - centres[k,j]) ** 2

The paper's outputs are the distances themselves, and the smallest wins; the sign is turned here, so that the largest
does as everywhere else. As logarithms of Gaussians, up to a constant, they are logits: how likely x is in each class.

    x, dx  (batch, inputs)     y, dy  (batch, units)     centres  (units, inputs), not trained

LeCun, Bottou, Bengio, Haffner (1998), equation 7 (the units) and 9 (the loss).
"""

import math

from numba import prange
from numpy import float64


def rbf_forward(x, centres, y):
    """y[n,k] = - sum_j (x[n,j] - centres[k,j]) ** 2.

    Reads x, centres; overwrites y. One turn of the parallel loop owns one image (row).
    """
    batch, units = y.shape
    for n in prange(batch):
        for k in range(units):
            total = y.dtype.type(0)
            for j in range(centres.shape[1]):
                away = x[n, j] - centres[k, j]
                total -= away * away
            y[n, k] = total


def rbf_backward(dy, x, centres, dx):
    """dx[n,j] = sum_k 2 * dy[n,k] * (centres[k,j] - x[n,j]): towards the centres of the classes that should win.

    Reads dy, x, centres; overwrites dx. One turn of the parallel loop owns one image (row).
    """
    batch, units = dy.shape
    two = dx.dtype.type(2)
    for n in prange(batch):
        for j in range(dx.shape[1]):
            total = dx.dtype.type(0)
            for k in range(units):
                total += two * dy[n, k] * (centres[k, j] - x[n, j])
            dx[n, j] = total


def maximum_a_posteriori(outputs, targets, weight, losses, doutputs, rubbish):
    """losses[n] = sum_k t[n,k] * (log(exp(-rubbish) + sum_l exp y[n,l]) - y[n,k]):   equation 9.

    A cross-entropy with one class more, of things that are no digit, whose logit is always -rubbish. Once all wrong
    classes are less likely than that, there is no gain in pushing them further away. With rubbish far below 0 nothing
    is left of the competition, and the loss is the mean distance to the right centre, equation 8.

    weight[n] is image n's share in the batch's loss; losses are left unweighted; doutputs is the gradient of the
    weighted sum. The largest exponent is subtracted first, as in ``softmax.py``.

    Reads outputs, targets, weight; overwrites losses and doutputs. One turn of the parallel loop owns one image (row).
    """
    batch, classes = outputs.shape
    for n in prange(batch):
        largest = -float64(rubbish)
        for k in range(classes):
            if outputs[n, k] > largest or outputs[n, k] != outputs[n, k]:
                largest = float64(outputs[n, k])
        total = math.exp(-float64(rubbish) - largest)
        for k in range(classes):
            total += math.exp(float64(outputs[n, k]) - largest)

        loss, mass = 0.0, 0.0
        for k in range(classes):
            t = float64(targets[n, k])
            mass += t
            if t != 0:
                loss += t * (math.log(total) + largest - float64(outputs[n, k]))
        losses[n] = loss

        for k in range(classes):
            p = math.exp(float64(outputs[n, k]) - largest) / total
            doutputs[n, k] = float64(weight[n]) * (p * mass - float64(targets[n, k])) if weight[n] != 0 else 0.0
