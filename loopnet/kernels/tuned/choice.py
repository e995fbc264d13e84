"""Which of the tuned kernels runs for a convolution: the fastest that can, for its shapes and numbers.

Several kernels come to the same sums; each is a *way*. A function ``.._way`` knows from which sizes on its kernel is
faster than those after it, and makes the way, with the memory that the kernel works in and the sizes of its tiles at
hand: once for a shape, since the other cores wait while Python decides. Given the arrays, a way makes a call that is
*ready* (``ready.py``); it returns True if another way has to do the work, for some number is not finite.

What decides is sizes, the processor's registers, and whether numbers are finite; never the number of threads, for
results do not depend on it. The sizes were measured (benchmarks/README.md).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

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
from .ready import Operation, Ready
from .registers import AVX512, HALVES, VECTORS, vector

Array = np.ndarray
Pair = tuple[int, int]
Shape = tuple[int, ...]
Way = Callable[..., Ready]
Maker = Callable[[Shape, Shape, Shape, np.dtype], Way | None]
"""From the shapes of x, w and y (or dy), packed, and the type of their numbers: a way, or None if others are faster."""


def _ways(makers: tuple[Maker, ...], *sizes: Any) -> tuple[Way, ...]:
    """Those that there are for these sizes, the fastest first."""
    return tuple(way for make in makers if (way := make(*sizes)) is not None)


# ---- convolution by itself


def conv2d_forward(x: Array, w: Array, b: Array, y: Array, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_forward(x, w, b, y, stride, pad)
    padded = _padded(y, w, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    for way in kept(_ways, (_winograd_way, _textbook_way), x.shape, w.shape, y.shape, w.dtype):
        if not way(x, w, b, y)():
            return


def _textbook_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way:
    lanes, across = of_x[4], taps(of_w)
    rows = scratch("rows", 2, 2, of_y[3] * lanes, dtype=dtype)

    def way(x: Array, w: Array, b: Array, y: Array) -> Ready:
        return partial(conv2d.conv2d_forward, runs(x), w, b, runs(y), rows, lanes, across)

    return way


def conv2d_backward_input(dy: Array, w: Array, dx: Array, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_input(dy, w, dx, stride, pad)
    padded = _padded(dy, w, dx)
    w, result = _with_even_channels(w, dx if padded is None else padded)
    tile = divisor(w.shape[3], 8 if AVX512 else 4)  # two weights each, which stay in half of the registers
    conv2d.conv2d_backward_input(runs(dy), w, runs(result), dx.shape[4], tile)
    if result is not dx:
        any_window.crop_images(result, dx, pad)


def conv2d_backward_weights(dy: Array, x: Array, dw: Array, db: Array, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_weights(dy, x, dw, db, stride, pad)
    padded = _padded(dy, dw, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    share_w, share_b, *memory = kept(_weights_memory, x.shape, dw.shape, dy.shape, dw.dtype)
    conv2d.conv2d_backward_weights(runs(dy), runs(x), share_w, share_b, *memory)
    _adding_shares(share_w, share_b, dw, db)()


def _weights_memory(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> tuple:
    """The arguments of the kernel from ``share_w`` on."""
    across, (tile, numbers) = taps(of_w), _sums_that_collect(of_w, of_dy[3] * of_dy[4], dtype)
    sums = scratch("sums", len(tile) * len(across) * len(numbers), dtype=dtype)
    return *_shares(of_x[0], of_w, dtype), sums, of_x[4], across, tile, numbers


def _sums_that_collect(of_w: Shape, run: int, dtype: np.dtype) -> tuple[Shape, Shape]:
    """How many filters collect at a time, and how many numbers a sum of theirs has.

    One sum for each tap of up to four filters. With AVX2 a sum fills one register, where eight sums or more, their
    filters' gradients and a pixel fit in sixteen. Otherwise it is as long as a vector where such vectors fill the run,
    in seven eighths of the registers. Elsewhere, and where the sums are so few that LLVM would unroll the loop over a
    vector, each is a single number, and LLVM is left to make vectors of neighbouring products: up to a third slower
    than vectors of our own, and 3 to 10 times as fast as these are when they are short or unrolled.
    """
    (_, width, _, filters), numbers = of_w, vector(dtype)
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


def _padded(dy: Array, w: Array, x: Array) -> Array | None:
    """Room for x with its zeros around it, at stride 1; None if there are none."""
    height, width = dy.shape[2] + w.shape[0] - 1, dy.shape[3] + w.shape[1] - 1
    if (height, width) == x.shape[2:4]:
        return None
    return shared("padded", *x.shape[:2], height, width, x.shape[4], dtype=x.dtype)


def _with_even_channels(w: Array, dx: Array) -> tuple[Array, Array]:
    """w and room for dx, with one more channel of zeros where their number is odd: kernels take two at a time."""
    if w.shape[2] % 2 == 0:
        return w, dx
    w = np.concatenate([w, np.zeros_like(w[:, :, :1])], axis=2)
    return w, shared("even channels", dx.shape[0], dx.shape[1] + 1, *dx.shape[2:], dtype=dx.dtype)


def _shares(blocks: int, of_w: Shape, dtype: np.dtype) -> tuple[Array, Array]:
    """Room for what each block of images adds to dw and db."""
    return aligned((blocks, *of_w), dtype), aligned((blocks, of_w[3]), dtype)


def _adding_shares(share_w: Array, share_b: Array, dw: Array, db: Array) -> Ready:
    of_weights, all_weights = share_w.reshape(len(share_w), -1), dw.reshape(-1)

    def ready() -> None:
        conv2d.add_shares(of_weights, all_weights)
        conv2d.add_shares(share_b, db)

    return ready


# ---- convolution, ReLU and pooling in one


@Operation
def conv2d_relu_pool_forward(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Iterator[Ready]:
    makers = (_one_image_way, _pooling_winograd_way, _tile_way, _row_way)
    for way in kept(_ways, makers, x.shape, w.shape, y.shape, w.dtype):
        yield way(x, w, b, y, winner)


def _row_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way:
    lanes, across = of_x[4], taps(of_w)
    rows = scratch("rows", 2, 2, (of_x[3] - of_w[1] + 1) * lanes, dtype=dtype)

    def way(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Ready:
        return partial(
            conv2d_relu_pool.conv2d_relu_pool_forward, runs(x), w, b, runs(y), runs(winner), rows, lanes, across
        )

    return way


@Operation
def conv2d_relu_pool_backward_weights(dy: Array, winner: Array, x: Array, dw: Array, db: Array) -> Iterator[Ready]:
    for way in kept(_ways, (_lane_winners_way, _pooled_weights_way), x.shape, dw.shape, dy.shape, dw.dtype):
        yield way(dy, winner, x, dw, db)


def _pooled_weights_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way:
    (blocks, channels, _, width, lanes), across = of_x, taps(of_w)
    run = (width - len(across) + 1) * lanes
    tile, numbers = _sums_that_collect(of_w, run, dtype)
    share_w, share_b = _shares(blocks, of_w, dtype)
    dz = scratch("dz", len(tile), 2, run, dtype=dtype)
    sums = scratch("sums", channels * of_w[0] * len(tile) * len(across) * len(numbers), dtype=dtype)

    def way(dy: Array, winner: Array, x: Array, dw: Array, db: Array) -> Ready:
        in_shares = partial(
            conv2d_relu_pool.conv2d_relu_pool_backward_weights,
            runs(dy), runs(winner), runs(x), share_w, share_b, dz, sums, lanes, across, tile, numbers,
        )  # fmt: skip
        adding = _adding_shares(share_w, share_b, dw, db)

        def ready() -> None:
            in_shares()
            adding()

        return ready

    return way


@Operation
def conv2d_relu_pool_backward(
    dy: Array, winner: Array, x: Array, w: Array,
    dz: Array, dx: Array, dw: Array, db: Array,
) -> Iterator[Ready]:  # fmt: skip
    """dz: room for the gradient of the convolution's outputs, for when the winners will not do."""
    for way in kept(_ways, (_winner_way, _backward_winograd_way), x.shape, w.shape, dy.shape, w.dtype):
        yield way(dy, winner, x, w, dx, dw, db)
    yield partial(_unpooled_backward, dy, winner, x, w, dz, dx, dw, db)


