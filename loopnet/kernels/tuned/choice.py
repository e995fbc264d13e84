"""Which of the tuned kernels runs for a convolution: the fastest that can, for its shapes and numbers.

Several kernels come to the same sums. The functions that return a bool know from which sizes on a kernel is faster than
those after it, and run it then: True if it has done the work, False if another one has to. What decides is sizes, the
processor's registers, and whether all numbers are finite; never the number of threads, for results do not depend on it.
The sizes were measured (benchmarks/README.md).
"""

import numpy as np

from . import (
    any_window,
    conv2d,
    conv2d_relu_pool,
    one_image,
    pooling_tile,
    winners,
    winners_in_lanes,
    winograd,
    winograd_backward,
)
from .lanes import aligned
from .memory import divisor, kept, runs, scratch, shared, taps
from .registers import AVX512, HALVES, VECTORS, vector

Pair = tuple[int, int]
Shape = tuple[int, ...]

# ---- convolution by itself


def conv2d_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_forward(x, w, b, y, stride, pad)
    padded = _padded(y, w, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    if _by_winograd(x, w, b, y):
        return
    rows = scratch("rows", 2, 2, y.shape[3] * y.shape[4], dtype=y.dtype)
    conv2d.conv2d_forward(runs(x), w, b, runs(y), rows, x.shape[4], taps(w))


def conv2d_backward_input(dy: np.ndarray, w: np.ndarray, dx: np.ndarray, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_input(dy, w, dx, stride, pad)
    padded = _padded(dy, w, dx)
    w, result = _with_even_channels(w, dx if padded is None else padded)
    tile = divisor(w.shape[3], 8 if AVX512 else 4)  # two weights each, which stay in half of the registers
    conv2d.conv2d_backward_input(runs(dy), w, runs(result), dx.shape[4], tile)
    if result is not dx:
        any_window.crop_images(result, dx, pad)


def conv2d_backward_weights(
    dy: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray, stride: Pair, pad: Pair
) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_weights(dy, x, dw, db, stride, pad)
    padded = _padded(dy, dw, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    share_w, share_b = _shares(dw, db, len(x))
    across, (tile, numbers) = taps(dw), _sums_that_collect(dw, dy.shape[3] * dy.shape[4])
    sums = scratch("sums", len(tile) * len(across) * len(numbers), dtype=dw.dtype)
    conv2d.conv2d_backward_weights(runs(dy), runs(x), share_w, share_b, sums, x.shape[4], across, tile, numbers)
    _add_shares(share_w, share_b, dw, db)


def _sums_that_collect(dw: np.ndarray, run: int) -> tuple[Shape, Shape]:
    """How many filters collect at a time, and how many numbers a sum of theirs has.

    One sum for each tap of up to four filters. With AVX2 a sum fills one register, where eight sums or more, their
    filters' gradients and a pixel fit in sixteen. Otherwise it is as long as a vector where such vectors fill the run,
    in seven eighths of the registers. Elsewhere, and where the sums are so few that LLVM would unroll the loop over a
    vector, each is a single number, and LLVM is left to make vectors of neighbouring products: up to a third slower
    than vectors of our own, and 3 to 10 times as fast as these are when they are short or unrolled.
    """
    (_, width, _, filters), numbers = dw.shape, vector(dw.dtype)
    half = numbers[: len(numbers) // 2]
    if HALVES and len(half) == 8 and run % 8 == 0:
        tile = divisor(filters, max(1, min(4, 15 // (width + 1))))
        if 8 <= len(tile) * width < 15:
            return tile, half
    if run % len(numbers) > 0:
        numbers = (0,)
    bytes_of_a_sum = 64 if AVX512 or len(numbers) > 1 else 32
    tile = divisor(filters, max(1, min(4, VECTORS * 56 // (width * bytes_of_a_sum))))
    return tile, numbers if len(tile) * width > 2 else (0,)


def _padded(dy: np.ndarray, w: np.ndarray, x: np.ndarray) -> np.ndarray | None:
    """Room for x with its zeros around it, at stride 1; None if there are none."""
    height, width = dy.shape[2] + w.shape[0] - 1, dy.shape[3] + w.shape[1] - 1
    if (height, width) == x.shape[2:4]:
        return None
    return aligned((*x.shape[:2], height, width, x.shape[4]), x.dtype)


def _with_even_channels(w: np.ndarray, dx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """w and room for dx, with one more channel of zeros where their number is odd: kernels take two at a time."""
    if w.shape[2] % 2 == 0:
        return w, dx
    w = np.concatenate([w, np.zeros_like(w[:, :, :1])], axis=2)
    return w, aligned((dx.shape[0], dx.shape[1] + 1, *dx.shape[2:]), dx.dtype)


def _shares(dw: np.ndarray, db: np.ndarray, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((blocks, *dw.shape), dw.dtype), np.empty((blocks, *db.shape), db.dtype)


def _add_shares(share_w: np.ndarray, share_b: np.ndarray, dw: np.ndarray, db: np.ndarray) -> None:
    conv2d.add_shares(share_w.reshape(len(share_w), -1), dw.reshape(-1))
    conv2d.add_shares(share_b, db)


# ---- convolution, ReLU and pooling in one


def conv2d_relu_pool_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> None:
    if x.shape[4] == 1:
        return _pool_one_image(x, w, b, y, winner)
    if _pool_by_winograd(x, w, b, y, winner) or _pool_by_tiles(x, w, b, y, winner):
        return
    rows = scratch("rows", 2, 2, (x.shape[3] - w.shape[1] + 1) * x.shape[4], dtype=y.dtype)
    conv2d_relu_pool.conv2d_relu_pool_forward(runs(x), w, b, runs(y), runs(winner), rows, x.shape[4], taps(w))


def conv2d_relu_pool_backward_weights(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> None:
    if _weights_in_lanes(dy, winner, x, dw, db):
        return
    share_w, share_b = _shares(dw, db, len(x))
    run = (x.shape[3] - dw.shape[1] + 1) * x.shape[4]
    across, (tile, numbers) = taps(dw), _sums_that_collect(dw, run)
    dz = scratch("dz", len(tile), 2, run, dtype=dw.dtype)
    sums = scratch("sums", x.shape[1] * len(dw) * len(tile) * len(across) * len(numbers), dtype=dw.dtype)
    conv2d_relu_pool.conv2d_relu_pool_backward_weights(
        runs(dy), runs(winner), runs(x), share_w, share_b, dz, sums, x.shape[4], across, tile, numbers
    )
    _add_shares(share_w, share_b, dw, db)


def conv2d_relu_pool_backward(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, w: np.ndarray,
    dz: np.ndarray, dx: np.ndarray, dw: np.ndarray, db: np.ndarray,
) -> None:  # fmt: skip
    """dz: room for the gradient of the convolution's outputs, for when the winners will not do."""
    if _by_winners(dy, winner, x, w, dx, dw, db):
        return
    if _input_by_winograd(dy, winner, w, dx):
        conv2d_relu_pool_backward_weights(dy, winner, x, dw, db)
        return
    conv2d_relu_pool.relu_pool_backward(dy, winner, dz)
    conv2d_backward_input(dz, w, dx, (1, 1), (0, 0))
    if not _weights_in_lanes(dy, winner, x, dw, db):
        conv2d_backward_weights(dz, x, dw, db, (1, 1), (0, 0))


# ---- one_image.py


def _pool_one_image(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> None:
    weights, positions, sums, numbers = kept(_one_image_memory, x.shape, w.shape, w.dtype)
    weights[:, : b.size] = w.reshape(-1, b.size)
    one_image.conv2d_relu_pool_forward(
        x.reshape(-1), weights, b, y[0, ..., 0], winner[0, ..., 0], positions, sums, x.shape[3], numbers
    )


def _one_image_memory(of_x: Shape, of_w: Shape, dtype: np.dtype) -> tuple:
    """Room for the weights, with zeros for the filters that are not there; positions, sums, vector."""
    (window_height, window_width, channels, filters), numbers = of_w, vector(dtype)
    weights = aligned((window_height * window_width * channels, -(-filters // len(numbers)) * len(numbers)), dtype)
    weights[:] = 0
    return weights, _positions(of_x, of_w), scratch("sums", 4 * len(numbers), dtype=dtype), numbers


def _positions(of_x: Shape, of_w: Shape) -> np.ndarray:
    """Where the pixel of each term lies in a block of images, seen from the corner of its window."""
    (_, _, height, width, lanes), (window_height, window_width, channels, _) = of_x, of_w
    r, s, c = np.ogrid[:window_height, :window_width, :channels]
    return (((c * height + r) * width + s) * lanes).astype(np.uint64).reshape(-1)


# ---- pooling_tile.py

WASTE = 1.25
"""Numbers in vectors for each lane, the last vector overlapping another, up to which tiles are faster than rows."""


def _pool_by_tiles(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> bool:
    size = len(vector(w.dtype))
    if not AVX512 or -(-x.shape[4] // size) * size > WASTE * x.shape[4]:
        return False
    pixels, weights = x.reshape(len(x), -1), w.reshape(-1, w.shape[3])
    memory = kept(_tile_memory, x.shape, w.shape, w.dtype)
    pooling_tile.conv2d_relu_pool_forward(pixels, weights, b, runs(y), runs(winner), *memory)
    return True


def _tile_memory(of_x: Shape, of_w: Shape, dtype: np.dtype) -> tuple:
    """The arguments of the kernel from ``positions`` on."""
    (*_, width, lanes), (*_, filters) = of_x, of_w
    fewest = filters if filters < 3 else min((4, 3, 5, 6), key=lambda tile: -(-filters // tile) * tile)
    tile, numbers = (0,) * fewest, vector(dtype)
    sums = scratch("tile", 4 * len(tile) * len(numbers), dtype=dtype)
    return _positions(of_x, of_w), sums, width * lanes, lanes, tile, numbers


# ---- winograd.py, winograd_backward.py: False also if an output is not finite, for others may not be right then

WORTH_IT = {(3, True): (48, 16), (3, False): (48, 24), (5, True): (25, 3), (5, False): (30, 3)}
"""By the width of the window, and whether pooling follows: products in a sum, and sums of the same pixels, from which
on fewer products and some additions are faster than the textbook's products.
"""

if AVX512:  # where windows of three have not been timed: what made a third and more of difference with AVX2
    WORTH_IT[3, True] = WORTH_IT[3, False] = 96, 32

LINES = 160_000
"""Bytes of pixels at points that a turn may have: it goes through them once for each tile of filters."""


def _winograd_is_faster(w: np.ndarray, lanes: int, terms: int, sums: int, pooled: bool = False) -> bool:
    from_terms, from_sums = WORTH_IT.get((w.shape[1], pooled), (np.inf, np.inf))
    many = terms >= from_terms and sums >= from_sums and len(_together(sums)) > 1
    return many and lanes >= len(vector(w.dtype))


def _together(sums: int) -> tuple[int, ...]:
    """Sums of the same pixels, in two rows, in half of the registers."""
    return divisor(sums, VECTORS // 4)


def _by_winograd(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray) -> bool:
    (window_height, _, channels, filters), (_, _, height, width, lanes) = w.shape, y.shape
    faster = _winograd_is_faster(w, lanes, window_height * channels, filters)
    if not faster or height < 2 or width < 2 or lanes % len(vector(w.dtype)) > 0:
        return False
    tile = _together(filters)
    *memory, _, across, tile, numbers = kept(
        _winograd_memory, y.shape, w.shape, (height + 1) // 2, (width + 1) // 2, tile, w.dtype
    )
    return not winograd.conv2d_forward(runs(x), w, b, runs(y), *memory, across, tile, numbers)


def _pool_by_winograd(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> bool:
    window_height, _, channels, filters = w.shape
    if not _winograd_is_faster(w, y.shape[4], window_height * channels, filters, pooled=True):
        return False
    memory = kept(_winograd_memory, y.shape, w.shape, *y.shape[2:4], _together(filters), w.dtype)
    return not winograd.conv2d_relu_pool_forward(runs(x), w, b, runs(y), runs(winner), *memory)


def _winograd_memory(of_y: Shape, of_w: Shape, height: int, width: int, tile: Shape, dtype: np.dtype) -> tuple:
    """The arguments of ``conv2d_relu_pool_forward`` from ``points`` on.

    height, width: of y in pairs of rows and columns.
    """
    (window_height, window_width, channels, filters), (blocks, *_, lanes) = of_w, of_y
    points = window_width + 1
    numbers, size = vector(dtype), points * channels * lanes * dtype.itemsize
    columns, rows = width, height
    if lanes % len(numbers) == 0:
        columns = min(columns, max(1, LINES // (size * (2 * rows + window_height - 1))))
    else:  # whole rows, in which vectors overlap once at most
        rows = min(rows, max(1, (LINES // (size * columns) - window_height + 1) // 2))
    terms, all_terms = window_height * channels, (2 * rows + window_height - 1) * channels
    return (
        aligned((filters // len(tile), points, terms, len(tile)), dtype),
        scratch("lines", points, all_terms, columns * lanes, dtype=dtype),
        scratch("sums", points, 2 * len(tile) * len(numbers), dtype=dtype),
        scratch("zeros", len(numbers), dtype=dtype),
        np.empty(blocks * -(-width // columns) * -(-height // rows), np.bool_),
        lanes, columns, rows, (0,) * window_width, tile, numbers,
    )  # fmt: skip


def _input_by_winograd(dy: np.ndarray, winner: np.ndarray, w: np.ndarray, dx: np.ndarray) -> bool:
    (window_height, window_width, channels, filters), lanes = w.shape, dy.shape[4]
    faster = _winograd_is_faster(w, lanes, window_height * filters, channels)
    if not faster or window_width != 5 or lanes % len(vector(w.dtype)) > 0:  # its sums are written for five columns
        return False
    memory = kept(_winograd_backward_memory, dy.shape, w.shape, _together(channels), w.dtype)
    flipped = w[::-1].transpose(0, 1, 3, 2)
    return not winograd_backward.conv2d_relu_pool_backward_input(runs(dy), runs(winner), flipped, runs(dx), *memory)


def _winograd_backward_memory(of_dy: Shape, of_w: Shape, tile: Shape, dtype: np.dtype) -> tuple:
    """The arguments of the kernel from ``points`` on."""
    (window_height, window_width, channels, filters), (blocks, _, pooled_height, _, lanes) = of_w, of_dy
    numbers, rows = vector(dtype), 2 * pooled_height + window_height - 1
    return (
        aligned((channels // len(tile), window_width + 1, window_height * filters, len(tile)), dtype),
        scratch("lines", window_width + 1, (2 * pooled_height + 2) * filters, len(numbers), dtype=dtype),
        scratch("sums", window_width + 1, 2 * len(tile) * len(numbers), dtype=dtype),
        scratch("edge", channels, rows, 6 * len(numbers), dtype=dtype),
        scratch("zeros", len(numbers), dtype=dtype),
        np.empty(blocks * lanes // len(numbers), np.bool_),
        lanes, (0,) * window_width, tile, numbers,
    )  # fmt: skip


# ---- winners_in_lanes.py, winners.py: False also if a number is not finite, which products left out would show

WIDEST, SUMS = 6, 16
"""Window columns, and sums of taps by filters, up to which LLVM keeps the loop of ``winners_in_lanes`` in the registers
of AVX-512. Compiled for AVX2, it is slower than products with zeros.
"""


def _weights_in_lanes(dy: np.ndarray, winner: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray) -> bool:
    across, numbers = taps(dw), vector(dw.dtype)
    if not AVX512 or len(across) > WIDEST or x.shape[4] % len(numbers) > 0:
        return False
    tile = divisor(dw.shape[3], min(4, SUMS // len(across)))
    share_w, share_b = _shares(dw, db, len(x))
    sums = scratch("sums", len(tile) * len(across) * len(numbers), dtype=dw.dtype)
    finite = np.ones(dy.shape[0] * dy.shape[1] // len(tile), np.bool_)
    winners_in_lanes.weights_from_winners(
        runs(dy), runs(winner), runs(x), share_w, share_b, finite, sums, x.shape[4], across, tile, numbers
    )
    if not finite.all():
        return False
    _add_shares(share_w, share_b, dw, db)
    return True


RUN = 20 if AVX512 else 6
"""Vectors of sums at a time. With five, AVX2 would have runs of six, as 32 channels in windows three wide make, in two
parts of three, which are so little code that LLVM writes it out number by number: a fifth of the speed.
"""

LONG, MANY = 60, 32
"""Numbers in a row of a window, and filters, from which on it is faster to pick out the winners than to multiply with
zeros.
"""


def _by_winners(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, w: np.ndarray, dx: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> bool:
    if w.shape[1] * w.shape[2] < LONG or w.shape[3] < MANY:
        return False
    (blocks, filters, pooled_height, pooled_width, lanes), (_, channels, height, width, _) = dy.shape, x.shape
    images, dtype, numbers = blocks * lanes, w.dtype, vector(w.dtype)
    rows, parts, run = winners.tiling(len(w), w.shape[1] * channels, len(numbers), RUN)
    size = winners.image_size(height * width * channels + run, len(numbers))
    x_images = shared("x_images", images, size, dtype=dtype)
    dy_images = shared("dy_images", images, pooled_height, pooled_width, filters, dtype=dtype)
    winner_images = shared("winner_images", images, pooled_height, pooled_width, filters, dtype=np.int8)
    filter_rows = shared("filter_rows", len(w), filters, run, dtype=dtype)
    finite = np.ones((4, max(images, w.shape[0] * w.shape[1])), np.bool_)
    winners.unroll_filters(w, filter_rows, finite[0])
    winners.unpack(x, x_images, finite[1])
    winners.unpack(dy, dy_images.reshape(images, -1), finite[2])
    winners.unpack(winner, winner_images.reshape(images, -1), finite[3])
    if not finite.all():
        return False

    share_rows = shared("share_rows", blocks, filters, len(w), run, dtype=dtype)
    share_b = np.empty((blocks, filters), dtype)
    places = scratch("places", pooled_height * pooled_width + 1, dtype=np.uint64)
    gradients = scratch("gradients", pooled_height * pooled_width + 1, dtype=dtype)
    sums = scratch("sums", len(rows) * len(parts) * len(numbers), dtype=dtype)
    winners.backward_weights(
        dy_images, winner_images, x_images, share_rows, share_b, places, gradients, sums,
        lanes, width, channels, rows, parts, numbers,
    )  # fmt: skip
    winners.add_shares(share_rows, dw)
    conv2d.add_shares(share_b, db)

    dx_images = scratch("dx_images", winners.GROUP, size, dtype=dtype)
    outputs = 4 * pooled_height * pooled_width
    counts = scratch("counts", outputs, dtype=np.uint64)
    which = scratch("which", outputs, filters + 1, dtype=np.uint32)
    gradients = scratch("gradients", outputs, filters + 1, dtype=dtype)
    winners.backward_input(
        dy_images, winner_images, filter_rows, dx, dx_images, counts, which, gradients, sums, rows, parts, numbers
    )
    return True
