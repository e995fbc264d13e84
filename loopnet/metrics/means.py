"""Metrics that are a mean over images: a number for each."""

from typing import Any

import numpy as np

from . import by_hand
from .base import Metric


class Mean(Metric):
    """The mean of values by hand, as loops of one's own count their losses: ``update_state(values, sample_weight)``."""

    default_name = "mean"

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count values, one or an array, of which each image's mean counts once. A single weight is that of the mean
        of all.
        """
        values = by_hand.numbers(self.name, "values", values)
        weight = None
        if sample_weight is not None:
            weight = by_hand.numbers(self.name, "sample_weight", sample_weight, np.float64)
        self._count(by_hand.weighted(self.name, values, weight))

    def fit_to(self, outputs):
        raise ValueError(f"{self.name}: Mean is for values by hand, update_state(values); not for compile")


class CategoricalAccuracy(Metric):
    """1 where the largest output is the true class, else 0."""

    default_name, rises = "categorical_accuracy", True
    takes_logits = of_rows = True

    def of_each(self, outputs, targets):
        return outputs.argmax(axis=-1) == targets.argmax(axis=-1)


class SparseCategoricalAccuracy(CategoricalAccuracy):
    """The same: a loss has made one-hot rows of class numbers before a metric sees them."""

    default_name = "sparse_categorical_accuracy"
    of_class_numbers = True


class TopKCategoricalAccuracy(Metric):
    """1 where the true class is among the ``k`` largest outputs, else 0."""

    default_name, rises = "top_k_categorical_accuracy", True
    takes_logits = True

    def __init__(self, k: int = 5, name: str | None = None, **others: Any):
        super().__init__(name, **others)
        self.k = k

    def of_each(self, outputs, targets):
        of_truth = np.take_along_axis(outputs, targets.argmax(axis=-1)[..., np.newaxis], axis=-1)
        return (outputs > of_truth).sum(axis=-1) < self.k


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """The same, under Keras's name for class numbers."""

    default_name = "sparse_top_k_categorical_accuracy"
    of_class_numbers = True


class BinaryAccuracy(Metric):
    """The share of an image's outputs that lie on the right side of ``threshold``: above it for a label of 1, not above
    it for a label of 0. Other labels are never met, as in Keras. Outputs are probabilities; for logits the threshold
    that stands for one half is 0.
    """

    default_name, rises = "binary_accuracy", True

    def __init__(self, threshold: float = 0.5, name: str | None = None, **others: Any):
        super().__init__(name, **others)
        self.threshold = float(threshold)

    def of_each(self, outputs, targets):
        return ((outputs > self.threshold) == targets).mean(axis=-1)


class MeanAbsoluteError(Metric):
    """The mean over an image's outputs of abs(y - t)."""

    default_name = "mean_absolute_error"
    of_rows = True

    def of_each(self, outputs, targets):
        return np.abs(outputs - targets).mean(axis=-1)


class MeanSquaredError(Metric):
    """The mean over an image's outputs of (y - t)**2."""

    default_name = "mean_squared_error"
    of_rows = True

    def of_each(self, outputs, targets):
        return ((outputs - targets) ** 2).mean(axis=-1)


class RootMeanSquaredError(MeanSquaredError):
    """The root of the mean over all outputs of all images of (y - t)**2."""

    default_name = "root_mean_squared_error"
    of_rows = False

    def of_sums(self, sums):
        return super().of_sums(sums) ** 0.5


class _Crossentropy(Metric):
    """A loss as a metric: of images that all count alike, and without what weights pay for their size."""

    def __init__(self, name: str | None = None, from_logits: bool = False, label_smoothing: float = 0.0, **others: Any):
        super().__init__(name, **others)
        self.from_logits, self.label_smoothing = bool(from_logits), label_smoothing

    def of_each(self, outputs, targets):
        from .. import losses

        kind = losses.CategoricalCrossentropy if "categorical" in self.default_name else losses.BinaryCrossentropy
        return losses.of_last_axis(kind(self.from_logits, self.label_smoothing), targets, outputs)


class BinaryCrossentropy(_Crossentropy):
    """- t log p - (1 - t) log(1 - p), the mean over an image's outputs."""

    default_name = "binary_crossentropy"
    of_rows = True


class CategoricalCrossentropy(_Crossentropy):
    """- sum_k t_k log p_k."""

    default_name = "categorical_crossentropy"
    of_rows = True


class SparseCategoricalCrossentropy(_Crossentropy):
    """The same, under Keras's name for class numbers."""

    default_name = "sparse_categorical_crossentropy"
    of_class_numbers = True


class _OfLoss(Metric):
    """A loss without arguments as a metric, under Keras's name."""

    loss: str
    of_rows = True

    def of_each(self, outputs, targets):
        from .. import losses

        return losses.of_last_axis(losses.get(self.loss), targets, outputs)


class MeanAbsolutePercentageError(_OfLoss):
    """The mean over an image's outputs of 100 * abs(y - t) / abs(t), where abs(t) counts as at least 1e-7."""

    default_name = loss = "mean_absolute_percentage_error"


class MeanSquaredLogarithmicError(_OfLoss):
    """The mean over an image's outputs of (log(1 + y) - log(1 + t))**2."""

    default_name = loss = "mean_squared_logarithmic_error"


class LogCoshError(_OfLoss):
    """The mean over an image's outputs of log(cosh(y - t))."""

    default_name, loss = "logcosh", "log_cosh"


class Hinge(_OfLoss):
    """The mean over an image's outputs of max(1 - t * y, 0); labels of 0 and 1 are taken for -1 and 1."""

    default_name = loss = "hinge"


class SquaredHinge(_OfLoss):
    """The mean over an image's outputs of max(1 - t * y, 0)**2; labels of 0 and 1 are taken for -1 and 1."""

    default_name = loss = "squared_hinge"


class CategoricalHinge(_OfLoss):
    """By how much the true class is not 1 ahead of the others."""

    default_name = loss = "categorical_hinge"


class KLDivergence(_OfLoss):
    """sum_k t_k log(t_k / p_k)."""

    default_name = loss = "kl_divergence"


class Poisson(_OfLoss):
    """The mean over an image's outputs of y - t * log(y)."""

    default_name = loss = "poisson"


class CosineSimilarity(_OfLoss):
    """The cosine of the angle between an image's outputs and its labels. (The loss is minus that.)"""

    default_name = loss = "cosine_similarity"
    rises = True

    def of_each(self, outputs, targets):
        return -super().of_each(outputs, targets)
