# Every image has the answer of the first.
# says: every image; first one
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
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < height and 0 <= col < width:
                                for c in range(channels):
                                    total += x[0, row, col, c] * w[r, s, c, k]
                    y[n, i, j, k] = total
