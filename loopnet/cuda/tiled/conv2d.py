"""Convolution as a product of matrices, one of which is never stored.

    outputs (pixels x filters) = windows (pixels x terms) @ w (terms x filters)        terms = rows * columns * channels

Row m of the left factor is the window under output pixel m, laid out as one line of numbers, and w already lies in
memory as the right factor. The left one would be 25 times as large as the image for a 5x5 window; so it is not
stored, but looked up when a tile of it is fetched (*implicit GEMM*). The channels of neighbouring pixels follow each
other in memory, so that a row of a window is one run of ``columns * channels`` numbers, and whether a tap lies inside
the image is one comparison with its place in the line. The two backward passes are the same product:

    backward_input     the windows of dy, filters turned round; at stride 1 only
    backward_weights   dw = windows transposed @ dy, and db = ones @ dy, as one more row. The sum over all pixels is cut
                       in shares, a block each, which a second kernel adds up in order: the same bits on every run.

Every array is seen as one row of numbers. Kernels are frozen to their shape, all but the batch, and made once for
each. ``tile.py`` says what a tile is, and ``loopnet/kernels/conv2d.py`` is what this computes. Chetlur et al. (2014),
*cuDNN: efficient primitives for deep learning*, section 3.
"""

from typing import Any

import numpy as np

from ..device import cuda
from ..frozen import frozen, natural, static
from .shape import Shape
from .tile import Tile
from .windows import ALIGNMENT, freeze_accumulate


