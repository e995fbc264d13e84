import math


def adam_update(w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2):
    """Adam: a step of about learning_rate for every parameter, whatever the size of its gradient. In place.

    w     (parameters,), to change: the weights
    dw    (parameters,), to read: their gradients
    m, v  (parameters,), to change: moving averages of the gradients, and of their squares
    the others are numbers; correction1 is 1 - beta1**step, correction2 is 1 - beta2**step

    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    w = w - learning_rate * (m / correction1) / (sqrt(v / correction2) + epsilon)          with the new m and v

    math.sqrt is yours to use.
    """
    ...  # your loop
