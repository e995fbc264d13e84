"""Dense layers for few images, whose rows are too short to run along.

The loops of ``dense.py`` run along the images, and load four sums and store them again for every four inputs. Of
thirty-two images a row is two vectors of AVX-512: to get there and away takes longer than the products. Two other ways:

Sums in registers. Those of a few units and as many images as fill a vector stay there from the first term to the last:

    y[k, n]  =  b[k]  +  sum over c of  x[c, n] * w[c, k]
    dx[c, n] =           sum over k of  dy[k, n] * w.T[k, c]      the same loop

Runs along the units. For the weights' gradient there is a sum for each weight, and of few terms: to add up a vector
takes longer than to fill it. With the gradients transposed,

    dw[c, k] =           sum over n of  dy.T[n, k] * x.T[n, c]

is what ``dense.dense_forward`` does, whose images are units now.
"""

from functools import partial

import numpy as np
from numba import get_thread_id, njit, prange

from . import dense
from .conv2d import FAST, u
from .memory import kept, scratch, shared
from .ready import Ready
from .registers import AVX512, vector

Array = np.ndarray

FEW = 64
"""Images, up to which one of the two ways may be faster; measured, see benchmarks/README.md."""

TILE = (0,) * (8 if AVX512 else 4)
"""Units at a time. A weight is loaded for each multiply-add, but by the same instruction."""


@njit(parallel=True, cache=True, **FAST)
def sums_in_registers(x, w, b, y, sums, tile, vector):
    """y[k,n] = b[k] + sum_c x[c,n] * w[c,k], for ``len(tile)`` units and ``len(vector)`` images at a time.

    There are as many of both, at least; where the lengths do not divide, the last tile and the last vector overlap the
    one before, with the same bits. sums: (threads, tile * vector). One turn of the parallel loop owns one tile.
    """
    inputs, units = w.shape
    for turn in prange((units + len(tile) - 1) // len(tile)):
        me, many, size, images = u(get_thread_id()), u(len(tile)), u(len(vector)), u(y.shape[1])
        k = u(min(np.int64(turn) * len(tile), units - len(tile)))
        for step in range((images + size - u(1)) // size):
            first = min(step * size, images - size)
            for v in range(size):  # the first term apart, as in pooling_tile.py
                for q in range(many):
                    sums[me, q * size + v] = x[0, first + v] * w[0, k + q]
            for c in range(1, inputs):
                for v in range(size):
                    for q in range(many):
                        sums[me, q * size + v] += x[c, first + v] * w[c, k + q]
            for q in range(many):
                for v in range(size):
                    y[k + q, first + v] = sums[me, q * size + v] + b[k + q]


@njit(cache=True, **FAST)
def transpose_gradients(dy, by_image, db):
    """by_image[n,k] = dy[k,n];  db[k] = sum_n dy[k,n]."""
    units, images = dy.shape
    for k in range(u(units)):
        total = dy.dtype.type(0)
        for n in range(u(images)):
            by_image[n, k] = dy[k, n]
            total += dy[k, n]
        db[k] = total


def forward(x: Array, w: Array, b: Array, y: Array) -> Ready | None:
    """A call that is ready; None where the loop of ``dense.py`` is faster, or a vector or a tile too long."""
    (inputs, images), units, numbers = x.shape, w.shape[1], vector(x.dtype)
    fits = len(numbers) <= images <= min(FEW, inputs) and units >= len(TILE)
    return _in_registers(x, w, b, y) if fits else None


def backward_input(dy: Array, w: Array, dx: Array) -> Ready | None:
    """Likewise."""
    (units, images), inputs, numbers = dy.shape, len(w), vector(dy.dtype)
    fits = len(numbers) <= images <= min(FEW, units) and inputs >= len(TILE)
    return _in_registers(dy, w.T, kept(np.zeros, inputs, dy.dtype), dx) if fits else None


def _in_registers(x: Array, w: Array, b: Array, y: Array) -> Ready:
    numbers = vector(x.dtype)
    sums = scratch("sums", len(TILE) * len(numbers), dtype=x.dtype)
    return partial(sums_in_registers, x, w, b, y, sums, TILE, numbers)


def backward_weights(dy: Array, x: Array, dw: Array, db: Array) -> Ready | None:
    """Likewise; half of a vector of AVX-512 has to divide the units."""
    (units, images), inputs = dy.shape, len(x)
    if images > FEW or units < max(FEW, 2 * images) or units % 8 > 0:
        return None
    by_image = shared("gradients by image", images, units, dtype=dy.dtype)
    transposed, no_bias = x.T, kept(np.zeros, inputs, dy.dtype)

    def ready() -> None:
        transpose_gradients(dy, by_image, db)
        dense.dense_forward(by_image, transposed, no_bias, dw)

    return ready
