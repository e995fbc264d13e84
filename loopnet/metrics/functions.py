"""The accuracies as functions, for ``compile(metrics=[metrics.binary_accuracy])`` and by hand: one number an image, or
for each output where these count by themselves, 1 where it is right, else 0.
"""

from typing import Any

import numpy as np

from ..arrays import Array, answer
from . import by_hand
from .base import Function, Metric
from .means import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """y_true: rows, y_pred: rows of as many outputs."""
    return _of_each(CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """y_true: class numbers."""
    return _of_each(SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    return _of_each(TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    return _of_each(SparseTopKCategoricalAccuracy(k), y_true, y_pred)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """Each output by itself: a yes above the threshold."""
    outputs, targets = by_hand.batch(BinaryAccuracy(threshold), y_true, y_pred)
    return answer(((outputs > threshold) == targets).astype(np.float32))


def _of_each(metric: Metric, y_true: Any, y_pred: Any) -> Array:
    return answer(metric.of_each(*by_hand.batch(metric, y_true, y_pred)).astype(np.float32))


FUNCTIONS: dict[Function, type[Metric]] = {
    categorical_accuracy: CategoricalAccuracy,
    sparse_categorical_accuracy: SparseCategoricalAccuracy,
    top_k_categorical_accuracy: TopKCategoricalAccuracy,
    sparse_top_k_categorical_accuracy: SparseTopKCategoricalAccuracy,
    binary_accuracy: BinaryAccuracy,
}
"""What each is in a model."""
