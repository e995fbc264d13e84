# NumPy does the loop.
# says: line 6; * on whole arrays
def convolve_pixel(image, filter, row, column):
    rows, columns = filter.shape
    patch = image[row : row + rows, column : column + columns]
    return (patch * filter).sum()
