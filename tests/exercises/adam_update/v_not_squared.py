# v of the gradients, not of their squares.
# says: absolute value of dw, not its square
import math


def adam_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2):
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1 - beta1) * dw[i]
        v[i] = beta2 * v[i] + (1 - beta2) * abs(dw[i])
        w[i] -= learning_rate * (m[i] / correction1) / (math.sqrt(v[i] / correction2) + epsilon)
