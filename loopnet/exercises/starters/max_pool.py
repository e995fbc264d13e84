def max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim, stride):
    """The article's pooling: keep the largest number of each window; windows start `stride` pixels apart.

    input   in_height rows of in_width numbers, to read; they may all be negative
    out     out_height rows of out_width numbers, to write every one of

    out[res_y, res_x] = the largest of  input[res_y * stride + kernel_y, res_x * stride + kernel_x]
        with kernel_y and kernel_x below kernel_dim

    Return out, or nothing.
    """
    ...  # your loop
