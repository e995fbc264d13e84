"""Losses other than the softmax's own (``softmax.py``): how wrong an image's outputs are, and which way is less so.

    outputs (logits z, probabilities p or plain numbers y), targets t, gradients   (batch, outputs)
    weight, losses                                                                (batch,)

weight[n] is image n's share in the batch's loss; losses are left unweighted. An image of weight 0 has no say: its
gradient is 0 even where its loss is not a number, as in the empty lanes of the tuned rung. Each kernel reads
outputs, targets and weight, and overwrites losses and the gradient; one turn of the parallel loop owns one image (row).

Logarithms and exponentials are taken in double precision whatever the dtype, for the reason given in ``softmax.py``.
"""

import math

from numba import prange
from numpy import float64

EPSILON = 1e-7
"""A probability is taken for at least this and at most one less this, as in Keras: log 0 would be infinite."""

LOG_2 = math.log(2)


def cross_entropy(probabilities, targets, weight, losses, dprobabilities):
    """losses[n] = - sum_k t[n,k] * log q[n,k]   with   q[n,k] = p[n,k] / sum_l p[n,l], clipped.

    For outputs that are probabilities already; after a softmax, ``softmax_cross_entropy`` is the stable way.
    Where q is clipped it does not move, and passes no gradient.
    """
    batch, classes = probabilities.shape
    for n in prange(batch):
        total = 0.0
        for k in range(classes):
            total += float64(probabilities[n, k])
        scale = 1 / total if total != 0 else math.nan

        loss = 0.0
        along = 0.0  # what all classes lose when the total grows: sum_k q * dloss/dq
        for k in range(classes):
            q, t = float64(probabilities[n, k]) * scale, float64(targets[n, k])
            if q < EPSILON:
                loss -= t * math.log(EPSILON)
            elif q > 1 - EPSILON:
                loss -= t * math.log(1 - EPSILON)
            else:
                loss -= t * math.log(q)
                along -= t
        losses[n] = loss

        for k in range(classes):
            q = float64(probabilities[n, k]) * scale
            slope = 0.0 if q < EPSILON or q > 1 - EPSILON else -float64(targets[n, k]) / q
            dprobabilities[n, k] = float64(weight[n]) * (slope - along) * scale if weight[n] != 0 else 0.0


def sigmoid_cross_entropy(logits, targets, weight, losses, dlogits):
    """losses[n] = mean_k (log(1 + exp z) - t * z);   dlogits[n,k] = weight[n] * (sigmoid(z) - t) / outputs.

    Each output is a yes-or-no question of its own. exp sees only negative numbers, so it cannot overflow:
    log(1 + exp z) = max(z, 0) + log(1 + exp(-|z|)).
    """
    batch, outputs = logits.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(outputs):
            z, t = float64(logits[n, k]), float64(targets[n, k])
            e = math.exp(-abs(z))
            # not max(z, 0), which would turn NaN into 0
            loss += (0.0 if z < 0 else z) + math.log(1 + e) - t * z
            sigmoid = e / (1 + e) if z < 0 else 1 / (1 + e)
            dlogits[n, k] = float64(weight[n]) * (sigmoid - t) / outputs if weight[n] != 0 else 0.0
        losses[n] = loss / outputs


def binary_cross_entropy(probabilities, targets, weight, losses, dprobabilities):
    """losses[n] = - mean_k (t * log p + (1 - t) * log(1 - p)), p clipped; where it is, it passes no gradient."""
    batch, outputs = probabilities.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(outputs):
            p, t = float64(probabilities[n, k]), float64(targets[n, k])
            slope = (1 - t) / (1 - p) - t / p if EPSILON <= p <= 1 - EPSILON or p != p else 0.0
            if p < EPSILON:
                p = float64(EPSILON)
            elif p > 1 - EPSILON:
                p = float64(1 - EPSILON)
            loss -= t * math.log(p) + (1 - t) * math.log(1 - p)
            dprobabilities[n, k] = float64(weight[n]) * slope / outputs if weight[n] != 0 else 0.0
        losses[n] = loss / outputs


def mean_squared_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k (y - t)**2;   doutputs[n,k] = 2 * weight[n] * (y - t) / outputs."""
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            error = float64(outputs[n, k]) - float64(targets[n, k])
            loss += error * error
            doutputs[n, k] = 2 * float64(weight[n]) * error / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def mean_absolute_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k |y - t|;   doutputs[n,k] = weight[n] * sign(y - t) / outputs, and the sign of 0 is 0."""
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            error = float64(outputs[n, k]) - float64(targets[n, k])
            loss += abs(error)
            sign = 1.0 if error > 0 else -1.0 if error < 0 else error  # 0, or NaN
            doutputs[n, k] = float64(weight[n]) * sign / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def huber(outputs, targets, weight, losses, doutputs, delta):
    """losses[n] = mean_k (e**2 / 2 if |e| <= delta else delta * |e| - delta**2 / 2)   with   e = y - t.

    A parabola that goes on as a straight line: its slope is e, kept between -delta and delta. Huber (1964). With s for
    the slope, both pieces are s * (e - s / 2).
    """
    batch, size = outputs.shape
    most = float64(delta)
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            error = float64(outputs[n, k]) - float64(targets[n, k])
            slope = most if error > most else -most if error < -most else error  # NaN stays NaN
            loss += slope * (error - slope / 2)
            doutputs[n, k] = float64(weight[n]) * slope / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def hinge(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k max(1 - t * y, 0), for targets t of -1 and 1: by how much y falls short of 1 on its side.

    The slope is -t until that is reached, and 0 from there on: who is right by 1 is right enough.
    """
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            t = float64(targets[n, k])
            short = 1 - t * float64(outputs[n, k])
            loss += 0.0 if short <= 0 else short
            slope = 0.0 if short <= 0 else -t if short > 0 else short  # NaN stays NaN
            doutputs[n, k] = float64(weight[n]) * slope / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def squared_hinge(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k max(1 - t * y, 0)**2, for targets t of -1 and 1; the further off, the steeper."""
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            t = float64(targets[n, k])
            margin = t * float64(outputs[n, k])
            short = 0.0 if margin >= 1 else 1 - margin  # NaN stays NaN
            loss += short * short
            doutputs[n, k] = -2 * float64(weight[n]) * t * short / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def log_cosh(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k log(cosh(e))   with   e = y - t: e**2 / 2 for small errors, |e| - log 2 for large ones.

    cosh would overflow: log(cosh(e)) = |e| + log(1 + exp(-2 |e|)) - log 2. Its slope is tanh(e).
    """
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            error = float64(outputs[n, k]) - float64(targets[n, k])
            far = abs(error)
            loss += far + math.log1p(math.exp(-2 * far)) - LOG_2
            doutputs[n, k] = float64(weight[n]) * math.tanh(error) / size if weight[n] != 0 else 0.0
        losses[n] = loss / size
