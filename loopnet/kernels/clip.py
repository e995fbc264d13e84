"""Clipping: a gradient that is too large is made smaller before the optimiser sees it, so that no batch throws the
weights far away.

    dw   (parameters,)   of one array of weights, or of all         limit, above 0, has the dtype of dw

By value, each number for itself, which turns the step; or by norm, all by one factor, which keeps its direction:
Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*, algorithm 1.
"""

import numpy as np
from numba import prange

from .penalty import SHARE


def clip_by_value(dw, limit):
    """dw[i] is brought to -limit or limit if it lies beyond. NaN stays NaN.

    Updates dw. One turn of the parallel loop owns one number.
    """
    for i in prange(dw.size):
        gradient = dw[i]
        dw[i] = limit if gradient > limit else -limit if gradient < -limit else gradient


def sum_of_squares(dw, squares):
    """squares[j] = sum_i dw[i]**2  over the SHARE numbers from number SHARE * j on.

    squares: (shares,), as many as it takes. The root of their sum is dw's norm, the same on any number of cores.

    Reads dw; overwrites squares. One turn of the parallel loop owns one share.
    """
    for j in prange(squares.size):
        total = dw.dtype.type(0)
        for i in range(SHARE * j, min(SHARE * (j + 1), dw.size)):
            total += dw[i] * dw[i]
        squares[j] = total


def clip_by_norm(dw, squares, limit):
    """dw[i] *= limit / norm,  norm = sqrt(sum_j squares[j]), unless the norm is within the limit: then it is the limit.

    With a NaN anywhere all becomes NaN, as in Keras.

    Reads squares; updates dw. One turn of the parallel loop owns one number.
    """
    total = dw.dtype.type(0)
    for j in range(squares.size):
        total += squares[j]
    norm, factor = np.sqrt(total), dw.dtype.type(1)
    if not norm <= limit:
        factor = limit / norm
    for i in prange(dw.size):
        dw[i] *= factor
