"""Optimisers: how a weight moves once its gradient is known. All parameters of a model lie in one long vector.

    w, dw, velocity, m, v, u, moved   (parameters,)         all scalars have the dtype of w

Every element is updated from its own gradient alone, so one turn of a parallel loop owns one parameter. In place.
"""

import numpy as np
from numba import prange


def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    """Gradient descent with momentum:  v = momentum * v - lr * dw;  w += v  (Nesterov:  w += momentum * v - lr * dw).

    Reads dw; updates w and velocity. Polyak (1964); Sutskever, Martens, Dahl, Hinton (2013) for Nesterov's
    form, as in Keras.
    """
    for i in prange(w.size):
        velocity[i] = momentum * velocity[i] - learning_rate * dw[i]
        if nesterov:
            w[i] += momentum * velocity[i] - learning_rate * dw[i]
        else:
            w[i] += velocity[i]


def adam_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2):
    """Adam: a step of about lr for every parameter, whatever the size of its gradient.

        m = beta1 * m + (1 - beta1) * dw           v = beta2 * v + (1 - beta2) * dw**2
        w -= lr * (m / correction1) / (sqrt(v / correction2) + epsilon)       correction = 1 - beta**step

    m and v start at 0 and are too small at first; the corrections make up for it.

    Reads dw; updates w, m and v. Kingma, Ba (2015), algorithm 1.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        v[i] = beta2 * v[i] + (one - beta2) * dw[i] * dw[i]
        w[i] -= learning_rate * (m[i] / correction1) / (np.sqrt(v[i] / correction2) + epsilon)


def adamw_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2, decay):
    """AdamW: Adam, and every weight also shrinks by the share lr * decay, whatever its gradient:

        w -= lr * decay * w,  then Adam's step.

    Added to the gradient instead, the decay would be divided by sqrt(v) like the rest, and weights with large
    gradients would hardly shrink. Reads dw; updates w, m and v. Loshchilov, Hutter (2019), algorithm 2.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        v[i] = beta2 * v[i] + (one - beta2) * dw[i] * dw[i]
        w[i] -= learning_rate * decay * w[i]
        w[i] -= learning_rate * (m[i] / correction1) / (np.sqrt(v[i] / correction2) + epsilon)


def nadam_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, of_mean, of_gradient, correction2):
    """Nadam: Adam that looks ahead, as Nesterov's momentum does: what the mean will be after one step more.

        m = beta1 * m + (1 - beta1) * dw           v = beta2 * v + (1 - beta2) * dw**2
        w -= lr * (of_mean * m + of_gradient * dw) / (sqrt(v / correction2) + epsilon)

    In step t = 1, 2, ..., with  u(t) = beta1 * (1 - 0.96**t / 2),  a momentum that rises from about half of beta1,

        of_mean = u(t + 1) / (1 - u(1) * ... * u(t + 1))      of_gradient = (1 - u(t)) / (1 - u(1) * ... * u(t))

    Reads dw; updates w, m and v. Dozat (2016), *Incorporating Nesterov momentum into Adam*, as in Keras, where m
    forgets at the rate beta1 throughout.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        v[i] = beta2 * v[i] + (one - beta2) * dw[i] * dw[i]
        w[i] -= learning_rate * (of_mean * m[i] + of_gradient * dw[i]) / (np.sqrt(v[i] / correction2) + epsilon)


def adamax_update(w, dw, m, u, learning_rate, beta1, beta2, epsilon, correction1):
    """Adamax: Adam that divides by the largest gradient of late, not by a mean.

        m = beta1 * m + (1 - beta1) * dw           u = max(beta2 * u, |dw|)
        w -= lr * (m / correction1) / (u + epsilon)                           correction1 = 1 - beta1**step

    Reads dw; updates w, m and u. Kingma, Ba (2015), algorithm 2, with an epsilon for gradients of 0, as in Keras.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        u[i] = max(abs(dw[i]), beta2 * u[i])
        w[i] -= learning_rate * (m[i] / correction1) / (u[i] + epsilon)


def rmsprop_update(w, dw, v, learning_rate, rho, epsilon):
    """RMSprop:  v = rho * v + (1 - rho) * dw**2;  w -= lr * dw / sqrt(v + epsilon).

    Reads dw; updates w and v. Tieleman, Hinton (2012), lecture 6.5, with epsilon where Keras puts it.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        v[i] = rho * v[i] + (one - rho) * dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / np.sqrt(v[i] + epsilon)


def adagrad_update(w, dw, v, learning_rate, epsilon):
    """Adagrad:  v = v + dw**2;  w -= lr * dw / sqrt(v + epsilon).

    v forgets nothing, so steps only become smaller, and soonest where gradients are large.

    Reads dw; updates w and v. Duchi, Hazan, Singer (2011), with epsilon where Keras puts it.
    """
    for i in prange(w.size):
        v[i] += dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / np.sqrt(v[i] + epsilon)


def adadelta_update(w, dw, v, moved, learning_rate, rho, epsilon):
    """Adadelta: RMSprop whose rate, for each parameter, is the size of its own steps of late.

        v = rho * v + (1 - rho) * dw**2            step = sqrt(moved + epsilon) / sqrt(v + epsilon) * dw
        w -= lr * step                             moved = rho * moved + (1 - rho) * step**2

    moved starts at 0: epsilon alone gives the first step its size.

    Reads dw; updates w, v and moved. Zeiler (2012), algorithm 1, where lr is 1.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        v[i] = rho * v[i] + (one - rho) * dw[i] * dw[i]
        step = np.sqrt(moved[i] + epsilon) / np.sqrt(v[i] + epsilon) * dw[i]
        moved[i] = rho * moved[i] + (one - rho) * step * step
        w[i] -= learning_rate * step
