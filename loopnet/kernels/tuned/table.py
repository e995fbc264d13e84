"""The tuned rung's column of the table in ``ops.py``: which of its kernels runs for which stride and padding."""

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import get_num_threads

from ...rungs import compile_rung
from .. import activation
from . import (
    any_window,
    conv2d,
    conv2d_relu_pool,
    dense,
    lanes,
    pooling_tile,
    softmax,
    subsample,
    winners,
    winners_in_lanes,
    winograd,
    winograd_backward,
)

Pair = tuple[int, int]

_gather_images = compile_rung(lanes.gather_images, "tuned", parallel=True, error_model="numpy")
_gather_features = compile_rung(lanes.gather_features, "tuned")


def gather(data: np.ndarray, order: np.ndarray, batch: np.ndarray) -> None:
    if batch.ndim == 5:
        blocks, channels, _, _, width = batch.shape
        _gather_images(data.reshape(len(data), -1), order, batch.reshape(blocks, channels, -1, width), 512)
    elif batch.ndim == 2:
        _gather_features(data, order, batch)
    else:
        _gather_features(data[:, np.newaxis], order, batch[np.newaxis])


def _runs(tensor: np.ndarray) -> np.ndarray:
    """[block][channel][row][column][lane] with column and lane as the one run that they are."""
    return tensor.reshape(*tensor.shape[:3], -1)


def _taps(w: np.ndarray) -> tuple[int, ...]:
    return (0,) * w.shape[1]


def _tile(w: np.ndarray, at_most: int = 8) -> tuple[int, ...]:
    """As many filters at a time as divide their number."""
    return _divisor(w.shape[3], at_most)


def _divisor(number: int, at_most: int = 8) -> tuple[int, ...]:
    """The largest one, as the length of a tuple."""
    return (0,) * max(n for n in range(1, at_most + 1) if number % n == 0)


