"""``kernels/optimizer.py`` on a GPU: one thread for each parameter, in place. Formulas and sources are there."""

import math

from ..device import cuda
from ..launch import one_thread_per


@one_thread_per("w")
@cuda.jit
def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    """v = momentum * v - lr * dw;  w += v  (Nesterov:  w += momentum * v - lr * dw)."""
    i = cuda.grid(1)
    if i < w.size:
        velocity[i] = momentum * velocity[i] - learning_rate * dw[i]
        if nesterov:
            w[i] += momentum * velocity[i] - learning_rate * dw[i]
        else:
            w[i] += velocity[i]


@one_thread_per("w")
@cuda.jit
def adam_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2):
    """w -= lr * (m / correction1) / (sqrt(v / correction2) + epsilon), m and v the moving means of dw and dw**2."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        v[i] = beta2 * v[i] + (one - beta2) * dw[i] * dw[i]
        w[i] -= learning_rate * (m[i] / correction1) / (math.sqrt(v[i] / correction2) + epsilon)


@one_thread_per("w")
@cuda.jit
def adamw_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2, decay):
    """w -= lr * decay * w,  then Adam's step."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        v[i] = beta2 * v[i] + (one - beta2) * dw[i] * dw[i]
        w[i] -= learning_rate * decay * w[i]
        w[i] -= learning_rate * (m[i] / correction1) / (math.sqrt(v[i] / correction2) + epsilon)


@one_thread_per("w")
@cuda.jit
def rmsprop_update(w, dw, v, learning_rate, rho, epsilon):
    """v = rho * v + (1 - rho) * dw**2;  w -= lr * dw / sqrt(v + epsilon)."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        v[i] = rho * v[i] + (one - rho) * dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / math.sqrt(v[i] + epsilon)
