"""What a metric is given by hand, ``update_state(y_true, y_pred, sample_weight)``, as Keras reads it."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .base import Metric


def batch(metric: "Metric", y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and targets of one shape (images, ..., outputs), of float32. Where the shapes differ by a last axis of 1,
    that is added. Outputs of one axis are one row for a metric that takes the mean of a row, else one to an image.
    """
    outputs, targets = numbers(metric.name, "y_pred", y_pred), numbers(metric.name, "y_true", y_true)
    if outputs.ndim == 0:
        raise ValueError(f"{metric.name}: expected y_pred of shape (images, outputs), given {y_pred!r}")
    if metric.of_class_numbers:
        return outputs, _one_hot(metric.name, targets, outputs)
    if targets.shape == (*outputs.shape, 1):
        outputs = outputs[..., np.newaxis]
    elif outputs.shape == (*targets.shape, 1):
        targets = targets[..., np.newaxis]
    if targets.shape != outputs.shape:
        given = f"{outputs.shape}, given {targets.shape}"
        raise ValueError(f"{metric.name}: expected y_true of the shape of y_pred, {given}")
    if outputs.ndim == 1:
        axis = 0 if metric.of_rows else 1
        outputs, targets = np.expand_dims(outputs, axis), np.expand_dims(targets, axis)
    return outputs, targets


def _one_hot(who: str, labels: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    from ..losses import SparseCategoricalCrossentropy

    if labels.shape not in (outputs.shape[:-1], (*outputs.shape[:-1], 1)) or outputs.ndim < 2:
        raise ValueError(f"{who}: expected y_true as class numbers for y_pred {outputs.shape}, given {labels.shape}")
    rows = SparseCategoricalCrossentropy().encode(labels.reshape(-1), outputs.shape[-1])
    return rows.reshape(outputs.shape).astype(np.float32)


def numbers(who: str, what: str, given: Any, dtype: Any = np.float32) -> np.ndarray:
    """``given`` as an array of ``dtype``. Raises ``ValueError`` if it is none of numbers."""
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{who}: {what}: expected an array, given a ragged list ({error})") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{who}: {what}: expected numbers, given an array of {array.dtype}")
    return np.ascontiguousarray(array, dtype).reshape(array.shape)


def spread(who: str, weight: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Weights of images, or of all outputs, or one for all, as an array of ``shape``. Raises ``ValueError``."""
    more = (1,) * (len(shape) - weight.ndim)
    for form in (weight.shape + more, weight.shape[:-1] if weight.shape[-1:] == (1,) else weight.shape):
        if len(form) == len(shape) and all(n in (1, size) for n, size in zip(form, shape, strict=True)):
            return np.broadcast_to(weight.reshape(form), shape)
    raise ValueError(f"{who}: sample_weight: expected weights for {shape}, given {weight.shape}")


def weighted(who: str, values: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """The sum of ``values`` times their weights, and the sum of the weights: Keras's ``reduce_to_samplewise_values``.

    Values of more axes than their weights are averaged first, down to the axes that these have; so a single weight is
    that of the mean of all.
    """
    if weight is None:
        values = values.reshape(len(values), -1).mean(axis=1) if values.ndim > 1 else values
        return np.array([values.sum(dtype=np.float64), values.size])
    if weight.shape == (*values.shape, 1):
        weight = weight[..., 0]
    elif values.shape == (*weight.shape, 1):
        values = values[..., 0]
    values = values.mean(axis=tuple(range(weight.ndim, values.ndim)), dtype=np.float64)
    weight = spread(who, weight, values.shape)
    weighed = values * weight
    if weighed.ndim > 1:
        weighed, weight = (array.reshape(len(array), -1).mean(axis=1) for array in (weighed, weight))
    return np.array([weighed.sum(dtype=np.float64), weight.sum(dtype=np.float64)])
