def strided_conv(image, filter, out, stride):
    """A convolution that steps stride[0] pixels down and stride[1] pixels across.

    image   (height, width), to read
    filter  (rows, columns), to read; not always square
    out     (out_height, out_width), to write every cell of; every window fits into the image
    stride  (down, across)

    out[i, j] = sum over r, s of  filter[r, s] * image[i * stride[0] + r, j * stride[1] + s]
    """
    ...  # your loop
