"""``kernels/loss.py`` on a GPU: one thread for each image, its loops over the outputs the CPU's.

Shapes and formulas are those of :mod:`loopnet.kernels.loss`. Logarithms and exponentials are taken in the arrays' own
dtype: double precision is many times slower on most GPUs.
"""

import math

from ...kernels.loss import EPSILON, LOG_2
from ..device import cuda
from ..launch import one_thread_per

MOST = 1 - EPSILON
LOG_LEAST, LOG_MOST, LOG_REST = math.log(EPSILON), math.log(MOST), math.log(1 - MOST)
"""The logarithms of a clipped probability and of what it leaves: single precision would get one digit of them right."""


@one_thread_per("losses")
@cuda.jit
def cross_entropy(probabilities, targets, weight, losses, dprobabilities):
    """losses[n] = - sum_k t[n,k] * log q[n,k]   with   q[n,k] = p[n,k] / sum_l p[n,l], clipped."""
    batch, classes = probabilities.shape
    zero, one = losses.dtype.type(0), losses.dtype.type(1)
    least, most = losses.dtype.type(EPSILON), losses.dtype.type(MOST)
    log_least, log_most = losses.dtype.type(LOG_LEAST), losses.dtype.type(LOG_MOST)

    n = cuda.grid(1)
    if n < batch:
        total = zero
        for k in range(classes):
            total += probabilities[n, k]
        scale = one / total  # if all are 0 that is infinite, and 0 times it is not a number, as it should be

        loss = zero
        along = zero  # what all classes lose when the total grows: sum_k q * dloss/dq
        for k in range(classes):
            q, t = probabilities[n, k] * scale, targets[n, k]
            if q < least:
                loss -= t * log_least
            elif q > most:
                loss -= t * log_most
            else:
                loss -= t * math.log(q)
                along -= t
        losses[n] = loss

        for k in range(classes):
            q = probabilities[n, k] * scale
            slope = zero if q < least or q > most else -targets[n, k] / q
            dprobabilities[n, k] = weight[n] * (slope - along) * scale if weight[n] != 0 else zero


