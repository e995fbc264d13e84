"""Optimisers: how a weight moves once its gradient is known. All parameters of a model lie in one long vector.

    w, dw, velocity, m, v   (parameters,)         all scalars have the dtype of w

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


def rmsprop_update(w, dw, v, learning_rate, rho, epsilon):
    """RMSprop:  v = rho * v + (1 - rho) * dw**2;  w -= lr * dw / sqrt(v + epsilon).

    Reads dw; updates w and v. Tieleman, Hinton (2012), lecture 6.5, with epsilon where Keras puts it.
    """
    one = w.dtype.type(1)
    for i in prange(w.size):
        v[i] = rho * v[i] + (one - rho) * dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / np.sqrt(v[i] + epsilon)
