"""Metrics that are counted by hand, ``update_state(y_true, y_pred, sample_weight)``, in batches of unequal size.

`make_by_hand_golden.py` asks Keras and `tests/test_metrics_by_hand.py` loopnet, with ``ask``.
"""

from typing import Any

import numpy as np

from golden import scores

LISTED: list[tuple[Any, Any]] = [([0, 1, 1, 0, 1], [0.1, 0.9, 0.4, 0.6, 0.7]), ([1, 0], [0.8, 0.3])]
"""As Keras's own examples write them: lists, of one axis, at once or after each other."""
OF_LOSSES = {
    "many": "KLDivergence Poisson CosineSimilarity CategoricalHinge Hinge SquaredHinge",
    "one": "MeanAbsolutePercentageError MeanSquaredLogarithmicError LogCoshError Poisson",
}
"""Losses as metrics."""
OF_ONE_AXIS = "MeanSquaredError MeanAbsoluteError RootMeanSquaredError BinaryAccuracy BinaryCrossentropy AUC Precision"
VALUES: list[tuple[Any, Any]] = [
    ([1, 3, 5, 7], None), (2.5, None), ([[1, 2], [3, 5]], None), ([1, 3, 5, 7], [1, 1, 0, 0.5]), (4, 2), ([6, 8], 3),
    ([[1, 2], [3, 5]], [1, 3]), ([[1, 2], [3, 5]], [[1, 3], [0, 1]]), ([[1], [2]], [2, 1]),
]  # fmt: skip
"""Values and weights for ``Mean``."""


def ask(metrics: Any, key: str) -> Any:
    """The results after each batch that ``key`` names, of a module of metrics, Keras's or loopnet's."""
    kind, name, how = key.split("/")
    if kind == "mean":
        metric = metrics.Mean(name="mean")
        return [np.float64(metric(values, sample_weight=weight)) for values, weight in VALUES]
    if kind == "lists":
        metric = getattr(metrics, name)()
        return [np.float64(metric(*batch)) for batch in LISTED]
    if kind == "pictures":
        metric = getattr(metrics, name)()
        x, y, weight = pictures()
        metric.update_state(y, x, {"plain": None, "weighted": weight, "each": weight[:, None, None] * x[..., 0]}[how])
        return [np.float64(metric.result())]
    given: tuple[str, dict[str, Any]] = next((g for g in asked(kind) if f"{g[0]} {g[1]}" == name), (name, {}))
    metric = getattr(metrics, given[0])(**given[1])
    (x, y), weight = scores.data(kind), np.linspace(0, 2, 50).astype(np.float32)
    results = []
    for batch in (slice(7), slice(7, 7 + 30), slice(7 + 30, None)):
        metric.update_state(y[batch], x[batch], weight[batch] if how == "weighted" else None)
        results.append(np.array(metric.result(), np.float64))
    if how == "again":
        metric.reset_state()
        results = [np.array(metric(y[:9], x[:9]), np.float64)]
    return results


def asked(kind: str) -> list[Any]:
    return [*scores.KINDS[kind], ("F1Score", {})] if kind == "many" else scores.KINDS[kind]


def pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.RandomState(4)
    x = random.uniform(0.05, 0.95, size=(3, 4, 5, 2)).astype(np.float32)
    return x, (random.uniform(size=x.shape) < x).astype(np.float32), np.array([1, 0.5, 3], np.float32)


KEYS = [
    "mean/Mean/", *(f"lists/{name}/" for name in OF_ONE_AXIS.split()),
    *(f"pictures/{name}/{how}" for name in ("MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy")
      for how in ("plain", "weighted", "each")),
    *(f"{kind}/{name} {arguments}/{how}" for kind in ("one", "many", "numbers", "unsure")
      for name, arguments in asked(kind) for how in ("plain", "weighted", "again")),
    *(f"{kind}/{name}/{how}" for kind, names in OF_LOSSES.items() for name in names.split()
      for how in ("plain", "weighted")),
    "lists/MeanAbsolutePercentageError/", "lists/CosineSimilarity/", "pictures/LogCoshError/each",
]  # fmt: skip
