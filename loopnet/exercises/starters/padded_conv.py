def padded_conv(image, filter, out):
    """A convolution with "same" padding and stride 1: out is as large as the image.

    image   (height, width), to read
    filter  (rows, columns), both odd, to read; its middle lies on the output's pixel
    out     (height, width), to write every cell of

    out[i, j] = sum over r, s of  filter[r, s] * image[i + r - (rows - 1) / 2, j + s - (columns - 1) / 2]

    Outside the image there are zeros. Store none: a tap that lands outside adds nothing, so skip it.
    (An index of -1 does not land outside: Python takes it for the last.)
    """
    ...  # your loop
