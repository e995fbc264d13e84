"""One picture moved, turned, sheared or zoomed by given amounts, lightened or tinted. Pillow interpolates."""

import warnings
from typing import Any

import numpy as np

from .loading import array_to_img, img_to_array

FILLS = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap", "constant": "constant"}
"""What is seen beyond the border, by Keras's name and by numpy.pad's: ``aaaa|abcd|dddd``, ``dcba|abcd|dcba``,
``abcd|abcd|abcd``, or ``cval`` all over."""

ORDERS = {0: "NEAREST", 1: "BILINEAR"}


def matrix(theta: float, tx: float, ty: float, shear: float, zx: float, zy: float) -> np.ndarray:
    """Where a pixel (x to the right, y down, from the middle) of the new picture comes from in the old one: (3, 3).

    First it is zoomed, then sheared, moved and turned, as in Keras: all of it backwards, from the new to the old.
    """
    turn, slant = np.deg2rad(theta), np.deg2rad(shear)
    turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    moved = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    sheared = np.array([[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]])
    return turned @ moved @ sheared @ np.diag([zx, zy, 1])


def warped(x: np.ndarray, m: np.ndarray, fill_mode: str, cval: float, order: int) -> np.ndarray:
    """The picture x (height, width, channels), seen through ``matrix`` m; worked out in float32, of x's dtype."""
    from PIL import Image

    h, w, channels = x.shape
    middle = np.array([w / 2, h / 2])
    linear, offset = m[:2, :2], middle + m[:2, 2] - m[:2, :2] @ middle  # from edges: pixel 0 has its middle at 1/2
    last = np.array([w - 1, h - 1])
    xs, ys = (np.arange(w), np.arange(h)) if fill_mode == "constant" else ([0, w - 1], [0, h - 1])  # or the corners
    source = (np.stack(np.meshgrid(xs, ys), -1) + 0.5) @ linear.T + offset - 0.5  # (ys, xs, 2), from pixel 0's middle
    padded = x
    if fill_mode != "constant":
        before = np.ceil(np.maximum(0, -source.min((0, 1)))).astype(int)
        after = np.ceil(np.maximum(0, source.max((0, 1)) - last)).astype(int)
        margins = (before[1], after[1]), (before[0], after[0]), (0, 0)
        padded = np.pad(x, margins, FILLS[fill_mode])  # type: ignore[call-overload]
        offset = offset + before
    data = (*linear[0], offset[0], *linear[1], offset[1])
    result = np.empty(x.shape, np.float32)
    for c in range(channels):
        channel = Image.fromarray(np.ascontiguousarray(padded[:, :, c], np.float32))
        channel = channel.transform((w, h), Image.Transform.AFFINE, data, Image.Resampling[ORDERS[order]])
        result[:, :, c] = np.asarray(channel)
    if fill_mode == "constant":
        result[((source < -1e-6) | (source > last + 1e-6)).any(-1)] = cval
    if x.dtype.kind in "iu":
        limits = np.iinfo(x.dtype)
        return np.rint(result).clip(limits.min, limits.max).astype(x.dtype)
    return result.astype(x.dtype)


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """x, one picture, turned by ``theta`` degrees, moved by ``tx`` pixels to the left and ``ty`` up, sheared by
    ``shear`` degrees, and made smaller ``zx`` times in width and ``zy`` times in height, about its middle.

    The axes say in which order x has height, width and channels. fill_mode: one of FILLS, what comes in from outside;
    with "constant", ``cval``. order: 0 takes the nearest pixel, 1 interpolates between four.

    Two differences from Keras: a picture that is not a square turns about its own middle (Keras's function takes
    height for width there), and "wrap" repeats the picture whole (SciPy's "wrap" leaves out a pixel).
    """
    x = np.asarray(x)
    if x.ndim != 3 or sorted((row_axis, col_axis, channel_axis)) != [0, 1, 2]:
        raise ValueError(f"expected one image with a row, a column and a channel axis, given shape {x.shape} and axes "
                         f"{row_axis}, {col_axis}, {channel_axis}")  # fmt: skip
    if fill_mode not in FILLS:
        raise ValueError(f"fill_mode: expected one of {', '.join(FILLS)}, given {fill_mode!r}")
    if order not in ORDERS:
        raise ValueError(f"order: expected 0 (nearest pixel) or 1 (linear), given {order!r}")
    m = matrix(theta, tx, ty, shear, zx, zy)
    if (m == np.eye(3)).all():
        return x
    axes = (row_axis, col_axis, channel_axis)
    return warped(x.transpose(axes), m, fill_mode, cval, order).transpose(np.argsort(axes))


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """``intensity`` added to every pixel, within x's own smallest and largest number: Keras's, all channels alike.
    ``channel_axis`` makes no difference.
    """
    x = np.asarray(x)
    return np.clip(x + intensity, x.min(), x.max()).astype(x.dtype)


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> np.ndarray:
    """x (height, width, channels) with pixels of 0 to 255, ``brightness`` times as bright, by Pillow: whole numbers, as
    float32. ``scale``, or numbers beyond 0..255: they are spread to 0..255 first, and without ``scale`` put back.
    """
    from PIL import ImageEnhance

    x = np.asarray(x)
    low, high = x.min(), x.max()
    if not scale and low >= 0 and 0 < high <= 1 and (x % 1).any():
        warnings.warn("brightness is of pixels of 0 to 255, and makes those of 0 to 1 black: scale them with "
                      "rescale, which is applied afterwards", stacklevel=2)  # fmt: skip
    beyond = bool(low < 0 or high > 255)
    img = array_to_img(x, scale=scale or beyond)
    x = img_to_array(ImageEnhance.Brightness(img).enhance(brightness))
    return x / 255 * (high - low) + low if beyond and not scale else x
