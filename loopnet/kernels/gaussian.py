"""Gaussian noise: in training, disturb each number a little, so that the network learns to overlook such disturbance.

Added, the noise blurs what comes in; as a factor around 1, it is dropout that never switches quite off.

As in ``dropout.py``, what is drawn follows from a number's place, the step and the key, and the backward pass asks
again. Philox gives two even words for each place; a radius and an angle made of them are those of a Gaussian cloud.

Box, Muller (1958), *A note on the generation of random normal deviates*; Bishop (1995), *Training with noise is
equivalent to Tikhonov regularization*; Srivastava et al. (2014), *Dropout*, section 10, for the factor.
"""

import math

from numba import prange
from numba.extending import register_jitable
from numpy import int64

from .augment import HALF, noise_at


@register_jitable
def normal_at(place, step, key):
    """A number of mean 0 and standard deviation 1 for the number ``place``."""
    left, right = noise_at(place, step, key)
    radius = math.sqrt(-2 * math.log((left + 1) / (2 * HALF)))  # of 1 at most: its logarithm is there, and not above 0
    return radius * math.cos(math.pi * (right / HALF - 1))


def gaussian_noise(x, y, stddev, key, step):
    """y = x + stddev * normal.

    Arrays of any shape, both alike; stddev at least 0; key and step: ints below 2 ** 32. Gradients pass unchanged.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, noisy = x.reshape(-1), y.reshape(-1)
    for element in prange(values.size):
        noisy[element] = values[element] + x.dtype.type(stddev * normal_at(int64(element), step, key))


def gaussian_dropout(x, y, stddev, key, step):
    """y = x * (1 + stddev * normal): on average x. For gradients too: ``gaussian_dropout(dy, dx, ...)``.

    The rest as in ``gaussian_noise``.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, noisy = x.reshape(-1), y.reshape(-1)
    for element in prange(values.size):
        noisy[element] = values[element] * x.dtype.type(1 + stddev * normal_at(int64(element), step, key))
