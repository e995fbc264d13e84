# Each image replaces the one before.
# says: only the last image
def conv2d_backward_weights(dy, x, dw, db, stride, pad):
    batch, height, width, channels = x.shape
    window_height, window_width, _, filters = dw.shape
    for k in range(filters):
        total = dw.dtype.type(0)
        for n in range(batch):
            for i in range(dy.shape[1]):
                for j in range(dy.shape[2]):
                    total += dy[n, i, j, k]
        db[k] = total
        for r in range(window_height):
            for s in range(window_width):
                for c in range(channels):
                    total = dw.dtype.type(0)
                    for n in range(batch):
                        total = dw.dtype.type(0)
                        for i in range(dy.shape[1]):
                            for j in range(dy.shape[2]):
                                row = i * stride[0] + r - pad[0]
                                col = j * stride[1] + s - pad[1]
                                if 0 <= row < height and 0 <= col < width:
                                    total += dy[n, i, j, k] * x[n, row, col, c]
                    dw[r, s, c, k] = total
