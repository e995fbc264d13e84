"""Which kernel runs for which operation on the ``cuda`` rung, with the signatures of ``ops``.

Here arrays are seen as rows of numbers, the kernel for their shape is looked up, or made, and launched. What has no
tiled kernel runs on the literal one: see ``LITERAL``, and each ``if not fits`` below.
"""

import threading
from functools import cache
from typing import Any

import numpy as np

from .. import device
from ..launch import THREADS, expect_countable, flat
from ..literal import conv2d as literal_conv2d
from ..literal import dense as literal_dense
from ..literal import softmax as literal_softmax
from . import conv2d, conv2d_relu_pool, softmax
from .shape import Shape, shape_of
from .tile import Tile, parts, small_tile, sum_tile, tall_tile

Array = Any
Pair = Any

SHARES = 512
"""How many blocks share a sum over pixels, at most: what fills a large GPU. A constant, so that sums have the same bits
on every card."""
PIXELS_OF_SHARE = 128
"""A share is at least so many pixels: fewer would not pay for adding it up."""
LARGEST = 2**31 - 2**12
"""Numbers in an array: indices of 31 bits, with room to round up to whole tiles."""


def fits(*arrays: Array) -> bool:
    """Whether tiles can do it: single precision, indices of 31 bits, and anything to do at all."""
    return all(array.dtype in (np.float32, np.int8) and 0 < array.size <= LARGEST for array in arrays)


# ---- kernels, each made once for its shape -------------------------------------------------------------------------


@cache
def _forward(shape: Shape) -> tuple[Any, Tile]:
    tile = _tile(shape)
    return conv2d.forward_kernel(shape, tile), tile


@cache
def _backward_input(shape: Shape) -> tuple[Any, Tile]:
    tile = _tile(shape.backward())
    return conv2d.backward_input_kernel(shape, tile), tile


@cache
def _backward_weights(shape: Shape) -> tuple[Any, Tile]:
    tile = sum_tile(shape.terms + 1, shape.filters)
    return conv2d.backward_weights_kernel(shape, tile), tile


@cache
def _relu_pool_forward(shape: Shape) -> tuple[Any, Tile]:
    tile = tall_tile(shape.filters, shape.terms)
    return conv2d_relu_pool.forward_kernel(shape, tile), tile


def _tile(shape: Shape) -> Tile:
    """A dense layer has one row an image, a convolution many."""
    return (small_tile if shape.pixels == 1 else tall_tile)(shape.filters, shape.terms)


_relu_pool_backward = cache(conv2d_relu_pool.backward_kernel)
_cross_entropy = cache(softmax.cross_entropy_kernel)


_of_this_thread = threading.local()


def _shares(what: str, count: int) -> Array:
    """Memory for shares. The launches of a thread of the host follow each other, so that all layers can use the same;
    those of another thread, which trains another model, could come between filling it and adding it up.
    """
    rooms = vars(_of_this_thread)
    room = f"{what}, 2**{(count - 1).bit_length()}"
    if room not in rooms:
        rooms[room] = device.empty((1 << (count - 1).bit_length(),), np.float32)
    return rooms[room]


# ---- convolution ---------------------------------------------------------------------------------------------------


def conv2d_forward(x: Array, w: Array, b: Array, y: Array, stride: Pair, pad: Pair) -> None:
    if not fits(x, w, y):
        return literal_conv2d.conv2d_forward(x, w, b, y, stride, pad)
    _run_forward(shape_of(x, w, y, stride, pad), x, w, b, y)


def conv2d_backward_input(dy: Array, w: Array, dx: Array, stride: Pair, pad: Pair) -> None:
    if not fits(dy, w, dx) or tuple(stride) != (1, 1):
        return literal_conv2d.conv2d_backward_input(dy, w, dx, stride, pad)
    _run_backward_input(shape_of(dx, w, dy, stride, pad), dy, w, dx)


def conv2d_backward_weights(dy: Array, x: Array, dw: Array, db: Array, stride: Pair, pad: Pair) -> None:
    if not fits(dy, x, dw):
        return literal_conv2d.conv2d_backward_weights(dy, x, dw, db, stride, pad)
    _run_backward_weights(shape_of(x, dw, dy, stride, pad), dy, x, dw, db)


def _run_forward(shape: Shape, x: Array, w: Array, b: Array, y: Array) -> None:
    kernel, tile = _forward(shape)
    pixels = y.shape[0] * shape.pixels
    grid = parts(pixels, tile.rows), parts(shape.filters, tile.columns)
    kernel[grid, tile.threads](flat(x), flat(w), b, flat(y), np.int32(pixels))


