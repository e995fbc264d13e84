def conv2d_forward(x, w, b, y, stride, pad):
    """Slide every filter over every image, through all channels: the loop that trains LeNet-5.

    x       (batch, height, width, channels), to read
    w       (window_height, window_width, channels, filters), to read
    b       (filters,), to read
    y       (batch, out_height, out_width, filters), to write every cell of
    stride  (down, across)
    pad     (rows, columns) of zeros before the first pixel; as many as y needs after the last. Store none.

    y[n, i, j, k] = b[k] + sum over r, s, c of  x[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c]
                                                * w[r, s, c, k]
    """
    ...  # your loop
