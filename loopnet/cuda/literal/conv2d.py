"""``kernels/conv2d.py`` on a GPU: lay the two files side by side.

The outer loops are gone. On the CPU they walk from output to output; here every output has a thread of its own, which
asks ``cuda.grid`` for its number and ``place4`` which output that is. What follows, the loops over the window, is the
CPU's to the word. For the gradient of the weights that is the lesson, not what runs: see
:func:`conv2d_backward_weights_by_threads`.

Shapes, names and formulas are those of :mod:`loopnet.kernels.conv2d`. Sums may differ from the CPU's in their last
bits: a GPU multiplies and adds in one step, with one rounding.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place3, place4
from .tree import add_up, bias_gradient


@one_thread_per("y")
@cuda.jit
def conv2d_forward(x, w, b, y, stride, pad):
    """y[n,i,j,k] = b[k] + sum_{r,s,c} x[n, i*sh+r-ph, j*sw+s-pw, c] * w[r,s,c,k].

    Reads x, w, b; overwrites y. One thread owns one element of y.
    """
    batch, height, width, channels = x.shape
    window_height, window_width, _, filters = w.shape

    t = cuda.grid(1)
    if t < y.size:
        n, i, j, k = place4(t, y.shape)
        total = b[k]
        for r in range(window_height):
            for s in range(window_width):
                row = i * stride[0] + r - pad[0]
                col = j * stride[1] + s - pad[1]
                if 0 <= row < height and 0 <= col < width:
                    for c in range(channels):
                        total += x[n, row, col, c] * w[r, s, c, k]
        y[n, i, j, k] = total


@one_thread_per("dx")
@cuda.jit
def conv2d_backward_input(dy, w, dx, stride, pad):
    """dx[n,row,col,c] = sum_{r,s,k} dy[n,i,j,k] * w[r,s,c,k] over the outputs that saw the pixel.

    Reads dy, w; overwrites dx. One thread owns one element of dx.
    """
    window_height, window_width, _, filters = w.shape
    _, out_height, out_width, _ = dy.shape

    t = cuda.grid(1)
    if t < dx.size:
        n, row, col, c = place4(t, dx.shape)
        total = dx.dtype.type(0)
        for r in range(window_height):
            for s in range(window_width):
                i, between_rows = divmod(row + pad[0] - r, stride[0])
                j, between_cols = divmod(col + pad[1] - s, stride[1])
                if between_rows == 0 and between_cols == 0 and 0 <= i < out_height and 0 <= j < out_width:
                    for k in range(filters):
                        total += dy[n, i, j, k] * w[r, s, c, k]
        dx[n, row, col, c] = total


@one_thread_per("dw")
@cuda.jit
def conv2d_backward_weights_by_threads(dy, x, dw, stride, pad):
    """dw[r,s,c,k] = sum_{n,i,j} dy[n,i,j,k] * x[n, row, col, c], with one thread for each weight.

    The lesson, and why it does not run: the first layer of LeNet-5 has 150 weights. That is work for 150 threads of
    the ten thousand and more that a GPU keeps busy, and each has a sum over the whole batch to itself.

    Reads dy, x; overwrites dw. One thread owns one weight.
    """
    batch, height, width, channels = x.shape
    _, out_height, out_width, _ = dy.shape

    t = cuda.grid(1)
    if t < dw.size:
        r, s, c, k = place4(t, dw.shape)
        total = dw.dtype.type(0)
        for n in range(batch):
            of_image = dw.dtype.type(0)
            for i in range(out_height):
                for j in range(out_width):
                    row = i * stride[0] + r - pad[0]
                    col = j * stride[1] + s - pad[1]
                    if 0 <= row < height and 0 <= col < width:
                        of_image += dy[n, i, j, k] * x[n, row, col, c]
            total += of_image
        dw[r, s, c, k] = total


@one_block_per("dw")
@cuda.jit
def conv2d_backward_weights_by_blocks(dy, x, dw, stride, pad):
    """The same sum, with one block of threads for each weight: the stops of the window are dealt out among them.

    Reads dy, x; overwrites dw. One block owns one weight.
    """
    batch, height, width, channels = x.shape
    _, out_height, out_width, _ = dy.shape
    shared = cuda.shared.array(THREADS, dw.dtype)

    me = cuda.threadIdx.x
    r, s, c, k = place4(cuda.blockIdx.x, dw.shape)
    total = dw.dtype.type(0)
    for stop in range(me, batch * out_height * out_width, THREADS):
        n, i, j = place3(stop, dy.shape)
        row = i * stride[0] + r - pad[0]
        col = j * stride[1] + s - pad[1]
        if 0 <= row < height and 0 <= col < width:
            total += dy[n, i, j, k] * x[n, row, col, c]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        dw[r, s, c, k] = shared[0]


def conv2d_backward_weights(dy, x, dw, db, stride, pad):
    """Both gradients, by two kernels."""
    conv2d_backward_weights_by_blocks(dy, x, dw, stride, pad)
    bias_gradient(dy, db)
