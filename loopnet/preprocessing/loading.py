"""One picture: from a file to an array, and back. Keras's functions, with Keras's numbers."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import image_data_format
from ..images import FORMATS, LARGEST

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = {"grayscale": ("L", 1), "rgb": ("RGB", 3), "rgba": ("RGBA", 4)}
"""Keras's colour mode: Pillow's, and how many channels it has."""

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> "Image":
    """The picture in a file, as Pillow's Image; ``img_to_array`` makes an array of it.

    path: of a PNG, JPEG, GIF (its first picture), BMP, TIFF, WEBP or PPM file, or an open file. color_mode: "rgb",
    "rgba" or "grayscale"; a grey picture of 16 or 32 bits stays as it is. target_size: (height, width), by default the
    picture's own. interpolation: one of INTERPOLATIONS; where the picture shrinks, all but "nearest" take the mean of
    what lies under a new pixel. keep_aspect_ratio: cut off what is too wide or too high, instead of squeezing it.

    Raises ``OSError`` if the file cannot be opened or is not such a picture, ``ValueError`` for other arguments.
    """
    mode_of(color_mode)
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation: expected one of {', '.join(INTERPOLATIONS)}, given {interpolation!r}")
    img = in_mode(opened(path), color_mode)
    if target_size is None:
        return img
    height, width = as_size(target_size, "target_size")
    if img.size == (width, height):
        return img
    box = None
    if keep_aspect_ratio:
        w, h = min(img.width, img.height * width // height), min(img.height, img.width * height // width)
        left, top = (img.width - w) // 2, (img.height - h) // 2
        box = (left, top, left + w, top + h)
    from PIL.Image import Resampling

    return img.resize((width, height), Resampling[interpolation.upper()], box=box)


def opened(path: Any) -> "Image":
    """The picture in a file of one of FORMATS, of at most LARGEST pixels, decoded; ``OSError`` names the file if that
    fails.
    """
    from PIL import Image, UnidentifiedImageError

    if not isinstance(path, (str, bytes, Path)) and not hasattr(path, "read"):
        raise TypeError(f"expected a path or an open file, given {type(path).__name__}")
    name = path if isinstance(path, (str, Path)) else "the file"
    with open(path, "rb") if isinstance(path, (str, bytes, Path)) else io.BytesIO(path.read()) as file:
        try:
            img = Image.open(file, formats=FORMATS)
            if img.width * img.height > LARGEST:  # looked at first: a small file can claim more than there is memory
                raise ValueError(f"{img.width}x{img.height} pixels, more than {LARGEST:,}")
            img.load()
        except Exception as error:  # Pillow's readers raise many kinds for a damaged file
            reason = " ".join(str(error).split())
            raise UnidentifiedImageError(f"{name}: not an image that can be read ({reason})") from None
    return img


def mode_of(color_mode: str) -> tuple[str, int]:
    """Of MODES; ``ValueError`` for others."""
    if color_mode not in MODES:
        raise ValueError(f'color_mode: expected "rgb", "rgba" or "grayscale", given {color_mode!r}')
    return MODES[color_mode]


def in_mode(img: "Image", color_mode: str) -> "Image":
    """The picture in a colour mode; grey ones of 16 or 32 bits are grey already."""
    mode, _ = mode_of(color_mode)
    return img if img.mode == mode or (mode == "L" and img.mode in ("I;16", "I")) else img.convert(mode)


def as_size(size: Any, who: str) -> tuple[int, int]:
    """(height, width) of whole numbers, at least 1; ``ValueError`` otherwise."""
    pair = (size, size) if isinstance(size, int) else tuple(size) if isinstance(size, (list, tuple)) else ()
    if len(pair) != 2 or not all(isinstance(side, (int, np.integer)) and side > 0 for side in pair):
        raise ValueError(f"{who}: expected (height, width), two whole numbers above 0, given {size!r}")
    return int(pair[0]), int(pair[1])


def channels_first(data_format: str | None) -> bool:
    """Whether the channels stand before height and width; ``ValueError`` for unknown orders."""
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(f'data_format: expected "channels_last" or "channels_first", given {data_format!r}')
    return (data_format or image_data_format()) == "channels_first"


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Pillow's Image as an array (height, width, channels), or (channels, height, width) with data_format
    "channels_first". Pixels keep their numbers, 0 to 255 in most pictures. dtype: by default float32.
    """
    x = np.asarray(img, dtype=dtype or "float32")
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"expected an image (height, width) or (height, width, channels), given shape {x.shape}")
    return x.transpose(2, 0, 1) if channels_first(data_format) else x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> "Image":
    """An array (height, width, channels) of 1, 3 or 4 channels as Pillow's Image.

    scale: make the smallest number 0 and the largest 255; without it numbers are cut off to whole ones, and to 0..255.
    Without scale, a grey picture with numbers above 255 becomes one of 32 bits. dtype: to scale in, float32.
    """
    from PIL import Image

    x = np.asarray(x, dtype=dtype or "float32")
    if x.ndim != 3:
        raise ValueError(f"expected one image (height, width, channels), given an array of shape {x.shape}")
    if channels_first(data_format):
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in (1, 3, 4):
        raise ValueError(f"expected 1, 3 or 4 channels, given an array of shape {x.shape}")
    if scale:
        x = x - x.min()
        if x.max() != 0:
            x = x / x.max()
        x = x * 255
    if x.shape[2] == 1:
        x = x[:, :, 0]
        if x.max() > 255:
            return Image.fromarray(x.astype("int32"))
    return Image.fromarray(x.clip(0, 255).astype("uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array into a file, see ``array_to_img``. file_format: by default what the name ends in; other arguments
    are those of Pillow's ``Image.save``. JPEG has no transparency, and leaves it out with a warning.
    """
    if file_format is None and isinstance(path, (str, Path)):
        file_format = Path(path).suffix[1:]
    if file_format is not None:
        file_format = "jpeg" if file_format.lower() == "jpg" else file_format.lower()
    img = array_to_img(x, data_format, scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("JPEG has no transparency: it is left out", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)
