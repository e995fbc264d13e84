"""The rectified linear unit: negative numbers become 0, the rest pass. Without it a stack of layers is one layer.

Arrays of any shape, all alike; x and y (or dy and dx) may be the same array. Nair, Hinton (2010).

Both comparisons are written so that NaN passes: ``NaN < 0`` is false, and a broken number stays visible.
"""

from numba import prange


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
