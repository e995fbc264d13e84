"""When Winograd's way is faster than the textbook's products; see ``choice.py``.

The calls return True also if an output is not finite, for others may not be right then.
"""

from functools import partial

import numpy as np

from . import registers, winograd, winograd_backward
from .lanes import aligned
from .memory import divisor, runs, scratch
from .ready import Ready, Way
from .registers import AVX512, vector

Array = np.ndarray
Shape = tuple[int, ...]

WORTH_IT = {(3, True): (48, 16), (3, False): (48, 24), (5, True): (25, 3), (5, False): (30, 3)}
"""By the width of the window, and whether pooling follows: products in a sum, and sums of the same pixels, from which
on fewer products and some additions are faster than the textbook's products.
"""

if AVX512:  # where windows of three have not been timed: what made a third and more of difference with AVX2
    WORTH_IT[3, True] = WORTH_IT[3, False] = 96, 32

LINES = 160_000
"""Bytes of pixels at points that a turn may have: it goes through them once for each tile of filters."""

TURNS = 4
"""Fewest of them, if there are columns enough: of 32 images, pairs of columns would leave a core idle."""


def _is_faster(of_w: Shape, lanes: int, terms: int, sums: int, dtype: np.dtype, pooled: bool = False) -> bool:
    from_terms, from_sums = WORTH_IT.get((of_w[1], pooled), (np.inf, np.inf))
    many = terms >= from_terms and sums >= from_sums and len(together(sums)) > 1
    return many and lanes >= len(vector(dtype))


def together(sums: int) -> tuple[int, ...]:
    """Sums of the same pixels, in two rows, in half of the registers."""
    return divisor(sums, registers.VECTORS // 4)


def forward_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    (window_height, _, channels, filters), (_, _, height, width, lanes) = of_w, of_y
    faster = _is_faster(of_w, lanes, window_height * channels, filters, dtype)
    if not faster or height < 2 or width < 2 or lanes % len(vector(dtype)) > 0:
        return None
    of_pairs = (*of_y[:2], (height + 1) // 2, (width + 1) // 2, lanes)
    *memory, _, across, tile, numbers = _memory(of_pairs, of_w, together(filters), dtype)

    def way(x: Array, w: Array, b: Array, y: Array) -> Ready:
        return partial(winograd.conv2d_forward, runs(x), w, b, runs(y), *memory, across, tile, numbers)

    return way


def pooled_forward_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    window_height, _, channels, filters = of_w
    if not _is_faster(of_w, of_y[4], window_height * channels, filters, dtype, pooled=True):
        return None
    memory = _memory(of_y, of_w, together(filters), dtype)

    def way(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Ready:
        return partial(winograd.conv2d_relu_pool_forward, runs(x), w, b, runs(y), runs(winner), *memory)

    return way


def _memory(of_pairs: Shape, of_w: Shape, tile: Shape, dtype: np.dtype) -> tuple:
    """The arguments of ``conv2d_relu_pool_forward`` from ``points`` on.

    of_pairs: y's shape, where two rows count as one, and two columns.
    """
    (window_height, window_width, channels, filters), (blocks, _, height, width, lanes) = of_w, of_pairs
    points = window_width + 1
    numbers, size = vector(dtype), points * channels * lanes * dtype.itemsize
    columns, rows = width, height
    if lanes % len(numbers) == 0:
        columns = min(columns, max(1, LINES // (size * (2 * rows + window_height - 1))))
        columns = min(columns, max(1, blocks * width // TURNS))
    else:  # whole rows, in which vectors overlap once at most
        rows = min(rows, max(1, (LINES // (size * columns) - window_height + 1) // 2))
    terms, all_terms = window_height * channels, (2 * rows + window_height - 1) * channels
    return (
        aligned((filters // len(tile), points, terms, len(tile)), dtype),
        scratch("lines", points, all_terms, columns * lanes, dtype=dtype),
        scratch("sums", points, 2 * len(tile) * len(numbers), dtype=dtype),
        scratch("zeros", len(numbers), dtype=dtype),
        aligned((blocks * -(-width // columns) * -(-height // rows),), np.bool_),
        lanes, columns, rows, (0,) * window_width, tile, numbers,
    )  # fmt: skip


def backward_input_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
    """To the gradient of the input alone, behind ReLU and pooling."""
    (window_height, window_width, channels, filters), lanes = of_w, of_dy[4]
    faster = _is_faster(of_w, lanes, window_height * filters, channels, dtype)
    if not faster or window_width != 5 or lanes % len(vector(dtype)) > 0:  # its sums are written for five columns
        return None
    memory = _backward_memory(of_dy, of_w, together(channels), dtype)

    def way(dy: Array, winner: Array, w: Array, dx: Array) -> Ready:
        flipped = w[::-1].transpose(0, 1, 3, 2)
        return partial(
            winograd_backward.conv2d_relu_pool_backward_input, runs(dy), runs(winner), flipped, runs(dx), *memory
        )

    return way


def _backward_memory(of_dy: Shape, of_w: Shape, tile: Shape, dtype: np.dtype) -> tuple:
    """The arguments of the kernel from ``points`` on."""
    (window_height, window_width, channels, filters), (blocks, _, pooled_height, _, lanes) = of_w, of_dy
    numbers, rows = vector(dtype), 2 * pooled_height + window_height - 1
    return (
        aligned((channels // len(tile), window_width + 1, window_height * filters, len(tile)), dtype),
        scratch("lines", window_width + 1, (2 * pooled_height + 2) * filters, len(numbers), dtype=dtype),
        scratch("sums", window_width + 1, 2 * len(tile) * len(numbers), dtype=dtype),
        scratch("edge", channels, rows, 6 * len(numbers), dtype=dtype),
        scratch("zeros", len(numbers), dtype=dtype),
        aligned((blocks * lanes // len(numbers),), np.bool_),
        lanes, (0,) * window_width, tile, numbers,
    )  # fmt: skip
