"""``kernels/activation.py`` on a GPU: one thread for each number.

Formulas are those of :mod:`loopnet.kernels.activation`. exp, log and tanh are taken in the arrays' own dtype: double
precision, which costs a CPU next to nothing here, is many times slower on most GPUs.
"""

import math

from ...kernels.activation import AMPLITUDE, SLOPE
from ..device import cuda
from ..launch import flat, one_thread_per


@one_thread_per("y", view=flat)
@cuda.jit
def relu_forward(x, y):
    """y = 0 where x < 0, else x. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        if x[i] < 0:
            y[i] = 0
        else:
            y[i] = x[i]


@one_thread_per("dx", view=flat)
@cuda.jit
def relu_backward(dy, y, dx):
    """dx = 0 where the output y was 0, else dy. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        if y[i] <= 0:
            dx[i] = 0
        else:
            dx[i] = dy[i]


@one_thread_per("y", view=flat)
@cuda.jit
def leaky_relu_forward(x, y, slope):
    """y = slope * x where x < 0, else x. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        if x[i] < 0:
            y[i] = slope * x[i]
        else:
            y[i] = x[i]


@one_thread_per("dx", view=flat)
@cuda.jit
def leaky_relu_backward(dy, y, dx, slope):
    """dx = slope * dy where y <= 0, else dy. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        if y[i] <= 0:
            dx[i] = slope * dy[i]
        else:
            dx[i] = dy[i]


@one_thread_per("y", view=flat)
@cuda.jit
def sigmoid_forward(x, y):
    """y = 1 / (1 + exp(-x)), for negative x as exp(x) / (1 + exp(x)). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        one = x.dtype.type(1)
        small = math.exp(-abs(x[i]))
        if x[i] < 0:
            y[i] = small / (one + small)
        else:
            y[i] = one / (one + small)


@one_thread_per("dx", view=flat)
@cuda.jit
def sigmoid_backward(dy, y, dx):
    """dx = dy * y * (1 - y). Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        one = y.dtype.type(1)
        dx[i] = dy[i] * y[i] * (one - y[i])


@one_thread_per("y", view=flat)
@cuda.jit
def hard_sigmoid_forward(x, y):
    """y = 0 where x <= -3, 1 where x >= 3, else x / 6 + 1/2. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        if x[i] <= -3:
            y[i] = 0
        elif x[i] >= 3:
            y[i] = 1
        else:
            y[i] = x[i] / x.dtype.type(6) + x.dtype.type(0.5)


@one_thread_per("dx", view=flat)
@cuda.jit
def hard_sigmoid_backward(dy, y, dx):
    """dx = dy / 6 where 0 < y < 1, else 0. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        if y[i] <= 0 or y[i] >= 1:
            dx[i] = 0
        else:
            dx[i] = dy[i] / y.dtype.type(6)


@one_thread_per("y", view=flat)
@cuda.jit
def tanh_forward(x, y):
    """y = tanh(x). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        y[i] = math.tanh(x[i])


@one_thread_per("dx", view=flat)
@cuda.jit
def tanh_backward(dy, y, dx):
    """dx = dy * (1 - y ** 2). Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        one = y.dtype.type(1)
        dx[i] = dy[i] * (one - y[i] * y[i])


@one_thread_per("y", view=flat)
@cuda.jit
def softsign_forward(x, y):
    """y = x / (1 + |x|), far from 0 as +-1 / (1 + 1 / |x|), which is 1 for infinity. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        one = x.dtype.type(1)
        if x[i] > one:
            y[i] = one / (one / x[i] + one)
        elif x[i] < -one:
            y[i] = one / (one / x[i] - one)
        else:
            y[i] = x[i] / (one + abs(x[i]))


@one_thread_per("dx", view=flat)
@cuda.jit
def softsign_backward(dy, y, dx):
    """dx = dy * (1 - |y|) ** 2. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        room = y.dtype.type(1) - abs(y[i])
        dx[i] = dy[i] * room * room


@one_thread_per("y", view=flat)
@cuda.jit
def softplus_forward(x, y):
    """y = log(1 + exp(x)), as max(x, 0) + log(1 + exp(-|x|)). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        corner = math.log1p(math.exp(-abs(x[i])))
        if x[i] < 0:
            y[i] = corner
        else:
            y[i] = x[i] + corner


@one_thread_per("dx", view=flat)
@cuda.jit
def softplus_backward(dy, y, dx):
    """dx = dy * (1 - exp(-y)). Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        dx[i] = dy[i] * -math.expm1(-y[i])


@one_thread_per("y", view=flat)
@cuda.jit
def scaled_tanh_forward(x, y):
    """y = 1.7159 * tanh(2/3 * x). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        y[i] = x.dtype.type(AMPLITUDE) * math.tanh(x.dtype.type(SLOPE) * x[i])


@one_thread_per("dx", view=flat)
@cuda.jit
def scaled_tanh_backward(dy, y, dx):
    """dx = dy * 2/3 * (1.7159 - y ** 2 / 1.7159). Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        amplitude = y.dtype.type(AMPLITUDE)
        dx[i] = dy[i] * y.dtype.type(SLOPE) * (amplitude - y[i] * y[i] / amplitude)


@one_thread_per("y", view=flat)
@cuda.jit
def elu_forward(x, y, alpha, scale):
    """y = scale * alpha * (exp(x) - 1) where x < 0, else scale * x. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        if x[i] < 0:
            y[i] = scale * alpha * math.expm1(x[i])
        else:
            y[i] = scale * x[i]


@one_thread_per("dx", view=flat)
@cuda.jit
def elu_backward(dy, y, dx, alpha, scale):
    """dx = dy * (y + scale * alpha) where y <= 0, else dy * scale. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        if y[i] <= 0:
            dx[i] = dy[i] * (y[i] + scale * alpha)
        else:
            dx[i] = dy[i] * scale


@one_thread_per("y", view=flat)
@cuda.jit
def bounded_relu_forward(x, y, most, slope, threshold):
    """y = slope * (x - threshold) where x < threshold, most where x > most, else x. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        if x[i] < threshold:
            y[i] = slope * (x[i] - threshold)
        elif x[i] > most:
            y[i] = most
        else:
            y[i] = x[i]


@one_thread_per("dx", view=flat)
@cuda.jit
def bounded_relu_backward(dy, y, dx, most, slope):
    """dx = slope * dy where y <= 0, 0 where y is most, else dy. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        if y[i] <= 0:
            dx[i] = slope * dy[i]
        elif y[i] >= most:
            dx[i] = 0
        else:
            dx[i] = dy[i]


@one_thread_per("y", view=flat)
@cuda.jit
def exponential_forward(x, y):
    """y = exp(x). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        y[i] = math.exp(x[i])


@one_thread_per("dx", view=flat)
@cuda.jit
def exponential_backward(dy, y, dx):
    """dx = dy * y. Reads dy, y; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        dx[i] = dy[i] * y[i]