def _unpooled_backward(
    dy: Array, winner: Array, x: Array, w: Array,
    dz: Array, dx: Array, dw: Array, db: Array,
) -> None:  # fmt: skip
    conv2d_relu_pool.relu_pool_backward(dy, winner, dz)
    conv2d_backward_input(dz, w, dx, (1, 1), (0, 0))
    for way in kept(_ways, (_lane_winners_way,), x.shape, dw.shape, dy.shape, dw.dtype):
        if not way(dy, winner, x, dw, db)():
            return
    conv2d_backward_weights(dz, x, dw, db, (1, 1), (0, 0))


# ---- one_image.py


def _one_image_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    (*_, width, lanes), (window_height, window_width, channels, filters), numbers = of_x, of_w, vector(dtype)
    if lanes > 1:
        return None
    weights = aligned((window_height * window_width * channels, -(-filters // len(numbers)) * len(numbers)), dtype)
    weights[:] = 0  # for the filters that are not there
    positions, sums = _positions(of_x, of_w), scratch("sums", 4 * len(numbers), dtype=dtype)
    there = weights[:, :filters]

    def way(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Ready:
        pixels, given, pooled, of_pooled = x.reshape(-1), w.reshape(there.shape), y[0, ..., 0], winner[0, ..., 0]

        def ready() -> None:
            there[:] = given
            one_image.conv2d_relu_pool_forward(pixels, weights, b, pooled, of_pooled, positions, sums, width, numbers)

        return ready

    return way


def _positions(of_x: Shape, of_w: Shape) -> Array:
    """Where the pixel of each term lies in a block of images, seen from the corner of its window."""
    (_, _, height, width, lanes), (window_height, window_width, channels, _) = of_x, of_w
    r, s, c = np.ogrid[:window_height, :window_width, :channels]
    return (((c * height + r) * width + s) * lanes).astype(np.uint64).reshape(-1)


# ---- pooling_tile.py

WASTE = 1.25
"""Numbers in vectors for each lane, the last vector overlapping another, up to which tiles are faster than rows."""


def _tile_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    (blocks, *_, width, lanes), (*_, filters), numbers = of_x, of_w, vector(dtype)
    if not AVX512 or -(-lanes // len(numbers)) * len(numbers) > WASTE * lanes:
        return None
    fewest = filters if filters < 3 else min((4, 3, 5, 6), key=lambda tile: -(-filters // tile) * tile)
    tile, positions = (0,) * fewest, _positions(of_x, of_w)
    sums = scratch("tile", 4 * len(tile) * len(numbers), dtype=dtype)

    def way(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Ready:
        return partial(
            pooling_tile.conv2d_relu_pool_forward, x.reshape(blocks, -1), w.reshape(-1, filters), b, runs(y),
            runs(winner), positions, sums, width * lanes, lanes, tile, numbers,
        )  # fmt: skip

    return way


# ---- winograd.py, winograd_backward.py: True also if an output is not finite, for others may not be right then

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


def _winograd_is_faster(of_w: Shape, lanes: int, terms: int, sums: int, dtype: np.dtype, pooled: bool = False) -> bool:
    from_terms, from_sums = WORTH_IT.get((of_w[1], pooled), (np.inf, np.inf))
    many = terms >= from_terms and sums >= from_sums and len(_together(sums)) > 1
    return many and lanes >= len(vector(dtype))


def _together(sums: int) -> tuple[int, ...]:
    """Sums of the same pixels, in two rows, in half of the registers."""
    return divisor(sums, VECTORS // 4)


def _winograd_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    (window_height, _, channels, filters), (_, _, height, width, lanes) = of_w, of_y
    faster = _winograd_is_faster(of_w, lanes, window_height * channels, filters, dtype)
    if not faster or height < 2 or width < 2 or lanes % len(vector(dtype)) > 0:
        return None
    of_pairs = (*of_y[:2], (height + 1) // 2, (width + 1) // 2, lanes)
    *memory, _, across, tile, numbers = _winograd_memory(of_pairs, of_w, _together(filters), dtype)

    def way(x: Array, w: Array, b: Array, y: Array) -> Ready:
        return partial(winograd.conv2d_forward, runs(x), w, b, runs(y), *memory, across, tile, numbers)

    return way


def _pooling_winograd_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    window_height, _, channels, filters = of_w
    if not _winograd_is_faster(of_w, of_y[4], window_height * channels, filters, dtype, pooled=True):
        return None
    memory = _winograd_memory(of_y, of_w, _together(filters), dtype)

    def way(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Ready:
        return partial(winograd.conv2d_relu_pool_forward, runs(x), w, b, runs(y), runs(winner), *memory)

    return way


def _winograd_memory(of_pairs: Shape, of_w: Shape, tile: Shape, dtype: np.dtype) -> tuple:
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


def _backward_winograd_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
    (window_height, window_width, channels, filters), lanes = of_w, of_dy[4]
    faster = _winograd_is_faster(of_w, lanes, window_height * filters, channels, dtype)
    if not faster or window_width != 5 or lanes % len(vector(dtype)) > 0:  # its sums are written for five columns
        return None
    memory = _winograd_backward_memory(of_dy, of_w, _together(channels), dtype)

    def way(dy: Array, winner: Array, x: Array, w: Array, dx: Array, dw: Array, db: Array) -> Ready:
        flipped = w[::-1].transpose(0, 1, 3, 2)
        gradient_of_x = partial(
            winograd_backward.conv2d_relu_pool_backward_input, runs(dy), runs(winner), flipped, runs(dx), *memory
        )
        gradient_of_w = conv2d_relu_pool_backward_weights.made_ready(dy, winner, x, dw, db)
        return lambda: gradient_of_x() or gradient_of_w()

    return way


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
        aligned((blocks * lanes // len(numbers),), np.bool_),
        lanes, (0,) * window_width, tile, numbers,
    )  # fmt: skip


# ---- winners_in_lanes.py, winners.py: True also if a number is not finite, which products left out would show

WIDEST, SUMS = 6, 16
"""Window columns, and sums of taps by filters, up to which LLVM keeps the loop of ``winners_in_lanes`` in the registers
of AVX-512. Compiled for AVX2, it is slower than products with zeros.
"""


def _lane_winners_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
    (blocks, *_, lanes), across, numbers = of_x, taps(of_w), vector(dtype)
    if not AVX512 or len(across) > WIDEST or lanes % len(numbers) > 0:
        return None
    tile = divisor(of_w[3], min(4, SUMS // len(across)))
    share_w, share_b = _shares(blocks, of_w, dtype)
    sums = scratch("sums", len(tile) * len(across) * len(numbers), dtype=dtype)
    finite = aligned((blocks * of_w[3] // len(tile) * of_w[0],), np.bool_)

    def way(dy: Array, winner: Array, x: Array, dw: Array, db: Array) -> Ready:
        in_shares = partial(
            winners_in_lanes.weights_from_winners,
            runs(dy), runs(winner), runs(x), share_w, share_b, finite, sums, lanes, across, tile, numbers,
        )  # fmt: skip
        adding = _adding_shares(share_w, share_b, dw, db)

        def ready() -> bool | None:
            finite[:] = True
            in_shares()
            return adding() if finite.all() else True

        return ready

    return way


RUN = 20 if AVX512 else 6
"""Vectors of sums at a time. With five, AVX2 would have runs of six, as 32 channels in windows three wide make, in two
parts of three, which are so little code that LLVM writes it out number by number: a fifth of the speed.
"""

LONG, MANY = 60, 32
"""Numbers in a row of a window, and filters, from which on it is faster to pick out the winners than to multiply with
zeros.
"""


def _winner_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
    (window_height, window_width, channels, filters), (*_, height, width, _) = of_w, of_x
    if window_width * channels < LONG or filters < MANY:
        return None
    (blocks, _, pooled_height, pooled_width, lanes), numbers = of_dy, vector(dtype)
    images, pooled, outputs = blocks * lanes, pooled_height * pooled_width, 4 * pooled_height * pooled_width
    rows, parts, run = winners.tiling(window_height, window_width * channels, len(numbers), RUN)
    size = winners.image_size(height * width * channels + run, len(numbers))
    finite = aligned((4, max(images, window_height * window_width)), np.bool_)
    share_b = aligned((blocks, filters), dtype)
    sums = scratch("sums", len(rows) * len(parts) * len(numbers), dtype=dtype)
    places = scratch("places", pooled + 1, dtype=np.uint64), scratch("gradients", pooled + 1, dtype=dtype)
    dx_images = scratch("dx_images", winners.GROUP, size, dtype=dtype)
    sorted_winners = (
        scratch("counts", outputs, dtype=np.uint64),
        scratch("which", outputs, filters + 1, dtype=np.uint32),
        scratch("gradients", outputs, filters + 1, dtype=dtype),
    )

    def way(dy: Array, winner: Array, x: Array, w: Array, dx: Array, dw: Array, db: Array) -> Ready:
        def ready() -> bool:
            x_images = shared("x_images", images, size, dtype=dtype)
            dy_images = shared("dy_images", images, pooled_height, pooled_width, filters, dtype=dtype)
            winner_images = shared("winner_images", images, pooled_height, pooled_width, filters, dtype=np.int8)
            filter_rows = shared("filter_rows", window_height, filters, run, dtype=dtype)
            finite[:] = True
            winners.unroll_filters(w, filter_rows, finite[0])
            winners.unpack(x, x_images, finite[1])
            winners.unpack(dy, dy_images.reshape(images, -1), finite[2])
            winners.unpack(winner, winner_images.reshape(images, -1), finite[3])
            if not finite.all():
                return True

            share_rows = shared("share_rows", blocks, filters, window_height, run, dtype=dtype)
            winners.backward_weights(
                dy_images, winner_images, x_images, share_rows, share_b, *places, sums,
                lanes, width, channels, rows, parts, numbers,
            )  # fmt: skip
            winners.add_shares(share_rows, dw)
            conv2d.add_shares(share_b, db)
            winners.backward_input(
                dy_images, winner_images, filter_rows, dx, dx_images, *sorted_winners, sums, rows, parts, numbers
            )
            return False

        return ready

    return way
