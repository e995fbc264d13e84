# // where / is meant.
# says: rounded down
def average_pool(image, out, window, stride):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for r in range(window):
                for s in range(window):
                    total += image[i * stride + r, j * stride + s]
            out[i, j] = total // (window * window)
