"""Activations: what a layer does to each number by itself. Without one, a stack of layers is one layer.

Arrays of any shape, all alike; x and y (or dy and dx) may be the same array. Every backward pass reads the output y,
not the input: each of these functions says by its value how steep it is there. Those that do not are in gated.py.

    relu         max(x, 0)                                steep 0 or 1
    leaky_relu   x or slope * x                           slope or 1
    bounded_relu x, at most so much, or slope * (x - threshold)    1, 0 or slope
    sigmoid      1 / (1 + exp(-x)), between 0 and 1       y * (1 - y)
    hard_sigmoid x / 6 + 1/2, at least 0, at most 1       1/6 or 0
    tanh         between -1 and 1                         1 - y ** 2
    scaled_tanh  1.7159 * tanh(2/3 * x)                   2/3 / 1.7159 * (1.7159 ** 2 - y ** 2)
    softsign     x / (1 + |x|), between -1 and 1          (1 - |y|) ** 2
    softplus     log(1 + exp(x)), a smooth relu           1 - exp(-y), which is sigmoid(x)
    elu          x or alpha * (exp(x) - 1), all scaled    scale or y + scale * alpha
    exponential  exp(x)                                   y

NaN passes through all of them: comparisons are written so that a broken number stays visible. exp, log and tanh are
taken in double precision, as in softmax.py and for its reasons; only exponential can overflow, and is infinite then.

Nair, Hinton (2010) for relu; Maas, Hannun, Ng (2013) for leaky_relu; LeCun (1998), section 4.4 of *Efficient backprop*,
for why tanh beats sigmoid, and for scaled_tanh; Courbariaux, Bengio, David (2015) for hard_sigmoid, with other numbers;
Turian, Bergstra, Bengio (2009) for softsign; Dugas et al. (2001) for softplus; Clevert, Unterthiner, Hochreiter (2016)
for elu; Klambauer et al. (2017) for its scale.
"""

import math
import sys

from numba import prange
from numpy import float64

LOG_LARGEST = math.log(sys.float_info.max)
"""exp of more is infinite; Python would raise an error."""


def relu_forward(x, y):
    """y = 0 where x < 0, else x.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, rectified = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        if values[i] < 0:
            rectified[i] = 0
        else:
            rectified[i] = values[i]


def relu_backward(dy, y, dx):
    """dx = 0 where the output y was 0, else dy: a unit that was switched off passes no blame on.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, rectified, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        if rectified[i] <= 0:
            result[i] = 0
        else:
            result[i] = gradient[i]


def leaky_relu_forward(x, y, slope):
    """y = slope * x where x < 0, else x. slope is of x's dtype and not negative.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, rectified = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        if values[i] < 0:
            rectified[i] = slope * values[i]
        else:
            rectified[i] = values[i]


def leaky_relu_backward(dy, y, dx, slope):
    """dx = slope * dy where y <= 0, else dy.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, rectified, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        if rectified[i] <= 0:
            result[i] = slope * gradient[i]
        else:
            result[i] = gradient[i]


def bounded_relu_forward(x, y, most, slope, threshold):
    """y = slope * (x - threshold) where x < threshold, most where x > most, else x. The three are of x's dtype and not
    negative; most may be infinite.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, bounded = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        if values[i] < threshold:
            bounded[i] = slope * (values[i] - threshold)
        elif values[i] > most:
            bounded[i] = most
        else:
            bounded[i] = values[i]


def bounded_relu_backward(dy, y, dx, most, slope):
    """dx = slope * dy where y <= 0, 0 where y is most, else dy: below the threshold no output is positive.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, bounded, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        if bounded[i] <= 0:
            result[i] = slope * gradient[i]
        elif bounded[i] >= most:
            result[i] = 0
        else:
            result[i] = gradient[i]


def sigmoid_forward(x, y):
    """y = 1 / (1 + exp(-x)), for negative x as exp(x) / (1 + exp(x)).

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, squashed = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        small = math.exp(-abs(float64(values[i])))
        if values[i] < 0:
            squashed[i] = small / (1 + small)
        else:
            squashed[i] = 1 / (1 + small)


def sigmoid_backward(dy, y, dx):
    """dx = dy * y * (1 - y).

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, squashed, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    one = y.dtype.type(1)
    for i in prange(gradient.size):
        result[i] = gradient[i] * squashed[i] * (one - squashed[i])