def _run_backward_input(shape: Shape, dy: Array, w: Array, dx: Array) -> None:
    kernel, tile = _backward_input(shape)
    pixels = dx.shape[0] * shape.height * shape.width
    grid = parts(pixels, tile.rows), parts(shape.channels, tile.columns)
    kernel[grid, tile.threads](flat(dy), flat(w), flat(dx), np.int32(pixels))


def _run_backward_weights(shape: Shape, dy: Array, x: Array, dw: Array, db: Array) -> None:
    kernel, tile = _backward_weights(shape)
    pixels = dy.shape[0] * shape.pixels
    rows, columns = parts(shape.terms + 1, tile.rows), parts(shape.filters, tile.columns)
    of_share, shares = shares_of(pixels, rows * columns, tile.depth)
    of_w, of_b = flat(dw), db
    if shares > 1:
        of_w, of_b = _shares("w", shares * dw.size), _shares("b", shares * db.size)
    kernel[(rows, columns, shares), tile.threads](flat(dy), flat(x), of_w, of_b, np.int32(pixels), np.int32(of_share))
    if shares > 1:
        conv2d.add_shares[parts(dw.size + db.size, THREADS), THREADS](of_w, of_b, flat(dw), db, np.int32(shares))


def shares_of(pixels: int, tiles: int, depth: int) -> tuple[int, int]:
    """How many pixels a share of a sum has, and how many shares there are; ``tiles`` blocks work on each."""
    of_share = max(PIXELS_OF_SHARE, parts(pixels, max(1, SHARES // tiles)))
    of_share = parts(of_share, depth) * depth
    return of_share, parts(pixels, of_share)


# ---- dense: a convolution whose image is one pixel -----------------------------------------------------------------


def _dense(inputs: int, units: int) -> Shape:
    return Shape(1, 1, int(inputs), 1, 1, int(units), 1, 1)


def dense_forward(x: Array, w: Array, b: Array, y: Array) -> None:
    if not fits(x, w, y):
        return literal_dense.dense_forward(x, w, b, y)
    _run_forward(_dense(*w.shape), x, w, b, y)


def dense_backward_input(dy: Array, w: Array, dx: Array) -> None:
    if not fits(dy, w, dx):
        return literal_dense.dense_backward_input(dy, w, dx)
    _run_backward_input(_dense(*w.shape), dy, w, dx)


def dense_backward_weights(dy: Array, x: Array, dw: Array, db: Array) -> None:
    if not fits(dy, x, dw):
        return literal_dense.dense_backward_weights(dy, x, dw, db)
    _run_backward_weights(_dense(*dw.shape), dy, x, dw, db)


# ---- fused ---------------------------------------------------------------------------------------------------------


def conv2d_relu_pool_forward(x: Array, w: Array, b: Array, y: Array, winner: Array) -> None:
    if not fits(x, w, y):
        return conv2d_relu_pool.forward_any[parts(y.size, THREADS), THREADS](x, w, b, y, winner)
    out = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1
    shape = Shape(*(int(n) for n in (*x.shape[1:], *w.shape[:2], w.shape[3], *out)))
    kernel, tile = _relu_pool_forward(shape)
    pixels = 4 * y.shape[0] * y.shape[1] * y.shape[2]
    grid = parts(pixels, tile.rows), parts(shape.filters, tile.columns)
    kernel[grid, tile.threads](flat(x), flat(w), b, flat(y), flat(winner), np.int32(pixels))


def relu_pool_backward(dy: Array, winner: Array, dz: Array) -> None:
    expect_countable("relu_pool_backward", dz.size)
    _, height, width, filters = (int(n) for n in dz.shape)
    kernel = _relu_pool_backward(filters, height, width)
    kernel[parts(dz.size, THREADS), THREADS](flat(dy), flat(winner), flat(dz))


def softmax_cross_entropy(logits: Array, targets: Array, weight: Array, losses: Array, dlogits: Array) -> None:
    if not fits(logits, targets, weight):
        return literal_softmax.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
    batch, classes = (int(n) for n in logits.shape)
    threads = min(THREADS, 32)
    _cross_entropy(classes, threads)[batch, threads](flat(logits), flat(targets), weight, losses, flat(dlogits))


KERNELS: dict[str, Any] = {
    function.__name__: function
    for function in (
        conv2d_forward, conv2d_backward_input, conv2d_backward_weights,
        dense_forward, dense_backward_input, dense_backward_weights,
        conv2d_relu_pool_forward, relu_pool_backward,
        softmax_cross_entropy,
    )
}  # fmt: skip
"""The rest is the literal rung's: one thread an output is all that pooling, activations and optimisers ask for, which
wait for memory and not for arithmetic."""
