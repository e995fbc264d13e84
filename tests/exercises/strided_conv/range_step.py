# The stride steps through the output, too.
# says: never written
def strided_conv(image, filter, out, stride):
    rows, columns = filter.shape
    for i in range(0, out.shape[0], stride[0]):
        for j in range(0, out.shape[1], stride[1]):
            total = 0.0
            for r in range(rows):
                for s in range(columns):
                    total += filter[r, s] * image[i + r, j + s]
            out[i, j] = total
