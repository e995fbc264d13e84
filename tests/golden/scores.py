"""Metrics whose values over an epoch of several batches are golden, by Keras's names and arguments.

`make_scores_golden.py` evaluates them with Keras and `tests/test_metrics.py` with loopnet, on the same outputs: those
of a model that gives its inputs back.
"""

from typing import Any

import numpy as np

NAMED = "AUC auc precision Precision Recall mae MSE RootMeanSquaredError binary_accuracy".split()
FOR_ONE: list[tuple[str, dict[str, Any]]] = [
    ("Precision", {}), ("Precision", {"thresholds": 0.3}), ("Recall", {}), ("Recall", {"thresholds": [0.7]}),
    ("TruePositives", {}), ("FalsePositives", {}), ("TrueNegatives", {}), ("FalseNegatives", {"thresholds": 0.25}),
    ("AUC", {}), ("AUC", {"curve": "PR"}), ("AUC", {"num_thresholds": 5}),
    ("AUC", {"curve": "PR", "num_thresholds": 7}), ("AUC", {"from_logits": True}),
    ("BinaryAccuracy", {"threshold": 0.7}), ("MeanAbsoluteError", {}), ("MeanSquaredError", {"name": "Brier score"}),
    ("RootMeanSquaredError", {}), ("F1Score", {"threshold": 0.5}),
]  # fmt: skip
FOR_MANY: list[tuple[str, dict[str, Any]]] = [
    ("CategoricalAccuracy", {}), ("TopKCategoricalAccuracy", {"k": 2}), ("Precision", {}), ("Recall", {"class_id": 2}),
    ("Precision", {"class_id": 0, "thresholds": 0.4}), ("AUC", {}), ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"name": "smooth", "label_smoothing": 0.1}), ("F1Score", {"average": "macro"}),
    ("F1Score", {"average": "micro"}), ("F1Score", {"average": "weighted", "threshold": 0.3}),
    ("RootMeanSquaredError", {}),
]  # fmt: skip
SURE_OF_NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("BinaryCrossentropy", {}), ("BinaryCrossentropy", {"name": "smooth", "label_smoothing": 0.2}),
]  # fmt: skip
FOR_NUMBERS: list[tuple[str, dict[str, Any]]] = [
    ("SparseCategoricalAccuracy", {}), ("SparseTopKCategoricalAccuracy", {"k": 3}),
    ("SparseCategoricalCrossentropy", {}),
]  # fmt: skip


def data(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Outputs, and targets: 0 or 1, rows or class numbers. Some outputs lie on a threshold; nobody is class 3."""
    random = np.random.RandomState(21)
    if kind in ("one", "named", "none", "unsure"):
        x = np.round(random.uniform(size=(50, 1)), 2).astype(np.float32)
        y = (random.uniform(size=(50, 1)) < x).astype(np.float32)
        x[:4, 0], y[:4, 0] = [0, 1, 0.5, 0.5], [1, 0, 0, 1]
        if kind == "unsure":
            x = np.clip(x, 0.01, 0.99)
        return x, 0 * y if kind == "none" else y
    x = random.dirichlet(np.ones(4), size=50).astype(np.float32)
    labels = np.minimum(2, (x.cumsum(axis=1) < random.uniform(size=(50, 1))).sum(axis=1))
    return x, labels if kind == "numbers" else np.eye(4, dtype=np.float32)[labels]


KINDS: dict[str, list[Any]] = {
    "one": FOR_ONE, "none": [(name, how) for name, how in FOR_ONE if how.get("curve") != "PR"], "many": FOR_MANY,
    "numbers": FOR_NUMBERS, "unsure": SURE_OF_NOTHING, "named": NAMED,
}  # fmt: skip
LOSS = {"many": "categorical_crossentropy", "numbers": "sparse_categorical_crossentropy"}
BATCH = 16
