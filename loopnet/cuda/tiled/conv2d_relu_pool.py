"""Convolution, ReLU and 2x2 max pooling in one: the four outputs under a pooling window never leave their thread.

The rows of the product are put in the order of the pooling, the four pixels of a window next to each other, so that
they are the registers of one thread; it writes the largest of them and says which it was. Backward, ``winner`` says all
that is needed: of each window's four gradients three are 0, and all four where ReLU switched the unit off.

    x         (batch, height, width, channels)             w, b   as in conv2d.py
    y, dy     (batch, pooled_height, pooled_width, filters)
    winner    the same shape, int8: 2 * r + s of the winner in its window, or DEAD where ReLU switched the unit off
    dz        (batch, out_height, out_width, filters), the gradient of the convolution's outputs
"""

from typing import Any

import numpy as np

from ..device import cuda
from ..frozen import frozen, natural, static
from ..place import place4
from .shape import Shape
from .tile import Tile
from .windows import freeze_accumulate

DEAD = 4


def forward_kernel(shape: Shape, tile: Tile) -> Any:
    """``conv2d_relu_pool_forward(x, w, b, y, winner, pixels)``: one block owns one tile of y and winner. pixels: four
    for each pixel of y in the whole batch.
    """
    HIGH, WIDE, ACROSS, ROWS, COLUMNS, FILTERS = (
        tile.high, tile.wide, tile.across, tile.rows, tile.columns, shape.filters,
    )  # fmt: skip
    WINDOWS = HIGH // 4
    names: dict[str, Any] = {}
    freeze_accumulate(shape, tile, names, pooled=True)
    accumulate = names["accumulate"]

    def conv2d_relu_pool_forward(x, w, b, y, winner, pixels):
        total = cuda.local.array((HIGH, WIDE), np.float32)
        accumulate(x, w, total, pixels)
        me = natural(cuda.threadIdx.x)
        m = natural(cuda.blockIdx.x * ROWS + me // ACROSS * HIGH)
        k = natural(cuda.blockIdx.y * COLUMNS + me % ACROSS * WIDE)
        for j in static(WIDE):
            if k + j < FILTERS:
                bias = b[k + j]
                for q in static(WINDOWS):
                    if m + 4 * q < pixels:
                        best, best_at = total[4 * q, j] + bias, 0
                        for r in static(3):
                            value = total[4 * q + r + 1, j] + bias
                            if value > best or value != value:  # NaN is the one value unequal to itself, and wins
                                best, best_at = value, r + 1
                        if best <= 0:
                            best, best_at = np.float32(0), DEAD
                        y[natural((m // 4 + q) * FILTERS + k + j)] = best
                        winner[natural((m // 4 + q) * FILTERS + k + j)] = best_at

    return cuda.jit(frozen(conv2d_relu_pool_forward, names))


@cuda.jit
def forward_any(x, w, b, y, winner):
    """The same for any dtype, without tiles: one thread owns one element of y and winner."""
    t = cuda.grid(1)
    if t < y.size:
        n, pooled_row, pooled_col, k = place4(t, y.shape)
        best, best_at = y.dtype.type(0), DEAD
        for q in range(4):
            value = b[k]
            for r in range(w.shape[0]):
                for s in range(w.shape[1]):
                    for c in range(w.shape[2]):
                        value += x[n, 2 * pooled_row + q // 2 + r, 2 * pooled_col + q % 2 + s, c] * w[r, s, c, k]
            if q == 0 or value > best or value != value:
                best, best_at = value, q
        if best <= 0:
            best, best_at = y.dtype.type(0), DEAD
        y[n, pooled_row, pooled_col, k] = best
        winner[n, pooled_row, pooled_col, k] = best_at


def backward_kernel(filters: int, out_height: int, out_width: int) -> Any:
    """``relu_pool_backward(dy, winner, dz)``: dy where the winner stood, 0 elsewhere. One thread owns one element of
    dz.
    """
    FILTERS, OUT_HEIGHT, OUT_WIDTH = filters, out_height, out_width
    HEIGHT, WIDTH = out_height // 2, out_width // 2

    def relu_pool_backward(dy, winner, dz):
        t = natural(cuda.grid(1))
        if t < dz.size:
            k, pixel = t % FILTERS, t // FILTERS
            j, i, n = pixel % OUT_WIDTH, pixel // OUT_WIDTH % OUT_HEIGHT, pixel // (OUT_WIDTH * OUT_HEIGHT)
            gradient = dz.dtype.type(0)
            if i < 2 * HEIGHT and j < 2 * WIDTH:  # pooling leaves the last row or column out, where it is single
                window = natural(((n * HEIGHT + i // 2) * WIDTH + j // 2) * FILTERS + k)
                if winner[window] == i % 2 * 2 + j % 2:
                    gradient = dy[window]
            dz[t] = gradient

    return cuda.jit(frozen(relu_pool_backward, {}))