def hard_sigmoid_forward(x, y):
    """y = 0 where x <= -3, 1 where x >= 3, else x / 6 + 1/2: a sigmoid of three straight lines.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, squashed = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        if values[i] <= -3:
            squashed[i] = 0
        elif values[i] >= 3:
            squashed[i] = 1
        else:
            squashed[i] = float64(values[i]) / 6 + 0.5


def hard_sigmoid_backward(dy, y, dx):
    """dx = dy / 6 where 0 < y < 1, else 0.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, squashed, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        if squashed[i] <= 0 or squashed[i] >= 1:
            result[i] = 0
        else:
            result[i] = float64(gradient[i]) / 6


def tanh_forward(x, y):
    """y = tanh(x).

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, squashed = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        squashed[i] = math.tanh(float64(values[i]))


def tanh_backward(dy, y, dx):
    """dx = dy * (1 - y ** 2).

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, squashed, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    one = y.dtype.type(1)
    for i in prange(gradient.size):
        result[i] = gradient[i] * (one - squashed[i] * squashed[i])


AMPLITUDE, SLOPE = 1.7159, 2 / 3
"""LeCun's: scaled_tanh takes 1 to 1 and -1 to -1, and bends most there, where the targets are."""


def scaled_tanh_forward(x, y):
    """y = 1.7159 * tanh(2/3 * x).

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, squashed = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        squashed[i] = AMPLITUDE * math.tanh(SLOPE * float64(values[i]))


def scaled_tanh_backward(dy, y, dx):
    """dx = dy * 2/3 * (1.7159 - y ** 2 / 1.7159).

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, squashed, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        height = float64(squashed[i])
        result[i] = float64(gradient[i]) * SLOPE * (AMPLITUDE - height * height / AMPLITUDE)


def softsign_forward(x, y):
    """y = x / (1 + |x|), far from 0 as +-1 / (1 + 1 / |x|), which is 1 for infinity.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, squashed = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        if abs(value) > 1:
            squashed[i] = 1 / (1 / value + math.copysign(1.0, value))
        else:
            squashed[i] = value / (1 + abs(value))


def softsign_backward(dy, y, dx):
    """dx = dy * (1 - |y|) ** 2.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, squashed, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    one = y.dtype.type(1)
    for i in prange(gradient.size):
        room = one - abs(squashed[i])
        result[i] = gradient[i] * room * room


def softplus_forward(x, y):
    """y = log(1 + exp(x)), as max(x, 0) + log(1 + exp(-|x|)).

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, smooth = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        corner = math.log1p(math.exp(-abs(value)))
        if value < 0:
            smooth[i] = corner
        else:
            smooth[i] = value + corner


def softplus_backward(dy, y, dx):
    """dx = dy * (1 - exp(-y)).

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, smooth, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        result[i] = gradient[i] * dx.dtype.type(-math.expm1(-float64(smooth[i])))


def elu_forward(x, y, alpha, scale):
    """y = scale * alpha * (exp(x) - 1) where x < 0, else scale * x. alpha and scale are of x's dtype and not negative.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, bent = x.reshape(-1), y.reshape(-1)
    depth = scale * alpha
    for i in prange(values.size):
        if values[i] < 0:
            bent[i] = float64(depth) * math.expm1(float64(values[i]))
        else:
            bent[i] = scale * values[i]


def elu_backward(dy, y, dx, alpha, scale):
    """dx = dy * (y + scale * alpha) where y <= 0, else dy * scale.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, bent, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    depth = scale * alpha
    for i in prange(gradient.size):
        if bent[i] <= 0:
            result[i] = gradient[i] * (bent[i] + depth)
        else:
            result[i] = gradient[i] * scale


def exponential_forward(x, y):
    """y = exp(x).

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, power = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        if value > LOG_LARGEST:
            power[i] = math.inf
        else:
            power[i] = math.exp(value)


def exponential_backward(dy, y, dx):
    """dx = dy * y.

    Reads dy, y; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, power, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        result[i] = gradient[i] * power[i]
