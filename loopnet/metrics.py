"""Metrics: numbers for people to read; nothing is trained on them.

A metric is called with a batch's outputs and targets on the host, both (batch, classes), and returns one number
an image.
"""

from collections.abc import Callable

import numpy as np

Metric = Callable[[np.ndarray, np.ndarray], np.ndarray]


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """1 where the largest output is the true class, else 0."""
    return outputs.argmax(axis=1) == targets.argmax(axis=1)


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "acc": accuracy,
    "categorical_accuracy": accuracy,
    "sparse_categorical_accuracy": accuracy,
}


def get(metric: str | Metric) -> tuple[str, Metric]:
    """A metric's name in the history, and its function. ``ValueError`` for unknown names."""
    if callable(metric):
        return getattr(metric, "__name__", "metric"), metric
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}; expected one of {', '.join(METRICS)}")
    return "accuracy" if metric == "acc" else metric, METRICS[metric]
