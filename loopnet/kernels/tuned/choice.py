"""Which of the tuned kernels runs for a convolution: the fastest that can, for its shapes and numbers.

Several kernels come to the same sums; each is a *way*. A function ``.._way`` knows from which sizes on its kernel is
faster than those after it, and makes the way, with the memory that the kernel works in and the sizes of its tiles at
hand: once for a shape, since the other cores wait while Python decides. Given the arrays, a way makes a call that is
*ready* (``ready.py``); it returns True if another way has to do the work, for some number is not finite.

Ways along rows, in tiles and over one image are made in ``choice_rows.py``, Winograd's in ``choice_winograd.py``, and
in ``choice_winners.py`` those that pick out what pooling let through. Which are asked, and in which order, is here.

What decides is sizes, the processor's registers, and whether numbers are finite; never the number of threads, for
results do not depend on it. The sizes were measured (benchmarks/README.md).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from . import any_window, choice_rows, choice_winners, choice_winograd, conv2d, conv2d_relu_pool, registers
from .memory import divisor, kept, runs, shared
from .ready import Operation, Ready, Way, in_turn

Array = np.ndarray
Pair = tuple[int, int]
Shape = tuple[int, ...]
Maker = Callable[[Shape, Shape, Shape, np.dtype], Way | None]
"""From the shapes of x, w and y (or dy), packed, and the type of their numbers: a way, or None if others are faster."""


def _ways(makers: tuple[Maker, ...], *sizes: Any) -> tuple[Way, ...]:
    """Those that there are for these sizes, the fastest first."""
    return tuple(way for make in makers if (way := make(*sizes)) is not None)


# ---- convolution by itself


@Operation
def conv2d_forward(x: Array, w: Array, b: Array, y: Array, stride: Pair, pad: Pair) -> Iterator[Ready]:
    if tuple(stride) != (1, 1):
        yield partial(any_window.strided_forward, x, w, b, y, stride, pad)
        return
    framed, framing = _framed(y, w, x, pad)
    makers = (choice_winograd.forward_way, choice_rows.forward_way)
    for way in kept(_ways, makers, framed.shape, w.shape, y.shape, w.dtype):
        yield in_turn(*framing, way(framed, w, b, y))


@Operation
def conv2d_backward_input(dy: Array, w: Array, dx: Array, stride: Pair, pad: Pair) -> Iterator[Ready]:
    if tuple(stride) != (1, 1):
        yield partial(any_window.strided_backward_input, dy, w, dx, stride, pad)
        return
    framed = _room_with_frame(dy, w, dx)
    weights, result, evening = _with_even_channels(w, framed)
    tile = divisor(weights.shape[3], 8 if registers.AVX512 else 4)  # two weights each, in half of the registers
    gradient = partial(conv2d.conv2d_backward_input, runs(dy), weights, runs(result), dx.shape[4], tile)
    cropping = [] if result is dx else [partial(any_window.crop_images, result, dx, pad)]
    yield in_turn(*evening, gradient, *cropping)


@Operation
def conv2d_backward_weights(dy: Array, x: Array, dw: Array, db: Array, stride: Pair, pad: Pair) -> Iterator[Ready]:
    if tuple(stride) != (1, 1):
        yield partial(any_window.strided_backward_weights, dy, x, dw, db, stride, pad)
        return
    framed, framing = _framed(dy, dw, x, pad)
    share_w, share_b, *memory = kept(choice_rows.weights_memory, framed.shape, dw.shape, dy.shape, dw.dtype)
    in_shares = partial(conv2d.conv2d_backward_weights, runs(dy), runs(framed), share_w, share_b, *memory)
    yield in_turn(*framing, in_shares, choice_rows.adding_shares(share_w, share_b, dw, db))


def _room_with_frame(dy: Array, w: Array, x: Array) -> Array:
    """Room for x with its zeros around it, at stride 1; x itself if there are none."""
    height, width = dy.shape[2] + w.shape[0] - 1, dy.shape[3] + w.shape[1] - 1
    if (height, width) == x.shape[2:4]:
        return x
    return shared("padded", *x.shape[:2], height, width, x.shape[4], dtype=x.dtype)


def _framed(dy: Array, w: Array, x: Array, pad: Pair) -> tuple[Array, list[Ready]]:
    """The same, and what puts it there."""
    room = _room_with_frame(dy, w, x)
    return room, [] if room is x else [partial(any_window.pad_images, x, room, pad)]


def _with_even_channels(w: Array, dx: Array) -> tuple[Array, Array, list[Ready]]:
    """w and room for dx, with one more channel of zeros where their number is odd: kernels take two at a time. And what
    puts w there.
    """
    height, width, channels, filters = w.shape
    if channels % 2 == 0:
        return w, dx, []
    weights = np.zeros((height, width, channels + 1, filters), w.dtype)
    result = shared("even channels", dx.shape[0], channels + 1, *dx.shape[2:], dtype=dx.dtype)
    return weights, result, [partial(np.copyto, weights[:, :, :-1], w)]


# ---- convolution, ReLU and pooling in one


@Operation
def conv2d_relu_pool_forward(x: Array, w: Array, b: Array, y: Array, winner: Array) -> Iterator[Ready]:
    makers = (
        choice_rows.one_image_way,
        choice_winograd.pooled_forward_way,
        choice_rows.tile_way,
        choice_rows.pooled_forward_way,
    )
    for way in kept(_ways, makers, x.shape, w.shape, y.shape, w.dtype):
        yield way(x, w, b, y, winner)


@Operation
def conv2d_relu_pool_backward_weights(dy: Array, winner: Array, x: Array, dw: Array, db: Array) -> Iterator[Ready]:
    makers = (choice_winners.in_lanes_way, choice_rows.pooled_weights_way)
    for way in kept(_ways, makers, x.shape, dw.shape, dy.shape, dw.dtype):
        yield way(dy, winner, x, dw, db)


@Operation
def conv2d_relu_pool_backward(
    dy: Array, winner: Array, x: Array, w: Array,
    dz: Array, dx: Array, dw: Array, db: Array,
) -> Iterator[Ready]:  # fmt: skip
    """dz: room for the gradient of the convolution's outputs, for when the winners will not do."""
    for way in kept(_ways, (choice_winners.sorted_way, _winograd_way), x.shape, w.shape, dy.shape, w.dtype):
        yield way(dy, winner, x, w, dx, dw, db)
    yield partial(_unpooled_backward, dy, winner, x, w, dz, dx, dw, db)


