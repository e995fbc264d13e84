# The filter's middle on the pixel, not its corner.
# says: image is asked for index -1; negative index
def convolve_pixel(image, filter, row, column):
    rows, columns = filter.shape
    total = 0.0
    for r in range(rows):
        for s in range(columns):
            total += filter[r, s] * image[row + r - rows // 2, column + s - columns // 2]
    return total
