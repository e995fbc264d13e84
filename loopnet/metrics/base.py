"""What all metrics are: a name for the history, sums that a batch adds to, and a number made of the sums."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..missing import settle

ARGUMENTS = {
    "dtype": "numbers are added up in float64",
    "top_k": "use TopKCategoricalAccuracy, or class_id for one class",
    "summation_method": "the curve is interpolated",
    "thresholds": "they are spread evenly: num_thresholds",
    **dict.fromkeys(("multi_label", "num_labels", "label_weights"), "all outputs are counted alike; use class_id"),
    "axis": "the classes are last",
}
"""Arguments that Keras's metrics take and these do not, and what to do instead."""

OWN = "write a function of (y_true, y_pred), one number an image, or a subclass with sums and of_sums"

Function = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Metric:
    """The base of all metrics: a name for the history, and a number an image, whose mean is shown.

    Where the number is not such a mean, ``sums`` and ``of_sums`` are others: what a batch adds to what is counted over
    the epoch, and the number that comes of it.
    """

    default_name = "metric"
    takes_logits = False
    """Whether logits give the same answer as the probabilities made of them, so that a last softmax can be left out."""
    rises = False
    """Whether more is better, which callbacks want to know."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "update_state" in vars(cls):
            raise NotImplementedError(f"{cls.__name__}: update_state is not in loopnet: {OWN}")

    def __init__(self, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS, ("name",))
        self.name = name or self.default_name

    def __call__(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} is no metric yet: {OWN}")

    def sums(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The sum of a batch's numbers, and how many they are: one an image, or one for all. Raises ``ValueError`` if
        they are no numbers.
        """
        values = np.asarray(self(outputs, targets))
        if values.dtype.kind not in "fiub":
            raise ValueError(f"metric {self.name}: expected a number an image, or one for the batch, given {values!r}")
        if values.ndim == 0:
            return np.array([float(values), 1])
        if values.ndim > 1:
            values = values.reshape(len(values), -1).mean(axis=1)
        return np.array([float(np.sum(values)), len(values)])

    def of_sums(self, sums: np.ndarray) -> float:
        """The mean."""
        total, count = sums
        return float(total / count)

    def fit_to(self, outputs: int) -> None:
        """Raise ``ValueError`` if it can make no number of so many outputs."""

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"class": type(self).__name__, **vars(self)}


class Own(Metric):
    """A function as a metric, under its own name, in Keras's spelling: ``MyMetric`` is ``my_metric``. Its targets are
    the labels as they were given.
    """

    def __init__(self, function: Function):
        name = re.sub(r"\W+", "", getattr(function, "__name__", type(function).__name__))
        name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
        super().__init__(re.sub("([a-z])([A-Z])", r"\1_\2", name).lower())
        self.function = function

    def __call__(self, outputs, targets):
        return self.function(targets, outputs)
