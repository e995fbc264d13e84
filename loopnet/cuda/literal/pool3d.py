"""``kernels/pool3d.py`` on a GPU: one thread for each output; backward, every pixel asks (see ``pool.py``).

Shapes, names and formulas are those of :mod:`loopnet.kernels.pool3d`. Powers are taken in the arrays' own dtype.
"""

import math

from ..device import cuda
from ..launch import one_thread_per
from ..place import place5


@one_thread_per("y")
@cuda.jit
def max_pool3d_forward(x, y, winner, window, stride, pad):
    """y[n,p,i,j,c] = max over the window; winner is (q * window_height + r) * window_width + s of the first largest.

    Reads x; overwrites y and winner. One thread owns one element of both.
    """
    batch, depth, height, width, channels = x.shape

    t = cuda.grid(1)
    if t < y.size:
        n, p, i, j, c = place5(t, y.shape)
        first = True
        best = x[n, 0, 0, 0, c]  # replaced by the first pixel inside the window
        best_at = 0
        for q in range(window[0]):
            plane = p * stride[0] + q - pad[0]
            if plane < 0 or plane >= depth:
                continue
            for r in range(window[1]):
                row = i * stride[1] + r - pad[1]
                if row < 0 or row >= height:
                    continue
                for s in range(window[2]):
                    col = j * stride[2] + s - pad[2]
                    if col < 0 or col >= width:
                        continue
                    value = x[n, plane, row, col, c]
                    if first or value > best or value != value:
                        first = False
                        best = value
                        best_at = (q * window[1] + r) * window[2] + s
        y[n, p, i, j, c] = best
        winner[n, p, i, j, c] = best_at


@one_thread_per("dx")
@cuda.jit
def max_pool3d_backward(dy, winner, dx, window, stride, pad):
    """dx[n,plane,row,col,c] = sum of dy[n,p,i,j,c] over the windows that the pixel won.

    Reads dy, winner; overwrites dx. One thread owns one element of dx.
    """
    _, out_depth, out_height, out_width, _ = dy.shape

    t = cuda.grid(1)
    if t < dx.size:
        n, plane, row, col, c = place5(t, dx.shape)
        total = dx.dtype.type(0)
        for q in range(window[0]):
            p, between = divmod(plane + pad[0] - q, stride[0])
            if between != 0 or p < 0 or p >= out_depth:
                continue
            for r in range(window[1]):
                i, between = divmod(row + pad[1] - r, stride[1])
                if between != 0 or i < 0 or i >= out_height:
                    continue
                for s in range(window[2]):
                    j, between = divmod(col + pad[2] - s, stride[2])
                    if between != 0 or j < 0 or j >= out_width:
                        continue
                    if winner[n, p, i, j, c] == (q * window[1] + r) * window[2] + s:
                        total += dy[n, p, i, j, c]
        dx[n, plane, row, col, c] = total


@one_thread_per("y")
@cuda.jit
def average_pool3d_forward(x, y, window, stride, pad):
    """y[n,p,i,j,c] = the mean of what the window covers of the image.

    Reads x; overwrites y. One thread owns one element of y.
    """
    batch, depth, height, width, channels = x.shape

    t = cuda.grid(1)
    if t < y.size:
        n, p, i, j, c = place5(t, y.shape)
        planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
        rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
        cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
        inside = (planes[1] - planes[0]) * (rows[1] - rows[0]) * (cols[1] - cols[0])
        total = y.dtype.type(0)
        for plane in range(planes[0], planes[1]):
            for row in range(rows[0], rows[1]):
                for col in range(cols[0], cols[1]):
                    total += x[n, plane, row, col, c]
        y[n, p, i, j, c] = total / y.dtype.type(inside)


@one_thread_per("dx")
@cuda.jit
def average_pool3d_backward(dy, dx, window, stride, pad):
    """dx[n,plane,row,col,c] = sum of dy[n,p,i,j,c] / inside over the windows that cover the pixel.

    Reads dy; overwrites dx. One thread owns one element of dx.
    """
    batch, depth, height, width, channels = dx.shape
    _, out_depth, out_height, out_width, _ = dy.shape

    t = cuda.grid(1)
    if t < dx.size:
        n, plane, row, col, c = place5(t, dx.shape)
        total = dx.dtype.type(0)
        for q in range(window[0]):
            p, between = divmod(plane + pad[0] - q, stride[0])
            if between != 0 or p < 0 or p >= out_depth:
                continue
            planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
            for r in range(window[1]):
                i, between = divmod(row + pad[1] - r, stride[1])
                if between != 0 or i < 0 or i >= out_height:
                    continue
                rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
                for s in range(window[2]):
                    j, between = divmod(col + pad[2] - s, stride[2])
                    if between != 0 or j < 0 or j >= out_width:
                        continue
                    cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
                    inside = (planes[1] - planes[0]) * (rows[1] - rows[0]) * (cols[1] - cols[0])
                    total += dy[n, p, i, j, c] / dx.dtype.type(inside)
        dx[n, plane, row, col, c] = total


@one_thread_per("y")
@cuda.jit
def lp_pool3d_forward(x, y, window, stride, pad, norm):
    """y[n,p,i,j,c] = (sum over the window of |x| ** norm) ** (1 / norm).

    Reads x; overwrites y. One thread owns one element of y.
    """
    batch, depth, height, width, channels = x.shape

    t = cuda.grid(1)
    if t < y.size:
        n, p, i, j, c = place5(t, y.shape)
        planes = max(p * stride[0] - pad[0], 0), min(p * stride[0] - pad[0] + window[0], depth)
        rows = max(i * stride[1] - pad[1], 0), min(i * stride[1] - pad[1] + window[1], height)
        cols = max(j * stride[2] - pad[2], 0), min(j * stride[2] - pad[2] + window[2], width)
        total = y.dtype.type(0)
        for plane in range(planes[0], planes[1]):
            for row in range(rows[0], rows[1]):
                for col in range(cols[0], cols[1]):
                    total += math.pow(abs(x[n, plane, row, col, c]), norm)
        y[n, p, i, j, c] = math.pow(total, y.dtype.type(1) / norm)


@one_thread_per("dx")
@cuda.jit
def lp_pool3d_backward(dy, x, y, dx, window, stride, pad, norm):
    """dx[n,plane,row,col,c] = sum of dy[n,p,i,j,c] * sign(x) * (|x| / y) ** (norm - 1) over the windows that cover it.

    Reads dy, x, y; overwrites dx. One thread owns one element of dx.
    """
    _, out_depth, out_height, out_width, _ = dy.shape
    power = norm - dx.dtype.type(1)

    t = cuda.grid(1)
    if t < dx.size:
        n, plane, row, col, c = place5(t, dx.shape)
        value = x[n, plane, row, col, c]
        total = dx.dtype.type(0)
        for q in range(window[0]):
            p, between = divmod(plane + pad[0] - q, stride[0])
            if between != 0 or p < 0 or p >= out_depth:
                continue
            for r in range(window[1]):
                i, between = divmod(row + pad[1] - r, stride[1])
                if between != 0 or i < 0 or i >= out_height:
                    continue
                for s in range(window[2]):
                    j, between = divmod(col + pad[2] - s, stride[2])
                    if between != 0 or j < 0 or j >= out_width:
                        continue
                    length = y[n, p, i, j, c]
                    if length == 0 or value == 0:  # |x| has a corner there
                        continue
                    share = dy[n, p, i, j, c] * math.pow(abs(value) / length, power)
                    if value < 0:
                        share = -share
                    total += share
        dx[n, plane, row, col, c] = total
