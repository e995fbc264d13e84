from numba import prange


def parallel_backward_weights(dy, x, dw, db, stride, pad):
    """conv2d_backward_weights on all cores: one of its loops is a prange, and no two turns of it write to the
    same cell. Which index may be shared out? The one that owns what it writes.

    dy      (batch, out_height, out_width, filters), to read: the gradient of the loss with respect to the outputs
    x       (batch, height, width, channels), to read: the images of the forward pass
    dw      (window_height, window_width, channels, filters), to write every cell of
    db      (filters,), to write every cell of
    stride, pad   pairs (vertical, horizontal), as in the forward pass

    dw[r, s, c, k] = sum over n, i, j of
        dy[n, i, j, k] * x[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c]
    db[k]          = sum over n, i, j of  dy[n, i, j, k]

    A pixel outside the image is 0 and adds nothing. The checker takes the turns of prange in an order of its own,
    writes down which turn read and wrote which cell, and then has Numba compile the loop.
    """
    ...  # your loop
