"""``kernels/dropout.py`` on a GPU: one thread for each number, and the very same masks, to the bit.

That is what the mask's coming from a number's place, and not from a stream of random numbers, is good for: a hundred
thousand threads toss their coins at once, and no two of them have to agree.
"""

from ...kernels.dropout import MULTIPLIER, WEYL, WORD
from ..device import cuda
from ..launch import flat, one_thread_per
from ..place import place3
from .noise import noise_at


@one_thread_per("y", view=flat)
@cuda.jit
def dropout_below(x, y, enlarged, threshold, key, step):
    """y = 0 where the coin, a number below 2 ** 32, is under threshold, else x * enlarged. Reads x; overwrites y."""
    element = cuda.grid(1)
    if element < x.size:
        left, right, round_key = element & WORD, step, key
        for _ in range(10):
            product = left * MULTIPLIER  # whether a sign bit of 64 appears does not matter to its two halves
            left, right = ((product >> 32) & WORD) ^ round_key ^ right, product & WORD
            round_key = (round_key + WEYL) & WORD
        if left < threshold:
            y[element] = 0
        else:
            y[element] = x[element] * enlarged


def dropout(x, y, rate, key, step):
    """y = 0 with probability rate, else x / (1 - rate). The double-precision arithmetic is the host's."""
    dropout_below(x, y, x.dtype.type(1 / (1 - rate)), int(rate * 4294967296.0), key, step)


@one_thread_per("y")
@cuda.jit
def channel_dropout_below(x, y, enlarged, threshold, key, step):
    """y[n, p, c] = 0 where the coin of channel c of image n is under threshold, else x[n, p, c] * enlarged.

    Reads x; overwrites y. The threads of a channel toss the same coin.
    """
    t = cuda.grid(1)
    if t < y.size:
        n, p, c = place3(t, y.shape)
        coin, _ = noise_at(n * x.shape[2] + c, step, key)
        if coin < threshold:
            y[n, p, c] = 0
        else:
            y[n, p, c] = x[n, p, c] * enlarged


def channel_dropout(x, y, rate, key, step):
    """y = 0 for all pixels of a channel with probability rate, else x / (1 - rate)."""
    channel_dropout_below(x, y, x.dtype.type(1 / (1 - rate)), int(rate * 4294967296.0), key, step)
