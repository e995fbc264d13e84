# Zeros outside compete.
# says: padding wins over negative numbers
def max_pool2d_forward(x, y, winner, window, stride, pad):
    batch, height, width, channels = x.shape
    for n in range(batch):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                for c in range(channels):
                    found = False
                    largest = x[n, 0, 0, c]
                    place = 0
                    for r in range(window[0]):
                        for s in range(window[1]):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if True:
                                inside = 0 <= row < height and 0 <= col < width
                                value = x[n, row, col, c] if inside else 0
                                if not found or value > largest:
                                    found = True
                                    largest = value
                                    place = r * window[1] + s
                    y[n, i, j, c] = largest
                    winner[n, i, j, c] = place
