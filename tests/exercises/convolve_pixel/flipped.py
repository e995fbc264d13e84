# As a mathematician convolves.
# says: flipped
def convolve_pixel(image, filter, row, column):
    rows, columns = filter.shape
    total = 0.0
    for r in range(rows):
        for s in range(columns):
            total += filter[rows - 1 - r, columns - 1 - s] * image[row + r, column + s]
    return total
