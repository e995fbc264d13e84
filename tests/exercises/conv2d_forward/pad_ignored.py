# The pad is left out.
# says: padding is ignored; y[0, 0, 0, 0]
def conv2d_forward(x, w, b, y, stride, pad):
    batch, height, width, channels = x.shape
    window_height, window_width, _, filters = w.shape
    for n in range(batch):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                for k in range(filters):
                    total = b[k]
                    for r in range(window_height):
                        for s in range(window_width):
                            row = i * stride[0] + r
                            col = j * stride[1] + s
                            if 0 <= row < height and 0 <= col < width:
                                for c in range(channels):
                                    total += x[n, row, col, c] * w[r, s, c, k]
                    y[n, i, j, k] = total
