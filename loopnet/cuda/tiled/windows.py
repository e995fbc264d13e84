"""The heart of the tiled convolution: windows times filters, a tile of each in shared memory at a time."""

from typing import Any

import numpy as np

from ..device import SIMULATED, cuda
from ..frozen import frozen, natural, static
from .shape import Shape
from .tile import Tile

# what the simulator does not know: four numbers come from shared memory at once, and a device function becomes a part
# of the kernel that calls it, or its arrays could not be registers
ALIGNMENT = None if SIMULATED else 16
INLINE = {} if SIMULATED else {"forceinline": True}


def freeze_accumulate(
    shape: Shape, tile: Tile, names: dict[str, Any], turned: bool = False, pooled: bool = False
) -> None:
    """Put ``accumulate`` for one shape into ``names``.

    turned: the filters are w[r,s,c,k] of the forward pass seen from behind: turned round, c and k in each other's
    place. pooled: the rows stand in the order of 2x2 pooling, the four of a window next to each other.
    """
    HEIGHT, CHANNELS, FILTERS = shape.height, shape.channels, shape.filters
    OUT_HEIGHT, OUT_WIDTH = (shape.out_height // 2, shape.out_width // 2) if pooled else shape[6:8]
    DOWN_STEP, RIGHT_STEP, PAD_TOP, PAD_LEFT = shape[8:]
    LINE, RUN, TERMS, TAPS = shape.line, shape.run, shape.terms, shape.window_height * shape.window_width
    HIGH, WIDE, ACROSS, DEPTH, ROWS, COLUMNS = tile.high, tile.wide, tile.across, tile.depth, tile.rows, tile.columns
    THREADS, PITCH = tile.threads, tile.rows + 4  # a tile is written across its rows: the pitch spreads that over banks
    AT_ONCE = max(1, THREADS // DEPTH)  # rows of the left tile that are fetched at once
    FETCHED = ROWS + 3 * AT_ONCE  # rows that are looked at: four at a time, and the last four may be too many
    LEAVES_IMAGE, TURNED, POOLED = shape.leaves_image, turned, pooled

    def accumulate(x, w, total, pixels):
        """total[i, j] = the sum over all terms of windows[row + i, term] * filters[term, column + j], this thread's
        corner of its block's tile.
        """
        left = cuda.shared.array((DEPTH, PITCH), np.float32, ALIGNMENT)
        right = cuda.shared.array((DEPTH, COLUMNS), np.float32, ALIGNMENT)
        a = cuda.local.array(HIGH, np.float32)
        b = cuda.local.array(WIDE, np.float32)
        for i in static(HIGH):
            for j in static(WIDE):
                total[i, j] = np.float32(0)

        me = natural(cuda.threadIdx.x)
        down, across = me // ACROSS, me % ACROSS

        # where the window of each row begins: row of the image, place in that row, place in memory
        top = cuda.shared.array(FETCHED, np.int32)
        edge = cuda.shared.array(FETCHED, np.int32)
        start = cuda.shared.array(FETCHED, np.int32)
        for row in range(me, FETCHED, THREADS):
            m = natural(cuda.blockIdx.x * ROWS + row)
            if m >= pixels:
                m = 0  # any window will do: nobody keeps what comes of it
            if POOLED:
                n = m // (4 * OUT_HEIGHT * OUT_WIDTH)
                i = m // (4 * OUT_WIDTH) % OUT_HEIGHT * 2 + m // 2 % 2
                j = m // 4 % OUT_WIDTH * 2 + m % 2
            else:
                n = m // (OUT_HEIGHT * OUT_WIDTH)
                i = m // OUT_WIDTH % OUT_HEIGHT
                j = m % OUT_WIDTH
            above, before = i * DOWN_STEP - PAD_TOP, (j * RIGHT_STEP - PAD_LEFT) * CHANNELS
            start[row] = (n * HEIGHT + above) * LINE + before
            if LEAVES_IMAGE:
                top[row], edge[row] = above, before
        cuda.syncthreads()

        fetched = cuda.local.array(4, np.float32)
        fetches_term = me % DEPTH
        fetches_row = me // DEPTH if me < AT_ONCE * DEPTH else ROWS  # the threads that are left over fetch none
        for first in range(0, TERMS, DEPTH):
            term = natural(first + fetches_term)
            r = term // RUN
            place = term - r * RUN
            offset = r * LINE + place
            for from_row in range(fetches_row, ROWS, 4 * AT_ONCE):  # four at a time, to wait for them together
                for q in static(4):
                    row = natural(from_row + q * AT_ONCE)
                    inside = term < TERMS
                    if LEAVES_IMAGE:
                        inside &= (0 <= top[row] + r) & (top[row] + r < HEIGHT)
                        inside &= (0 <= edge[row] + place) & (edge[row] + place < LINE)
                    value = x[natural(start[row] + offset) if inside else 0]
                    fetched[q] = value if inside else np.float32(0)
                for q in static(4):
                    if from_row + q * AT_ONCE < ROWS:
                        left[fetches_term, natural(from_row + q * AT_ONCE)] = fetched[q]
            for e in range(me, DEPTH * COLUMNS, THREADS):
                if TURNED:
                    row, column = e % DEPTH, e // DEPTH
                else:
                    row, column = e // COLUMNS, e % COLUMNS
                term, k = natural(first + row), natural(cuda.blockIdx.y * COLUMNS + column)
                at = term * FILTERS + k
                if TURNED:
                    at = ((TAPS - 1 - term // CHANNELS) * FILTERS + k) * CHANNELS + term % CHANNELS
                inside = (term < TERMS) & (k < FILTERS)
                value = w[natural(at) if inside else 0]
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

    names["accumulate"] = cuda.jit(frozen(accumulate, names), device=True, **INLINE)
