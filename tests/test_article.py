"""The article's two loops: answers worked out by hand, and the printed forms giving the wrong ones."""

import numpy as np
import pytest

from loopnet.article import basic_conv, basic_conv_njit, max_pool, max_pool_njit

# Five rows of five; the numbers are chosen so that no two windows have the same sum.
IMAGE = [
    [1, 2, 0, 1, 3],
    [0, 1, 4, 2, 1],
    [5, 0, 1, 0, 2],
    [1, 3, 2, 6, 0],
    [2, 1, 0, 1, 7],
]
FILTER = [[1, 2], [0, -1]]
# By hand, first row: 1*1 + 2*2 - 1 = 4, 2 + 2*0 - 4 = -2, 0 + 2*1 - 2 = 0, 1 + 2*3 - 1 = 6.
CONV_STRIDE_1 = [[4, -2, 0, 6], [2, 8, 8, 2], [2, 0, -5, 4], [6, 7, 13, -1]]
CONV_STRIDE_2 = [[4, 0], [2, -5]]
# 3 x 3 windows on rows and columns 0..2 and 2..4.
POOL_3_STRIDE_2 = [[5, 4], [5, 7]]
POOL_2_STRIDE_2 = [[2, 4], [5, 6]]

CONV = [basic_conv, basic_conv_njit]
POOL = [max_pool, max_pool_njit]


def zeros(rows, columns):
    return [[0] * columns for _ in range(rows)]


def conv(function, image, filter, stride, dtype=np.int64):
    """Call a convolution with the article's argument list on arrays whose output is poisoned beforehand."""
    image, filter = np.array(image, dtype), np.array(filter, dtype)
    height, width = image.shape
    rows = (height - len(filter)) // stride + 1
    columns = (width - len(filter)) // stride + 1
    out = np.full((rows, columns), -99, dtype)
    returned = function(image, out, width, height, columns, rows, filter, len(filter), stride)
    assert np.array_equal(returned, out)
    return out


def pool(function, image, kernel_dim, stride, dtype=np.int64):
    """Call a pooling with the article's argument list on arrays whose output is poisoned beforehand."""
    image = np.array(image, dtype)
    height, width = image.shape
    rows = (height - kernel_dim) // stride + 1
    columns = (width - kernel_dim) // stride + 1
    out = np.full((rows, columns), -99, dtype)
    returned = function(image, out, width, height, columns, rows, kernel_dim, stride)
    assert np.array_equal(returned, out)
    return out


# The listings as they were printed. Only what no Python can parse is completed: the product's second half,
# the end of the argument list, the lost `*` and brackets, the indentation.


# fmt: off
def printed_basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    result_element = 0

    for res_y in range(out_height):
        for res_x in range(out_width):
            for filter_y in range(filter_dim):
                for filter_x in range(filter_dim):
                    image_y = res_y + filter_y
                    image_x = res_x + filter_x
                    result_element += (filter[filter_y][filter_x] * image[image_y][image_x])

            out[res_y][res_x] = result_element
            result_element = 0
            res_x += (stride - 1)

        res_y += (stride - 1)

    return out


def printed_max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim, stride):
    max = 0

    for res_y in range(out_height):
        for res_x in range(out_width):
            for kernel_y in range(kernel_dim):
                for kernel_x in range(kernel_dim):
                    in_y = (res_y * stride) + kernel_y
                    in_x = (res_x * stride) + kernel_x

                    if input[in_y][in_x] > max:
                        max = input[in_y][in_x]
            out[res_y][res_x] = max
            max = 0

    return out
# fmt: on


# Lines of the listings exactly as they came off the press.
CUT_OFF = [
    "result_element += (filter[filter_y][filter_x] *\n",
    "def max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim,\n    max = 0\n",
    "in_y = (res_y  stride) + kernel_y\n",
    "max = input[in_y]in_x\n",
]


@pytest.mark.parametrize("lines", CUT_OFF)
def test_printed_lines_do_not_parse(lines):
    with pytest.raises(SyntaxError):
        compile(lines, "article", "exec")


