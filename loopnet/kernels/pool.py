"""Max pooling: keep the largest value of each window, and remember where it stood.

Only the winner is heard by the next layer, so only the winner receives a gradient; remembering it turns the backward
pass into a delivery. Shapes and names are those of :mod:`loopnet.kernels.conv2d`, without filters: each channel is
pooled by itself. ``window``, ``stride`` and ``pad`` are pairs (vertical, horizontal).

    x, dx  (batch, height, width, channels)
    y, dy  (batch, out_height, out_width, channels)
    winner the same shape as y, int32: r * window_width + s of the first largest value

A window that hangs over the edge compares only what lies inside: padding never wins, not even among negative numbers.
NaN does win, so a broken number stays visible instead of vanishing here.

Ranzato, Huang, Boureau, LeCun (2007), section 2; the layer "S" of LeNet-5 (1998) averaged instead.
"""

from numba import prange


def max_pool2d_forward(x, y, winner, window, stride, pad):
    """y[n,i,j,c] = max over the window of x[n, i*sh+r-ph, j*sw+s-pw, c], and winner says which (r, s) it was.

    Reads x; overwrites y and winner. One turn of the parallel loop owns one image of both.
    """
    batch, height, width, channels = x.shape
    _, out_height, out_width, _ = y.shape

    for n in prange(batch):
        for i in range(out_height):
            for j in range(out_width):
                for c in range(channels):
                    first = True
                    best = x[n, 0, 0, c]  # replaced by the first pixel inside the window
                    best_at = 0
                    for r in range(window[0]):
                        for s in range(window[1]):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < height and 0 <= col < width:
                                value = x[n, row, col, c]
                                if first or value > best or value != value:  # NaN is the one value unequal to itself
                                    first = False
                                    best = value
                                    best_at = r * window[1] + s
                    y[n, i, j, c] = best
                    winner[n, i, j, c] = best_at


def max_pool2d_backward(dy, winner, dx, window, stride, pad):
    """Deliver each gradient to the pixel that won:  dx[n, row, col, c] += dy[n,i,j,c]  at the winner's place, 0
    elsewhere.

    Windows may overlap (stride < window), so one pixel can win more than once and gradients add up.

    Reads dy, winner; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, height, width, channels = dx.shape
    _, out_height, out_width, _ = dy.shape

    for n in prange(batch):
        for row in range(height):
            for col in range(width):
                for c in range(channels):
                    dx[n, row, col, c] = 0
        for i in range(out_height):
            for j in range(out_width):
                for c in range(channels):
                    r, s = divmod(winner[n, i, j, c], window[1])
                    row = i * stride[0] + r - pad[0]
                    col = j * stride[1] + s - pad[1]
                    dx[n, row, col, c] += dy[n, i, j, c]
