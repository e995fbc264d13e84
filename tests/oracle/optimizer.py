"""One step of each optimizer."""

import numpy as np


def sgd(w, dw, velocity, learning_rate, momentum, nesterov):
    """(w, velocity) after one step."""
    w, dw, velocity = (np.asarray(a, np.float64) for a in (w, dw, velocity))
    velocity = momentum * velocity - learning_rate * dw
    return w + (momentum * velocity - learning_rate * dw if nesterov else velocity), velocity


def rmsprop(w, dw, v, learning_rate, rho, epsilon):
    """(w, v) after one step; epsilon under the root, as Keras has it."""
    w, dw, v = (np.asarray(a, np.float64) for a in (w, dw, v))
    v = v + (1 - rho) * (dw**2 - v)
    return w - learning_rate * dw / (v + epsilon) ** 0.5, v


def adam(w, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step):
    """(w, m, v) after step number `step`, counted from 1. Kingma and Ba (2015), algorithm 1."""
    w, dw, m, v = (np.asarray(a, np.float64) for a in (w, dw, m, v))
    m = m + (1 - beta_1) * (dw - m)
    v = v + (1 - beta_2) * (dw**2 - v)
    m_hat, v_hat = m / (1 - beta_1**step), v / (1 - beta_2**step)
    return w - learning_rate * m_hat / (v_hat**0.5 + epsilon), m, v


def adamw(w, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step, decay):
    """Adam from weights that have shrunk first. Loshchilov and Hutter (2019), algorithm 2."""
    shrunk = np.asarray(w, np.float64) * (1 - learning_rate * decay)
    return adam(shrunk, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step)


def nadam(w, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step):
    """(w, m, v) after step number `step`, counted from 1. Dozat (2016), algorithm 2, with Keras's momentum schedule."""
    w, dw = np.asarray(w, np.float64), np.asarray(dw, np.float64)
    momenta = [beta_1 * (1 - 0.5 * 0.96**t) for t in range(1, step + 2)]
    _, m, v = adam(w, dw, m, v, 0, beta_1, beta_2, epsilon, step)
    ahead = momenta[-1] * m / (1 - np.prod(momenta)) + (1 - momenta[-2]) * dw / (1 - np.prod(momenta[:-1]))
    return w - learning_rate * ahead / ((v / (1 - beta_2**step)) ** 0.5 + epsilon), m, v


def adamax(w, dw, m, u, learning_rate, beta_1, beta_2, epsilon, step):
    """(w, m, u) after step number `step`. Kingma and Ba (2015), algorithm 2; epsilon as in Keras."""
    w, dw, m, u = (np.asarray(a, np.float64) for a in (w, dw, m, u))
    m = m + (1 - beta_1) * (dw - m)
    u = np.max([beta_2 * u, dw, -dw], axis=0)
    return w - learning_rate * m / ((1 - beta_1**step) * (u + epsilon)), m, u


def adagrad(w, dw, v, learning_rate, epsilon):
    """(w, v) after one step; epsilon under the root, as Keras has it."""
    w, dw, v = (np.asarray(a, np.float64) for a in (w, dw, v))
    return w - learning_rate * dw / (v + dw**2 + epsilon) ** 0.5, v + dw**2


def adadelta(w, dw, v, moved, learning_rate, rho, epsilon):
    """(w, v, moved) after one step. Zeiler (2012), algorithm 1, with a learning rate on top."""
    w, dw, v, moved = (np.asarray(a, np.float64) for a in (w, dw, v, moved))
    v = v + (1 - rho) * (dw**2 - v)
    step = dw * ((moved + epsilon) / (v + epsilon)) ** 0.5
    return w - learning_rate * step, v, moved + (1 - rho) * (step**2 - moved)
