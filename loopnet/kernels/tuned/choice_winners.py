"""When it is faster to pick out the gradients that pooling let through than to multiply with zeros; see ``choice.py``.

The calls return True also if a number is not finite, which products left out would show.
"""

from functools import partial

import numpy as np

from . import conv2d, registers, winners, winners_in_lanes
from .choice_rows import adding_shares, shares
from .lanes import aligned
from .memory import divisor, runs, scratch, shared, taps
from .ready import Ready, Way
from .registers import AVX512, vector

Array = np.ndarray
Shape = tuple[int, ...]

WIDEST, SUMS = 6, 16
"""Window columns, and sums of taps by filters, up to which LLVM keeps the loop of ``winners_in_lanes`` in the registers
of AVX-512. Compiled for AVX2, it is slower than products with zeros.
"""


def in_lanes_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
    (blocks, *_, lanes), across, numbers = of_x, taps(of_w), vector(dtype)
    if not registers.AVX512 or len(across) > WIDEST or lanes % len(numbers) > 0:
        return None
    tile = divisor(of_w[3], min(4, SUMS // len(across)))
    share_w, share_b = shares(blocks, of_w, dtype)
    sums = scratch("sums", len(tile) * len(across) * len(numbers), dtype=dtype)
    finite = aligned((blocks * of_w[3] // len(tile) * of_w[0],), np.bool_)

    def way(dy: Array, winner: Array, x: Array, dw: Array, db: Array) -> Ready:
        in_shares = partial(
            winners_in_lanes.weights_from_winners,
            runs(dy), runs(winner), runs(x), share_w, share_b, finite, sums, lanes, across, tile, numbers,
        )  # fmt: skip
        adding = adding_shares(share_w, share_b, dw, db)

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


def sorted_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
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
