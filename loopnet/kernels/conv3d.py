"""Three-dimensional convolution with dilation and groups: :mod:`loopnet.kernels.conv2d` grown by one axis.

Read conv2d.py first; the sums and the three questions are the same. New here:

    planes     an axis before the rows: the depth of a scan, the time of a film; ``p`` output plane, ``q`` window plane
    dilation   the window's taps stand this far apart, so that a small window sees far. 1: side by side
    groups     channels and filters are cut into as many groups as ``channels / w.shape[3]``; filter k belongs to group
               k // (filters / groups) and reads only its group's channels. One group: every filter reads all

    plane = p * stride_d + q * dilation_d - pad_front        and so for row (i, r) and col (j, s)

Shapes, all C-contiguous and of one floating dtype:

    x, dx  (batch, depth, height, width, channels)
    w, dw  (window_depth, window_height, window_width, channels / groups, filters)
    y, dy  (batch, out_depth, out_height, out_width, filters)         b, db  (filters,)

``stride``, ``dilation`` and ``pad`` are triples. With a depth of 1 this is a dilated or grouped convolution of images,
with a height of 1 as well one of sequences: Conv1D and Conv3D run here, and Conv2D where it is not plain.

Waibel et al. (1989) for one dimension, Ji, Xu, Yang, Yu (2013) for three; Yu, Koltun (2016) for dilation;
Krizhevsky, Sutskever, Hinton (2012), section 3.2, for groups.
"""

from numba import prange
from numpy import int64


def conv3d_forward(x, w, b, y, stride, dilation, pad):
    """y[n,p,i,j,k] = b[k] + sum_{q,r,s,c} x[n, plane, row, col, first + c] * w[q,r,s,c,k], where ``first`` is the
    first channel of filter k's group.

    Reads x, w, b; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, depth, height, width, channels = x.shape
    window_depth, window_height, window_width, group_channels, filters = w.shape
    _, out_depth, out_height, out_width, _ = y.shape
    group_filters = filters // (channels // group_channels)

    for n in prange(batch):
        for p in range(out_depth):
            for i in range(out_height):
                for j in range(out_width):
                    for k in range(filters):
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


def conv3d_backward_input(dy, w, dx, stride, dilation, pad):
    """dx[n,plane,row,col,c] = sum_{q,r,s,k} dy[n,p,i,j,k] * w[q,r,s,c,k] over the outputs that saw the pixel and the
    filters k of its channel's group.

    Reads dy, w; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, depth, height, width, channels = dx.shape
    window_depth, window_height, window_width, group_channels, filters = w.shape
    _, out_depth, out_height, out_width, _ = dy.shape
    group_filters = filters // (channels // group_channels)

    for n in prange(batch):
        for plane in range(depth):
            for row in range(height):
                for col in range(width):
                    for channel in range(channels):
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


def conv3d_backward_weights(dy, x, dw, db, stride, dilation, pad):
    """dw[q,r,s,c,k] = sum_{n,p,i,j} dy[n,p,i,j,k] * x[n, plane, row, col, first + c];  db[k] = sum dy.

    Each image is added up on its own first, as in conv2d.py.

    Reads dy, x; overwrites dw, db. One turn of the parallel loop owns one filter k of dw and db.
    """
    batch, depth, height, width, channels = x.shape
    window_depth, window_height, window_width, group_channels, filters = dw.shape
    _, out_depth, out_height, out_width, _ = dy.shape
    group_filters = filters // (channels // group_channels)

    for k in prange(filters):
        first = int64(k) // group_filters * group_channels  # prange counts unsigned, and that mixed with int is float
        total = db.dtype.type(0)
        for n in range(batch):
            of_image = db.dtype.type(0)
            for p in range(out_depth):
                for i in range(out_height):
                    for j in range(out_width):
                        of_image += dy[n, p, i, j, k]
            total += of_image
        db[k] = total

        for q in range(window_depth):
            for r in range(window_height):
                for s in range(window_width):
                    for c in range(group_channels):
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
