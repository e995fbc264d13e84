"""The endless batches that ``ImageDataGenerator.flow`` and ``flow_from_directory`` give."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..lines import say
from ..seeds import generators
from ..shapes import positive
from .listing import class_folders, numbered, of_classes
from .loading import array_to_img, as_size, channels_first, img_to_array, load_img, mode_of

if TYPE_CHECKING:
    from .generator import ImageDataGenerator

FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
CLASS_MODES = ("categorical", "binary", "sparse", "input", None)


class Iterator:
    """Batches of ``n`` pictures, each distorted anew whenever it is shown: ``len(it)`` of them, ``it[i]``, or one after
    the other for ever, ``next(it)``: a loop over it has to be left with ``break``.

    seed: fixes the order and the distortions; two iterators with one seed draw alike, as for pictures and their masks.
    save_to_dir: a folder for a file of each picture as it is shown, which is named by save_prefix and save_format.
    """

    def __init__(
        self,
        n: int,
        image_data_generator: "ImageDataGenerator",
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
    ):
        self.n, self.image_data_generator, self.batch_size = n, image_data_generator, positive(batch_size, "batch_size")
        self.shuffle, self.seed = shuffle, seed
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self.batch_index = self.total_batches_seen = 0
        self._rng = np.random.default_rng(seed) if seed is not None else generators(None)[1]
        self.on_epoch_end()

    def __len__(self) -> int:
        """How many batches an epoch has; the last may be smaller."""
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        """Batch number ``index`` of this epoch, distorted anew. Raises ``IndexError`` beyond the last."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        start = index % len(self) * self.batch_size
        return self._batch(self.index_array[start : start + self.batch_size])

    def __iter__(self) -> "Iterator":
        return self

    def __next__(self) -> Any:
        if self.batch_index == 0 and self.total_batches_seen:
            self.on_epoch_end()
        batch = self[self.batch_index]
        self.batch_index = (self.batch_index + 1) % len(self)
        return batch

    next = __next__

    def reset(self) -> None:
        """Let ``next`` begin a new epoch."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draw a new order, if pictures are shuffled."""
        self.index_array = self._rng.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _batch(self, numbers: np.ndarray) -> Any:
        self.total_batches_seen += 1
        generator, images = self.image_data_generator, []
        for number in numbers:
            x = self._image(number)
            drawn = generator.get_random_transform(x.shape, seed=int(self._rng.integers(2**31)))
            images.append(generator.standardize(generator.apply_transform(x, drawn)))
        batch = np.stack(images).astype(generator.dtype, copy=False)
        if self.save_to_dir:
            for number, x in zip(numbers, batch, strict=True):
                name = f"{self.save_prefix}_{number}_{self.total_batches_seen}.{self.save_format}"
                array_to_img(x, generator.data_format).save(os.path.join(self.save_to_dir, name))
        return self._labelled(batch, numbers)

    def _image(self, number: int) -> np.ndarray:
        """Picture ``number``, an array of its own."""
        raise NotImplementedError

    def _labelled(self, batch: np.ndarray, numbers: np.ndarray) -> Any:
        """The batch with its labels, if there are any."""
        raise NotImplementedError


class NumpyArrayIterator(Iterator):
    """Of pictures in an array: (images, labels), (images, labels, sample weights), or images alone."""

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: "ImageDataGenerator",
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        subset: str | None = None,
        ignore_class_split: bool = False,
        **saving: Any,
    ):
        x = np.asarray(x, image_data_generator.dtype)
        if x.ndim != 4:
            raise ValueError(f"flow: expected images (images, height, width, channels), given shape {x.shape}")
        if sample_weight is not None and y is None:
            raise ValueError("flow: expected y with sample_weight, given None")
        part = image_data_generator.share(subset, len(x))
        self.x, self.y, self.sample_weight = x[part], y, sample_weight
        if not len(self.x):
            raise ValueError(f"flow: expected at least one image, given {len(x)}, subset={subset!r}")
        for what, given in (("y", y), ("sample_weight", sample_weight)):
            if given is None:
                continue
            array = np.asarray(given)
            if array.shape[:1] != x.shape[:1]:
                raise ValueError(f"flow: expected {what} for each of the {len(x)} images, given shape {array.shape}")
            setattr(self, what, array[part])
            if what == "y" and not ignore_class_split and not np.array_equal(np.unique(array), np.unique(array[part])):
                raise ValueError(f"flow: subset {subset!r} lacks classes of y; shuffle x and y, or ignore_class_split")
        super().__init__(len(self.x), image_data_generator, batch_size, shuffle, seed, **saving)

    def _image(self, number):
        return self.x[number].copy()  # standardize works in place

    def _labelled(self, batch, numbers):
        if self.y is None:
            return batch
        labels = self.y[numbers]
        return (batch, labels) if self.sample_weight is None else (batch, labels, self.sample_weight[numbers])


class DirectoryIterator(Iterator):
    """Of pictures in a folder with one folder for each class: (images, labels), or images alone.

    samples: how many pictures there are. classes: the number of each one's class, (samples,) of int32, and the same as
    ``labels``. class_indices: name to number. filenames: within the folder, sorted; filepaths: whole.
    """

    def __init__(
        self,
        directory: Any,
        image_data_generator: "ImageDataGenerator",
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        **saving: Any,
    ):
        if class_mode not in CLASS_MODES:
            raise ValueError(f"class_mode: expected one of {CLASS_MODES}, given {class_mode!r}")
        self.directory, self.class_mode, self.color_mode = os.fspath(directory), class_mode, color_mode
        self.target_size = as_size(target_size, "target_size")
        self.interpolation, self.keep_aspect_ratio = interpolation, keep_aspect_ratio
        channels, first = mode_of(color_mode)[1:], channels_first(image_data_generator.data_format)
        self.image_shape = (*channels, *self.target_size) if first else (*self.target_size, *channels)
        names = list(classes) if classes else class_folders(self.directory)
        self.num_classes, self.class_indices = len(names), {name: number for number, name in enumerate(names)}
        if class_mode == "binary" and len(names) > 2:
            raise ValueError(f'class_mode="binary": expected 2 classes, found {names}')
        found = of_classes(self.directory, names, FORMATS, follow_links)
        found = [(paths[image_data_generator.share(subset, len(paths))], number) for paths, number in found]
        self.filepaths, self.classes = numbered(found)
        self.filenames = [os.path.relpath(path, self.directory) for path in self.filepaths]
        self.samples = len(self.filepaths)
        say(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        if not self.samples:
            raise ValueError(f"no images in {directory}; expected a folder in it for each class. Formats: {FORMATS}")
        super().__init__(self.samples, image_data_generator, batch_size, shuffle, seed, **saving)

    @property
    def labels(self) -> np.ndarray:
        return self.classes

    def _image(self, number):
        path, generator = self.filepaths[number], self.image_data_generator
        img = load_img(path, self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio)
        return img_to_array(img, generator.data_format, generator.dtype)

    def _labelled(self, batch, numbers):
        if self.class_mode is None:
            return batch
        if self.class_mode == "input":
            return batch, batch.copy()
        labels, dtype = self.classes[numbers], self.image_data_generator.dtype
        if self.class_mode == "categorical":
            return batch, (labels[:, None] == np.arange(self.num_classes)).astype(dtype)
        return batch, labels.astype(dtype)
