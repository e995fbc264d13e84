def conv_shape(height, width, channels, filters, window, stride, pad):
    """How large a convolution's output is, and how many numbers it learns. No loop, four formulas.

    height, width, channels   of the image
    filters                   how many
    window                    (rows, columns) of each filter
    stride                    (down, across)
    pad                       (vertical, horizontal): rows of zeros above and as many below; columns likewise

    return  (rows, columns, maps, parameters): rows and columns are how often the window fits, maps is the number of
            channels that come out, and parameters counts all weights and one bias a filter

    Example: LeNet-5's first layer, 32 x 32 x 1, 6 filters of 5 x 5, stride 1, no padding, gives (28, 28, 6, 156).
    """
    ...  # your formulas
