def convolve_pixel(image, filter, row, column):
    """Lay the filter on the image with its top left corner at (row, column), multiply what lies on each other, and
    return the sum.

    image   (height, width)
    filter  (rows, columns), not always square; it always fits
    return  a number:  sum over r, s of  filter[r, s] * image[row + r, column + s]

    Example: for the image [[1, 2, 0, 1], [0, 1, 3, 1], [2, 0, 1, 2], [1, 1, 0, 3]], the filter
    [[1, 0, -1], [2, 0, -2], [1, 0, -1]], row 0 and column 0 the answer is -4.
    """
    ...  # your loop
