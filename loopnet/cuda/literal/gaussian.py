"""``kernels/gaussian.py`` on a GPU: one thread for each number, and the same noise but for roundings.

Logarithm and cosine are taken in the arrays' own dtype.
"""

import math

from ...kernels.augment import HALF, WORD
from ..device import cuda
from ..launch import flat, one_thread_per
from .augment import cos_and_sin
from .noise import noise_at


@cuda.jit(device=True)
def normal_at(place, step, key, like):
    """A number of mean 0 and standard deviation 1 for the number ``place``, in the dtype of the array ``like``."""
    left, right = noise_at(place, step, key)
    one, words = like.dtype.type(1), like.dtype.type(2 * HALF)
    if left > WORD // 2:  # close to 1 a single number is coarse, and what is left to 1 is not
        log = math.log1p(-like.dtype.type(WORD - left) / words)
    else:
        log = math.log(like.dtype.type(left + 1) / words)
    cos, _ = cos_and_sin(like.dtype.type(math.pi) * (like.dtype.type(right) / like.dtype.type(HALF) - one), like)
    return math.sqrt(like.dtype.type(-2) * log) * cos


@one_thread_per("y", view=flat)
@cuda.jit
def gaussian_noise(x, y, stddev, key, step):
    """y = x + stddev * normal. Reads x; overwrites y."""
    element = cuda.grid(1)
    if element < x.size:
        y[element] = x[element] + stddev * normal_at(element, step, key, x)


@one_thread_per("y", view=flat)
@cuda.jit
def gaussian_dropout(x, y, stddev, key, step):
    """y = x * (1 + stddev * normal). Reads x; overwrites y."""
    element = cuda.grid(1)
    if element < x.size:
        y[element] = x[element] * (x.dtype.type(1) + stddev * normal_at(element, step, key, x))
