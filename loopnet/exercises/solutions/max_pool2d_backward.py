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
                    r = winner[n, i, j, c] // window[1]
                    s = winner[n, i, j, c] % window[1]
                    row = i * stride[0] + r - pad[0]
                    col = j * stride[1] + s - pad[1]
                    dx[n, row, col, c] += dy[n, i, j, c]
