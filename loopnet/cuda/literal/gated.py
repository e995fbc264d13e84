"""``kernels/gated.py`` on a GPU: one thread for each number. The curves are taken in the arrays' own dtype, as in
``activation.py``.
"""

import math

from ...kernels.gated import PEAK, ROOT_HALF
from ..device import cuda
from ..launch import flat, one_thread_per


@one_thread_per("y", view=flat)
@cuda.jit
def silu_forward(x, y):
    """y = x * sigmoid(x). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        one = x.dtype.type(1)
        small = math.exp(-abs(x[i]))
        if x[i] < 0:
            y[i] = x[i] * (small / (one + small))
        else:
            y[i] = x[i] * (one / (one + small))


@one_thread_per("dx", view=flat)
@cuda.jit
def silu_backward(dy, x, dx):
    """dx = dy * g * (1 + x * (1 - g)), where g = sigmoid(x). Reads dy, x; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        one = x.dtype.type(1)
        small = math.exp(-abs(x[i]))
        gate, shut = one / (one + small), small / (one + small)
        if x[i] < 0:
            gate, shut = shut, gate
        dx[i] = dy[i] * gate * (one + x[i] * shut)


@one_thread_per("y", view=flat)
@cuda.jit
def gelu_forward(x, y):
    """y = x * Phi(x). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        half = x.dtype.type(0.5)
        y[i] = x[i] * (half * math.erfc(-x[i] * x.dtype.type(ROOT_HALF)))


@one_thread_per("dx", view=flat)
@cuda.jit
def gelu_backward(dy, x, dx):
    """dx = dy * (Phi(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)). Reads dy, x; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        half = x.dtype.type(0.5)
        gate = half * math.erfc(-x[i] * x.dtype.type(ROOT_HALF))
        steepness = x.dtype.type(PEAK) * math.exp(-half * x[i] * x[i])
        dx[i] = dy[i] * (gate + x[i] * steepness)


@one_thread_per("y", view=flat)
@cuda.jit
def mish_forward(x, y):
    """y = x * tanh(log(1 + exp(x))). Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        one, two = x.dtype.type(1), x.dtype.type(2)
        small = math.exp(-abs(x[i]))
        if x[i] < 0:
            opened, shut = small * (small + two), two
        else:
            opened, shut = one + two * small, two * small * small
        y[i] = x[i] * (opened / (opened + shut))


@one_thread_per("dx", view=flat)
@cuda.jit
def mish_backward(dy, x, dx):
    """dx = dy * (g + x * (1 - g**2) * sigmoid(x)), where g = tanh(log(1 + exp(x))). Reads dy, x; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        one, two = x.dtype.type(1), x.dtype.type(2)
        small = math.exp(-abs(x[i]))
        if x[i] < 0:
            opened, shut, sigmoid = small * (small + two), two, small / (one + small)
        else:
            opened, shut, sigmoid = one + two * small, two * small * small, one / (one + small)
        gate, rest = opened / (opened + shut), shut / (opened + shut)
        dx[i] = dy[i] * (gate + x[i] * rest * (one + gate) * sigmoid)


@one_thread_per("y", view=flat)
@cuda.jit
def hard_silu_forward(x, y):
    """y = 0 where x <= -3, x where x >= 3, else x * (x + 3) / 6. Reads x; overwrites y."""
    i = cuda.grid(1)
    if i < x.size:
        if x[i] <= -3:
            y[i] = 0
        elif x[i] >= 3:
            y[i] = x[i]
        else:
            y[i] = x[i] * (x[i] + x.dtype.type(3)) / x.dtype.type(6)


@one_thread_per("dx", view=flat)
@cuda.jit
def hard_silu_backward(dy, x, dx):
    """dx = 0 where x <= -3, dy where x >= 3, else dy * (2 * x + 3) / 6. Reads dy, x; overwrites dx."""
    i = cuda.grid(1)
    if i < dy.size:
        if x[i] <= -3:
            dx[i] = 0
        elif x[i] >= 3:
            dx[i] = dy[i]
        else:
            dx[i] = dy[i] * (x[i] + x[i] + x.dtype.type(3)) / x.dtype.type(6)
