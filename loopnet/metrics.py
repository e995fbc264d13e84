"""Metrics: numbers for people to read; nothing is trained on them.

A metric is called with a batch's outputs and targets on the host, both (images, outputs), and returns one number
an image; ``fit`` shows their mean. Where outputs are images themselves, both are (images, ..., channels), and it
returns one number a pixel, from its channels, as in Keras; ``fit`` shows the mean of all. A function of your own will
do as well, and is called as Keras calls it:

    def error(y_true, y_pred):
        return y_true != y_pred.argmax(axis=1)

    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", error])

y_true: a batch's labels as ``fit`` was given them, class numbers (images,) for one, or one-hot rows; those that are
not whole numbers are of the model's dtype. y_pred: the outputs, shaped as those of ``predict``. Both are NumPy arrays.
The function returns a number an image, or rows of them, whose mean is taken; or one number for the batch, and then
``fit`` shows the mean over the batches, the last of which may be smaller.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .missing import getattr_of, listed, refuse, settle

if TYPE_CHECKING:
    from .losses import Loss

ARGUMENTS = {"dtype": "numbers are added up in float64"}
"""Arguments that Keras's metrics take and these do not, and what to do instead."""

Function = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Metric:
    """The base of all metrics: a name for the history, and a number an image."""

    default_name = "metric"
    takes_logits = False
    """Whether logits give the same answer as the probabilities made of them, so that a last softmax can be left out."""

    def __init__(self, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS, ("name",))
        self.name = name or self.default_name

    def __call__(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"class": type(self).__name__, **vars(self)}


class CategoricalAccuracy(Metric):
    """1 where the largest output is the true class, else 0."""

    default_name = "categorical_accuracy"
    takes_logits = True

    def __call__(self, outputs, targets):
        return outputs.argmax(axis=-1) == targets.argmax(axis=-1)


class SparseCategoricalAccuracy(CategoricalAccuracy):
    """The same: a loss has made one-hot rows of class numbers before a metric sees them."""

    default_name = "sparse_categorical_accuracy"


class TopKCategoricalAccuracy(Metric):
    """1 where the true class is among the ``k`` largest outputs, else 0."""

    default_name = "top_k_categorical_accuracy"
    takes_logits = True

    def __init__(self, k: int = 5, name: str | None = None, **others: Any):
        super().__init__(name, **others)
        self.k = k

    def __call__(self, outputs, targets):
        of_truth = np.take_along_axis(outputs, targets.argmax(axis=-1)[..., np.newaxis], axis=-1)
        return (outputs > of_truth).sum(axis=-1) < self.k


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """The same, under Keras's name for class numbers."""

    default_name = "sparse_top_k_categorical_accuracy"


class BinaryAccuracy(Metric):
    """The share of an image's outputs that lie on the right side of ``threshold``: above it for a label of 1, not above
    it for a label of 0. Other labels are never met, as in Keras. Outputs are probabilities; for logits the threshold
    that stands for one half is 0.
    """

    default_name = "binary_accuracy"

    def __init__(self, threshold: float = 0.5, name: str | None = None, **others: Any):
        super().__init__(name, **others)
        self.threshold = float(threshold)

    def __call__(self, outputs, targets):
        return ((outputs > self.threshold) == targets).mean(axis=-1)


class MeanAbsoluteError(Metric):
    """The mean over an image's outputs of abs(y - t)."""

    default_name = "mean_absolute_error"

    def __call__(self, outputs, targets):
        return np.abs(outputs - targets).mean(axis=-1)


class MeanSquaredError(Metric):
    """The mean over an image's outputs of (y - t)**2."""

    default_name = "mean_squared_error"

    def __call__(self, outputs, targets):
        return ((outputs - targets) ** 2).mean(axis=-1)


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


def total(metric: Metric, outputs: np.ndarray, targets: np.ndarray) -> tuple[float, int]:
    """The sum of a metric's numbers over a batch, and how many they are: one an image, or one for all. Raises
    ``ValueError`` if they are no numbers.
    """
    values = np.asarray(metric(outputs, targets))
    if values.dtype.kind not in "fiub":
        raise ValueError(f"metric {metric.name}: expected a number an image, or one for the batch, given {values!r}")
    if values.ndim == 0:
        return float(values), 1
    if values.ndim > 1:
        values = values.reshape(len(values), -1).mean(axis=1)
    return float(np.sum(values)), len(values)


