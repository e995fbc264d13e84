"""``kernels/dense.py`` on a GPU: one thread for each output, its loop the CPU's (see ``conv2d.py`` beside this).

Shapes, names and formulas are those of :mod:`loopnet.kernels.dense`.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place2
from .tree import add_up, bias_gradient


@one_thread_per("y")
@cuda.jit
def dense_forward(x, w, b, y):
    """y[n,k] = b[k] + sum_c x[n,c] * w[c,k].

    Reads x, w, b; overwrites y. One thread owns one element of y.
    """
    t = cuda.grid(1)
    if t < y.size:
        n, k = place2(t, y.shape)
        total = b[k]
        for c in range(w.shape[0]):
            total += x[n, c] * w[c, k]
        y[n, k] = total


@one_thread_per("dx")
@cuda.jit
def dense_backward_input(dy, w, dx):
    """dx[n,c] = sum_k dy[n,k] * w[c,k].

    Reads dy, w; overwrites dx. One thread owns one element of dx.
    """
    t = cuda.grid(1)
    if t < dx.size:
        n, c = place2(t, dx.shape)
        total = dx.dtype.type(0)
        for k in range(w.shape[1]):
            total += dy[n, k] * w[c, k]
        dx[n, c] = total


@one_thread_per("dw")
@cuda.jit
def dense_backward_weights_by_threads(dy, x, dw):
    """dw[c,k] = sum_n dy[n,k] * x[n,c]: the lesson, as in conv2d.py.

    Reads dy, x; overwrites dw. One thread owns one weight.
    """
    t = cuda.grid(1)
    if t < dw.size:
        c, k = place2(t, dw.shape)
        total = dw.dtype.type(0)
        for n in range(dy.shape[0]):
            total += dy[n, k] * x[n, c]
        dw[c, k] = total


@one_block_per("dw")
@cuda.jit
def dense_backward_weights_by_blocks(dy, x, dw):
    """The same sum, the images dealt out among the threads of a block.

    Reads dy, x; overwrites dw. One block owns one weight.
    """
    shared = cuda.shared.array(THREADS, dw.dtype)

    me = cuda.threadIdx.x
    c, k = place2(cuda.blockIdx.x, dw.shape)
    total = dw.dtype.type(0)
    for n in range(me, dy.shape[0], THREADS):
        total += dy[n, k] * x[n, c]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        dw[c, k] = shared[0]


def dense_backward_weights(dy, x, dw, db):
    """Both gradients, by two kernels."""
    dense_backward_weights_by_blocks(dy, x, dw)
    bias_gradient(dy, db)
