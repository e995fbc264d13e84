"""Output sizes, padding arithmetic, and every error about a shape.

Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, derives the two formulas below.
"""

from collections.abc import Sequence

import numpy as np

Shape = tuple[int, ...]


def pair(value: int | Sequence[int], what: str) -> tuple[int, int]:
    """``3`` or ``(3, 3)`` as ``(3, 3)``: vertical, horizontal; both positive. ``what`` names it in the error."""
    both = (value, value) if isinstance(value, (int, np.integer)) else tuple(value) if np.iterable(value) else ()
    if len(both) != 2 or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n > 0 for n in both):
        raise ValueError(f"{what}: expected a positive integer or a pair of them, given {value!r}")
    return int(both[0]), int(both[1])


def positive(value: int, what: str) -> int:
    """``value`` if it is a positive whole number; ``what`` names it in the error."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{what}: expected a positive integer, given {value!r}")
    return int(value)


def window_stops(size: int, window: int, stride: int, padding: str) -> tuple[int, int]:
    """How often a window stops along one axis, and how many zeros stand before the first pixel: ``(stops,
    pad_before)``.

    "valid": the window stays inside the image,  stops = (size - window) // stride + 1.
    "same":  as many stops as at stride 1 with full cover, stops = ceil(size / stride); the zeros that this
    needs are split between both ends and an odd one goes to the end, as in TensorFlow and Keras (PyTorch pads
    both ends alike).
    """
    if padding == "valid":
        return (size - window) // stride + 1, 0
    stops = -(-size // stride)
    zeros = max((stops - 1) * stride + window - size, 0)
    return stops, zeros // 2


def window_geometry(
    name: str, input_shape: Shape, window: tuple[int, int], stride: tuple[int, int], padding: str
) -> tuple[tuple[int, int], tuple[int, int]]:
    """``(out_height, out_width), (pad_top, pad_left)`` of a window sliding over (height, width, channels) images.

    Raises ``ValueError`` if a window does not fit into the image.
    """
    height, width, _ = input_shape
    if padding == "valid" and (window[0] > height or window[1] > width):
        raise ValueError(
            f"{name}: the window {window[0]}x{window[1]} is larger than its input of {height}x{width} pixels, given "
            f"input shape {input_shape}; expected a smaller window or padding='same'"
        )
    rows, pad_top = window_stops(height, window[0], stride[0], padding)
    cols, pad_left = window_stops(width, window[1], stride[1], padding)
    return (rows, cols), (pad_top, pad_left)


def padding_mode(padding: str, name: str) -> str:
    """``padding`` in lower case, if it is "valid" or "same"."""
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ValueError(f"{name}: expected padding 'valid' or 'same', given {padding!r}")
    return padding.lower()


def expect_rank(name: str, input_shape: Shape, rank: int, axes: str) -> None:
    """Raise ``ValueError`` unless an image of ``input_shape`` has ``rank`` axes."""
    if len(input_shape) != rank:
        raise ValueError(f"{name}: expected input of shape {axes}, given {('batch', *input_shape)}".replace("'", ""))


def expect_batch(name: str, given: Shape, expected: Shape) -> None:
    """Raise ``ValueError`` unless a batch of shape ``given`` holds images of shape ``expected``."""
    if tuple(given[1:]) != tuple(expected):
        hint = ""
        if len(expected) == 3 and tuple(given[1:]) == tuple(expected[:2]) and expected[2] == 1:
            hint = "; add the channel axis: x[..., numpy.newaxis]"
        raise ValueError(f"{name}: expected input of shape {(None, *expected)}, given {tuple(given)}{hint}")
