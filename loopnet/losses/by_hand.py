"""The losses as functions, without a model: one number an image."""

from typing import Any

import numpy as np

from .base import of_last_axis
from .crossentropy import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from .errors import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """The losses by themselves, without a model: one number an image. The other functions likewise; those that take
    images give one number a pixel, the mean over its channels, as in Keras.
    """
    return of_last_axis(CategoricalCrossentropy(from_logits, label_smoothing), y_true, y_pred)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> np.ndarray:
    return of_last_axis(SparseCategoricalCrossentropy(from_logits), y_true, y_pred)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    return of_last_axis(BinaryCrossentropy(from_logits, label_smoothing), y_true, y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(MeanSquaredError(), y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(MeanAbsoluteError(), y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> np.ndarray:
    return of_last_axis(Huber(delta), y_true, y_pred)


def hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(Hinge(), y_true, y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(SquaredHinge(), y_true, y_pred)


def log_cosh(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(LogCosh(), y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(KLDivergence(), y_true, y_pred)


def poisson(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(Poisson(), y_true, y_pred)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(MeanAbsolutePercentageError(), y_true, y_pred)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(MeanSquaredLogarithmicError(), y_true, y_pred)


def cosine_similarity(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(CosineSimilarity(), y_true, y_pred)


def categorical_hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    return of_last_axis(CategoricalHinge(), y_true, y_pred)


mse, mae = mean_squared_error, mean_absolute_error
mape, msle, kld = mean_absolute_percentage_error, mean_squared_logarithmic_error, kl_divergence
