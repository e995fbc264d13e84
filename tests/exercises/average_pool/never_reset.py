# The sum starts at 0 once a row.
# says: set back to 0 within a row
def average_pool(image, out, window, stride):
    for i in range(out.shape[0]):
        total = 0.0
        for j in range(out.shape[1]):
            for r in range(window):
                for s in range(window):
                    total += image[i * stride + r, j * stride + s]
            out[i, j] = total / (window * window)
