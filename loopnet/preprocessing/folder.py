"""A folder of pictures as a data set: Keras's ``image_dataset_from_directory``, with the files and numbers that Keras
takes.
"""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..lines import say
from ..missing import refuse
from ..seeds import generators
from ..shapes import positive
from .dataset import ImageDataset
from .listing import class_folders, numbered, of_classes
from .loading import as_size, channels_first, in_mode, mode_of, opened

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")

INTERPOLATIONS = ("bilinear", "nearest")
_OTHERS = dict.fromkeys(
    ("bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"), 'use interpolation="bilinear"'
)


def image_dataset_from_directory(
    directory: str | Path,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """The pictures in ``directory``, which has one folder for each class, as a data set of batches (``ImageDataset``).

        train, validation = image_dataset_from_directory("flowers", validation_split=0.2, subset="both", seed=1)
        images, labels = train[0]

    images: float32 (images, height, width, channels), 0 to 255. labels: by label_mode, "int" for the class's number,
    int32 (images,); "binary" for 0 or 1, float32 (images, 1); "categorical" for one-hot rows, float32 (images,
    classes); None for batches of images alone. Files: names that end in one of FORMATS, also in folders within a
    class's.

    labels: "inferred" from the folders; None; or the numbers of the classes of all pictures in ``directory``, sorted by
    path. class_names: which folders, in the order of their numbers, by default all, sorted. color_mode: "rgb", "rgba"
    or "grayscale". image_size: (height, width) that each picture is squeezed to; crop_to_aspect_ratio cuts off what is
    too wide or too high instead, pad_to_aspect_ratio adds zeros. interpolation: "bilinear" between the four pixels
    around a point, or "nearest"; where a picture shrinks, others are passed over, as in Keras.

    shuffle: in which order, a new one in each epoch. seed: fixes it; without one, that of ``utils.set_random_seed``.
    validation_split: the share of pictures that subset "validation" has, the last ones of the shuffled list; "training"
    has the others, and "both" gives the two data sets.

    Raises ``ValueError`` for other arguments and where there are no pictures, ``OSError`` for no such folder, or, while
    batches are read, for a file that is not a picture.
    """
    is_listed = isinstance(labels, (list, tuple, np.ndarray))
    if not is_listed and labels not in ("inferred", None):
        raise ValueError(f'labels: expected "inferred", None, or a list of a number for each file, given {labels!r}')
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(f'label_mode: expected "int", "categorical", "binary" or None, given {label_mode!r}')
    if class_names is not None and (is_listed or labels is None):
        raise ValueError(f'class_names: expected labels="inferred" with it, given labels={labels!r}')
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("expected crop_to_aspect_ratio or pad_to_aspect_ratio, given both")
    refuse(interpolation, _OTHERS)
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation: expected one of {', '.join(INTERPOLATIONS)}, given {interpolation!r}")
    if format != "tf":
        raise NotImplementedError(f"format={format!r} is not in loopnet: batches are arrays")
    positive(batch_size, "batch_size")
    _check_split(validation_split, subset, shuffle, seed)
    read = partial(
        read_picture, color_mode=color_mode, size=as_size(image_size, "image_size"), interpolation=interpolation,
        crop=crop_to_aspect_ratio, pad=pad_to_aspect_ratio, first=channels_first(data_format),
    )  # fmt: skip
    mode_of(color_mode)
    if labels is None or label_mode is None:
        labels = label_mode = None

    paths, numbers, names = _indexed(os.fspath(directory), labels, class_names, follow_links)
    if verbose:
        say(f"Found {len(paths)} files" + ("." if names is None else f" belonging to {len(names)} classes."))
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(f'label_mode="binary": expected 2 classes, found {names}')
    if seed is None:
        seed = int(generators(None)[1].integers(10**6))
    if shuffle:
        order = np.random.RandomState(seed).permutation(len(paths))  # Keras's: the same files are held back
        paths, numbers = [paths[i] for i in order], None if numbers is None else numbers[order]
    encoded = None if numbers is None else _encoded(numbers, label_mode, len(names or ()))

    datasets = []
    count = len(paths) - int((validation_split or 0) * len(paths))
    for part in ("training", "validation") if subset == "both" else (subset,):
        share = slice(count) if part == "training" else slice(count, None) if part == "validation" else slice(None)
        if verbose and part:
            say(f"Using {len(paths[share])} files for {part}.")
        if not paths[share]:
            hint = "; expected a folder in it for each class" if labels is not None and not is_listed else ""
            raise ValueError(f"no {f'{part} ' if part else ''}images found in {directory}{hint}. Formats: {FORMATS}")
        again = shuffle and not (subset == "both" and part == "validation")
        own = None if encoded is None else encoded[share]
        datasets.append(ImageDataset(paths[share], own, names, read, batch_size, again, seed))
    return datasets if subset == "both" else datasets[0]


def _check_split(validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None) -> None:
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(f"validation_split: expected a share between 0 and 1, given {validation_split}")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(f'subset: expected "training", "validation" or "both", given {subset!r}')
    if bool(validation_split) != bool(subset):
        raise ValueError(f"expected validation_split and subset, or neither, given {validation_split} and {subset!r}")
    if validation_split and shuffle and seed is None:
        raise ValueError("If using `validation_split` and shuffling the data, you must provide a `seed` argument, to "
                         "make sure that there is no overlap between the training and validation subset.")  # fmt: skip


def _indexed(
    directory: str, labels: Any, class_names: Sequence[str] | None, follow_links: bool
) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """All pictures' paths, the numbers of their classes, and the classes' names."""
    if isinstance(labels, str):
        folders = class_folders(directory)
        if class_names is not None and not set(class_names) <= set(folders):
            raise ValueError(f"class_names: expected folders in {directory}, {folders}, given {list(class_names)}")
        names = folders if class_names is None else list(class_names)
        return *numbered(of_classes(directory, names, FORMATS, follow_links)), names
    paths, _ = numbered(of_classes(directory, [""], FORMATS, follow_links))
    if labels is None:
        return paths, None, None
    if len(labels) != len(paths):
        raise ValueError(f"labels: expected one for each of the {len(paths)} files in {directory}, given {len(labels)}")
    return paths, np.asarray(labels, np.int32), [str(label) for label in sorted(set(labels))]


def _encoded(numbers: np.ndarray, label_mode: str | None, classes: int) -> np.ndarray:
    if label_mode == "binary":
        return numbers.astype(np.float32)[:, None]
    return (numbers[:, None] == np.arange(classes)).astype(np.float32) if label_mode == "categorical" else numbers


def read_picture(
    path: str, color_mode: str, size: tuple[int, int], interpolation: str, crop: bool, pad: bool, first: bool = False
) -> np.ndarray:
    """The picture in a file as float32 (height, width, channels), 0 to 255, of ``size``: Keras's numbers, which are
    TensorFlow's but for its rounding. Point by point: Pillow's ``resize`` takes means where a picture shrinks.
    """
    from PIL import Image

    img = opened(path)
    if img.mode.startswith("I"):  # 16 bits: Pillow would clip them to 8, not scale
        img = Image.fromarray((np.asarray(img).clip(0, 65535) // 256).astype(np.uint8))
    img = in_mode(img, color_mode)
    height, width = inner_height, inner_width = size
    top = left = 0
    if crop:
        w, h = _largest(width, height, img.width, img.height)
        x0, y0 = (img.width - w) // 2, (img.height - h) // 2
        img = img.crop((x0, y0, x0 + w, y0 + h))
    if pad:
        inner_width, inner_height = _largest(img.width, img.height, width, height)
        left = max(0, (width * img.height - img.width * height) // (2 * img.height))
        top = max(0, (height * img.width - img.height * width) // (2 * img.width))
    resample = Image.Resampling[interpolation.upper()]
    nudge = 1e-6 if interpolation == "nearest" else 0.0  # between two pixels it is the second one
    box = (nudge, nudge, img.width + nudge, img.height + nudge)
    x = np.zeros((height, width, len(img.getbands())), np.float32)
    for c, channel in enumerate(img.split()):
        channel = channel.convert("F").transform((inner_width, inner_height), Image.Transform.EXTENT, box, resample)
        x[top : top + inner_height, left : left + inner_width, c] = np.asarray(channel)
    return x.transpose(2, 0, 1) if first else x


def _largest(width: int, height: int, within_width: int, within_height: int) -> tuple[int, int]:
    """The largest size in the ratio of width to height that fits, rounded down, at least 1."""
    return (
        max(1, min(within_width, within_height * width // height)),
        max(1, min(within_height, within_width * height // width)),
    )
