"""Dropout over lanes: the coins of ``kernels/dropout.py``, tossed for many images at a time.

The coin for a number depends on where it stands among all numbers of a batch, image after image. Neighbours in memory
are here the same pixel of different images; so the numbers that are asked about lie far apart, and the answers are the
same to the bit.

    x, y    [block, channel and pixel][lane], or [feature][image]
"""

import numpy as np
from numba import njit, prange

from ..augment import noise_at
from .conv2d import u
from .winners_in_lanes import pick


@njit(parallel=True, cache=True)
def dropout(x, y, rate, key, step, channels, pixels):
    """Number p * channels + c of an image is pixel p of channel c; features are pixels of one channel.

    One turn of the parallel loop owns one of them, in all lanes of a block.
    """
    enlarged, zero = x.dtype.type(1 / (1 - rate)), x.dtype.type(0)
    threshold = np.int64(rate * 4294967296.0)
    for turn in prange(x.shape[0]):
        block, rest = divmod(np.int64(turn), channels * pixels)
        c, p = divmod(rest, pixels)
        first = block * x.shape[1] * channels * pixels + p * channels + c
        for lane in range(u(x.shape[1])):
            coin, _ = noise_at(first + np.int64(lane) * channels * pixels, step, key)
            y[u(turn), lane] = pick(coin < threshold, zero, x[u(turn), lane] * enlarged)
