"""``kernels/conv3d.py`` on a GPU: one thread for each output, its loops the CPU's (see ``conv2d.py`` beside this).

Shapes, names and formulas are those of :mod:`loopnet.kernels.conv3d`.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per, one_thread_per
from ..place import place4, place5
from .tree import add_up, bias_gradient


@one_thread_per("y")
@cuda.jit
def conv3d_forward(x, w, b, y, stride, dilation, pad):
    """y[n,p,i,j,k] = b[k] + sum_{q,r,s,c} x[n, plane, row, col, first + c] * w[q,r,s,c,k].

    Reads x, w, b; overwrites y. One thread owns one element of y.
    """
    batch, depth, height, width, channels = x.shape
    window_depth, window_height, window_width, group_channels, filters = w.shape
    group_filters = filters // (channels // group_channels)

    t = cuda.grid(1)
    if t < y.size:
        n, p, i, j, k = place5(t, y.shape)
        first = k // group_filters * group_channels
        total = b[k]
        for q in range(window_depth):
            plane = p * stride[0] + q * dilation[0] - pad[0]
            if plane < 0 or plane >= depth:
                continue
            for r in range(window_height):
                row = i * stride[1] + r * dilation[1] - pad[1]
                if row < 0 or row >= height:
                    continue
                for s in range(window_width):
                    col = j * stride[2] + s * dilation[2] - pad[2]
                    if col < 0 or col >= width:
                        continue
                    for c in range(group_channels):
                        total += x[n, plane, row, col, first + c] * w[q, r, s, c, k]
        y[n, p, i, j, k] = total


@one_thread_per("dx")
@cuda.jit
def conv3d_backward_input(dy, w, dx, stride, dilation, pad):
    """dx[n,plane,row,col,c] = sum_{q,r,s,k} dy[n,p,i,j,k] * w[q,r,s,c,k].

    Reads dy, w; overwrites dx. One thread owns one element of dx.
    """
    batch, depth, height, width, channels = dx.shape
    window_depth, window_height, window_width, group_channels, filters = w.shape
    _, out_depth, out_height, out_width, _ = dy.shape
    group_filters = filters // (channels // group_channels)

    t = cuda.grid(1)
    if t < dx.size:
        n, plane, row, col, channel = place5(t, dx.shape)
        group, c = divmod(channel, group_channels)
        first = group * group_filters
        total = dx.dtype.type(0)
        for q in range(window_depth):
            p, between = divmod(plane + pad[0] - q * dilation[0], stride[0])
            if between != 0 or p < 0 or p >= out_depth:
                continue
            for r in range(window_height):
                i, between = divmod(row + pad[1] - r * dilation[1], stride[1])
                if between != 0 or i < 0 or i >= out_height:
                    continue
                for s in range(window_width):
                    j, between = divmod(col + pad[2] - s * dilation[2], stride[2])
                    if between != 0 or j < 0 or j >= out_width:
                        continue
                    for k in range(first, first + group_filters):
                        total += dy[n, p, i, j, k] * w[q, r, s, c, k]
        dx[n, plane, row, col, channel] = total


@one_thread_per("dw")
@cuda.jit
def conv3d_backward_weights_by_threads(dy, x, dw, stride, dilation, pad):
    """dw[q,r,s,c,k] = sum_{n,p,i,j} dy[n,p,i,j,k] * x[n, plane, row, col, first + c]: the lesson, as in conv2d.py.

    Reads dy, x; overwrites dw. One thread owns one weight.
    """
    batch, depth, height, width, channels = x.shape
    group_channels, filters = dw.shape[3], dw.shape[4]
    _, out_depth, out_height, out_width, _ = dy.shape
    group_filters = filters // (channels // group_channels)

    t = cuda.grid(1)
    if t < dw.size:
        q, r, s, c, k = place5(t, dw.shape)
        first = k // group_filters * group_channels
        total = dw.dtype.type(0)
        for n in range(batch):
            of_image = dw.dtype.type(0)
            for p in range(out_depth):
                plane = p * stride[0] + q * dilation[0] - pad[0]
                if plane < 0 or plane >= depth:
                    continue
                for i in range(out_height):
                    row = i * stride[1] + r * dilation[1] - pad[1]
                    if row < 0 or row >= height:
                        continue
                    for j in range(out_width):
                        col = j * stride[2] + s * dilation[2] - pad[2]
                        if col < 0 or col >= width:
                            continue
                        of_image += dy[n, p, i, j, k] * x[n, plane, row, col, first + c]
            total += of_image
        dw[q, r, s, c, k] = total


@one_block_per("dw")
@cuda.jit
def conv3d_backward_weights_by_blocks(dy, x, dw, stride, dilation, pad):
    """The same sum, the stops of the window dealt out among the threads of a block.

    Reads dy, x; overwrites dw. One block owns one weight.
    """
    batch, depth, height, width, channels = x.shape
    group_channels, filters = dw.shape[3], dw.shape[4]
    _, out_depth, out_height, out_width, _ = dy.shape
    group_filters = filters // (channels // group_channels)
    shared = cuda.shared.array(THREADS, dw.dtype)

    me = cuda.threadIdx.x
    q, r, s, c, k = place5(cuda.blockIdx.x, dw.shape)
    first = k // group_filters * group_channels
    total = dw.dtype.type(0)
    for stop in range(me, batch * out_depth * out_height * out_width, THREADS):
        n, p, i, j = place4(stop, dy.shape)
        plane = p * stride[0] + q * dilation[0] - pad[0]
        row = i * stride[1] + r * dilation[1] - pad[1]
        col = j * stride[2] + s * dilation[2] - pad[2]
        if 0 <= plane < depth and 0 <= row < height and 0 <= col < width:
            total += dy[n, p, i, j, k] * x[n, plane, row, col, first + c]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        dw[q, r, s, c, k] = shared[0]


def conv3d_backward_weights(dy, x, dw, db, stride, dilation, pad):
    """Both gradients, by two kernels."""
    conv3d_backward_weights_by_blocks(dy, x, dw, stride, dilation, pad)
    bias_gradient(dy, db)
