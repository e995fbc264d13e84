"""``kernels/clip.py`` on a GPU: one thread for each number; sums by one block of threads for each share.

Formulas and sources are those of :mod:`loopnet.kernels.clip`.
"""

import math

from ...kernels.penalty import SHARE
from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from .tree import add_up


@one_thread_per("dw")
@cuda.jit
def clip_by_value(dw, limit):
    """dw[i] is brought to -limit or limit if it lies beyond. Updates dw. One thread owns one number."""
    i = cuda.grid(1)
    if i < dw.size:
        if dw[i] > limit:
            dw[i] = limit
        elif dw[i] < -limit:
            dw[i] = -limit


@one_block_per("squares")
@cuda.jit
def sum_of_squares(dw, squares):
    """squares[j] = sum_i dw[i]**2  over the SHARE numbers from number SHARE * j on.

    Reads dw; overwrites squares. One block owns one share.
    """
    shared = cuda.shared.array(THREADS, dw.dtype)
    me, j = cuda.threadIdx.x, cuda.blockIdx.x
    total = dw.dtype.type(0)
    for i in range(SHARE * j + me, min(SHARE * (j + 1), dw.size), THREADS):
        total += dw[i] * dw[i]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        squares[j] = shared[0]


@one_thread_per("dw")
@cuda.jit
def clip_by_norm(dw, squares, limit):
    """dw[i] *= limit / norm,  norm = sqrt(sum_j squares[j]), unless the norm is within the limit.

    Reads squares; updates dw. One thread owns one number. Every block adds up the norm for itself: a launch less, and a
    thread reads few shares.
    """
    shared = cuda.shared.array(THREADS, dw.dtype)
    me = cuda.threadIdx.x
    total = dw.dtype.type(0)
    for j in range(me, squares.size, THREADS):
        total += squares[j]
    shared[me] = total
    add_up(shared, me)
    norm = math.sqrt(shared[0])
    i = cuda.grid(1)
    if i < dw.size and not norm <= limit:
        dw[i] *= limit / norm
