def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    """The article's loop: lay the filter on the image at every `stride` pixels, multiply, add up, write down.

    image   in_height rows of in_width numbers, to read
    out     out_height rows of out_width numbers, to write every one of; it arrives full of rubbish
    filter  filter_dim rows of filter_dim numbers, to read

    out[res_y, res_x] = sum over filter_y, filter_x of
        filter[filter_y, filter_x] * image[res_y * stride + filter_y, res_x * stride + filter_x]

    The filter is not flipped. Return out, or nothing.
    """
    ...  # your loop
