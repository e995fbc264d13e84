def conv2d_backward_weights(dy, x, dw, db, stride, pad):
    """Backward through a convolution, to its weights: each collects from all the places where it was used.

    dy      (batch, out_height, out_width, filters), to read: the gradient of the loss with respect to the outputs
    x       (batch, height, width, channels), to read: the images of the forward pass
    dw      (window_height, window_width, channels, filters), to write every cell of
    db      (filters,), to write every cell of
    stride, pad   pairs (vertical, horizontal), as in the forward pass

    dw[r, s, c, k] = sum over n, i, j of
        dy[n, i, j, k] * x[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c]
    db[k]          = sum over n, i, j of  dy[n, i, j, k]

    A pixel outside the image is 0 and adds nothing.
    """
    ...  # your loop
