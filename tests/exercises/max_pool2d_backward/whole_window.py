# Every pixel of the window gets the gradient.
# says: whole window; only the winner
def max_pool2d_backward(dy, winner, dx, window, stride, pad):
    batch, height, width, channels = dx.shape
    for n in range(batch):
        for row in range(height):
            for col in range(width):
                for c in range(channels):
                    dx[n, row, col, c] = 0
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                for c in range(channels):
                    for r in range(window[0]):
                        for s in range(window[1]):
                            dx[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c] += dy[n, i, j, c]