def _winograd_way(of_x: Shape, of_w: Shape, of_dy: Shape, dtype: np.dtype) -> Way | None:
    """Winograd's to the gradient of the input, and the fastest to that of the weights."""
    backward_input = choice_winograd.backward_input_way(of_x, of_w, of_dy, dtype)
    if backward_input is None:
        return None

    def way(dy: Array, winner: Array, x: Array, w: Array, dx: Array, dw: Array, db: Array) -> Ready:
        gradient_of_x = backward_input(dy, winner, w, dx)
        gradient_of_w = conv2d_relu_pool_backward_weights.made_ready(dy, winner, x, dw, db)
        return lambda: gradient_of_x() or gradient_of_w()

    return way


def _unpooled_backward(
    dy: Array, winner: Array, x: Array, w: Array,
    dz: Array, dx: Array, dw: Array, db: Array,
) -> None:  # fmt: skip
    conv2d_relu_pool.relu_pool_backward(dy, winner, dz)
    conv2d_backward_input(dz, w, dx, (1, 1), (0, 0))
    for way in kept(_ways, (choice_winners.in_lanes_way,), x.shape, dw.shape, dy.shape, dw.dtype):
        if not way(dy, winner, x, dw, db)():
            return
    conv2d_backward_weights(dz, x, dw, db, (1, 1), (0, 0))
