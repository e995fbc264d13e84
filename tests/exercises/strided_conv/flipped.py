# As a mathematician convolves.
# says: flipped
def strided_conv(image, filter, out, stride):
    rows, columns = filter.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for r in range(rows):
                for s in range(columns):
                    total += filter[rows - 1 - r, columns - 1 - s] * image[i * stride[0] + r, j * stride[1] + s]
            out[i, j] = total
