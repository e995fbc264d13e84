def max_pool2d_forward(x, y, winner, window, stride, pad):
    """Max pooling, channel by channel, and where the largest stood.

    x       (batch, height, width, channels), to read
    y       (batch, out_height, out_width, channels), to write every cell of: the largest of each window
    winner  like y, whole numbers, to write: r * window[1] + s, where (r, s) is its place in the window
            (the first one, if there are several)
    window  (rows, columns)
    stride  (down, across)
    pad     (rows, columns) outside the image before the first pixel

    The window at (i, j) covers x[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c]. What lies outside the
    image never wins, not even among negative numbers.
    """
    ...  # your loop
