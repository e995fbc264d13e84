"""Random numbers worked out from a place, a step and a key: the cipher of ``kernels/dropout.py``, to the bit."""

from ...kernels.dropout import MULTIPLIER, WEYL, WORD
from ..device import cuda


@cuda.jit(device=True)
def noise_at(place, step, key):
    """Two words of noise, 0 to 2 ** 32 - 1, for the number ``place``."""
    left, right, round_key = place & WORD, step, key
    for _ in range(10):
        product = left * MULTIPLIER  # whether a sign bit of 64 appears does not matter to its two halves
        left, right = ((product >> 32) & WORD) ^ round_key ^ right, product & WORD
        round_key = (round_key + WEYL) & WORD
    return left, right
