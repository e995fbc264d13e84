"""Trainable subsampling, the pooling of 1998: add up each window, multiply by one weight of the map, add one bias.

    y[n,i,j,c] = b[c] + w[c] * sum of x[n,row,col,c] over window (i, j), row = i * window_h + r, col = j * window_w + s

Windows do not overlap; rows and columns that fill none are left out. With w = 1 / (window_h * window_w) it is
average pooling; w learns how much of a map is let through.

    x, dx  (batch, height, width, channels)     y, dy  (batch, height // window_h, width // window_w, channels)
    w, dw, b, db  (channels,)

LeCun, Bottou, Bengio, Haffner (1998), section II.B, layers S2 and S4 (whose squashing is a layer of its own here).
"""

from numba import prange


def subsample_forward(x, w, b, y, window):
    """y = b + w * (the sum of the window).

    Reads x, w, b; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, out_height, out_width, channels = y.shape
    for n in prange(batch):
        for i in range(out_height):
            for j in range(out_width):
                for c in range(channels):
                    total = y.dtype.type(0)
                    for r in range(window[0]):
                        for s in range(window[1]):
                            total += x[n, i * window[0] + r, j * window[1] + s, c]
                    y[n, i, j, c] = b[c] + w[c] * total


def subsample_backward_input(dy, w, dx, window):
    """dx[n,row,col,c] = w[c] * dy[n,i,j,c] of the window that the pixel is in; 0 for one that is in none.

    Reads dy, w; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, height, width, channels = dx.shape
    _, out_height, out_width, _ = dy.shape
    for n in prange(batch):
        for row in range(height):
            for col in range(width):
                i, j = row // window[0], col // window[1]
                for c in range(channels):
                    if i < out_height and j < out_width:
                        dx[n, row, col, c] = w[c] * dy[n, i, j, c]
                    else:
                        dx[n, row, col, c] = 0


def subsample_backward_weights(dy, x, dw, db, window):
    """dw[c] = sum_{n,i,j} dy[n,i,j,c] * (the sum of the window);   db[c] = sum dy[n,i,j,c].

    Reads dy, x; overwrites dw, db. One turn of the parallel loop owns one channel of dw and db.
    """
    batch, out_height, out_width, channels = dy.shape
    for c in prange(channels):
        slope, shift = dw.dtype.type(0), db.dtype.type(0)
        for n in range(batch):
            slope_of_image, shift_of_image = dw.dtype.type(0), db.dtype.type(0)
            for i in range(out_height):
                for j in range(out_width):
                    total = dw.dtype.type(0)
                    for r in range(window[0]):
                        for s in range(window[1]):
                            total += x[n, i * window[0] + r, j * window[1] + s, c]
                    slope_of_image += dy[n, i, j, c] * total
                    shift_of_image += dy[n, i, j, c]
            slope += slope_of_image
            shift += shift_of_image
        dw[c], db[c] = slope, shift
