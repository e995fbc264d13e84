"""``ImageDataGenerator``: batches of pictures that are turned, moved, flipped and scaled by chance. Keras's."""

import warnings
from typing import Any

import numpy as np

from ..missing import listed, refuse, refuse_attribute
from ..seeds import generators
from .iterators import DirectoryIterator, NumpyArrayIterator
from .loading import channels_first
from .warp import FILLS, ORDERS, apply_affine_transform, apply_brightness_shift, apply_channel_shift

MISSING = listed({
    "put the pictures in a folder for each class and use flow_from_directory": "flow_from_dataframe",
    "use featurewise_center and featurewise_std_normalization": "zca_whitening",
})  # fmt: skip

_WARP = ("theta", "tx", "ty", "shear", "zx", "zy")
_PARAMETERS = (*_WARP, "flip_horizontal", "flip_vertical", "channel_shift_intensity", "brightness")


class ImageDataGenerator:
    """How pictures are distorted and scaled on their way into training; ``flow`` and ``flow_from_directory`` do it.

        augmented = ImageDataGenerator(rotation_range=15, width_shift_range=0.1, horizontal_flip=True, rescale=1 / 255)
        batches = augmented.flow_from_directory("flowers", target_size=(150, 150), class_mode="categorical")

    Distortions, drawn evenly for each picture whenever it is shown: rotation_range, degrees to either side.
    width_shift_range, height_shift_range: to either side, a share of the size below 1, pixels from 1 on; a whole number
    of pixels for an ``int``, or one of a list. shear_range: degrees. zoom_range: 0.2 is 0.8 to 1.2, or (from, to); how
    much smaller the picture gets, for width and height each. channel_shift_range: added to all pixels.
    brightness_range: (from, to), a factor, for pixels of 0 to 255. horizontal_flip, vertical_flip: every other
    picture. fill_mode, cval: what comes in from outside, see ``apply_affine_transform``. interpolation_order: 1, or 0
    for the nearest pixel.

    Then, in ``standardize``: preprocessing_function, of one picture; rescale, a factor; samplewise_center and
    samplewise_std_normalization, by the picture's own mean and deviation; featurewise_center and
    featurewise_std_normalization, by each channel's in the pictures that ``fit`` was given.

    validation_split: the share that subset "validation" has: the first pictures, in a folder those of each class.
    data_format: "channels_last", or "channels_first". dtype: of the batches, float32. Raises ``ValueError`` for others.

    One difference from Keras: its height_shift_range moves pictures sideways, and its width_shift_range up and down.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Any = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ):
        if zca_whitening:
            refuse("zca_whitening", MISSING)
        if fill_mode not in FILLS:
            raise ValueError(f"fill_mode: expected one of {', '.join(FILLS)}, given {fill_mode!r}")
        if interpolation_order not in ORDERS:
            raise ValueError(f"interpolation_order: expected 0 or 1, given {interpolation_order!r}")
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"validation_split: expected a share between 0 and 1, given {validation_split}")
        self.zoom_range = [1 - zoom_range, 1 + zoom_range] if np.ndim(zoom_range) == 0 else list(zoom_range)
        for name, pair in (("zoom_range", self.zoom_range), ("brightness_range", brightness_range)):
            if pair is not None and np.shape(pair) != (2,):
                raise ValueError(f"{name}: expected two numbers, given {pair!r}")
        self.featurewise_center = featurewise_center or featurewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range, self.channel_shift_range = brightness_range, channel_shift_range
        self.fill_mode, self.cval, self.interpolation_order = fill_mode, cval, interpolation_order
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = "channels_first" if channels_first(data_format) else "channels_last"
        self.validation_split, self.dtype = validation_split, dtype or "float32"
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self._rng = generators(None)[1]

    def __getattr__(self, name: str) -> Any:
        refuse_attribute(name, MISSING)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Endless batches of the images x (images, height, width, channels), with what belongs to them in y and
        sample_weight. See ``iterators.Iterator`` for the other arguments. Raises ``ValueError`` for other shapes, and
        where a subset lacks a class of y, unless ``ignore_class_split``.
        """
        return NumpyArrayIterator(
            x, y, self, batch_size, shuffle, sample_weight, seed, subset, ignore_class_split,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
        )  # fmt: skip

    def flow_from_directory(
        self,
        directory: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Endless batches of the pictures in ``directory``, which has one folder for each class.

        target_size, color_mode, interpolation, keep_aspect_ratio: as of ``load_img``. classes: which folders, in the
        order of their numbers, by default all that are not hidden, sorted. class_mode: labels as one-hot rows
        ("categorical"), numbers ("binary" for two classes, "sparse"), the images themselves ("input"), or none (None).
        See ``iterators`` for the other arguments. Raises ``OSError`` if there is no such folder, ``ValueError`` if
        there are no pictures in it.
        """
        return DirectoryIterator(
            directory, self, target_size, color_mode, classes, class_mode, batch_size, shuffle, seed, follow_links,
            subset, interpolation, keep_aspect_ratio,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
        )  # fmt: skip

    def share(self, subset: str | None, count: int) -> slice:
        """Which of ``count`` pictures the subset has: all of them for None."""
        if subset not in ("training", "validation", None):
            raise ValueError(f'subset: expected "training" or "validation", given {subset!r}')
        if subset is not None and not self.validation_split:
            raise ValueError(f"subset={subset!r}: expected ImageDataGenerator(validation_split=...) with it")
        split = int(count * self.validation_split)
        return slice(0, split) if subset == "validation" else slice(split if subset else 0, count)

    def standardize(self, x: Any) -> np.ndarray:
        """One picture, or a batch of them, scaled as the generator was told to; an array of its dtype is changed in
        place, as Keras does.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        x = np.asarray(x, self.dtype)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= x.mean()
        if self.samplewise_std_normalization:
            x /= x.std() + 1e-6
        if self.featurewise_center and self.mean is None:
            warnings.warn("featurewise_center and featurewise_std_normalization do nothing before fit(x)", stacklevel=2)
        if self.featurewise_center and self.mean is not None:
            x -= self.mean
        if self.featurewise_std_normalization and self.std is not None:
            x /= self.std + 1e-6
        return x

    def get_random_transform(self, img_shape: tuple[int, ...], seed: int | None = None) -> dict[str, Any]:
        """What chance makes of the generator's ranges for a picture of this shape: see ``apply_transform``."""
        rng = self._rng if seed is None else np.random.default_rng(seed)
        height, width = img_shape[1:] if channels_first(self.data_format) else img_shape[:2]
        drawn: dict[str, Any] = {"theta": rng.uniform(-1, 1) * self.rotation_range}
        drawn["tx"] = _shift(rng, self.width_shift_range, width)
        drawn["ty"] = _shift(rng, self.height_shift_range, height)
        drawn["shear"] = rng.uniform(-1, 1) * self.shear_range
        drawn["zx"], drawn["zy"] = (rng.uniform(*self.zoom_range) for _ in range(2))
        drawn["flip_horizontal"] = bool(self.horizontal_flip and rng.random() < 0.5)
        drawn["flip_vertical"] = bool(self.vertical_flip and rng.random() < 0.5)
        shift, factors = self.channel_shift_range, self.brightness_range
        drawn["channel_shift_intensity"] = rng.uniform(-shift, shift) if shift else None
        drawn["brightness"] = None if factors is None else rng.uniform(*factors)
        return drawn

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> np.ndarray:
        """The picture x (height, width, channels) with these distortions, in this order: ``theta``, ``tx``, ``ty``,
        ``shear``, ``zx``, ``zy`` (see ``apply_affine_transform``), ``channel_shift_intensity``, ``flip_horizontal``,
        ``flip_vertical``, ``brightness``. What is left out, or None, changes nothing. Raises ``ValueError`` for others.
        """
        given = {name: value for name, value in transform_parameters.items() if value is not None}
        if unknown := given.keys() - set(_PARAMETERS):
            raise ValueError(f"apply_transform: expected {', '.join(_PARAMETERS)}, given {', '.join(sorted(unknown))}")
        first = channels_first(self.data_format)
        x = np.asarray(x)
        if first:
            x = x.transpose(1, 2, 0)
        amounts = {name: given[name] for name in _WARP if name in given}
        x = apply_affine_transform(x, **amounts, row_axis=0, col_axis=1, channel_axis=2, fill_mode=self.fill_mode,
                                   cval=self.cval, order=self.interpolation_order)  # fmt: skip
        if "channel_shift_intensity" in given:
            x = apply_channel_shift(x, given["channel_shift_intensity"])
        if given.get("flip_horizontal"):
            x = x[:, ::-1]
        if given.get("flip_vertical"):
            x = x[::-1]
        if "brightness" in given:
            x = apply_brightness_shift(x, given["brightness"], scale=False)
        return x.transpose(2, 0, 1) if first else x

    def random_transform(self, x: Any, seed: int | None = None) -> np.ndarray:
        """The picture x with distortions drawn by chance."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Work out what featurewise_center and featurewise_std_normalization need: each channel's mean and standard
        deviation in the images x (images, height, width, channels), times ``rescale``. augment: in ``rounds``
        distorted versions of each.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(f"fit: expected images (images, height, width, channels), given shape {x.shape}")
        if self.rescale:
            x *= self.rescale
        if augment:
            rng = self._rng if seed is None else np.random.default_rng(seed)
            x = np.stack([self.random_transform(image, int(rng.integers(2**31))) for _ in range(rounds) for image in x])
        over = (0, 2, 3) if channels_first(self.data_format) else (0, 1, 2)
        if self.featurewise_center:
            self.mean = x.mean(axis=over, keepdims=True)[0]
        if self.featurewise_std_normalization:
            self.std = (x - self.mean).std(axis=over, keepdims=True)[0]


def _shift(rng: np.random.Generator, limit: Any, size: int) -> float:
    """Pixels: a random share of ``limit``; a whole number below an int; one of a list, to either side."""
    if np.ndim(limit) == 0 and not limit:
        return 0
    is_one_of = np.ndim(limit) or isinstance(limit, (int, np.integer))
    pixels = rng.choice(limit) * rng.choice([-1, 1]) if is_one_of else rng.uniform(-limit, limit)
    return float(pixels * size if np.max(limit) < 1 else pixels)
