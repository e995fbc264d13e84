"""Self-gated activations: x times a gate, a curve from 0 to 1 that x itself opens.

    silu    the gate is sigmoid(x) = 1 / (1 + exp(-x)); also called swish
    gelu    the gate is Phi(x) = (1 + erf(x / sqrt(2))) / 2, the share of a Gaussian that lies below x
    mish    the gate is tanh(log(1 + exp(x)))
    hard_silu    the gate is x / 6 + 1/2, at least 0, at most 1; also called hard_swish

All dip below 0 before they rise, so that one output belongs to two inputs: unlike those of activation.py, the backward
passes read the input x. x and y must not be the same array; dy and dx may be.

As there, NaN passes through, and the curves are taken in double precision; none of them can overflow. Of minus infinity
all but hard_silu make NaN, which is infinity times a gate that is shut.

Ramachandran, Zoph, Le (2017) for silu, *Searching for activation functions*; Hendrycks, Gimpel (2016) for gelu; Misra
(2019) for mish; Howard et al. (2019) for hard_silu, *Searching for MobileNetV3*.
"""

import math

from numba import prange
from numpy import float64

ROOT_HALF = math.sqrt(0.5)
PEAK = 1 / math.sqrt(2 * math.pi)
"""The height of the Gaussian bell, which is the slope of Phi, at 0."""


def silu_forward(x, y):
    """y = x * sigmoid(x).

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, gated = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        small = math.exp(-abs(value))
        if value < 0:
            gated[i] = value * (small / (1 + small))
        else:
            gated[i] = value * (1 / (1 + small))


def silu_backward(dy, x, dx):
    """dx = dy * g * (1 + x * (1 - g)), where g = sigmoid(x).

    Reads dy, x; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, values, result = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        value = float64(values[i])
        small = math.exp(-abs(value))
        gate, shut = 1 / (1 + small), small / (1 + small)
        if value < 0:
            gate, shut = shut, gate
        result[i] = float64(gradient[i]) * gate * (1 + value * shut)


def gelu_forward(x, y):
    """y = x * Phi(x), with Phi(x) as erfc(-x / sqrt(2)) / 2, which keeps its digits where it is small.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, gated = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        gated[i] = value * (math.erfc(-value * ROOT_HALF) / 2)


def gelu_backward(dy, x, dx):
    """dx = dy * (Phi(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)).

    Reads dy, x; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, values, result = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        value = float64(values[i])
        gate = math.erfc(-value * ROOT_HALF) / 2
        steepness = PEAK * math.exp(-value * value / 2)
        result[i] = float64(gradient[i]) * (gate + value * steepness)


def mish_forward(x, y):
    """y = x * tanh(log(1 + exp(x))).

    With e for exp(x), tanh(log(1 + e)) = ((1 + e)**2 - 1) / ((1 + e)**2 + 1) = (e**2 + 2 e) / (e**2 + 2 e + 2); for
    positive x all of it is divided by e**2, so that exp sees only negative numbers.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, gated = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        small = math.exp(-abs(value))
        if value < 0:
            opened, shut = small * (small + 2), 2.0
        else:
            opened, shut = 1 + 2 * small, 2 * small * small
        gated[i] = value * (opened / (opened + shut))


def mish_backward(dy, x, dx):
    """dx = dy * (g + x * (1 - g**2) * sigmoid(x)), where g = tanh(log(1 + exp(x))).

    Reads dy, x; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, values, result = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        value = float64(values[i])
        small = math.exp(-abs(value))
        if value < 0:
            opened, shut, sigmoid = small * (small + 2), 2.0, small / (1 + small)
        else:
            opened, shut, sigmoid = 1 + 2 * small, 2 * small * small, 1 / (1 + small)
        gate, rest = opened / (opened + shut), shut / (opened + shut)
        result[i] = float64(gradient[i]) * (gate + value * rest * (1 + gate) * sigmoid)


def hard_silu_forward(x, y):
    """y = 0 where x <= -3, x where x >= 3, else x * (x + 3) / 6.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, gated = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        value = float64(values[i])
        if value <= -3:
            gated[i] = 0
        elif value >= 3:
            gated[i] = values[i]
        else:
            gated[i] = value * (value + 3) / 6


def hard_silu_backward(dy, x, dx):
    """dx = 0 where x <= -3, dy where x >= 3, else dy * (2 * x + 3) / 6.

    Reads dy, x; overwrites dx. One turn of the parallel loop owns one element.
    """
    gradient, values, result = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    for i in prange(gradient.size):
        value = float64(values[i])
        if value <= -3:
            result[i] = 0
        elif value >= 3:
            result[i] = gradient[i]
        else:
            result[i] = float64(gradient[i]) * (2 * value + 3) / 6
