# The outputs hand their gradient down, onto a dx full of rubbish.
# says: read before anything was written
def conv2d_backward_input(dy, w, dx, stride, pad):
    batch, out_height, out_width, filters = dy.shape
    for n in range(batch):
        for i in range(out_height):
            for j in range(out_width):
                for k in range(filters):
                    for r in range(w.shape[0]):
                        for s in range(w.shape[1]):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < dx.shape[1] and 0 <= col < dx.shape[2]:
                                for c in range(dx.shape[3]):
                                    dx[n, row, col, c] += dy[n, i, j, k] * w[r, s, c, k]
