# Every window starts next to the last one.
# says: stride is ignored
def strided_conv(image, filter, out, stride):
    rows, columns = filter.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for r in range(rows):
                for s in range(columns):
                    total += filter[r, s] * image[i + r, j + s]
            out[i, j] = total
