# The bias and the store inside the channel loop.
# says: read before anything was written
def conv2d_forward(x, w, b, y, stride, pad):
    batch, height, width, channels = x.shape
    for n in range(batch):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                for k in range(w.shape[3]):
                    for r in range(w.shape[0]):
                        for s in range(w.shape[1]):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < height and 0 <= col < width:
                                for c in range(channels):
                                    y[n, i, j, k] += x[n, row, col, c] * w[r, s, c, k]
                    y[n, i, j, k] += b[k]
