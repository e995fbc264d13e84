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
def nadam_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, of_mean, of_gradient, correction2):
    """w -= lr * (of_mean * m + of_gradient * dw) / (sqrt(v / correction2) + epsilon), m and v as in Adam."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        v[i] = beta2 * v[i] + (one - beta2) * dw[i] * dw[i]
        w[i] -= learning_rate * (of_mean * m[i] + of_gradient * dw[i]) / (math.sqrt(v[i] / correction2) + epsilon)


@one_thread_per("w")
@cuda.jit
def adamax_update(w, dw, m, u, learning_rate, beta1, beta2, epsilon, correction1):
    """u = max(beta2 * u, |dw|);  w -= lr * (m / correction1) / (u + epsilon), m the moving mean of dw."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        m[i] = beta1 * m[i] + (one - beta1) * dw[i]
        u[i] = max(abs(dw[i]), beta2 * u[i])
        w[i] -= learning_rate * (m[i] / correction1) / (u[i] + epsilon)


@one_thread_per("w")
@cuda.jit
def rmsprop_update(w, dw, v, learning_rate, rho, epsilon):
    """v = rho * v + (1 - rho) * dw**2;  w -= lr * dw / sqrt(v + epsilon)."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        v[i] = rho * v[i] + (one - rho) * dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / math.sqrt(v[i] + epsilon)


@one_thread_per("w")
@cuda.jit
def adagrad_update(w, dw, v, learning_rate, epsilon):
    """v = v + dw**2;  w -= lr * dw / sqrt(v + epsilon)."""
    i = cuda.grid(1)
    if i < w.size:
        v[i] += dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / math.sqrt(v[i] + epsilon)


@one_thread_per("w")
@cuda.jit
def adadelta_update(w, dw, v, moved, learning_rate, rho, epsilon):
    """step = sqrt(moved + epsilon) / sqrt(v + epsilon) * dw;  w -= lr * step, moved the moving mean of step**2."""
    one = w.dtype.type(1)
    i = cuda.grid(1)
    if i < w.size:
        v[i] = rho * v[i] + (one - rho) * dw[i] * dw[i]
        step = math.sqrt(moved[i] + epsilon) / math.sqrt(v[i] + epsilon) * dw[i]
        moved[i] = rho * moved[i] + (one - rho) * step * step
        w[i] -= learning_rate * step
