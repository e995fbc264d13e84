"""What a convolution does to a picture, before anything is learned: edges, blur, sharpening, or your own filter."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..article import basic_conv_njit
from ..ops import get_ops
from .style import IMAGE, SIGNED, colour_bar, draw, grid, largest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILTERS: dict[str, list[list[float]]] = {
    "vertical edge": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal edge": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "edge": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
}
"""Some that everybody should have seen; the first two are the article's."""


def convolve(image: Any, filter: Any, loop: str = "parallel") -> np.ndarray:
    """``image`` through a filter, with zeros around it so that it keeps its size; each colour by itself.

    image: (h, w) or (h, w, channels), numbers of any kind; bytes are taken as 0 .. 255. filter: a name in
    ``FILTERS`` or rows of numbers. loop: "article" for the article's ``basic_conv``, which takes square filters, or
    the rung that ``kernels/conv2d.py`` runs on. Returns float64 of the image's shape, not clamped: see ``save_image``.
    """
    w = _filter(filter)
    x = np.asarray(image, np.float64)
    if x.ndim not in (2, 3):
        raise ValueError(f"convolve: expected an image (height, width) or with channels, given shape {x.shape}")
    channels = x.reshape(*x.shape[:2], -1).transpose(2, 0, 1)  # each becomes a grey image of its own
    run = _article if loop == "article" else _kernel
    y = run(channels, w, loop)
    return y.transpose(1, 2, 0).reshape(x.shape)


def _kernel(images: np.ndarray, w: np.ndarray, loop: str) -> np.ndarray:
    ops = get_ops(loop)
    x, shape = images[..., np.newaxis], (*images.shape, 1)
    y = ops.empty(shape, np.dtype(float))
    pad = ((w.shape[0] - 1) // 2, (w.shape[1] - 1) // 2)
    ops.conv2d_forward(ops.pack(x), w[..., np.newaxis, np.newaxis], np.zeros(1), y, (1, 1), pad)
    return ops.to_host(y, shape)[..., 0]


def _article(images: np.ndarray, w: np.ndarray, loop: str) -> np.ndarray:
    size = w.shape[0]
    if w.shape != (size, size):
        raise ValueError(f"the article's loop takes square filters, given {w.shape}")
    before = (size - 1) // 2
    y = np.empty_like(images)
    for image, out in zip(images, y, strict=True):
        x = np.pad(image, (before, size - 1 - before))
        basic_conv_njit(x, out, x.shape[1], x.shape[0], out.shape[1], out.shape[0], w, size, 1)
    return y


def _filter(filter: Any) -> np.ndarray:
    if isinstance(filter, str):
        if filter not in FILTERS:
            raise ValueError(f"unknown filter {filter!r}; there are {', '.join(FILTERS)}")
        filter = FILTERS[filter]
    w = np.asarray(filter, np.float64)
    if w.ndim != 2 or w.size == 0:
        raise ValueError(f"expected a filter of rows and columns, given shape {w.shape}")
    return w


def save_image(path: str | Path, image: Any) -> None:
    """Write an image to a file, its numbers rounded and clamped to 0 .. 255: 300 is white, not 300 - 256.

    Bytes do not clamp by themselves: they wrap round, and a sharpened white turns black.
    """
    from matplotlib.image import imsave

    pixels = np.asarray(image, np.float64)
    if not np.isfinite(pixels).all():
        raise ValueError(f"{path}: expected finite pixels, given NaN or infinity")
    bytes_ = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    if bytes_.ndim == 3 and bytes_.shape[2] == 1:
        bytes_ = bytes_[..., 0]
    if bytes_.ndim == 2:
        bytes_ = np.stack([bytes_] * 3, axis=-1)
    imsave(path, bytes_)


def plot_convolution(images: Any, filter: Any, title: str = "", loop: str = "parallel") -> "Figure":
    """Images above, the same through ``filter`` below; the filter's numbers on the left.

    images: one (h, w) or several (images, h, w), grey, or with a last axis of 1 or 3 channels. filter, loop: as for
    ``convolve``. An edge filter's answers have a sign: orange is below 0, purple above, white 0. If no weight is
    negative, or they sum to 1, the answer is an image and shown as one, clamped.

    >>> plot_convolution(x_train[:5], "vertical edge")
    >>> plot_convolution(x_train[:5], [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], "Vertical edge filter")
    """
    w, pictures = _filter(filter), _several(images)
    answers = [convolve(picture, w, loop) for picture in pictures]
    is_image = bool((w >= 0).all() or abs(w.sum() - 1) < 1e-6)
    title = title or (filter.capitalize() if isinstance(filter, str) else "")
    figure, axes = grid(2, len(pictures) + 1, title, size=1.2, caption=0.2)
    _draw_filter(axes[0, 0], w)
    limit = max(map(largest, answers))
    drawn = None
    for column, (picture, answer) in enumerate(zip(pictures, answers, strict=True), start=1):
        draw(axes[0, column], picture, "image" if column == 1 else "")
        if is_image:
            in_bytes = picture.dtype == np.uint8
            draw(axes[1, column], np.clip(answer, 0, 255).astype(np.uint8) if in_bytes else answer, colours=IMAGE)
        else:
            signed = answer if answer.ndim == 2 else answer.mean(axis=2)
            drawn = draw(axes[1, column], signed, colours=SIGNED, limit=limit)
    axes[1, 1].set_title("filtered", fontsize=8, pad=3)
    if drawn is not None:
        colour_bar(figure, drawn, axes[1, 1:], "", inside=axes[1, 0])  # the place under the filter is free
    return figure


def _draw_filter(panel: Any, w: np.ndarray) -> None:
    draw(panel, w, f"filter {w.shape[0]}x{w.shape[1]}", SIGNED)
    if w.size <= 25:
        for (i, j), value in np.ndenumerate(w):
            colour = "white" if abs(value) > 0.7 * largest(w) else "black"
            panel.text(j, i, f"{value:.2g}".replace("0.", "."), ha="center", va="center", fontsize=7, color=colour)


def _several(images: Any) -> Sequence[np.ndarray]:
    images = np.asarray(images)
    if images.ndim == 2 or (images.ndim == 3 and images.shape[-1] in (1, 3) and images.shape[0] > 3):
        images = images[np.newaxis]
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4) or len(images) == 0:
        raise ValueError(f"expected images (n, height, width) or (n, height, width, channels), given {images.shape}")
    return list(images)
