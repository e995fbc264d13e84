"""Activations, softmax among them."""

import math

import numpy as np


def relu_forward(x):
    return np.maximum(np.asarray(x, np.float64), 0.0)


def relu_backward(dy, y):
    """dy where the unit was on, 0 where it was off even if dy is NaN there; an output of NaN counts as on."""
    return np.where(np.asarray(y) <= 0, 0.0, np.asarray(dy, np.float64))


def activations(x, dy, slope, most, steep, threshold, alpha, scale):
    """name -> (y, dx) of everything but relu, the derivatives from x and not from y."""
    x, dy = np.asarray(x, np.float64), np.asarray(dy, np.float64)
    power = np.exp(np.minimum(x, 0))
    below = (1 + np.vectorize(math.erf, otypes=[np.float64])(x / math.sqrt(2))) / 2
    logistic = np.exp(-np.logaddexp(0, -x))
    straight = np.clip((x + 3) / 6, 0, 1)
    gate = np.tanh(np.logaddexp(0, x))
    with np.errstate(invalid="ignore"):
        signs = np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x)))
    return {
        "leaky_relu": (np.where(x < 0, slope * x, x), np.where(x <= 0, slope * dy, dy)),
        "bounded_relu": (
            np.where(x < threshold, steep * (x - threshold), np.minimum(x, most)),
            np.where(x < threshold, steep * dy, np.where(x >= most, 0, dy)),
        ),
        "sigmoid": (logistic, dy * np.exp(-np.logaddexp(0, -x) - np.logaddexp(0, x))),
        "hard_sigmoid": (straight, np.where(np.abs(x) >= 3, 0, dy / 6)),
        "tanh": (np.tanh(x), dy * (1 - np.tanh(x)) * (1 + np.tanh(x))),
        "scaled_tanh": (1.7159 * np.tanh(2 * x / 3), dy * 1.7159 * 2 / 3 / np.cosh(2 * x / 3) ** 2),
        "softsign": (signs, dy / (1 + np.abs(x)) ** 2),
        "softplus": (np.logaddexp(0, x), dy * logistic),
        "elu": (scale * np.where(x < 0, alpha * (power - 1), x), scale * dy * np.where(x <= 0, alpha * power, 1)),
        "exponential": (np.exp(x), dy * np.exp(x)),
        "silu": (x * logistic, dy * (logistic + x * np.exp(-np.logaddexp(0, -x) - np.logaddexp(0, x)))),
        "gelu": (x * below, dy * (below + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))),
        "mish": (x * gate, dy * (gate + x * logistic / np.cosh(np.logaddexp(0, x)) ** 2)),
        "hard_silu": (
            np.where(x <= -3, 0, x * straight),
            np.where(x <= -3, 0, np.where(x >= 3, dy, dy * (2 * x + 3) / 6)),
        ),
    }


def log_softmax(logits):
    logits = np.asarray(logits, np.float64)
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def softmax(logits):
    return np.exp(log_softmax(logits))


def log_softmax_backward(dy, logits):
    """By the full matrix of derivatives of each image, (k == l) - p_l."""
    dy, p = np.asarray(dy, np.float64), softmax(logits)
    return np.einsum("nk,nkl->nl", dy, np.eye(p.shape[1]) - p[:, None, :])


def softmax_backward(dy, probabilities):
    """By the full matrix of derivatives of each image, p_k * (k == l) - p_k * p_l."""
    dy, p = np.asarray(dy, np.float64), np.asarray(probabilities, np.float64)
    derivatives = p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]
    return np.einsum("nk,nkl->nl", dy, derivatives)


def prelu(x, dy, alpha):
    """(y, dx, dalpha) in double precision: the gradient of alpha is summed over the axes along which it is 1."""
    x, dy, alpha = (np.asarray(a, np.float64) for a in (x, dy, alpha))
    y = np.where(x < 0, alpha * x, x)
    dx = np.where(x == 0, 0, np.where(x < 0, alpha, 1) * dy)
    along = (0, *(axis + 1 for axis, size in enumerate(alpha.shape) if size == 1))
    return y, dx, np.where(x >= 0, 0, dy * x).sum(axis=along).reshape(alpha.shape)
