"""When a convolution's tuned loops run along rows, in tiles, or over one image; see ``choice.py``."""

from functools import partial

import numpy as np

from . import conv2d, conv2d_relu_pool, one_image, pooling_tile, registers
from .lanes import aligned
from .memory import divisor, runs, scratch, taps
from .ready import Ready, Way, in_turn
from .registers import vector

Array = np.ndarray
Shape = tuple[int, ...]


# ---- along rows: for all shapes


def forward_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way:
    lanes, across = of_x[4], taps(of_w)
    rows = scratch("rows", 2, 2, of_y[3] * lanes, dtype=dtype)

    def way(x: Array, w: Array, b: Array, y: Array) -> Ready:
        return partial(conv2d.conv2d_forward, runs(x), w, b, runs(y), rows, lanes, across)

    return way


def pooled_forward_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way:
    lanes, across = of_x[4], taps(of_w)
    rows = scratch("rows", 2, 2, (of_x[3] - of_w[1] + 1) * lanes, dtype=dtype)

    def way(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Ready:
        return partial(
            conv2d_relu_pool.conv2d_relu_pool_forward, runs(x), w, b, runs(y), runs(winner), rows, lanes, across
        )

    return way


# ---- gradients of weights: sums that collect over rows


def weights_memory(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> tuple:
    """The arguments of the kernel from ``share_w`` on."""
    across, (tile, numbers) = taps(of_w), sums_that_collect(of_w, of_dy[3] * of_dy[4], dtype)
    sums = scratch("sums", len(tile) * len(across) * len(numbers), dtype=dtype)
    return *shares(of_x[0], of_w, dtype), sums, of_x[4], across, tile, numbers


def sums_that_collect(of_w: Shape, run: int, dtype: np.dtype) -> tuple[Shape, Shape]:
    """How many filters collect at a time, and how many numbers a sum of theirs has.

    One sum for each tap of up to four filters. With AVX2 a sum fills one register, where eight sums or more, their
    filters' gradients and a pixel fit in sixteen. Otherwise it is as long as a vector where such vectors fill the run,
    in seven eighths of the registers. Elsewhere, and where the sums are so few that LLVM would unroll the loop over a
    vector, each is a single number, and LLVM is left to make vectors of neighbouring products: up to a third slower
    than vectors of our own, and 3 to 10 times as fast as these are when they are short or unrolled.
    """
    (_, width, _, filters), numbers = of_w, vector(dtype)
    half = numbers[: len(numbers) // 2]
    if registers.HALVES and len(half) == 8 and run % 8 == 0:
        tile = divisor(filters, max(1, min(4, 15 // (width + 1))))
        if 8 <= len(tile) * width < 15:
            return tile, half
    if run % len(numbers) > 0:
        numbers = (0,)
    bytes_of_a_sum = 64 if registers.AVX512 or len(numbers) > 1 else 32
    tile = divisor(filters, max(1, min(4, registers.VECTORS * 56 // (width * bytes_of_a_sum))))
    return tile, numbers if len(tile) * width > 2 else (0,)


def pooled_weights_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way:
    (blocks, channels, _, width, lanes), across = of_x, taps(of_w)
    run = (width - len(across) + 1) * lanes
    tile, numbers = sums_that_collect(of_w, run, dtype)
    share_w, share_b = shares(blocks, of_w, dtype)
    dz = scratch("dz", len(tile), 2, run, dtype=dtype)
    sums = scratch("sums", channels * of_w[0] * len(tile) * len(across) * len(numbers), dtype=dtype)

    def way(dy: Array, winner: Array, x: Array, dw: Array, db: Array) -> Ready:
        in_shares = partial(
            conv2d_relu_pool.conv2d_relu_pool_backward_weights,
            runs(dy), runs(winner), runs(x), share_w, share_b, dz, sums, lanes, across, tile, numbers,
        )  # fmt: skip
        return in_turn(in_shares, adding_shares(share_w, share_b, dw, db))

    return way


def shares(blocks: int, of_w: Shape, dtype: np.dtype) -> tuple[Array, Array]:
    """Room for what each block of images adds to dw and db."""
    return aligned((blocks, *of_w), dtype), aligned((blocks, of_w[3]), dtype)


def adding_shares(share_w: Array, share_b: Array, dw: Array, db: Array) -> Ready:
    of_weights, all_weights = share_w.reshape(len(share_w), -1), dw.reshape(-1)

    def ready() -> None:
        conv2d.add_shares(of_weights, all_weights)
        conv2d.add_shares(share_b, db)

    return ready


# ---- one image, tiles of a pooling window


def one_image_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
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


WASTE = 1.25
"""Numbers in vectors for each lane, the last vector overlapping another, up to which tiles are faster than rows."""


def tile_way(of_x: Shape, of_w: Shape, of_y: Shape, dtype: np.dtype) -> Way | None:
    (blocks, *_, width, lanes), (*_, filters), numbers = of_x, of_w, vector(dtype)
    if not registers.AVX512 or -(-lanes // len(numbers)) * len(numbers) > WASTE * lanes:
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


def _positions(of_x: Shape, of_w: Shape) -> Array:
    """Where the pixel of each term lies in a block of images, seen from the corner of its window."""
    (_, _, height, width, lanes), (window_height, window_width, channels, _) = of_x, of_w
    r, s, c = np.ogrid[:window_height, :window_width, :channels]
    return (((c * height + r) * width + s) * lanes).astype(np.uint64).reshape(-1)
