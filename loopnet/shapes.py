"""Output sizes, padding arithmetic, and every error about a shape.

Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, derives the two formulas below.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .backend import image_data_format

Shape = tuple[int, ...]
Frame = tuple[tuple[int, int], ...]
"""Zeros (before, after), one pair for each axis."""
Padding = str | Frame


def several(value: int | Sequence[int], count: int, what: str) -> tuple[int, ...]:
    """``3`` or ``(3, 3)`` as ``(3, 3)``: one positive whole number for each of ``count`` axes. ``what`` names it in the
    error.
    """
    numbers = (value,) * count if isinstance(value, (int, np.integer)) else tuple(value) if np.iterable(value) else ()
    if len(numbers) != count or not all(_whole(n) and n > 0 for n in numbers):
        many = ("", "", " or a pair of them", " or three of them")[count]
        raise ValueError(f"{what}: expected a positive integer{many}, given {value!r}")
    return tuple(int(n) for n in numbers)


def _whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def positive(value: int, what: str) -> int:
    """``value`` if it is a positive whole number; ``what`` names it in the error."""
    if not _whole(value) or value <= 0:
        raise ValueError(f"{what}: expected a positive integer, given {value!r}")
    return int(value)


def real(value: object, what: str) -> float:
    """``value`` if it is a finite number; ``what`` names it in the error."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ValueError(f"{what}: expected a number, given {value!r}")
    if not -float("inf") < value < float("inf"):
        raise ValueError(f"{what}: expected a finite number, given {value!r}")
    return float(value)


def whole(values: Any, what: str) -> tuple[int, ...]:
    """``values`` as a tuple of whole numbers of any sign; ``what`` names them in the error."""
    if not np.iterable(values) or isinstance(values, str) or not all(_whole(n) for n in values):
        raise ValueError(f"{what}: expected whole numbers, given {values!r}")
    return tuple(int(n) for n in values)


def frame(value: int | Sequence[Any], count: int, what: str, of: str = "zeros") -> Frame:
    """``1``, ``(1, 2)`` or ``((1, 1), (0, 2))`` as pairs of zeros (before, after), one pair for each of ``count`` axes.
    ``of`` says in the error what they are.

    A number stands for both ends of all axes; one number for each axis, for both ends of that axis. With a
    single axis, two numbers are its ends, as in Keras.
    """
    given = (value,) * count if _whole(value) else tuple(value) if np.iterable(value) else ()
    if count == 1 and len(given) == 2:
        given = (given,)
    pairs = tuple((n, n) if _whole(n) else tuple(n) if np.iterable(n) else () for n in given)
    if len(pairs) != count or not all(len(ends) == 2 and all(_whole(n) and n >= 0 for n in ends) for ends in pairs):
        raise ValueError(
            f"{what}: expected a number of {of}, or {'a pair (before, after)' if count == 1 else 'one or a pair'} "
            f"for each axis ({count}), given {value!r}"
        )
    return tuple((int(before), int(after)) for before, after in pairs)


def padding_mode(padding: Any, count: int, name: str, *more: str) -> Padding:
    """``padding`` as "valid", "same" (or one of ``more``) in lower case, or as the :func:`frame` that it spells out."""
    if isinstance(padding, str):
        known = ("valid", "same", *more)
        if padding.lower() in known:
            return padding.lower()
        names = ", ".join(repr(word) for word in known[:-1])
        raise ValueError(f"{name}: expected padding {names} or {known[-1]!r}, given {padding!r}")
    return frame(padding, count, f"{name}: padding")


