"""What all metrics are: a name for the history, sums that a batch adds to, and a number made of the sums."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..missing import settle
from . import by_hand

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
    """The base of all metrics: a name for the history, and a number an image, ``of_each``, whose mean is shown.

    Where the number is not such a mean, ``sums`` and ``of_sums`` are others: what a batch adds to what is counted over
    the epoch, and the number that comes of it.

    By hand, beside any training: ``update_state`` counts a batch, ``result`` is the number, ``reset_state`` begins
    afresh; ``fit`` and ``evaluate`` count for themselves, and leave this count alone.
    """

    default_name = "metric"
    takes_logits = False
    """Whether logits give the same answer as the probabilities made of them, so that a last softmax can be left out."""
    rises = False
    """Whether more is better, which callbacks want to know."""
    of_class_numbers = False
    """Whether ``update_state`` takes class numbers. (A loss has made rows of them before ``fit`` counts.)"""
    of_rows = False
    """Whether outputs of one axis are a row, of which the mean is taken, by hand."""
    _counted: Any = None
    """The sums so far, by hand."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        for name in ("update_state", "__call__"):
            if name in vars(cls) and not cls.__module__.startswith(__package__ or "."):
                raise NotImplementedError(f"{cls.__name__}: {name} is not in loopnet: {OWN}")

    def __init__(self, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS, ("name",))
        self.name = name or self.default_name

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: labels, class numbers for the metrics called sparse; outputs (images, outputs), or one an
        image; weights, (images,) or as many as there are numbers. Raises ``ValueError`` if they do not fit.
        """
        outputs, targets = by_hand.batch(self, y_true, y_pred)
        if sample_weight is None:
            self._count(self.sums(outputs, targets))
        else:
            weight = by_hand.numbers(self.name, "sample_weight", sample_weight, np.float64)
            self._count(self.sums(outputs, targets, weight))

    def _count(self, sums: np.ndarray) -> None:
        if self._counted is not None and self._counted.shape != sums.shape:
            raise ValueError(f"{self.name}: expected as many outputs as in the batches before; or call reset_state()")
        self._counted = sums if self._counted is None else self._counted + sums

    def result(self) -> Any:
        """The number so far; 0 before there is any."""
        return 0.0 if self._counted is None else self.of_sums(self._counted)

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counted = None

    def __call__(self, *batch: Any, **arguments: Any) -> Any:
        """``update_state``, and the ``result``."""
        self.update_state(*batch, **arguments)
        return self.result()

    def of_each(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """A number an image, or one for the batch."""
        raise NotImplementedError(f"{type(self).__name__} is no metric yet: {OWN}")

    def sums(self, outputs: np.ndarray, targets: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """The sum of a batch's numbers, and how many they are: one an image, or one for all; with weights, the sum of
        these. Raises ``ValueError`` if they are no numbers.
        """
        values = np.asarray(self.of_each(outputs, targets))
        if values.dtype.kind not in "fiub":
            raise ValueError(f"metric {self.name}: expected a number an image, or one for the batch, given {values!r}")
        if weight is not None:
            return by_hand.weighted(self.name, values, weight)
        if values.ndim == 0:
            return np.array([float(values), 1])
        if values.ndim > 1:
            values = values.reshape(len(values), -1).mean(axis=1)
        return np.array([float(np.sum(values)), len(values)])

    def of_sums(self, sums: np.ndarray) -> float:
        """The mean."""
        total, count = sums
        return float(total / count) if count else 0.0

    def fit_to(self, outputs: int) -> None:
        """Raise ``ValueError`` if it can make no number of so many outputs."""

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        arguments = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {"class": type(self).__name__, **arguments}


class Own(Metric):
    """A function as a metric, under its own name, in Keras's spelling: ``MyMetric`` is ``my_metric``. Its targets are
    the labels as they were given.
    """

    def __init__(self, function: Function):
        name = re.sub(r"\W+", "", getattr(function, "__name__", type(function).__name__))
        name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
        super().__init__(re.sub("([a-z])([A-Z])", r"\1_\2", name).lower())
        self.function = function

    def of_each(self, outputs, targets):
        return self.function(targets, outputs)
