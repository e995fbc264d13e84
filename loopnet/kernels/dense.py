"""The dense (fully connected) layer: every output is a weighted sum of every input.

It is a convolution whose window is the whole image, so only the two channel loops are left.

    x, dx  (batch, inputs)      w, dw  (inputs, units)
    y, dy  (batch, units)       b, db  (units,)

Names: ``n`` image, ``c`` input, ``k`` unit. Rumelhart, Hinton, Williams (1986) for the backward pass.
"""

from numba import prange


def dense_forward(x, w, b, y):
    """y[n,k] = b[k] + sum_c x[n,c] * w[c,k].

    Reads x, w, b; overwrites y. One turn of the parallel loop owns one image (row) of y.
    """
    for n in prange(x.shape[0]):
        for k in range(w.shape[1]):
            total = b[k]
            for c in range(w.shape[0]):
                total += x[n, c] * w[c, k]
            y[n, k] = total


def dense_backward_input(dy, w, dx):
    """dx[n,c] = sum_k dy[n,k] * w[c,k]: what each input was blamed for, through each of its weights.

    Reads dy, w; overwrites dx. One turn of the parallel loop owns one image (row) of dx.
    """
    for n in prange(dy.shape[0]):
        for c in range(w.shape[0]):
            total = dx.dtype.type(0)
            for k in range(w.shape[1]):
                total += dy[n, k] * w[c, k]
            dx[n, c] = total


def dense_backward_weights(dy, x, dw, db):
    """dw[c,k] = sum_n dy[n,k] * x[n,c];  db[k] = sum_n dy[n,k].

    Reads dy, x; overwrites dw, db. One turn of the parallel loop owns one unit k: a column of dw and one element of db.
    """
    for k in prange(dw.shape[1]):
        total = db.dtype.type(0)
        for n in range(dy.shape[0]):
            total += dy[n, k]
        db[k] = total

        for c in range(dw.shape[0]):
            total = dw.dtype.type(0)
            for n in range(dy.shape[0]):
                total += dy[n, k] * x[n, c]
            dw[c, k] = total