@one_thread_per("losses")
@cuda.jit
def sigmoid_cross_entropy(logits, targets, weight, losses, dlogits):
    """losses[n] = mean_k (log(1 + exp z) - t * z);   dlogits[n,k] = weight[n] * (sigmoid(z) - t) / outputs."""
    batch, outputs = logits.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(outputs)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(outputs):
            z, t = logits[n, k], targets[n, k]
            e = math.exp(-abs(z))
            # not max(z, 0), which would turn NaN into 0
            loss += (zero if z < 0 else z) + math.log1p(e) - t * z
            sigmoid = e / (one + e) if z < 0 else one / (one + e)
            dlogits[n, k] = weight[n] * (sigmoid - t) / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def binary_cross_entropy(probabilities, targets, weight, losses, dprobabilities):
    """losses[n] = - mean_k (t * log p + (1 - t) * log(1 - p)), p clipped; where it is, it passes no gradient."""
    batch, outputs = probabilities.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(outputs)
    least, most = losses.dtype.type(EPSILON), losses.dtype.type(MOST)
    log_least, log_most = losses.dtype.type(LOG_LEAST), losses.dtype.type(LOG_MOST)
    log_rest = losses.dtype.type(LOG_REST)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(outputs):
            p, t = probabilities[n, k], targets[n, k]
            slope = (one - t) / (one - p) - t / p if least <= p <= most or p != p else zero
            if p < least:
                loss -= t * log_least + (one - t) * log_most
            elif p > most:
                loss -= t * log_most + (one - t) * log_rest
            else:
                loss -= t * math.log(p) + (one - t) * math.log(one - p)
            dprobabilities[n, k] = weight[n] * slope / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def mean_squared_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k (y - t)**2;   doutputs[n,k] = 2 * weight[n] * (y - t) / outputs."""
    batch, size = outputs.shape
    zero, two, count = losses.dtype.type(0), losses.dtype.type(2), losses.dtype.type(size)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            error = outputs[n, k] - targets[n, k]
            loss += error * error
            doutputs[n, k] = two * weight[n] * error / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def mean_absolute_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k |y - t|;   doutputs[n,k] = weight[n] * sign(y - t) / outputs, and the sign of 0 is 0."""
    batch, size = outputs.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(size)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            error = outputs[n, k] - targets[n, k]
            loss += abs(error)
            sign = one if error > zero else -one if error < zero else error  # 0, or NaN
            doutputs[n, k] = weight[n] * sign / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def huber(outputs, targets, weight, losses, doutputs, delta):
    """losses[n] = mean_k s * (e - s / 2)   with   e = y - t   and the slope s, e kept between -delta and delta."""
    batch, size = outputs.shape
    zero, two, count = losses.dtype.type(0), losses.dtype.type(2), losses.dtype.type(size)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            error = outputs[n, k] - targets[n, k]
            slope = delta if error > delta else -delta if error < -delta else error  # NaN stays NaN
            loss += slope * (error - slope / two)
            doutputs[n, k] = weight[n] * slope / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def hinge(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k max(1 - t * y, 0), for targets t of -1 and 1: by how much y falls short of 1 on its side."""
    batch, size = outputs.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(size)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            t = targets[n, k]
            short = one - t * outputs[n, k]
            loss += zero if short <= zero else short
            slope = zero if short <= zero else -t if short > zero else short  # NaN stays NaN
            doutputs[n, k] = weight[n] * slope / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def squared_hinge(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k max(1 - t * y, 0)**2, for targets t of -1 and 1; the further off, the steeper."""
    batch, size = outputs.shape
    zero, one = losses.dtype.type(0), losses.dtype.type(1)
    two, count = losses.dtype.type(2), losses.dtype.type(size)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            t = targets[n, k]
            margin = t * outputs[n, k]
            short = zero if margin >= one else one - margin  # NaN stays NaN
            loss += short * short
            doutputs[n, k] = -two * weight[n] * t * short / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def log_cosh(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k log(cosh(e))   with   e = y - t   and   log(cosh(e)) = |e| + log(1 + exp(-2 |e|)) - log 2."""
    batch, size = outputs.shape
    zero, two, count = losses.dtype.type(0), losses.dtype.type(2), losses.dtype.type(size)
    log_2 = losses.dtype.type(LOG_2)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            error = outputs[n, k] - targets[n, k]
            far = abs(error)
            loss += far + math.log1p(math.exp(-two * far)) - log_2
            doutputs[n, k] = weight[n] * math.tanh(error) / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def kl_divergence(probabilities, targets, weight, losses, dprobabilities):
    """losses[n] = sum_k t * log(t / p), p and t at least EPSILON and at most 1."""
    batch, classes = probabilities.shape
    zero, one, least = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(EPSILON)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(classes):
            p, t = probabilities[n, k], targets[n, k]
            t = least if t < least else one if t > one else t
            slope = zero if p < least or p > one else -t / p
            p = least if p < least else one if p > one else p  # NaN stays NaN
            loss += t * (math.log(t) - math.log(p))
            dprobabilities[n, k] = weight[n] * slope if weight[n] != 0 else zero
        losses[n] = loss


@one_thread_per("losses")
@cuda.jit
def poisson(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k (y - t * log(y + EPSILON)); NaN where y is negative."""
    batch, size = outputs.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(size)
    least, nan = losses.dtype.type(EPSILON), losses.dtype.type(math.nan)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            t = targets[n, k]
            y = outputs[n, k] + least
            if y > zero:
                loss += outputs[n, k] - t * math.log(y)
                slope = one - t / y
            else:
                loss += nan
                slope = nan
            doutputs[n, k] = weight[n] * slope / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def mean_absolute_percentage_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = 100 * mean_k |y - t| / max(|t|, EPSILON)."""
    batch, size = outputs.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(size)
    least, hundred = losses.dtype.type(EPSILON), losses.dtype.type(100)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            t = targets[n, k]
            error = outputs[n, k] - t
            whole = abs(t) if abs(t) > least else least
            loss += abs(error) / whole
            sign = one if error > zero else -one if error < zero else error  # 0, or NaN
            doutputs[n, k] = hundred * weight[n] * sign / whole / count if weight[n] != 0 else zero
        losses[n] = hundred * loss / count


@one_thread_per("losses")
@cuda.jit
def mean_squared_logarithmic_error(outputs, targets, weight, losses, doutputs):
    """losses[n] = mean_k (log(1 + y) - log(1 + t))**2, y and t at least EPSILON."""
    batch, size = outputs.shape
    zero, one, count = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(size)
    two, least = losses.dtype.type(2), losses.dtype.type(EPSILON)

    n = cuda.grid(1)
    if n < batch:
        loss = zero
        for k in range(size):
            y, t = outputs[n, k], targets[n, k]
            moves = zero if y < least else one
            y = least if y < least else y  # NaN stays NaN
            t = least if t < least else t
            error = math.log1p(y) - math.log1p(t)
            loss += error * error
            doutputs[n, k] = two * weight[n] * moves * error / (one + y) / count if weight[n] != 0 else zero
        losses[n] = loss / count


@one_thread_per("losses")
@cuda.jit
def cosine_similarity(outputs, targets, weight, losses, doutputs):
    """losses[n] = - sum_k t * y / (|t| * |y|), minus the cosine of the angle between them."""
    batch, size = outputs.shape
    zero, one, least = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(EPSILON)

    n = cuda.grid(1)
    if n < batch:
        product, square, square_of_target = zero, zero, zero
        for k in range(size):
            y, t = outputs[n, k], targets[n, k]
            product += t * y
            square += y * y
            square_of_target += t * t
        length, length_of_target = math.sqrt(square), math.sqrt(square_of_target)
        turns = zero if length < least else one
        length = least if length < least else length  # NaN stays NaN
        length_of_target = least if length_of_target < least else length_of_target
        cosine = product / (length * length_of_target)
        losses[n] = -cosine
        for k in range(size):
            towards = cosine * outputs[n, k] / length - targets[n, k] / length_of_target
            doutputs[n, k] = weight[n] * turns * towards / length if weight[n] != 0 else zero


@one_thread_per("losses")
@cuda.jit
def categorical_hinge(outputs, targets, weight, losses, doutputs):
    """losses[n] = max(1 + max_k (1 - t) * y - sum_k t * y, 0), for targets of 0 and 1."""
    batch, size = outputs.shape
    zero, one, two = losses.dtype.type(0), losses.dtype.type(1), losses.dtype.type(2)

    n = cuda.grid(1)
    if n < batch:
        true, others, at = zero, losses.dtype.type(-math.inf), 0
        for k in range(size):
            y, t = outputs[n, k], targets[n, k]
            true += t * y
            if (one - t) * y > others:
                others = (one - t) * y
                at = k
        short = one + others - true
        losses[n] = zero if short <= zero else short
        on = zero if short <= zero else one if short > zero else short  # NaN stays NaN
        for k in range(size):
            t = targets[n, k]
            slope = one - two * t if k == at else -t
            doutputs[n, k] = weight[n] * on * slope if weight[n] != 0 else zero
