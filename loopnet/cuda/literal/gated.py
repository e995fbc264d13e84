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
