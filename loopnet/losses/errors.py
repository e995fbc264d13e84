"""How far outputs that are numbers are from labels that are numbers (``kernels.loss`` and its neighbours)."""

from typing import Any

import numpy as np

from ..missing import settle
from .base import ARGUMENTS, Loss, rows_of_numbers


class Error(Loss):
    """The base of these: between outputs and labels that are any numbers."""

    takes_images = True

    def __init__(self, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS)

    def encode(self, y: Any, outputs: int) -> np.ndarray:
        return rows_of_numbers(y, outputs)


class MeanSquaredError(Error):
    """The mean over an image's outputs of (y - t)**2; labels of shape (images, outputs), or (images,) for one
    output. Outputs may be images, with labels of their shape.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_squared_error(outputs, targets, weight, losses, doutputs)


class MeanAbsoluteError(Error):
    """The mean over an image's outputs of abs(y - t); labels as for the squared error."""

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_absolute_error(outputs, targets, weight, losses, doutputs)


class Huber(Error):
    """The mean over an image's outputs of e**2 / 2 where abs(e) <= delta, and of delta * abs(e) - delta**2 / 2 beyond,
    with e = y - t: one far-off label pulls no harder than ``delta``. Labels as for the squared error. Huber (1964).
    """

    def __init__(self, delta: float = 1.0, name: str | None = None, **others: Any):
        settle("Huber", others, ARGUMENTS, ("delta",))
        if not 0 < delta < np.inf:
            raise ValueError(f"Huber: expected a finite delta above 0, given {delta!r}")
        self.delta = float(delta)

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.huber(outputs, targets, weight, losses, doutputs, doutputs.dtype.type(self.delta))


class Hinge(Error):
    """The mean over an image's outputs of max(1 - t * y, 0), for labels -1 and 1; where all are 0 and 1, as in Keras,
    they are taken for these. Outputs may be images, with labels of their shape.
    """

    def smooth(self, targets: np.ndarray) -> np.ndarray:
        return 2 * targets - 1 if np.isin(targets, (0, 1)).all() else targets

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.hinge(outputs, targets, weight, losses, doutputs)


class SquaredHinge(Hinge):
    """The mean over an image's outputs of max(1 - t * y, 0)**2; labels as for the hinge."""

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.squared_hinge(outputs, targets, weight, losses, doutputs)


class LogCosh(Error):
    """The mean over an image's outputs of log(cosh(y - t)); labels as for the squared error."""

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.log_cosh(outputs, targets, weight, losses, doutputs)


class MeanAbsolutePercentageError(Error):
    """The mean over an image's outputs of 100 * abs(y - t) / abs(t), where abs(t) counts as at least 1e-7; labels as
    for the squared error.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_absolute_percentage_error(outputs, targets, weight, losses, doutputs)


class MeanSquaredLogarithmicError(Error):
    """The mean over an image's outputs of (log(1 + y) - log(1 + t))**2, where both count as at least 1e-7; labels as
    for the squared error.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_squared_logarithmic_error(outputs, targets, weight, losses, doutputs)


class Poisson(Error):
    """The mean over an image's outputs of y - t * log(y + 1e-7), for labels that count something and outputs above 0,
    such as those of softplus or exponential; NaN for negative ones. Labels as for the squared error.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.poisson(outputs, targets, weight, losses, doutputs)


class KLDivergence(Error):
    """sum_k t_k log(t_k / p_k), for labels and outputs that are probabilities, of shape (images, outputs); both are
    kept between 1e-7 and 1, as in Keras.
    """

    takes_images = False

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.kl_divergence(outputs, targets, weight, losses, doutputs)


class CosineSimilarity(Error):
    """Minus the cosine of the angle between an image's outputs and its labels, both of shape (images, outputs): -1
    where they point alike, 0 where one of them is zero.
    """

    takes_images = False

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.cosine_similarity(outputs, targets, weight, losses, doutputs)


class CategoricalHinge(Error):
    """max(1 + max_k (1 - t_k) y_k - sum_k t_k y_k, 0) for one-hot labels of shape (images, outputs): the true class has
    to be 1 ahead of the others.
    """

    takes_images = False

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.categorical_hinge(outputs, targets, weight, losses, doutputs)
