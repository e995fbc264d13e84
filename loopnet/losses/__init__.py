"""Losses: one number that says how wrong the outputs are, and its gradient with respect to them.

Targets reach a loss as rows of one number per output (one-hot for classes), in the rung's own layout;
:meth:`Loss.encode` makes them from the labels that a data set carries. Outputs that are images reach it as rows, too.
"""

from typing import Any

from ..missing import getattr_of, listed, refuse
from .base import OWN, Loss, of_last_axis
from .by_hand import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    cosine_similarity,
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
from .crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MaximumAPosteriori,
    SparseCategoricalCrossentropy,
)
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

MISSING = listed({
    "the losses are cross-entropies, categorical, sparse and binary, errors, hinges, KLDivergence and Poisson": """
        binary_focal_crossentropy categorical_focal_crossentropy dice tversky ctc circle
        BinaryFocalCrossentropy CategoricalFocalCrossentropy Dice Tversky CTC Circle""",
    "a loss is made again from its config(): losses.get": "deserialize serialize",
})  # fmt: skip

CLASSES: tuple[type[Loss], ...] = (
    CategoricalCrossentropy, SparseCategoricalCrossentropy, BinaryCrossentropy, MeanSquaredError, MeanAbsoluteError,
    Huber, Hinge, SquaredHinge, LogCosh, KLDivergence, Poisson, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, CosineSimilarity, CategoricalHinge, MaximumAPosteriori,
)  # fmt: skip

LOSSES: dict[str, type[Loss]] = {
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    **dict.fromkeys(("binary_crossentropy", "bce", "BCE"), BinaryCrossentropy),
    **dict.fromkeys(("mean_squared_error", "mse", "MSE"), MeanSquaredError),
    **dict.fromkeys(("mean_absolute_error", "mae", "MAE"), MeanAbsoluteError),
    "huber": Huber,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    **dict.fromkeys(("log_cosh", "logcosh"), LogCosh),
    **dict.fromkeys(("kl_divergence", "kullback_leibler_divergence", "kld", "KLD"), KLDivergence),
    "poisson": Poisson,
    **dict.fromkeys(("mean_absolute_percentage_error", "mape", "MAPE"), MeanAbsolutePercentageError),
    **dict.fromkeys(("mean_squared_logarithmic_error", "msle", "MSLE"), MeanSquaredLogarithmicError),
    "cosine_similarity": CosineSimilarity,
    "categorical_hinge": CategoricalHinge,
    "maximum_a_posteriori": MaximumAPosteriori,
    **{cls.__name__: cls for cls in CLASSES},
}

FUNCTIONS: dict[Any, str] = {
    function: function.__name__
    for function in (
        categorical_crossentropy, sparse_categorical_crossentropy, binary_crossentropy, mean_squared_error,
        mean_absolute_error, huber, hinge, squared_hinge, log_cosh, kl_divergence, poisson,
        mean_absolute_percentage_error, mean_squared_logarithmic_error, cosine_similarity, categorical_hinge,
    )
}  # fmt: skip

__all__ = [
    *(cls.__name__ for cls in CLASSES), *FUNCTIONS.values(), "CLASSES", "FUNCTIONS", "LOSSES", "Loss", "get",
    "kld", "mae", "mape", "mse", "msle", "of_last_axis",
]  # fmt: skip


def get(loss: Any) -> Loss:
    """A loss from its name, its class or its function, from its saved ``config()``, or itself. ``ValueError`` for
    unknown names, ``NotImplementedError`` for Keras's others.
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if callable(loss):
        if loss not in FUNCTIONS:
            raise ValueError(f"loss: expected a name or an object of loopnet.losses, given {loss!r}; {OWN}")
        loss = FUNCTIONS[loss]
    if isinstance(loss, (list, tuple)) and len(loss) == 1:  # one for each output, and there is one
        return get(loss[0])
    if not isinstance(loss, (str, dict)) or (isinstance(loss, dict) and "name" not in loss):
        raise ValueError(f"loss: expected a name or an object of loopnet.losses, given {loss!r}")
    config = {"name": loss} if isinstance(loss, str) else dict(loss)
    name = config.pop("name")
    if name not in LOSSES:
        refuse(name, MISSING)
        there_are = ", ".join(known for known in LOSSES if known.islower() and len(known) > 4)  # no second names
        raise ValueError(f"unknown loss {name!r}; expected one of {there_are}")
    return LOSSES[name](**config)


__getattr__ = getattr_of(__name__, MISSING)