def _vector(w: np.ndarray, run: int = 0) -> tuple[int, ...]:
    """As many numbers as fill the longest vector register there is, or the longest that divides ``run``."""
    return (0,) * math.gcd(64 // w.itemsize, run)


_memory = threading.local()

PAGE = 4096
"""Bytes that are left free between what two threads write. Steps of the benchmarks' networks are 2 to 9 % faster with
it, probably because a processor reads ahead of a loop, and would fetch the other thread's memory away from it.
"""


def _scratch(what: str, *shape: int, dtype: Any) -> np.ndarray:
    """Aligned memory for each thread of a parallel loop, kept for the next call; each Python thread has its own.

    The first axis of what a thread gets is longer than asked for, by a page.
    """
    key = (what, get_num_threads(), *shape, dtype)
    if key not in vars(_memory):
        step = int(np.prod(shape[1:])) * np.dtype(dtype).itemsize
        longer = shape[0] + -(-PAGE // step)
        vars(_memory)[key] = lanes.aligned((get_num_threads(), longer, *shape[1:]), dtype)  # type: ignore[index]
    return vars(_memory)[key]  # type: ignore[index]


def _shared_memory(what: str, *shape: int, dtype: Any) -> np.ndarray:
    """Aligned memory for all threads of a parallel loop: the front of what was the largest need so far."""
    size, known = int(np.prod(shape)), vars(_memory).setdefault("shared", {})
    if (what, dtype) not in known or known[what, dtype].size < size:
        known[what, dtype] = lanes.aligned((size,), dtype)
    return known[what, dtype][:size].reshape(shape)


def _even(channels: int) -> int:
    return channels + channels % 2


def _with_even_channels(w: np.ndarray, dx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """w and room for dx, with one more channel of zeros where their number is odd: kernels take two at a time."""
    if w.shape[2] % 2 == 0:
        return w, dx
    w = np.concatenate([w, np.zeros_like(w[:, :, :1])], axis=2)
    return w, lanes.aligned((dx.shape[0], _even(dx.shape[1]), *dx.shape[2:]), dx.dtype)


def _padded(dy: np.ndarray, w: np.ndarray, x: np.ndarray) -> np.ndarray | None:
    """Room for x with its zeros around it, at stride 1; None if there are none."""
    height, width = dy.shape[2] + w.shape[0] - 1, dy.shape[3] + w.shape[1] - 1
    if (height, width) == x.shape[2:4]:
        return None
    return lanes.aligned((*x.shape[:2], height, width, x.shape[4]), x.dtype)


def conv2d_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_forward(x, w, b, y, stride, pad)
    padded = _padded(y, w, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    outputs = _runs(y)
    if _by_winograd(x, w, b, y):
        return
    scratch = _scratch("rows", 2, 2, outputs.shape[3], dtype=y.dtype)
    conv2d.conv2d_forward(_runs(x), w, b, outputs, scratch, x.shape[4], _taps(w))


def conv2d_backward_input(dy: np.ndarray, w: np.ndarray, dx: np.ndarray, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_input(dy, w, dx, stride, pad)
    padded = _padded(dy, w, dx)
    w, result = _with_even_channels(w, dx if padded is None else padded)
    conv2d.conv2d_backward_input(_runs(dy), w, _runs(result), dx.shape[4], _tile(w))
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
    taps, tile, vector = _taps(dw), _tile(dw, at_most=4), _vector(dw, dy.shape[3] * dy.shape[4])
    sums = _scratch("sums", len(tile) * len(taps) * len(vector), dtype=dw.dtype)
    conv2d.conv2d_backward_weights(_runs(dy), _runs(x), share_w, share_b, sums, x.shape[4], taps, tile, vector)
    _add_shares(share_w, share_b, dw, db)


def _shares(dw: np.ndarray, db: np.ndarray, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((blocks, *dw.shape), dw.dtype), np.empty((blocks, *db.shape), db.dtype)


def _add_shares(share_w: np.ndarray, share_b: np.ndarray, dw: np.ndarray, db: np.ndarray) -> None:
    conv2d.add_shares(share_w.reshape(len(share_w), -1), dw.reshape(-1))
    conv2d.add_shares(share_b, db)


def conv2d_relu_pool_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> None:
    if _pool_by_winograd(x, w, b, y, winner) or _pool_by_tiles(x, w, b, y, winner):
        return
    run = (x.shape[3] - w.shape[1] + 1) * x.shape[4]
    scratch = _scratch("rows", 2, 2, run, dtype=y.dtype)
    conv2d_relu_pool.conv2d_relu_pool_forward(_runs(x), w, b, _runs(y), _runs(winner), scratch, x.shape[4], _taps(w))


POOLED_TERMS, TERMS, TOGETHER = 25, 30, 3
"""Products in a sum, with and without pooling, and sums of the same pixels, from which on six products and some
additions are faster than ten products.
"""

LINES = 160_000
"""Bytes of pixels at points that a turn may have: it goes through them once for each tile of filters."""


def _winograd_is_faster(w: np.ndarray, lanes_of_block: int, terms: int, sums: int, from_terms: int) -> bool:
    many = terms >= from_terms and sums >= TOGETHER and len(_divisor(sums)) > 1
    return w.shape[1] == winograd.WINDOW_WIDTH and many and lanes_of_block >= len(_vector(w))


def _by_winograd(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray) -> bool:
    """False where it is slower, or if an output is not finite: others may not be right then."""
    (height, _, channels, filters), (_, _, out_height, out_width, in_lanes) = w.shape, y.shape
    faster = _winograd_is_faster(w, in_lanes, height * channels, filters, TERMS)
    if not faster or out_height < 2 or out_width < 2 or in_lanes % len(_vector(w)) > 0:
        return False
    *memory, _, tile, vector = _winograd_memory(y, w, (out_height + 1) // 2, (out_width + 1) // 2)
    return not winograd.conv2d_forward(_runs(x), w, b, _runs(y), *memory, tile, vector)


def _pool_by_winograd(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> bool:
    """False where it is slower, or if an output is not finite: others may not be right then."""
    height, _, channels, filters = w.shape
    if not _winograd_is_faster(w, y.shape[4], height * channels, filters, POOLED_TERMS):
        return False
    memory = _winograd_memory(y, w, *y.shape[2:4])
    return not winograd.conv2d_relu_pool_forward(_runs(x), w, b, _runs(y), _runs(winner), *memory)


WASTE = 1.25
"""Numbers in vectors for each lane, the last vector overlapping another, up to which tiles are faster than rows."""


def _pool_by_tiles(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> bool:
    """False, and nothing done, where that is slower."""
    in_lanes, vector = x.shape[4], _vector(w)
    if -(-in_lanes // len(vector)) * len(vector) > WASTE * in_lanes:
        return False
    key = ("pooling_tile", get_num_threads(), x.shape, w.shape, w.dtype)
    known: dict[Any, tuple] = vars(_memory)
    if key not in known:
        (_, channels, height, width, _), (window_height, window_width, _, filters) = x.shape, w.shape
        of_row, of_column, of_channel = np.ogrid[:window_height, :window_width, :channels]
        positions = ((of_channel * height + of_row) * width + of_column) * in_lanes
        tile = (0,) * (filters if filters < 3 else min((4, 3, 5, 6), key=lambda n: -(-filters // n) * n))
        sums = _scratch("tile", 4 * len(tile) * len(vector), dtype=w.dtype)
        known[key] = (positions.astype(np.uint64).reshape(-1), sums, width * in_lanes, in_lanes, tile, vector)
    pixels, weights = x.reshape(len(x), -1), w.reshape(-1, w.shape[3])
    pooling_tile.conv2d_relu_pool_forward(pixels, weights, b, _runs(y), _runs(winner), *vars(_memory)[key])  # type: ignore[index]
    return True


def _winograd_memory(y: np.ndarray, w: np.ndarray, height: int, width: int) -> tuple:
    """The arguments of ``winograd.conv2d_relu_pool_forward`` from ``points`` on, kept for the next call.

    height, width: of y in pairs of rows and columns.
    """
    key = ("winograd", get_num_threads(), y.shape, w.shape, w.dtype, height)
    known: dict[Any, tuple] = vars(_memory)
    if key in known:
        return known[key]
    (window_height, _, channels, filters), (blocks, *_, in_lanes), tile, vector = w.shape, y.shape, _tile(w), _vector(w)
    columns, rows, size = width, height, winograd.POINTS * channels * in_lanes * w.itemsize
    if in_lanes % len(vector) == 0:
        columns = min(columns, max(1, LINES // (size * (2 * rows + window_height - 1))))
    else:  # whole rows, in which vectors overlap once at most
        rows = min(rows, max(1, (LINES // (size * columns) - window_height + 1) // 2))
    terms, all_terms = window_height * channels, (2 * rows + window_height - 1) * channels
    known[key] = (
        lanes.aligned((filters // len(tile), winograd.POINTS, terms, len(tile)), w.dtype),
        _scratch("lines", winograd.POINTS, all_terms, columns * in_lanes, dtype=w.dtype),
        _scratch("sums", winograd.POINTS, 2 * len(tile) * len(vector), dtype=w.dtype),
        _scratch("zeros", len(vector), dtype=w.dtype),
        np.empty(blocks * -(-width // columns) * -(-height // rows), np.bool_),
        in_lanes, columns, rows, tile, vector,
    )  # fmt: skip
    return known[key]


def conv2d_relu_pool_backward_weights(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> None:
    if _picked_in_lanes(dy, winner, x, dw, db):
        return
    share_w, share_b = _shares(dw, db, len(x))
    run = (x.shape[3] - dw.shape[1] + 1) * x.shape[4]
    taps, tile, vector = _taps(dw), _tile(dw, at_most=4), _vector(dw, run)
    dz = _scratch("dz", len(tile), 2, run, dtype=dw.dtype)
    sums = _scratch("sums", x.shape[1] * len(dw) * len(tile) * len(taps) * len(vector), dtype=dw.dtype)
    conv2d_relu_pool.conv2d_relu_pool_backward_weights(
        _runs(dy), _runs(winner), _runs(x), share_w, share_b, dz, sums, x.shape[4], taps, tile, vector
    )
    _add_shares(share_w, share_b, dw, db)


WIDEST, SUMS = 6, 16
"""Window columns, and sums of taps by filters, up to which LLVM keeps the loop of ``winners_in_lanes`` in registers."""


def _picked_in_lanes(dy: np.ndarray, winner: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray) -> bool:
    """False, and nothing done, where that is slower; and where a pixel is not finite: products that are left out would
    show it.
    """
    taps, vector = _taps(dw), _vector(dw)
    if len(taps) > WIDEST or x.shape[4] % len(vector):
        return False
    tile = _tile(dw, at_most=min(4, SUMS // len(taps)))
    share_w, share_b = _shares(dw, db, len(x))
    sums = _scratch("sums", len(tile) * len(taps) * len(vector), dtype=dw.dtype)
    finite = np.ones(dy.shape[0] * dy.shape[1] // len(tile), np.bool_)
    winners_in_lanes.weights_from_winners(
        _runs(dy), _runs(winner), _runs(x), share_w, share_b, finite, sums, x.shape[4], taps, tile, vector
    )
    if not finite.all():
        return False
    _add_shares(share_w, share_b, dw, db)
    return True


LONG, MANY = 60, 32
"""From so many numbers in a row of a window and so many filters on, it is faster to pick out the winners than to
multiply with zeros.
"""


def conv2d_relu_pool_backward(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, w: np.ndarray,
    dz: np.ndarray, dx: np.ndarray, dw: np.ndarray, db: np.ndarray,
) -> None:  # fmt: skip
    """dz: room for the gradient of the convolution's outputs, for when the winners will not do."""
    worth_it = w.shape[1] * w.shape[2] >= LONG and w.shape[3] >= MANY
    if worth_it and _from_winners(dy, winner, x, w, dx, dw, db):
        return
    by_winograd = _input_by_winograd(dy, winner, w, dx)
    picked = _picked_in_lanes(dy, winner, x, dw, db)
    if not (by_winograd and picked):
        conv2d_relu_pool.relu_pool_backward(dy, winner, dz)
    if not by_winograd:
        conv2d_backward_input(dz, w, dx, (1, 1), (0, 0))
    if not picked:
        conv2d_backward_weights(dz, x, dw, db, (1, 1), (0, 0))


def _input_by_winograd(dy: np.ndarray, winner: np.ndarray, w: np.ndarray, dx: np.ndarray) -> bool:
    """False where it is slower, or if a gradient is not finite: others may not be right then."""
    (window_height, _, channels, filters), (blocks, _, pooled_height, _, in_lanes) = w.shape, dy.shape
    tile, vector = _divisor(channels), _vector(w)
    faster = _winograd_is_faster(w, in_lanes, window_height * filters, channels, TERMS)
    if not faster or in_lanes % len(vector) > 0:
        return False
    key = ("winograd_backward", get_num_threads(), dy.shape, w.shape, w.dtype)
    known: dict[Any, tuple] = vars(_memory)
    if key not in known:
        rows = 2 * pooled_height + window_height - 1
        known[key] = (
            lanes.aligned((channels // len(tile), winograd.POINTS, window_height * filters, len(tile)), w.dtype),
            _scratch("lines", winograd.POINTS, (2 * pooled_height + 2) * filters, len(vector), dtype=w.dtype),
            _scratch("sums", winograd.POINTS, 2 * len(tile) * len(vector), dtype=w.dtype),
            _scratch("edge", channels, rows, 6 * len(vector), dtype=w.dtype),
            _scratch("zeros", len(vector), dtype=w.dtype),
            np.empty(blocks * in_lanes // len(vector), np.bool_),
            in_lanes, tile, vector,
        )  # fmt: skip
    return not winograd_backward.conv2d_relu_pool_backward_input(
        _runs(dy),
        _runs(winner),
        w[::-1].transpose(0, 1, 3, 2),
        _runs(dx),
        *vars(_memory)[key],  # type: ignore[index]
    )


def _from_winners(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, w: np.ndarray, dx: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> bool:
    """False, and nothing done, if a number is not finite: products that are left out here would show it."""
    (blocks, filters, pooled_height, pooled_width, in_lanes), (_, channels, height, width, _) = dy.shape, x.shape
    images, dtype, vector = blocks * in_lanes, w.dtype, _vector(w)
    rows, parts, run = winners.tiling(len(w), w.shape[1] * channels, len(vector))
    size = winners.image_size(height * width * channels + run, len(vector))
    x_images = _shared_memory("x_images", images, size, dtype=dtype)
    dy_images = _shared_memory("dy_images", images, pooled_height, pooled_width, filters, dtype=dtype)
    winner_images = _shared_memory("winner_images", images, pooled_height, pooled_width, filters, dtype=np.int8)
    filter_rows = _shared_memory("filter_rows", len(w), filters, run, dtype=dtype)
    finite = np.ones((4, max(images, w.shape[0] * w.shape[1])), np.bool_)
    winners.unroll_filters(w, filter_rows, finite[0])
    winners.unpack(x, x_images, finite[1])
    winners.unpack(dy, dy_images.reshape(images, -1), finite[2])
    winners.unpack(winner, winner_images.reshape(images, -1), finite[3])
    if not finite.all():
        return False

    share_rows = _shared_memory("share_rows", blocks, filters, len(w), run, dtype=dtype)
    share_b = np.empty((blocks, filters), dtype)
    places = _scratch("places", pooled_height * pooled_width + 1, dtype=np.uint64)
    gradients = _scratch("gradients", pooled_height * pooled_width + 1, dtype=dtype)
    sums = _scratch("sums", len(rows) * len(parts) * len(vector), dtype=dtype)
    winners.backward_weights(
        dy_images, winner_images, x_images, share_rows, share_b, places, gradients, sums,
        in_lanes, width, channels, rows, parts, vector,
    )  # fmt: skip
    winners.add_shares(share_rows, dw)
    conv2d.add_shares(share_b, db)

    dx_images = _scratch("dx_images", winners.GROUP, size, dtype=dtype)
    outputs = 4 * pooled_height * pooled_width
    counts = _scratch("counts", outputs, dtype=np.uint64)
    which = _scratch("which", outputs, filters + 1, dtype=np.uint32)
    gradients = _scratch("gradients", outputs, filters + 1, dtype=dtype)
    winners.backward_input(
        dy_images, winner_images, filter_rows, dx, dx_images, counts, which, gradients, sums, rows, parts, vector
    )
    return True


def dense_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray) -> None:
    if x.shape[1] == 1:
        dense.dense_forward_one_image(x.reshape(-1), w, b, y.reshape(-1))
    else:
        dense.dense_forward(x, w, b, y)


def _by_size(kernel: Callable, worth_sharing: int, **how: Any) -> Callable:
    """The kernel, run by one thread until its first array has ``worth_sharing`` numbers: to wake the other cores takes
    time too, and so does it to compile a parallel loop. Each way is compiled when it is first gone.
    """
    serial = compile_rung(kernel, "tuned_serial", **how)
    parallel = compile_rung(kernel, "tuned_parallel", parallel=True, **how)

    def run(x: np.ndarray, *others: np.ndarray) -> None:
        (serial if x.size < worth_sharing else parallel)(x, *others)

    return run


KERNELS: dict[str, Any] = {
    "gather": gather,
    "conv2d_forward": conv2d_forward,
    "conv2d_backward_input": conv2d_backward_input,
    "conv2d_backward_weights": conv2d_backward_weights,
    "conv2d_relu_pool_forward": conv2d_relu_pool_forward,
    "relu_pool_backward": conv2d_relu_pool.relu_pool_backward,
    "conv2d_relu_pool_backward": conv2d_relu_pool_backward,
    "conv2d_relu_pool_backward_weights": conv2d_relu_pool_backward_weights,
    "max_pool2d_forward": any_window.max_pool2d_forward,
    "max_pool2d_backward": any_window.max_pool2d_backward,
    "subsample_forward": subsample.subsample_forward,
    "subsample_backward_input": subsample.subsample_backward_input,
    "subsample_backward_weights": subsample.subsample_backward_weights,
    "dense_forward": dense_forward,
    "dense_backward_input": dense.dense_backward_input,
    "dense_backward_weights": dense.dense_backward_weights,
    "relu_forward": _by_size(activation.relu_forward, 50_000),
    "relu_backward": _by_size(activation.relu_backward, 50_000),
    "flatten_forward": _by_size(lanes.flatten_forward, 5_000),
    "flatten_backward": _by_size(lanes.flatten_backward, 5_000),
    "softmax_forward": _by_size(softmax.softmax_forward, 5_000, **conv2d.FAST),
    "softmax_cross_entropy": _by_size(softmax.softmax_cross_entropy, 5_000, **conv2d.FAST),
}

MEMORY: dict[str, Any] = {
    "asarray": np.ascontiguousarray,
    "empty": lanes.empty,
    "images": lanes.images,
    "to_host": lanes.to_host,
}
