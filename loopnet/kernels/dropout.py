"""Dropout: in training, switch off each number with probability ``rate``, and make up for it by enlarging the rest.

A network that cannot rely on any one number learns to read its features in many ways. Neighbouring pixels of an image
tell much the same; there ``channel_dropout`` switches off a whole channel at once.

The coin for each number is not drawn in a row but worked out from where it stands: element, step and key go through
Philox, a small cipher that turns any three numbers into noise. So the mask does not depend on who works on
which element, and the backward pass needs no memory of it: it asks the same question and gets the same answer.

Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014); Salmon, Moraes, Dror, Shaw (2011), *Parallel random
numbers: as easy as 1, 2, 3*, section 3.3, for Philox 2x32 with ten rounds; Tompson, Goroshin, Jain, LeCun, Bregler
(2015), *Efficient object localization using convolutional networks*, section 3.2, for channels.
"""

from numba import prange
from numpy import int64

from .augment import noise_at

WORD = 0xFFFFFFFF
MULTIPLIER = 0xD256D193
WEYL = 0x9E3779B9  # the golden ratio, as every key schedule has it


def dropout(x, y, rate, key, step):
    """y = 0 with probability rate, else x / (1 - rate): on average x. For gradients too: ``dropout(dy, dx, ...)``.

    Arrays of any shape, both alike; rate 0 to 1 (exclusive); key and step: ints below 2 ** 32.

    Reads x; overwrites y. One turn of the parallel loop owns one element.
    """
    values, kept = x.reshape(-1), y.reshape(-1)
    enlarged = x.dtype.type(1 / (1 - rate))
    threshold = int(rate * 4294967296.0)
    for element in prange(values.size):
        left, right, round_key = int(int64(element) & WORD), step, key
        for _ in range(10):
            product = left * MULTIPLIER  # whether a sign bit of 64 appears does not matter to its two halves
            left, right = ((product >> 32) & WORD) ^ round_key ^ right, product & WORD
            round_key = (round_key + WEYL) & WORD
        if left < threshold:
            kept[element] = 0
        else:
            kept[element] = values[element] * enlarged


def channel_dropout(x, y, rate, key, step):
    """y[n, p, c] = 0 for all pixels p at once with probability rate, else x[n, p, c] / (1 - rate).

    x, y (batch, pixels, channels); the rest, and gradients, as in ``dropout``: channel c of image n is tossed for as
    number n * channels + c.

    Reads x; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, pixels, channels = x.shape
    enlarged = x.dtype.type(1 / (1 - rate))
    threshold = int(rate * 4294967296.0)
    for n in prange(batch):
        for c in range(channels):
            coin, _ = noise_at(int64(n) * channels + c, step, key)
            for p in range(pixels):
                if coin < threshold:
                    y[n, p, c] = 0
                else:
                    y[n, p, c] = x[n, p, c] * enlarged
