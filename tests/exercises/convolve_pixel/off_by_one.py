# The window's last row and column are missed.
# says: last row and column; left out
def convolve_pixel(image, filter, row, column):
    rows, columns = filter.shape
    total = 0.0
    for r in range(rows - 1):
        for s in range(columns - 1):
            total += filter[r, s] * image[row + r, column + s]
    return total
