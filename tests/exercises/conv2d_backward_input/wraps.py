# Negative stops are let through.
# says: dy is asked for index -1
def conv2d_backward_input(dy, w, dx, stride, pad):
    batch, height, width, channels = dx.shape
    window_height, window_width, _, filters = w.shape
    for n in range(batch):
        for row in range(height):
            for col in range(width):
                for c in range(channels):
                    total = dx.dtype.type(0)
                    for r in range(window_height):
                        for s in range(window_width):
                            i, between_rows = divmod(row + pad[0] - r, stride[0])
                            j, between_cols = divmod(col + pad[1] - s, stride[1])
                            if between_rows == 0 and between_cols == 0:
                                if i < dy.shape[1] and j < dy.shape[2]:
                                    for k in range(filters):
                                        total += dy[n, i, j, k] * w[r, s, c, k]
                    dx[n, row, col, c] = total
