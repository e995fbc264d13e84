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


def kl_divergence(probabilities, targets, weight, losses, dprobabilities):
    """losses[n] = sum_k t * log(t / p), p and t at least EPSILON, at most 1; where p is clipped, it passes no gradient.

    How far p is from t, 0 where they are the same: the cross-entropy less what is in the targets themselves. Kullback,
    Leibler (1951).
    """
    batch, classes = probabilities.shape
    least, most = float64(EPSILON), float64(1)
    for n in prange(batch):
        loss = 0.0
        for k in range(classes):
            p, t = float64(probabilities[n, k]), float64(targets[n, k])
            t = least if t < least else most if t > most else t
            slope = 0.0 if p < least or p > most else -t / p
            p = least if p < least else most if p > most else p  # NaN stays NaN
            loss += t * (math.log(t) - math.log(p))
            dprobabilities[n, k] = float64(weight[n]) * slope if weight[n] != 0 else 0.0
        losses[n] = loss


def poisson(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k (y - t * log(y + EPSILON)): for counts t, of which y are expected; NaN where y is negative.

    What is improbable where t is drawn from a Poisson distribution with the mean y, less what does not depend on y.
    """
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            t = float64(targets[n, k])
            y = float64(outputs[n, k]) + EPSILON
            if y > 0:
                loss += y - EPSILON - t * math.log(y)
                slope = 1 - t / y
            else:
                loss += math.nan
                slope = float64(math.nan)
            doutputs[n, k] = float64(weight[n]) * slope / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def mean_absolute_percentage_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = 100 * mean_k |y - t| / max(|t|, EPSILON): the error as a share of the target, in percent."""
    batch, size = outputs.shape
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            t = float64(targets[n, k])
            error = float64(outputs[n, k]) - t
            whole = abs(t) if abs(t) > EPSILON else EPSILON
            loss += abs(error) / whole
            sign = 1.0 if error > 0 else -1.0 if error < 0 else error  # 0, or NaN
            doutputs[n, k] = 100 * float64(weight[n]) * sign / whole / size if weight[n] != 0 else 0.0
        losses[n] = 100 * loss / size


def mean_squared_logarithmic_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k (log(1 + y) - log(1 + t))**2, y and t at least EPSILON; below that, y passes no gradient.

    What counts is how many times too large y is, not by how much.
    """
    batch, size = outputs.shape
    least = float64(EPSILON)
    for n in prange(batch):
        loss = 0.0
        for k in range(size):
            y, t = float64(outputs[n, k]), float64(targets[n, k])
            moves = 0.0 if y < least else 1.0
            y = least if y < least else y  # NaN stays NaN
            t = least if t < least else t
            error = math.log1p(y) - math.log1p(t)
            loss += error * error
            doutputs[n, k] = 2 * float64(weight[n]) * moves * error / (1 + y) / size if weight[n] != 0 else 0.0
        losses[n] = loss / size


def cosine_similarity(outputs, targets, weight, losses, doutputs):
    """losses[n] = - sum_k t * y / (|t| * |y|), minus the cosine of the angle between them: -1 where they point alike.

    The gradient is c * y / |y|**2 - t / (|t| * |y|), where c is the cosine: it turns y, and leaves its length alone. A
    row shorter than EPSILON has no direction: as in Keras it counts as shorter still; it gets no gradient.
    """
    batch, size = outputs.shape
    for n in prange(batch):
        product, square, square_of_target = 0.0, 0.0, 0.0
        for k in range(size):
            y, t = float64(outputs[n, k]), float64(targets[n, k])
            product += t * y
            square += y * y
            square_of_target += t * t
        length, length_of_target = math.sqrt(square), math.sqrt(square_of_target)
        turns = 0.0 if length < EPSILON else 1.0
        length = EPSILON if length < EPSILON else length  # NaN stays NaN
        length_of_target = EPSILON if length_of_target < EPSILON else length_of_target
        cosine = product / (length * length_of_target)
        losses[n] = -cosine
        for k in range(size):
            towards = cosine * float64(outputs[n, k]) / length - float64(targets[n, k]) / length_of_target
            doutputs[n, k] = float64(weight[n]) * turns * towards / length if weight[n] != 0 else 0.0


def categorical_hinge(outputs, targets, weight, losses, doutputs):
    """losses[n] = max(1 + max_k (1 - t) * y - sum_k t * y, 0): by how much the true class is not 1 ahead of the others.

    For targets of 0 and 1. Of several that are largest, the first gets the gradient.
    """
    batch, size = outputs.shape
    for n in prange(batch):
        true, others, at = 0.0, -math.inf, 0
        for k in range(size):
            y, t = float64(outputs[n, k]), float64(targets[n, k])
            true += t * y
            if (1 - t) * y > others:
                others = (1 - t) * y
                at = k
        short = 1 + others - true
        losses[n] = 0.0 if short <= 0 else short
        on = 0.0 if short <= 0 else 1.0 if short > 0 else short  # NaN stays NaN
        for k in range(size):
            t = float64(targets[n, k])
            slope = 1 - 2 * t if k == at else -t
            doutputs[n, k] = float64(weight[n]) * on * slope if weight[n] != 0 else 0.0
