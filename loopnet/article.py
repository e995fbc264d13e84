"""The two loops of the article "Convolutional neural networks": one image, one channel, plain loops.

`basic_conv` and `max_pool` keep the article's argument lists, names and loop nests, and return `out`. The
printed listings do not run as they stand, and completed they are wrong for some inputs; each docstring says
what was mended. `basic_conv_njit` and `max_pool_njit` are the same two functions compiled by Numba; they take
NumPy arrays.

For float64 and int64 arrays the compiled and the plain functions agree bit for bit. For float32 arrays the
convolutions may differ in the last bits: `result_element` starts as the integer 0, and Numba adds an integer
and a float32 as float64.
"""

from numba import njit


def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    """Lay the filter on the image at every `stride` pixels, multiply element by element, and add up.

    out[res_y][res_x] = sum over filter_y, filter_x of
        filter[filter_y][filter_x] * image[res_y * stride + filter_y][res_x * stride + filter_x]

    image   in_height rows of in_width numbers (nested lists or an array), read. Convert bytes to float or int
            first: a product of two uint8 numbers does not fit into a uint8
    out     out_height rows of out_width numbers, overwritten and returned; without padding
            out_height = (in_height - filter_dim) // stride + 1, and out_width likewise
    filter  filter_dim rows of filter_dim numbers, read

    Mended:
      - The article ends its loops with `res_x += (stride - 1)` and `res_y += (stride - 1)`. Python's `for`
        takes the next number from the range whatever the body did to the variable, so every stride gave the
        answer of stride 1. The two lines are gone, and the window starts at `res_y * stride`, as in the
        article's `max_pool`.
      - The line of the product is cut off after `*`; `image[image_y][image_x])` completes it.
      - `out[res_y][res_x] = ...` and the line after it are indented too little for the loop that they end.
    """
    result_element = 0

    for res_y in range(out_height):
        for res_x in range(out_width):
            for filter_y in range(filter_dim):
                for filter_x in range(filter_dim):
                    image_y = (res_y * stride) + filter_y
                    image_x = (res_x * stride) + filter_x
                    result_element += (filter[filter_y][filter_x] * image[image_y][image_x])  # fmt: skip

            out[res_y][res_x] = result_element
            result_element = 0

    return out


def max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim, stride):
    """Keep the largest number of each window; windows start `stride` pixels apart.

    out[res_y][res_x] = max over kernel_y, kernel_x of
        input[res_y * stride + kernel_y][res_x * stride + kernel_x]

    input   in_height rows of in_width numbers (nested lists or an array), read
    out     out_height rows of out_width numbers, overwritten and returned; without padding
            out_height = (in_height - kernel_dim) // stride + 1, and out_width likewise

    Mended:
      - `max` started at 0, so a window of negative numbers gave 0, a number that is not in it. It starts at
        the window's first number.
      - The argument list is cut off after `kernel_dim,`; `stride):` completes it.
      - `(res_y  stride)` and `(res_x  stride)` have lost a `*`, `input[in_y]in_x` the brackets round `in_x`.
      - `out[res_y][res_x] = max` and `return out` are indented too little.
    """
    for res_y in range(out_height):
        for res_x in range(out_width):
            max = input[res_y * stride][res_x * stride]
            for kernel_y in range(kernel_dim):
                for kernel_x in range(kernel_dim):
                    in_y = (res_y * stride) + kernel_y
                    in_x = (res_x * stride) + kernel_x

                    if input[in_y][in_x] > max:
                        max = input[in_y][in_x]
            out[res_y][res_x] = max

    return out


basic_conv_njit = njit(cache=True)(basic_conv)
max_pool_njit = njit(cache=True)(max_pool)