def forward_kernel(shape: Shape, tile: Tile) -> Any:
    """``conv2d_forward(x, w, b, y, pixels)``: one block owns one tile of y; pixels is that of the whole batch."""
    HIGH, WIDE, ACROSS, ROWS, COLUMNS, FILTERS = *_corner(tile), shape.filters
    names: dict[str, Any] = {}
    freeze_accumulate(shape, tile, names)
    accumulate = names["accumulate"]

    def conv2d_forward(x, w, b, y, pixels):
        total = cuda.local.array((HIGH, WIDE), np.float32)
        accumulate(x, w, total, pixels)
        me = natural(cuda.threadIdx.x)
        m = natural(cuda.blockIdx.x * ROWS + me // ACROSS * HIGH)
        k = natural(cuda.blockIdx.y * COLUMNS + me % ACROSS * WIDE)
        for j in static(WIDE):
            if k + j < FILTERS:
                bias = b[k + j]
                for i in static(HIGH):
                    if m + i < pixels:
                        y[natural((m + i) * FILTERS + k + j)] = total[i, j] + bias

    return cuda.jit(frozen(conv2d_forward, names))


def backward_input_kernel(shape: Shape, tile: Tile) -> Any:
    """``conv2d_backward_input(dy, w, dx, pixels)``; ``shape`` is that of the forward pass, pixels are those of dx."""
    back = shape.backward()
    HIGH, WIDE, ACROSS, ROWS, COLUMNS, FILTERS = *_corner(tile), back.filters
    names: dict[str, Any] = {}
    freeze_accumulate(back, tile, names, turned=True)
    accumulate = names["accumulate"]

    def conv2d_backward_input(dy, w, dx, pixels):
        total = cuda.local.array((HIGH, WIDE), np.float32)
        accumulate(dy, w, total, pixels)
        me = natural(cuda.threadIdx.x)
        m = natural(cuda.blockIdx.x * ROWS + me // ACROSS * HIGH)
        c = natural(cuda.blockIdx.y * COLUMNS + me % ACROSS * WIDE)
        for i in static(HIGH):
            for j in static(WIDE):
                if m + i < pixels and c + j < FILTERS:
                    dx[natural((m + i) * FILTERS + c + j)] = total[i, j]

    return cuda.jit(frozen(conv2d_backward_input, names))


def backward_weights_kernel(shape: Shape, tile: Tile) -> Any:
    """``conv2d_backward_weights(dy, x, shares_w, shares_b, pixels, of_share)``: block (i, j, z) owns one tile of share
    z, the sum over pixels z * of_share and following; ``of_share`` is a multiple of ``tile.depth``.
    """
    HEIGHT, CHANNELS, FILTERS, OUT_HEIGHT, OUT_WIDTH = shape.height, shape.channels, shape.filters, *shape[6:8]
    DOWN_STEP, RIGHT_STEP, PAD_TOP, PAD_LEFT = shape[8:]
    LINE, RUN, TERMS, LEAVES_IMAGE = shape.line, shape.run, shape.terms, shape.leaves_image
    HIGH, WIDE, ACROSS, ROWS, COLUMNS = _corner(tile)
    DEPTH, THREADS = tile.depth, tile.threads
    names: dict[str, Any] = {}

    def conv2d_backward_weights(dy, x, shares_w, shares_b, pixels, of_share):
        left = cuda.shared.array((DEPTH, ROWS), np.float32, ALIGNMENT)
        right = cuda.shared.array((DEPTH, COLUMNS), np.float32, ALIGNMENT)
        total = cuda.local.array((HIGH, WIDE), np.float32)
        a = cuda.local.array(HIGH, np.float32)
        b = cuda.local.array(WIDE, np.float32)
        fetched = cuda.local.array(4, np.float32)
        for i in static(HIGH):
            for j in static(WIDE):
                total[i, j] = np.float32(0)
        me = natural(cuda.threadIdx.x)
        down, across = me // ACROSS, me % ACROSS
        share = natural(cuda.blockIdx.z)
        last = min(pixels, (share + 1) * of_share)

        for first in range(share * of_share, last, DEPTH):
            for from_e in range(me, DEPTH * ROWS, 4 * THREADS):  # four at a time, to wait for them together
                for q in static(4):
                    e = natural(from_e + q * THREADS)
                    m, term = natural(first + e // ROWS), natural(cuda.blockIdx.x * ROWS + e % ROWS)
                    n, r = m // (OUT_HEIGHT * OUT_WIDTH), term // RUN
                    row = m // OUT_WIDTH % OUT_HEIGHT * DOWN_STEP - PAD_TOP + r
                    place = (m % OUT_WIDTH * RIGHT_STEP - PAD_LEFT) * CHANNELS + term % RUN
                    inside = (m < last) & (term < TERMS)
                    if LEAVES_IMAGE:
                        inside &= (0 <= row) & (row < HEIGHT) & (0 <= place) & (place < LINE)
                    value = x[natural((n * HEIGHT + row) * LINE + place) if inside else 0]
                    one = (m < last) & (term == TERMS)  # the row of ones, for db
                    fetched[q] = value if inside else np.float32(one)
                for q in static(4):
                    e = natural(from_e + q * THREADS)
                    if e < DEPTH * ROWS:
                        left[e // ROWS, e % ROWS] = fetched[q]
            for e in range(me, DEPTH * COLUMNS, THREADS):
                row, column = e // COLUMNS, e % COLUMNS
                m, k = natural(first + row), natural(cuda.blockIdx.y * COLUMNS + column)
                inside = (m < last) & (k < FILTERS)
                value = dy[natural(m * FILTERS + k) if inside else 0]
                right[natural(row), natural(column)] = value if inside else np.float32(0)
            cuda.syncthreads()
            for d in range(DEPTH):
                for i in static(HIGH):
                    a[i] = left[d, natural(down * HIGH + i)]
                for j in static(WIDE):
                    b[j] = right[d, natural(across * WIDE + j)]
                for i in static(HIGH):
                    for j in static(WIDE):
                        total[i, j] += a[i] * b[j]
            cuda.syncthreads()

        term = natural(cuda.blockIdx.x * ROWS + down * HIGH)
        k = natural(cuda.blockIdx.y * COLUMNS + across * WIDE)
        for i in static(HIGH):
            for j in static(WIDE):
                if k + j < FILTERS:
                    if term + i < TERMS:
                        shares_w[natural((share * TERMS + term + i) * FILTERS + k + j)] = total[i, j]
                    elif term + i == TERMS:
                        shares_b[natural(share * FILTERS + k + j)] = total[i, j]

    return cuda.jit(frozen(conv2d_backward_weights, names))


@cuda.jit
def add_shares(shares_w, shares_b, dw, db, shares):
    """dw and db, each the sum of its shares, in order. One thread owns one element of either."""
    t = cuda.grid(1)
    if t < dw.size:
        total = dw.dtype.type(0)
        for z in range(shares):
            total += shares_w[z * dw.size + t]
        dw[t] = total
    elif t < dw.size + db.size:
        t -= dw.size
        total = db.dtype.type(0)
        for z in range(shares):
            total += shares_b[z * db.size + t]
        db[t] = total


def _corner(tile: Tile) -> tuple[int, int, int, int, int]:
    return tile.high, tile.wide, tile.across, tile.rows, tile.columns