@pytest.mark.parametrize("function", [*CONV, printed_basic_conv])
def test_conv_stride_1(function):
    assert conv(function, IMAGE, FILTER, 1).tolist() == CONV_STRIDE_1


@pytest.mark.parametrize("function", CONV)
def test_conv_stride_2(function):
    assert conv(function, IMAGE, FILTER, 2).tolist() == CONV_STRIDE_2


def test_printed_conv_ignores_the_stride():
    printed = conv(printed_basic_conv, IMAGE, FILTER, 2)
    assert printed.tolist() != CONV_STRIDE_2
    assert printed.tolist() == [row[:2] for row in CONV_STRIDE_1[:2]]  # the corner of the answer of stride 1


@pytest.mark.parametrize("function", CONV)
def test_conv_drops_what_does_not_fit(function):
    # stride 3: windows start at 0 and 3 only, and touch rows and columns 0, 1, 3, 4
    assert conv(function, IMAGE, FILTER, 3).tolist() == [[4, 6], [6, -1]]


@pytest.mark.parametrize("function", CONV)
def test_conv_filter_as_large_as_the_image(function):
    assert conv(function, [[1, 2], [3, 4]], [[1, 10], [100, 1000]], 1).tolist() == [[4321]]


@pytest.mark.parametrize("function", CONV)
def test_conv_non_square_image(function):
    assert conv(function, [[1, 2, 3, 4], [5, 6, 7, 8]], FILTER, 1).tolist() == [[-1, 1, 3]]


@pytest.mark.parametrize("function", [*POOL, printed_max_pool])
def test_pool_positive(function):
    assert pool(function, IMAGE, 2, 2).tolist() == POOL_2_STRIDE_2
    assert pool(function, IMAGE, 3, 2).tolist() == POOL_3_STRIDE_2


@pytest.mark.parametrize("function", POOL)
def test_pool_negative(function):
    image = [[-5, -2, 3, -1], [-9, -4, 0, 2], [-1, -1, -8, -7], [-3, -6, -9, -8]]
    assert pool(function, image, 2, 2).tolist() == [[-2, 3], [-1, -7]]


def test_printed_pool_turns_negative_windows_into_zero():
    image = [[-5, -2], [-9, -4]]
    assert pool(printed_max_pool, image, 2, 2).tolist() == [[0]]
    assert pool(max_pool, image, 2, 2).tolist() == [[-2]]


def test_plain_functions_take_nested_lists():
    assert basic_conv(IMAGE, zeros(4, 4), 5, 5, 4, 4, FILTER, 2, 1) == CONV_STRIDE_1
    assert max_pool(IMAGE, zeros(2, 2), 5, 5, 2, 2, 3, 2) == POOL_3_STRIDE_2


@pytest.mark.parametrize("shape, dim, stride", [
    ((9, 7), 3, 1), ((8, 11), 2, 3), ((5, 5), 5, 1), ((6, 6), 1, 2),
])  # fmt: skip
def test_njit_equals_python_bit_for_bit(shape, dim, stride):
    random = np.random.default_rng(0)
    image, filter = random.standard_normal(shape), random.standard_normal((dim, dim))
    convolved = [conv(function, image, filter, stride, np.float64) for function in CONV]
    pooled = [pool(function, image, dim, stride, np.float64) for function in POOL]
    assert convolved[0].tobytes() == convolved[1].tobytes()
    assert pooled[0].tobytes() == pooled[1].tobytes()


def test_njit_in_float32_differs_by_rounding_only():
    random = np.random.default_rng(1)
    image, filter = random.standard_normal((9, 9)), random.standard_normal((5, 5))
    plain, compiled = (conv(function, image, filter, 2, np.float32) for function in CONV)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-5)
    pooled = [pool(function, image, 2, 2, np.float32) for function in POOL]
    assert pooled[0].tobytes() == pooled[1].tobytes()


def test_njit_is_compiled():
    assert basic_conv_njit.py_func is basic_conv
    assert max_pool_njit.py_func is max_pool
