# Negative indices on purpose: the filter is read from its end.
def convolve_pixel(image, filter, row, column):
    rows, columns = filter.shape
    total = 0
    for r in range(1, rows + 1):
        for s in range(1, columns + 1):
            total += filter[-r, -s] * image[row + rows - r, column + columns - s]
    return total
