"""Pixels on another scale: what is black and what is white, in the numbers that a network likes to see.

Arrays of any shape, all alike; x and y may be the same array.
"""

from numba import prange


def rescale(x, y, scale, offset):
    """y = scale * x + offset. Its own backward pass, with an offset of 0. scale and offset are of x's dtype.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, scaled = x.reshape(-1), y.reshape(-1)
    for i in prange(values.size):
        scaled[i] = scale * values[i] + offset
