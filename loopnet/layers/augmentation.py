"""Random distortions of images (``kernels.augment``, ``adjust``), in training only."""

from math import ceil, pi
from typing import Any

import numpy as np

from ..backend import image_data_format
from ..kernels.augment import CONSTANT, NEAREST, REFLECT, WRAP
from ..shapes import expect_rank, real, whole
from .base import Layer
from .resizing import Sized

FILLS = {"constant": CONSTANT, "nearest": NEAREST, "reflect": REFLECT, "wrap": WRAP}
"""What comes in from outside an image, see ``kernels.augment.inside``."""


class _Random(Layer):
    """What they share: images (height, width, channels), the randomness of a seed, and no gradient."""

    distorts = True
    called = False
    """Whether a model is called on numbers just now, by someone who has not said what ``training`` is."""

    def __init__(self, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if image_data_format() == "channels_first" and "data_format" not in kwargs:
            raise NotImplementedError(
                f"{self._who}: image_data_format() 'channels_first' is not in loopnet here: expected images with "
                "channels last; backend.set_image_data_format('channels_last') sets that"
            )
        self.seed = seed
        fixed = None if seed is None else whole([seed], f"{self._who}: seed")[0] % 2**64
        self._keys = _keys(np.random.default_rng(fixed))
        self._step = 0

    def geometry(self, input_shape):
        expect_rank(self._who, input_shape, 3, "(batch, height, width, channels)")
        return input_shape

    def initialize(self, rng):
        super().initialize(rng)
        if self.seed is None:
            self._keys = _keys(rng)

    def bind(self, ops, dtype):
        if self.needs_input_gradient:
            raise ValueError(f"{self._who}: it has no gradient; put it before the first layer that learns")
        super().bind(ops, dtype)

    def forward(self, x, training=False):
        if not (training or self.called):
            return x
        self._step = (self._step + 1) % 2**32
        return self.distorted(x)

    def distorted(self, x: Any) -> Any:
        """The images of a batch as step ``_step`` shows them."""
        raise NotImplementedError

    def chance(self) -> np.random.Generator:
        """What draws for the images of step ``_step``, always the same."""
        return np.random.default_rng([*self._keys, self._step])


class RandomDistortion(_Random):
    """Each image, each time it is shown, moved, turned, scaled, sheared, rubbed and partly hidden by chance; when the
    network is not training, nothing happens. All in one pass, which blurs the image once.

        RandomDistortion(shift=2, rotation=10, zoom=0.1, elastic=34)

    Every limit is drawn from evenly, from minus to plus itself. shift: pixels, a number, or (down, right). rotation:
    degrees. zoom: 0.1 is a scale between 0.9 and 1.1. shear: 0.1 moves a row by up to a tenth of its distance from
    the middle. elastic: how far pixels wander from their neighbours, Simard's alpha; sigma: over how many pixels
    neighbours move together. cutout: the side of a hidden square, in pixels. What comes in from outside is 0.
    seed: fixes all of it; without one the model's own seed does.

    Shapes: (height, width, channels), unchanged. It belongs before the first layer that learns, and has no
    gradient. Raises ``ValueError`` for limits below 0.
    """

    fill_mode = "constant"

    def __init__(
        self,
        shift: float | tuple[float, float] = 0.0,
        rotation: float = 0.0,
        zoom: float = 0.0,
        shear: float = 0.0,
        elastic: float = 0.0,
        sigma: float = 4.0,
        cutout: int = 0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed, **kwargs)
        pair = tuple(shift) if isinstance(shift, (tuple, list)) else (shift, shift)
        if len(pair) != 2:
            raise ValueError(f"{self._who}: expected shift as a number or a pair, given {shift!r}")
        self.shift = (self._limit("shift", pair[0]), self._limit("shift", pair[1]))
        self.rotation = self._limit("rotation", rotation)
        self.zoom = self._limit("zoom", zoom, below=1.0)
        self.shear = self._limit("shear", shear)
        self.elastic, self.sigma = self._limit("elastic", elastic), self._limit("sigma", sigma)
        if self.sigma == 0:
            raise ValueError(f"{self._who}: expected sigma above 0, given {sigma!r}")
        if isinstance(cutout, bool) or int(cutout) != cutout or cutout < 0:
            raise ValueError(f"{self._who}: expected cutout as a whole number of pixels, given {cutout!r}")
        self.cutout = int(cutout)

    def _limit(self, what: str, value: Any, below: float = np.inf) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < below:
            top = "" if below == np.inf else f" and below {below:g}"
            raise ValueError(f"{self._who}: expected {what} of at least 0{top}, given {value!r}")
        return float(value)

    def geometry(self, input_shape):
        self._limits(super().geometry(input_shape))
        return input_shape

    def _limits(self, input_shape: tuple[int, ...]) -> None:
        """Work out what depends on the size of the image. Here, nothing does."""

    def operations(self):
        return "affine_flow", "elastic_flow", "warp", "cutout"

    def bind(self, ops, dtype):
        super().bind(ops, dtype)
        self._taps = self.ops.asarray(gaussian(self.sigma).astype(dtype))

    def distorted(self, x):
        if any(self.shift) or self.rotation or self.zoom or self.shear or self.elastic:
            x = self._warped(x)
        if self.cutout:
            y = self.room("y", x, *self._output)
            self.ops.cutout(x, y, self.cutout, self._keys[2], self._step)
            x = y
        return x

    def _warped(self, x: Any) -> Any:
        height, width, _ = self._input
        flow = self.room("flow", x, 2, height, width)
        y = self.room("y", x, *self._output)
        limits = self.shift, self.rotation * pi / 180, self.zoom, self.shear
        self.ops.affine_flow(flow, *limits, self._keys[0], self._step)
        if self.elastic:
            scratch = (self.room(name, x, 2, height, width) for name in ("noise", "smooth"))
            alpha = self.dtype.type(self.elastic)
            self.ops.elastic_flow(*scratch, flow, self._taps, alpha, self._keys[1], self._step)
        self.ops.warp(x, flow, y, FILLS[self.fill_mode])
        return y

    def config(self):
        names = ("shift", "rotation", "zoom", "shear", "elastic", "sigma", "cutout", "seed")
        return {**super().config(), **{name: getattr(self, name) for name in names}}


class RandomFlip(_Random):
    """Mirrors half of the images, drawn by chance, as ``mode`` says: "horizontal" exchanges left and right, "vertical"
    top and bottom, "horizontal_and_vertical" both at once. seed: as in ``RandomDistortion``.

    Raises ``ValueError`` for another mode.
    """

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            names = "'horizontal', 'vertical' or 'horizontal_and_vertical'"
            raise ValueError(f"{self._who}: expected mode {names}, given {mode!r}")
        self.mode = mode

    def operations(self):
        return ("warp",)

    def distorted(self, x):
        """Pixel i of a mirrored row is read at size - 1 - i, so its flow is size - 1 - 2 i: always on a pixel."""
        sizes = self._input[:2]
        mirrored = self.chance().random(self.ops.images(x)) < 0.5
        flow = np.zeros((mirrored.size, 2, *sizes), self.dtype)
        if "vertical" in self.mode:
            flow[mirrored, 0] = (sizes[0] - 1 - 2 * np.arange(sizes[0]))[:, np.newaxis]
        if "horizontal" in self.mode:
            flow[mirrored, 1] = sizes[1] - 1 - 2 * np.arange(sizes[1])
        y = self.room("y", x, *self._output)
        self.ops.warp(x, self.ops.asarray(flow), y, CONSTANT)
        return y

    def config(self):
        return {**super().config(), "mode": self.mode, "seed": self.seed}


class _RandomColour(_Random):
    """One number drawn for each image, evenly between two limits."""

    def __init__(self, factor: Any, value_range: Any, seed: int | None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.factor = factor
        if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
            raise ValueError(f"{self._who}: expected value_range as a pair, given {value_range!r}")
        low, high = (real(value, f"{self._who}: value_range") for value in value_range)
        if low >= high:
            raise ValueError(f"{self._who}: expected value_range from low to high, given {value_range!r}")
        self.value_range = low, high

    def _pair(self, least: float) -> tuple[float, float]:
        """``factor`` as two numbers, ``least`` to 1."""
        pair = self.factor if isinstance(self.factor, (tuple, list)) else (self.factor, self.factor)
        if len(pair) != 2 or not all(least <= real(value, f"{self._who}: factor") <= 1 for value in pair):
            limits = f"a number from {least:g} to 1, or a pair of them"
            raise ValueError(f"{self._who}: expected factor as {limits}, given {self.factor!r}")
        return float(pair[0]), float(pair[1])

    def _drawn(self, x: Any, least: float, most: float) -> Any:
        return self.ops.asarray(self.chance().uniform(least, most, self.ops.images(x)).astype(self.dtype))

    def _black_and_white(self) -> tuple[Any, Any]:
        return self.dtype.type(self.value_range[0]), self.dtype.type(self.value_range[1])

    def config(self):
        own = {"factor": self.factor, "value_range": self.value_range, "seed": self.seed}
        return {**super().config(), **own}


class RandomContrast(_RandomColour):
    """Each image's channels stretched about their means, by a number drawn between 1 - factor and 1 + factor.

    factor: 0 to 1, or a pair, (lower, upper), for between 1 - lower and 1 + upper. value_range: black and white, (0,
    255) or (0, 1); what would go beyond is cut off. seed: as in ``RandomDistortion``.

    This is what Keras documents. Keras 3.15 itself takes one number f to be between 1 and 1 + f, and sorts a pair.

    Raises ``ValueError`` for other factors and ranges.
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(factor, value_range, seed, **kwargs)
        lower, upper = self._pair(least=0)
        self._between = 1 - lower, 1 + upper

    def operations(self):
        return ("adjust_contrast",)

    def distorted(self, x):
        y, means = self.room("y", x, *self._output), self.room("means", x, self._output[-1])
        self.ops.adjust_contrast(x, self._drawn(x, *self._between), means, y, *self._black_and_white())
        return y


class RandomBrightness(_RandomColour):
    """Each image brighter or darker, by a part of the value range that is drawn between -factor and factor.

    factor: -1 to 1, or a pair of limits; with 1 black becomes white. value_range, seed: as in ``RandomContrast``.

    Raises ``ValueError`` for other factors and ranges.
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(factor, value_range, seed, **kwargs)
        least, most = sorted(self._pair(least=-1))
        self._between = (least, most) if isinstance(factor, (tuple, list)) else (-abs(most), abs(most))

    def operations(self):
        return ("adjust_brightness",)

    def distorted(self, x):
        low, high = self.value_range
        y, part = self.room("y", x, *self._output), high - low
        deltas = self._drawn(x, self._between[0] * part, self._between[1] * part)
        self.ops.adjust_brightness(x, deltas, y, *self._black_and_white())
        return y


class RandomCrop(_Random, Sized):
    """In training a window of ``height`` times ``width``, at another place of each image; when looking, the largest
    window in proportion, in the middle, resized. So are images in training that are smaller than that.

    seed: as in ``RandomDistortion``. This is what Keras documents, but for one place for all images of a batch; Keras
    3.15 itself passes images on as they are when it looks.
    """

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(seed, height=height, width=width, data_format=data_format, **kwargs)

    def window(self, height, width):
        self._spare = height - self.height, width - self.width
        return self.in_proportion(height, width)

    def geometry(self, input_shape):
        return Sized.geometry(self, input_shape)

    def operations(self):
        return (*super().operations(), *(("crop_each",) if min(self._spare) >= 0 else ()))

    def forward(self, x, training=False):
        if (training or self.called) and min(self._spare) >= 0:
            return super().forward(x, training=True)
        return Sized.forward(self, x)

    def distorted(self, x):
        """Every corner from which a window fits alike."""
        x = self.inward("x", x)
        corners = self.chance().integers([spare + 1 for spare in self._spare], size=(self.ops.images(x), 2))
        y = self.room("y", x, *self._out_pixels, self._channels)
        self.ops.crop_each(x, self.ops.asarray(corners), y)
        return self.outward("y", y)

    def config(self):
        return {**super().config(), "seed": self.seed}


def gaussian(sigma: float) -> np.ndarray:
    """A bell of width ``sigma`` that sums to 1, cut off at three times its width on either side."""
    places = np.arange(-ceil(3 * sigma), ceil(3 * sigma) + 1)
    bell = np.exp(-(places**2) / (2 * sigma**2))
    return bell / bell.sum()


def _keys(rng: np.random.Generator) -> list[int]:
    return [int(key) for key in rng.integers(2**32, size=3)]


class _KerasDistortion(RandomDistortion):
    """One distortion under the name, with the units and with the borders that Keras has for it."""

    def __init__(self, limits: dict[str, Any], fill_mode: str, seed: int | None, **kwargs: Any):
        super().__init__(seed=seed, **limits, **kwargs)
        if fill_mode not in list(FILLS):
            raise ValueError(f"{self._who}: expected fill_mode as one of {', '.join(FILLS)}, given {fill_mode!r}")
        self.fill_mode = fill_mode

    def _config(self, *names: str) -> dict[str, Any]:
        kept = {"name": self.name, "fill_mode": self.fill_mode, "seed": self.seed}
        return {**kept, **{name: getattr(self, name) for name in names}}


class RandomTranslation(_KerasDistortion):
    """Moves each image by up to ``height_factor`` of its height, up or down, and ``width_factor`` of its width.

    fill_mode: what comes in from outside, beyond the edges of ``|abcd|``: "reflect", ``dcba|abcd|dcba``; "nearest",
    ``aaaa|abcd|dddd``; "wrap", ``abcd|abcd|abcd``; or "constant", 0. Pixels mix across the edge as they do elsewhere.

    Raises ``ValueError`` for factors below 0 and another fill_mode.
    """

    def __init__(
        self,
        height_factor: float,
        width_factor: float,
        fill_mode: str = "reflect",
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__({}, fill_mode, seed, **kwargs)
        self.height_factor = self._limit("height_factor", height_factor)
        self.width_factor = self._limit("width_factor", width_factor)

    def _limits(self, input_shape):
        self.shift = (self.height_factor * input_shape[0], self.width_factor * input_shape[1])

    def config(self):
        return self._config("height_factor", "width_factor")


class RandomRotation(_KerasDistortion):
    """Turns each image by up to ``factor`` of a full turn, either way: 0.1 is 36 degrees.

    fill_mode, errors: as in ``RandomTranslation``.
    """

    def __init__(self, factor: float, fill_mode: str = "reflect", seed: int | None = None, **kwargs: Any):
        super().__init__({}, fill_mode, seed, **kwargs)
        self.factor = self._limit("factor", factor)
        self.rotation = 360 * self.factor

    def config(self):
        return self._config("factor")


class RandomZoom(_KerasDistortion):
    """Scales each image by up to ``height_factor``, below 1, larger or smaller, both axes alike.

    fill_mode, errors: as in ``RandomTranslation``.
    """

    def __init__(
        self,
        height_factor: float,
        width_factor: float | None = None,
        fill_mode: str = "reflect",
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__({}, fill_mode, seed, **kwargs)
        if width_factor is not None:
            raise ValueError(f"{self._who}: width_factor is not in loopnet: both axes scale alike (None)")
        self.height_factor = self.zoom = self._limit("height_factor", height_factor, below=1.0)

    def config(self):
        return self._config("height_factor")