def window_stops(size: int, window: int, stride: int, padding: str | tuple[int, int]) -> tuple[int, int]:
    """How often a window stops along one axis, and how many zeros stand before the first pixel: ``(stops,
    pad_before)``.

    "valid": the window stays inside the image,  stops = (size - window) // stride + 1.
    "same":  as many stops as at stride 1 with full cover, stops = ceil(size / stride); the zeros that this
    needs are split between both ends and an odd one goes to the end, as in TensorFlow and Keras (PyTorch pads
    both ends alike).
    (before, after): "valid" in an image with so many zeros at its ends.
    """
    if padding == "same":
        stops = -(-size // stride)
        zeros = max((stops - 1) * stride + window - size, 0)
        return stops, zeros // 2
    before, after = (0, 0) if isinstance(padding, str) else padding
    return (before + size + after - window) // stride + 1, before


def window_geometry(
    name: str, pixels: Shape, window: Shape, stride: Shape, padding: Padding, dilation: Shape | None = None
) -> tuple[Shape, Shape]:
    """``out_pixels, pad`` of a window sliding over images of so many ``pixels``, axis by axis.

    A window whose taps stand ``dilation`` apart covers (window - 1) * dilation + 1 pixels. Raises ``ValueError``
    if a window does not fit into the image.
    """
    covers = window if dilation is None else tuple((w - 1) * d + 1 for w, d in zip(window, dilation, strict=True))
    each: Sequence[Any] = (padding,) * len(pixels) if isinstance(padding, str) else padding
    axes = zip(pixels, covers, stride, each, strict=True)
    stops, pad = zip(*(window_stops(size, cover, step, zeros) for size, cover, step, zeros in axes), strict=True)
    if min(stops) < 1:
        window_is = by(window) + ("" if covers == window else f", spread over {by(covers)}")
        raise ValueError(
            f"{name}: the window {window_is} is larger than its input of {by(pixels)} pixels; "
            "expected a smaller window or padding='same'"
        )
    return stops, pad


def by(sizes: Shape) -> str:
    """(5, 4) as "5x4"."""
    return "x".join(str(n) for n in sizes)


def channel_order(data_format: str | None, name: str) -> str:
    """ "channels_last" or "channels_first"; None stands for the former."""
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(f"{name}: expected data_format 'channels_last' or 'channels_first', given {data_format!r}")
    return data_format or image_data_format()


def turned(shape: Shape, axes: Sequence[int]) -> tuple[Shape, Shape]:
    """``sizes, steps`` for ``kernels.reshape.permute``: axis a of the result is axis ``axes[a]`` of ``shape``.

    Raises ``ValueError`` for more than four axes.
    """
    if len(shape) > 4:
        raise ValueError(f"expected at most four axes to turn, given {shape}")
    missing = (1,) * (4 - len(shape))
    sizes = tuple(shape[a] for a in axes)
    steps = tuple(prod(shape[a + 1 :]) for a in axes)
    return missing + sizes, missing + steps


def expect_rank(name: str, input_shape: Shape, rank: int, axes: str) -> None:
    """Raise ``ValueError`` unless an image of ``input_shape`` has ``rank`` axes."""
    if len(input_shape) != rank:
        raise ValueError(f"{name}: expected input of shape {axes}, given {('batch', *input_shape)}".replace("'", ""))


def fitting(given: Shape, expected: Shape) -> Shape:
    """The shape of a batch of images of shape ``expected``: ``given`` itself, or with a last axis of 1 more or less, as
    Keras does it: greys without their channel, a column as a list of numbers. ``given`` if none of them fits.
    """
    dropped = given[:-1] if given[-1:] == (1,) else given
    return next((shape for shape in (given, (*given, 1), dropped) if shape and shape[1:] == expected), given)


def expect_batch(name: str, given: Shape, expected: Shape) -> None:
    """Raise ``ValueError`` unless a batch of shape ``given`` holds images of shape ``expected``."""
    if tuple(given[1:]) != tuple(expected):
        hint = "; for one alone add an axis: x[numpy.newaxis]" if tuple(given) == tuple(expected) else ""
        raise ValueError(f"{name}: expected input of shape {(None, *expected)}, given {tuple(given)}{hint}")
