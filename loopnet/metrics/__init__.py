"""Metrics: numbers for people to read; nothing is trained on them.

A metric's ``of_each`` gets a batch's outputs and targets on the host, both (images, outputs), and returns one number
an image; ``fit`` shows their mean. Where outputs are images themselves, both are (images, ..., channels), and it
returns one number a pixel, from its channels, as in Keras; ``fit`` shows the mean of all. By hand, in a loop of one's
own, a metric counts as Keras's do: ``update_state(y_true, y_pred)``, ``result()``, ``reset_state()``. A function of
your own will do for ``compile`` as well, and is called as Keras calls it:

    def error(y_true, y_pred):
        return y_true != y_pred.argmax(axis=1)

    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", error])

y_true: a batch's labels as ``fit`` was given them, class numbers (images,) for one, or one-hot rows; those that are
not whole numbers are of the model's dtype. y_pred: the outputs, shaped as those of ``predict``. Both are NumPy arrays.
The function returns a number an image, or rows of them, whose mean is taken; or one number for the batch, and then
``fit`` shows the mean over the batches, the last of which may be smaller.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..losses.by_hand import (  # noqa: F401
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    kld,
    log_cosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ..missing import getattr_of, listed, refuse
from .base import Function, Metric, Own
from .confusion import (
    AUC,
    F1Score,
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from .functions import (  # noqa: F401
    FUNCTIONS,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .means import (
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    Mean,  # noqa: F401
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SquaredHinge,
    TopKCategoricalAccuracy,
)

if TYPE_CHECKING:
    from ..losses import Loss


def names(metrics: Sequence[Metric]) -> list[str]:
    """What the logs call each, beside the loss: the second of a name is ``accuracy_1``, as in Keras."""
    taken: dict[str, int] = {"loss": 1}
    given = []
    for metric in metrics:
        count = taken[metric.name] = taken.get(metric.name, 0) + 1
        given.append(metric.name if count == 1 else f"{metric.name}_{count - 1}")
    return given


def each(metrics: Any) -> list[Any]:
    """What ``compile`` was given, one metric behind the other: Keras takes lists in lists, and dictionaries of outputs,
    of which there is one here, and as there its name is not read.
    """
    if isinstance(metrics, dict) and "class" not in metrics:  # a metric's own config() has one
        metrics = list(metrics.values())
    return [one for part in metrics for one in each(part)] if isinstance(metrics, (list, tuple)) else [metrics]


CLASSES: dict[str, type[Metric]] = {
    cls.__name__: cls
    for cls in (
        CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy,
        BinaryAccuracy, MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError, BinaryCrossentropy,
        CategoricalCrossentropy, SparseCategoricalCrossentropy, Precision, Recall, AUC, F1Score, TruePositives,
        FalsePositives, TrueNegatives, FalseNegatives, MeanAbsolutePercentageError, MeanSquaredLogarithmicError,
        LogCoshError, Hinge, SquaredHinge, CategoricalHinge, KLDivergence, Poisson, CosineSimilarity,
    )
}  # fmt: skip
NAMES: dict[str, type[Metric]] = {
    **{cls.default_name: cls for cls in CLASSES.values()},
    **dict.fromkeys(("mae", "MAE"), MeanAbsoluteError),
    **dict.fromkeys(("mse", "MSE"), MeanSquaredError),
    **dict.fromkeys(("bce", "BCE"), BinaryCrossentropy),
    **dict.fromkeys(("mape", "MAPE"), MeanAbsolutePercentageError),
    **dict.fromkeys(("msle", "MSLE"), MeanSquaredLogarithmicError),
    **dict.fromkeys(("kld", "KLD"), KLDivergence),
    "log_cosh_error": LogCoshError,
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
        return FUNCTIONS[metric]() if metric in FUNCTIONS else Own(metric)
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
    from ..losses import BinaryCrossentropy

    if outputs != 1:
        return CategoricalAccuracy(name=name)
    of_logit = isinstance(loss, BinaryCrossentropy) and loss.from_logits
    return BinaryAccuracy(0.0 if of_logit else 0.5, name=name)


_OWN = "write a function of (y_true, y_pred), one number an image, or work it out from predict"
MISSING = listed({
    "for right answers use 'accuracy'": "Accuracy",
    _OWN: """
        f1 FBetaScore PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity
        MeanIoU IoU BinaryIoU OneHotIoU OneHotMeanIoU MeanMetricWrapper Sum R2Score
        PearsonCorrelation ConcordanceCorrelation pearson_correlation concordance_correlation
        binary_focal_crossentropy categorical_focal_crossentropy""",
    "name it by a string": "deserialize serialize",
})  # fmt: skip

__getattr__ = getattr_of(__name__, MISSING)
