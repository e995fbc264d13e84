"""PReLU: a leaky ReLU that learns its slopes, one for each number of an image, or one for all along an axis.

    y = x where x > 0, else alpha * x

    x, dx, y, dy   (batch, depth, height, width, channels); what an image lacks is an axis of size 1
    alpha, dalpha  (depth, height, width, channels), or 1 in place of an axis whose places share their slope

A learned slope may fall below 0, and then the output no longer tells on which side its input was: the backward passes
read x. At 0, where the corner is, nothing goes back, as in Keras. NaN passes through, and makes its slope's gradient
NaN.

He, Zhang, Ren, Sun (2015), *Delving deep into rectifiers*, section 2.1.
"""

from numba import prange


def prelu_forward(x, alpha, y):
    """y[n,p,i,j,c] = alpha[p,i,j,c] * x[n,p,i,j,c] where x < 0, else x.

    Reads x, alpha; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, depth, height, width, channels = x.shape
    planes, rows, columns, maps = alpha.shape
    for n in prange(batch):
        for p in range(depth):
            for i in range(height):
                for j in range(width):
                    for c in range(channels):
                        value = x[n, p, i, j, c]
                        if value < 0:
                            y[n, p, i, j, c] = alpha[p % planes, i % rows, j % columns, c % maps] * value
                        else:
                            y[n, p, i, j, c] = value


def prelu_backward_input(dy, x, alpha, dx):
    """dx = alpha * dy where x < 0, 0 where x is 0, else dy.

    Reads dy, x, alpha; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, depth, height, width, channels = x.shape
    planes, rows, columns, maps = alpha.shape
    for n in prange(batch):
        for p in range(depth):
            for i in range(height):
                for j in range(width):
                    for c in range(channels):
                        value = x[n, p, i, j, c]
                        if value == 0:
                            dx[n, p, i, j, c] = 0
                        elif value < 0:
                            dx[n, p, i, j, c] = alpha[p % planes, i % rows, j % columns, c % maps] * dy[n, p, i, j, c]
                        else:
                            dx[n, p, i, j, c] = dy[n, p, i, j, c]


def prelu_backward_weights(dy, x, dalpha):
    """dalpha[p,i,j,c] = the sum of dy * x over all images, and over all places that share the slope, where x < 0.

    Reads dy, x; overwrites dalpha. One turn of the parallel loop owns one slope. Its places are every ``planes``-th
    plane from p on, which is p alone, or, where there is one slope for all planes, all of them; so with the other axes.
    """
    batch, depth, height, width, channels = x.shape
    planes, rows, columns, maps = dalpha.shape
    for slope in prange(dalpha.size):
        c, j = slope % maps, slope // maps % columns
        i, p = slope // (maps * columns) % rows, slope // (maps * columns * rows)
        total = x.dtype.type(0)
        for n in range(batch):
            of_image = x.dtype.type(0)  # each image by itself first, as in conv2d.py
            for plane in range(p, depth, planes):
                for row in range(i, height, rows):
                    for col in range(j, width, columns):
                        for channel in range(c, channels, maps):
                            value = x[n, plane, row, col, channel]
                            if not value >= 0:  # NaN, too
                                of_image += dy[n, plane, row, col, channel] * value
            total += of_image
        dalpha[p, i, j, c] = total
