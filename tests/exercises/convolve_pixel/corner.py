# Row and column are forgotten.
# says: top left corner
def convolve_pixel(image, filter, row, column):
    rows, columns = filter.shape
    total = 0.0
    for r in range(rows):
        for s in range(columns):
            total += filter[r, s] * image[r, s]
    return total
