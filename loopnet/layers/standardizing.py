"""Features on a common scale, by a mean and a variance that are not learned (``kernels.normalization``)."""

from typing import Any

import numpy as np

from .. import initializers
from .base import Parameter
from .spatial import Spatial


class Normalization(Spatial):
    """(x - mean) / sqrt(variance), with one mean and variance for each channel, or column, or one for all. Keras's.

    axis: -1 for one each, None for one for all. mean, variance: numbers, or arrays (channels,); without them
    ``adapt(data)`` works them out, and until then they are 0 and 1. A variance of 0 does no harm: 1e-14 is added, which
    only shows where Keras, too, divides by 1e-7.

    Parameters where no mean was given: mean, variance, both (channels,), neither of them trained; ``mean.numpy()`` is
    an array. Keras's third, a count of what was seen, is left out.
    """

    EPSILON = 1e-14

    def __init__(self, axis: int | None = -1, mean: Any = None, variance: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        if axis is not None and (isinstance(axis, bool) or not isinstance(axis, int)):
            raise ValueError(f"{self._who}: expected axis -1 or None, given {axis!r}")
        if (mean is None) != (variance is None):
            raise ValueError(f"{self._who}: expected mean and variance, or neither, given {mean!r} and {variance!r}")
        self.axis, self._is_given = axis, mean is not None
        start = (0.0, 1.0) if mean is None else (mean, variance)
        self._start = self._numbers("mean", start[0]), self._numbers("variance", start[1])
        self._declare()

    def _numbers(self, what: str, given: Any) -> np.ndarray:
        try:
            numbers = np.asarray(given, np.float64).reshape(-1)
        except (TypeError, ValueError):
            numbers = np.array([np.nan])
        if not numbers.size or not np.isfinite(numbers).all() or (what == "variance" and (numbers < 0).any()):
            bound = ", none below 0" if what == "variance" else ""
            raise ValueError(f"{self._who}: {what}: expected finite numbers{bound}, given {given!r}")
        return numbers

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take mean and variance from ``data``: all of it, an array (examples, ..., channels), whatever the batches.

        A layer that has no input_shape yet takes that of the examples. Raises ``ValueError`` for other data.
        """
        if self._is_given:
            raise ValueError(f"{self._who}: it was given its mean and variance; adapt works them out for one without")
        data = np.asarray(data)
        least = 1 if self.axis is None else 2
        if data.ndim < least or not data.size or data.dtype.kind not in "fiub":
            form = "(examples, ...)" if self.axis is None else "(examples, ..., channels)"
            raise ValueError(f"{self._who}: adapt: expected numbers {form}, given {data.shape} of {data.dtype}")
        over = None if self.axis is None else tuple(range(data.ndim - 1))
        mean, variance = data.mean(axis=over, dtype=np.float64), data.var(axis=over, dtype=np.float64)
        if not np.isfinite(mean).all() or not np.isfinite(variance).all():
            raise ValueError(f"{self._who}: adapt: expected finite numbers, given NaN or infinity")
        if self.built and mean.size not in (1, self._channels):
            raise ValueError(f"{self._who}: adapt: expected {self._channels} channels, given {mean.size}")
        self._start = mean.reshape(-1), variance.reshape(-1)
        if self.built:
            self.set_weights(self._each(self._channels))
            return
        if self.declared_input_shape is None and data.ndim > 1:
            self.declared_input_shape = data.shape[1:]
        self._declare()

    def _declare(self, *shape: int) -> None:
        """Before there is a model, too, so that ``mean`` and ``variance`` can be looked at."""
        self.mean, self.variance = (
            Parameter(name, values.shape, initializers.Constant(values), trainable=False, value=values)
            for name, values in zip(("mean", "variance"), self._each(*shape), strict=True)
        )

    def _each(self, *shape: int) -> list[np.ndarray]:
        return [np.broadcast_to(numbers, shape or numbers.shape) for numbers in self._start]

    def geometry(self, input_shape):
        if self.axis not in (None, -1, len(input_shape)):
            raise ValueError(f"{self._who}: expected axis -1 or None, given {self.axis!r}")
        self.data_format = "channels_last"
        return super().geometry(input_shape)

    def slide(self, pixels, channels):
        for what, numbers in zip(("mean", "variance"), self._start, strict=True):
            if numbers.size not in (1, channels):
                raise ValueError(f"{self._who}: {what}: expected {channels} numbers, or 1, given {numbers.size}")
        self._declare(channels)
        self._ones, self._zeros = (Parameter("", (channels,), initializers.Constant(n), False) for n in (1, 0))
        own, besides = [self.mean, self.variance], [self._ones, self._zeros]  # what the loop asks for besides
        self.parameters, self.constants = ([], own + besides) if self._is_given else (own, besides)
        return pixels, channels

    def operations(self):
        return ("batch_norm_forward",)

    def forward(self, x, training=False):
        return self._divided("y", x, self.mean.value)

    def backward(self, dy):
        return self._divided("dx", dy, self._zeros.value)

    def _divided(self, what: str, x: Any, mean: Any) -> Any:
        """The gradient is divided, too, and nothing taken off: a mean of 0."""
        y = self.room(what, x, *self._output)
        self.ops.batch_norm_forward(x, mean, self.variance.value, self._ones.value, self._zeros.value, y, self.EPSILON)
        return y

    def config(self):
        config = super().config()
        del config["data_format"]
        given = [numbers.tolist() for numbers in self._start] if self._is_given else (None, None)
        return {**config, "axis": self.axis, "mean": given[0], "variance": given[1]}
