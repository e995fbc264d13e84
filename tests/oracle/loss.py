"""The losses: each returns one number an image, unweighted, and the gradient of their weighted sum."""

import numpy as np

from .activation import log_softmax, softmax


def softmax_cross_entropy(logits, targets, weight):
    """(losses, dlogits): losses unweighted, dlogits the gradient of sum(weight * losses)."""
    targets, weight = np.asarray(targets, np.float64), np.asarray(weight, np.float64)
    losses = -(targets * log_softmax(logits)).sum(axis=-1)
    return losses, weight[:, None] * (softmax(logits) * targets.sum(axis=-1, keepdims=True) - targets)


def clipped(p):
    """(p between 1e-7 and 1 - 1e-7, where it was there already)."""
    return np.clip(p, 1e-7, 1 - 1e-7), (p >= 1e-7) & (p <= 1 - 1e-7)


def cross_entropy(probabilities, targets, weight):
    """(losses, dprobabilities) as for the softmax's; the gradient by the Jacobian of p / sum(p)."""
    p, t, weight = (np.asarray(a, np.float64) for a in (probabilities, targets, weight))
    total = p.sum(axis=-1, keepdims=True)
    q, inside = clipped(p / total)
    slope = np.where(inside, -t / q, 0.0)
    jacobian = np.eye(p.shape[1]) / total[..., None] - p[:, :, None] / (total**2)[..., None]  # [n,k,l] = dq_k / dp_l
    return -(t * np.log(q)).sum(axis=-1), weight[:, None] * np.einsum("nk,nkl->nl", slope, jacobian)


def sigmoid_cross_entropy(logits, targets, weight):
    z, t, weight = (np.asarray(a, np.float64) for a in (logits, targets, weight))
    losses = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    return losses.mean(axis=-1), weight[:, None] * ((1 + np.tanh(z / 2)) / 2 - t) / z.shape[1]


def binary_cross_entropy(probabilities, targets, weight):
    p, t, weight = (np.asarray(a, np.float64) for a in (probabilities, targets, weight))
    q, inside = clipped(p)
    slope = np.where(inside, (q - t) / (q * (1 - q)), 0.0)
    losses = -(t * np.log(q) + (1 - t) * np.log(1 - q))
    return losses.mean(axis=-1), weight[:, None] * slope / p.shape[1]


def mean_squared_error(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    return ((y - t) ** 2).mean(axis=-1), weight[:, None] * 2 * (y - t) / y.shape[1]


def mean_absolute_error(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    return np.abs(y - t).mean(axis=-1), weight[:, None] * np.sign(y - t) / y.shape[1]


def huber(outputs, targets, weight, delta):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    distance = np.abs(y - t)
    losses = np.where(distance <= delta, distance**2 / 2, delta * distance - delta**2 / 2)
    return losses.mean(axis=-1), weight[:, None] * np.clip(y - t, -delta, delta) / y.shape[1]


def hinge(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    return np.maximum(1 - t * y, 0).mean(axis=-1), weight[:, None] * np.where(t * y < 1, -t, 0) / y.shape[1]


def squared_hinge(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    short = np.maximum(1 - t * y, 0)
    return (short**2).mean(axis=-1), weight[:, None] * -2 * t * short / y.shape[1]


def log_cosh(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    return np.log(np.cosh(y - t)).mean(axis=-1), weight[:, None] * np.tanh(y - t) / y.shape[1]


def kl_divergence(probabilities, targets, weight):
    p, t, weight = (np.asarray(a, np.float64) for a in (probabilities, targets, weight))
    q, t = np.clip(p, 1e-7, 1), np.clip(t, 1e-7, 1)
    return (t * np.log(t / q)).sum(axis=-1), weight[:, None] * np.where(p == q, -t / q, 0)


def poisson(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    return (y - t * np.log(y + 1e-7)).mean(axis=-1), weight[:, None] * (1 - t / (y + 1e-7)) / y.shape[1]


def mean_absolute_percentage_error(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    whole = np.maximum(np.abs(t), 1e-7)
    return 100 * np.abs((y - t) / whole).mean(axis=-1), 100 * weight[:, None] * np.sign(y - t) / whole / y.shape[1]


def mean_squared_logarithmic_error(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    times = (1 + np.maximum(y, 1e-7)) / (1 + np.maximum(t, 1e-7))
    slope = np.where(y > 1e-7, 2 * np.log(times) / (1 + y), 0)
    return (np.log(times) ** 2).mean(axis=-1), weight[:, None] * slope / y.shape[1]


def cosine_similarity(outputs, targets, weight):
    """The gradient by the matrix of derivatives of y / |y|, which is (1 - direction * direction) / |y|."""
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    direction, wanted = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (y, t))
    turning = np.eye(y.shape[1]) - direction[:, :, None] * direction[:, None, :]
    slope = -np.einsum("nk,nkl->nl", wanted, turning) / np.linalg.norm(y, axis=1, keepdims=True)
    return -(direction * wanted).sum(axis=-1), weight[:, None] * slope


def categorical_hinge(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    others = (1 - t) * y
    loss = np.maximum(1 + others.max(axis=-1) - (t * y).sum(axis=-1), 0)
    slope = (1 - t) * np.eye(y.shape[1])[others.argmax(axis=-1)] - t
    return loss, weight[:, None] * np.where(loss[:, None] > 0, slope, 0)