def names(metrics: Sequence[Metric]) -> list[str]:
    """What the logs call each, beside the loss: the second of a name is ``accuracy_1``, as in Keras."""
    taken: dict[str, int] = {"loss": 1}
    given = []
    for metric in metrics:
        count = taken[metric.name] = taken.get(metric.name, 0) + 1
        given.append(metric.name if count == 1 else f"{metric.name}_{count - 1}")
    return given


CLASSES: dict[str, type[Metric]] = {
    cls.__name__: cls
    for cls in (
        CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy,
        BinaryAccuracy, MeanAbsoluteError, MeanSquaredError,
    )
}  # fmt: skip
NAMES: dict[str, type[Metric]] = {
    **{cls.default_name: cls for cls in CLASSES.values()},
    **dict.fromkeys(("mae", "MAE"), MeanAbsoluteError),
    **dict.fromkeys(("mse", "MSE"), MeanSquaredError),
}


def get(
    metric: str | dict[str, Any] | Metric | Function | type, loss: "Loss | None" = None, outputs: int = 0
) -> Metric:
    """A metric from its name, from its saved ``config()``, from a function, or itself.

    "accuracy" depends on the number of outputs, as in Keras: one is right or wrong by itself (``BinaryAccuracy``); of
    several, whatever the loss, the largest must be the true class. Unlike in Keras, one output that is a logit, before
    a ``BinaryCrossentropy(from_logits=True)``, counts as a yes above 0, which is a probability of one half, and not
    above 0.5. ``ValueError`` for unknown names.
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if callable(metric) and not isinstance(metric, type):
        return Own(metric)
    if isinstance(metric, dict) and metric.get("class") in CLASSES:
        arguments = dict(metric)
        return CLASSES[arguments.pop("class")](**arguments)
    if not isinstance(metric, str):
        raise ValueError(f"metrics: expected names, objects of loopnet.metrics or functions, given {metric!r}")
    if metric.lower() in ("accuracy", "acc"):
        return _accuracy(loss, outputs, metric)
    if metric in CLASSES:
        return CLASSES[metric](name=metric)
    if metric not in NAMES:
        refuse(metric, MISSING)
        raise ValueError(f"unknown metric {metric!r}; expected one of accuracy, {', '.join(NAMES)}")
    return NAMES[metric](name=metric)


def _accuracy(loss: "Loss | None", outputs: int, name: str) -> Metric:
    from .losses import BinaryCrossentropy

    if outputs != 1:
        return CategoricalAccuracy(name=name)
    of_logit = isinstance(loss, BinaryCrossentropy) and loss.from_logits
    return BinaryAccuracy(0.0 if of_logit else 0.5, name=name)


_OWN = "write a function of (y_true, y_pred), one number an image, or work it out from predict"
MISSING = listed({
    "for right answers use 'accuracy'": "Accuracy",
    "the loss is in the logs as loss": """
        bce BCE categorical_crossentropy sparse_categorical_crossentropy binary_crossentropy CategoricalCrossentropy
        SparseCategoricalCrossentropy BinaryCrossentropy""",
    _OWN: """
        AUC auc Precision precision Recall recall F1Score f1_score f1 FBetaScore TruePositives TrueNegatives
        FalsePositives FalseNegatives PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity
        SpecificityAtSensitivity MeanIoU IoU BinaryIoU OneHotIoU OneHotMeanIoU Mean MeanMetricWrapper Sum
        RootMeanSquaredError MeanAbsolutePercentageError MeanSquaredLogarithmicError CosineSimilarity KLDivergence
        LogCoshError Poisson Hinge SquaredHinge CategoricalHinge R2Score cosine_similarity msle mape
        root_mean_squared_error""",
    "name it by a string": """
        categorical_accuracy sparse_categorical_accuracy binary_accuracy mean_absolute_error mean_squared_error mae mse
        top_k_categorical_accuracy sparse_top_k_categorical_accuracy deserialize serialize""",
})  # fmt: skip

__getattr__ = getattr_of(__name__, MISSING)
