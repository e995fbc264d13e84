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


FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
"""What Pillow may take a file for. Not what another program would have to run for, as PostScript."""

LARGEST = 64_000_000
"""Pixels in one picture."""


def is_picture(path: Path) -> bool:
    """Whether it is called like one of FORMATS."""
    from PIL import Image

    return Image.registered_extensions().get(path.suffix.lower()) in FORMATS


def read_image(path: str | Path, height: int, width: int) -> tuple[np.ndarray, str]:
    """An image file as one network input ``(1, height, width, 1)``, and in a few words what was done to it.

    A picture of one of FORMATS, of at most LARGEST pixels: turned upright, laid on white where it is transparent, made
    grey, inverted if the border is light (in the data sets ink is bright on black), scaled to fit, and padded with
    black. An image at most 4 pixels smaller than the input is padded only, as MNIST's 28x28 are for LeNet-5.

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
    if not (height - 4 <= h <= height and width - 4 <= w <= width):
        scale = min(height / h, width / w)
        h, w = max(1, round(h * scale)), max(1, round(w * scale))
        grey = np.asarray(Image.fromarray(grey).resize((w, h), Image.Resampling.BILINEAR))
        done.append(f"scaled to {h}x{w}")
    if (h, w) != (height, width):
        done.append(f"padded to {height}x{width}")
    return as_input(grey[np.newaxis], height, width), ", ".join(done)
