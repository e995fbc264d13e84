def conv2d_backward_input(dy, w, dx, stride, pad):
    """Backward through a convolution, to its input: every pixel asks which outputs saw it, and through which weight.

    dy      (batch, out_height, out_width, filters), to read: the gradient of the loss with respect to the outputs
    w       (window_height, window_width, channels, filters), to read
    dx      (batch, height, width, channels), to write every cell of
    stride, pad   pairs (vertical, horizontal), as in the forward pass

    In the forward pass, tap (r, s) of the window at (i, j) saw the pixel

        row = i * stride[0] + r - pad[0]          col = j * stride[1] + s - pad[1]

    and for every such (i, j, k), dx[n, row, col, c] gets  dy[n, i, j, k] * w[r, s, c, k].  A pixel that no window saw
    gets 0.
    """
    ...  # your loop
