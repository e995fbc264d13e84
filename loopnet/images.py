"""Images as a network takes them: scaled, padded, read from a file."""

import warnings
from pathlib import Path

import numpy as np


def resize_bilinear(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Images ``(n, h, w)`` scaled up to ``(n, height, width)``, float32.

    Output row i lies at (i + 1/2) h / height - 1/2 in the input, between two rows; it is their mean, weighted
    by nearness. Columns likewise. Beyond the border, the border repeats. Scaling down this way would skip
    pixels, so a smaller size raises ValueError.
    """
    n, h, w = images.shape
    if height < h or width < w:
        raise ValueError(f"images of {h}x{w} can only be scaled up, not to {height}x{width}")
    top, bottom, down = _neighbours(h, height)
    left, right, across = _neighbours(w, width)
    x = images.astype(np.float32)
    x = x[:, top] * (1 - down)[:, None] + x[:, bottom] * down[:, None]
    return x[:, :, left] * (1 - across) + x[:, :, right] * across


def _neighbours(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new position: the old one before it, the old one after it, and the share of the latter."""
    position = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    before = position.astype(np.intp)
    after = np.minimum(before + 1, old - 1)
    return before, after, (position - before).astype(np.float32)


def as_input(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 images as float32 ``(n, height, width, channels)``: 0..255 become 0..1, zeros pad them.

    images: grey ``(n, h, w)``, or ``(n, h, w, channels)``. Raises ValueError if they are larger than the input.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]
    n, h, w, channels = images.shape
    if h > height or w > width:
        raise ValueError(f"images of {h}x{w} do not fit a network that takes {height}x{width}")
    x = np.zeros((n, height, width, channels), np.float32)
    top, left = (height - h) // 2, (width - w) // 2
    x[:, top : top + h, left : left + w] = images
    x /= 255
    return x


FITTED = ("mnist", "digits")
"""Data sets whose makers brought all that was written to one size and place."""


def fitted(grey: np.ndarray, like: str, size: int) -> np.ndarray | None:
    """What is written in a picture, uint8 ``(h, w)``, bright on dark, as the makers of a data set would have it; None
    if nothing is, or there is no room.

    "mnist": scaled to fit 20x20 and laid into 28x28, its centre of mass in the middle, LeCun et al. (1998), III.A.
    "digits": scaled to fit eight by six of 8x8 dots, by up to 1.5 times more in one direction than in the other, in 17
    shades, and these enlarged to ``size``, as ``datasets.digits`` enlarges them.

    Written is what is brighter than the border by more than a quarter of the most.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.maximum(grey - np.median(border), 0)
    rows, columns = np.nonzero(ink > max(ink.max() / 4, 8))
    if rows.size == 0 or (like == "mnist" and size < 28):
        return None
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    if like == "mnist":
        scale = 20 / max(ink.shape)
        ink = _scaled(ink, scale, scale)
        top, left = (14 - (ink.sum(axis=1 - axis) @ _middles(axis, ink)) / ink.sum() for axis in (0, 1))
        return _laid_into(28, ink, round(top), round(left))
    tall, wide = 32 / ink.shape[0], 24 / ink.shape[1]
    ink = _scaled(ink, min(tall, 1.5 * wide), min(wide, 1.5 * tall))
    large = _laid_into(32, ink, (32 - ink.shape[0]) // 2, (32 - ink.shape[1]) // 2)
    dots = np.rint(large.reshape(8, 4, 8, 4).mean(axis=(1, 3)) * 16 / 255) * 255 / 16
    return np.rint(resize_bilinear(dots[np.newaxis], size, size)[0]).astype(np.uint8)


def _scaled(ink: np.ndarray, down: float, across: float) -> np.ndarray:
    """So many times as high and as wide, and the brightest pixel 255."""
    from PIL import Image

    height, width = max(1, round(ink.shape[0] * down)), max(1, round(ink.shape[1] * across))
    image = Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    scaled = np.asarray(image)
    return scaled * (255 / scaled.max())


def _middles(axis: int, ink: np.ndarray) -> np.ndarray:
    """Where the middle of each row or column lies."""
    return np.arange(ink.shape[axis]) + 0.5


def _laid_into(size: int, ink: np.ndarray, top: int, left: int) -> np.ndarray:
    """On black, uint8 ``(size, size)``; moved no further than to the edge."""
    height, width = ink.shape
    top, left = min(max(top, 0), size - height), min(max(left, 0), size - width)
    paper = np.zeros((size, size), np.uint8)
    paper[top : top + height, left : left + width] = np.rint(ink)
    return paper


FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
"""What Pillow may take a file for. Not what another program would have to run for, as PostScript."""

LARGEST = 64_000_000
"""Pixels in one picture."""


def is_picture(path: Path) -> bool:
    """Whether it is called like one of FORMATS."""
    from PIL import Image

    return Image.registered_extensions().get(path.suffix.lower()) in FORMATS


def read_image(path: str | Path, height: int, width: int, like: str | None = None) -> tuple[np.ndarray, str]:
    """An image file as one network input ``(1, height, width, 1)``, and in a few words what was done to it.

    A picture of one of FORMATS, of at most LARGEST pixels: turned upright, laid on white where it is transparent, made
    grey, inverted if the border is light (in the data sets ink is bright on black), scaled to fit, and padded with
    black. An image at most 4 pixels smaller than the input is padded only, as MNIST's 28x28 are for LeNet-5.

    like: the data set that the network knows. If it is "mnist" or "digits", what is written in a larger picture is made
    as large as there, and put where it would be, see ``fitted``.

    Raises OSError if the file cannot be opened, ValueError if it is not such an image. The size is looked at before
    the pixels are: a small file can claim more of them than there is memory.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks about odd files: such a file is read, or refused in one line
        try:
            image: Image.Image = Image.open(file, formats=FORMATS)
            if image.width * image.height > LARGEST:
                raise ValueError(f"{image.width}x{image.height} pixels, more than {LARGEST:,}")
            image = ImageOps.exif_transpose(image)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            if image.mode.startswith("I"):  # 16 bits: Pillow would clip them to 8, not scale
                image = Image.fromarray((np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8))
            grey = np.asarray(image.convert("L"))
        except UnidentifiedImageError:
            raise ValueError(f"{path}: not an image that can be read; expected one of {', '.join(FORMATS)}") from None
        except Exception as error:  # Pillow's readers raise many kinds for a damaged file
            reason = " ".join(str(error).split())
            raise ValueError(f"{path}: not an image that can be read ({reason})") from None

    done = [f"{grey.shape[0]}x{grey.shape[1]}"]
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(border) > 127:
        grey = 255 - grey
        done.append("inverted: light background")
    h, w = grey.shape
    written = fitted(grey, like, min(height, width)) if like in FITTED and (h > height or w > width) else None
    if written is not None:
        grey, (h, w) = written, written.shape
        done.append(f"fitted as the images of {like} are")
    elif not (height - 4 <= h <= height and width - 4 <= w <= width):
        scale = min(height / h, width / w)
        h, w = max(1, round(h * scale)), max(1, round(w * scale))
        grey = np.asarray(Image.fromarray(grey).resize((w, h), Image.Resampling.BILINEAR))
        done.append(f"scaled to {h}x{w}")
    if (h, w) != (height, width):
        done.append(f"padded to {height}x{width}")
    return as_input(grey[np.newaxis], height, width), ", ".join(done)
