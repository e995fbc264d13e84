# The largest starts at 0.
# says: negative
def max_pool2d_forward(x, y, winner, window, stride, pad):
    batch, height, width, channels = x.shape
    for n in range(batch):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                for c in range(channels):
                    found = False
                    largest = 0
                    place = 0
                    for r in range(window[0]):
                        for s in range(window[1]):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < height and 0 <= col < width:
                                if x[n, row, col, c] > largest:
                                    found = True
                                    largest = x[n, row, col, c]
                                    place = r * window[1] + s
                    y[n, i, j, c] = largest
                    winner[n, i, j, c] = place
