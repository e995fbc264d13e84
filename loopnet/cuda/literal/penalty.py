"""``kernels/penalty.py`` on a GPU: a share of the weights by one block of threads, gradients by one thread a weight.

Formulas and sources are those of :mod:`loopnet.kernels.penalty`.
"""

from ...kernels.penalty import SHARE
from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from .tree import add_up


@one_block_per("penalty")
@cuda.jit
def weight_penalty_forward(w, penalty, l1, l2):
    """penalty[j] = l1 * sum_i |w[i]| + l2 * sum_i w[i]**2  over the SHARE weights from number SHARE * j on.

    Reads w; overwrites penalty. One block owns one share.
    """
    shared = cuda.shared.array(THREADS, w.dtype)
    me, j = cuda.threadIdx.x, cuda.blockIdx.x
    total = w.dtype.type(0)
    for i in range(SHARE * j + me, min(SHARE * (j + 1), w.size), THREADS):
        total += l1 * abs(w[i]) + l2 * w[i] * w[i]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        penalty[j] = shared[0]


@one_thread_per("w")
@cuda.jit
def weight_penalty_backward(w, dw, l1, l2):
    """dw[i] += l1 * sign(w[i]) + 2 * l2 * w[i]. Reads w; adds to dw. One thread owns one weight."""
    two = w.dtype.type(2)
    i = cuda.grid(1)
    if i < w.size:
        dw[i] += two * l2 * w[i]
        if w[i] > 0:
            dw[i] += l1
        elif w[i] < 0:
            dw[i] -= l1
