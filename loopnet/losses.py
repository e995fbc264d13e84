"""Losses: one number that says how wrong the outputs are, and its gradient with respect to them.

Targets reach a loss as rows of one number per output (one-hot for classes), in the rung's own layout;
:meth:`Loss.encode` makes them from the labels that a data set carries. Outputs that are images reach it as rows, too.
"""

from math import prod
from typing import Any

import numpy as np

from .batches import flat_targets
from .missing import getattr_of, listed, refuse, settle
from .ops import Ops, Tensor, get_ops

ARGUMENTS = {
    "name": "a loss is known by its class",
    "reduction": "the loss is the mean over the images; sample_weight and class_weight change their shares",
    "dtype": "the model has one: Sequential(layers, dtype='float64')",
    "axis": "the classes are last",
    "ignore_class": "leave those images out, or give them a sample_weight of 0",
}
"""Arguments that Keras's losses take and these do not, and what to do instead."""

MISSING = listed({
    "the losses are cross-entropies, categorical, sparse and binary, errors, hinges, KLDivergence and Poisson": """
        binary_focal_crossentropy categorical_focal_crossentropy dice tversky ctc circle
        BinaryFocalCrossentropy CategoricalFocalCrossentropy Dice Tversky CTC Circle""",
    "a loss is made again from its config(): losses.get": "deserialize serialize",
})  # fmt: skip


OWN = "a loss of your own is a subclass of losses.Loss with encode and on_batch, which writes its gradient, too"
"""Nothing is differentiated for you: the slope is a loop like any other."""


class Loss:
    """What the training loop asks of a loss. One of your own has to have ``encode`` and ``on_batch``."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "call" in vars(cls):
            raise NotImplementedError(f"{cls.__name__}: call is not in loopnet: {OWN}")

    from_logits = True
    joins_softmax = False
    """Whether the loss works on the logits before a network's last softmax, which then trains with it as one."""

    takes_images = False
    """Whether each output has a target of its own, so that outputs may have any shape: the loss gets them, and targets
    of the same shape, as flat rows, and is the mean over all numbers of an image.
    """

    def encode(self, y: Any, outputs: int) -> np.ndarray:
        """Labels as float targets of shape (images, outputs). Raises ``ValueError`` for labels that cannot be."""
        raise NotImplementedError(f"{type(self).__name__} has no encode: {OWN}")

    def smooth(self, targets: np.ndarray) -> np.ndarray:
        """The targets that are trained on. Metrics look at those that ``encode`` gave."""
        return targets

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> np.floating:
        """The mean loss of predictions, by itself: ``MeanSquaredError()(y_true, model.predict(x))``.

        sample_weight: (images,), what each image's loss counts; the sum is divided by their number.
        """
        losses = of_last_axis(self, y_true, y_pred)
        losses = losses.reshape(len(losses), -1).mean(axis=1)
        if sample_weight is not None:
            weight = np.asarray(sample_weight, losses.dtype)
            if weight.shape not in ((), losses.shape):
                raise ValueError(f"sample_weight: expected weights of shape {losses.shape}, given {weight.shape}")
            losses = losses * weight
        return losses.mean()

    def on_batch(
        self, ops: Ops, outputs: Tensor, targets: Tensor, weight: Tensor, losses: Tensor, doutputs: Tensor
    ) -> None:
        """Overwrite ``losses`` (one per image) and ``doutputs``, the gradient of the weighted sum of losses."""
        raise NotImplementedError(f"{type(self).__name__} has no on_batch: {OWN}")

    def config(self) -> dict[str, Any]:
        return {"name": type(self).__name__, **{k: v for k, v in vars(self).items() if not k.startswith("_")}}


class CategoricalCrossentropy(Loss):
    """- sum_k t_k log p_k for one-hot labels of shape (images, classes).

    from_logits: the network's outputs are logits (True) or probabilities (False). After a softmax, it and the loss
    are computed together, from the logits: the same function, and the stable one. Other outputs are taken for
    probabilities as they are, divided by their sum and kept between 1e-7 and 1 - 1e-7, as in Keras; those of a layer
    without an activation cannot be, and are refused.

    label_smoothing: this share of each label is spread evenly over all classes, so that the network is not
    driven to be infinitely sure. Szegedy et al. (2016), section 7.
    """

    joins_softmax = True

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS, ("from_logits", "label_smoothing"))
        self.from_logits, self.label_smoothing = bool(from_logits), _share(label_smoothing)

    def encode(self, y: Any, outputs: int) -> np.ndarray:
        y = _labels(y)
        if y.ndim != 2 or y.shape[1] != outputs or y.dtype.kind not in "fiub":
            hint = "; for class numbers use sparse_categorical_crossentropy" if y.ndim == 1 else ""
            raise ValueError(
                f"labels: expected one-hot rows of shape {(None, outputs)}, given {y.shape} of {y.dtype}{hint}"
            )
        if not np.isfinite(y).all() or (y < 0).any():
            raise ValueError("labels: expected finite, non-negative one-hot rows")
        return y.astype(np.float64)

    def smooth(self, targets: np.ndarray) -> np.ndarray:
        return _mixed(targets, self.label_smoothing, 1 / targets.shape[1])

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        kernel = ops.softmax_cross_entropy if self.from_logits else ops.cross_entropy
        kernel(outputs, targets, weight, losses, doutputs)


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """- log p of the true class, for class numbers 0 .. classes - 1 of shape (images,) or (images, 1)."""

    def encode(self, y: Any, outputs: int) -> np.ndarray:
        y = _labels(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.ndim != 1:
            hint = "; for one-hot rows use categorical_crossentropy" if y.ndim == 2 and y.shape[1] == outputs else ""
            raise ValueError(f"labels: expected class numbers of shape (None,), given {y.shape}{hint}")
        if y.dtype.kind == "b":  # False is class 0
            y = y.astype(np.int64)
        if y.dtype.kind not in "iuf" or (y.dtype.kind == "f" and not np.equal(y, np.trunc(y)).all()):
            raise ValueError(
                f"labels: expected whole numbers 0 to {outputs - 1}, given {y.dtype} such as {y[:3].tolist()}"
            )
        if y.size and not 0 <= y.min() <= y.max() < outputs:
            raise ValueError(f"labels: expected class numbers 0 to {outputs - 1}, given {y.min()} to {y.max()}")
        one_hot = np.zeros((y.size, outputs))
        one_hot[np.arange(y.size), y.astype(np.int64)] = 1
        return one_hot


class BinaryCrossentropy(Loss):
    """- t log p - (1 - t) log(1 - p), the mean over an image's outputs; labels 0 or 1, or anything between.

    Labels of shape (images, outputs); (images,) will do for one output. from_logits: p is the sigmoid of the
    output (True) or the output itself (False), kept between 1e-7 and 1 - 1e-7 as in Keras.
    label_smoothing: this share of each label is moved to 1/2. Outputs may be images, with labels of their shape.
    """

    takes_images = True

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS, ("from_logits", "label_smoothing"))
        self.from_logits, self.label_smoothing = bool(from_logits), _share(label_smoothing)

    def encode(self, y: Any, outputs: int) -> np.ndarray:
        targets = _rows(y, outputs)
        if targets.size and not 0 <= targets.min() <= targets.max() <= 1:
            raise ValueError(f"labels: expected numbers 0 to 1, given {targets.min():g} to {targets.max():g}")
        return targets

    def smooth(self, targets: np.ndarray) -> np.ndarray:
        return _mixed(targets, self.label_smoothing, 1 / 2)

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        kernel = ops.sigmoid_cross_entropy if self.from_logits else ops.binary_cross_entropy
        kernel(outputs, targets, weight, losses, doutputs)


class _Error(Loss):
    """Between outputs and labels that are any numbers."""

    takes_images = True

    def __init__(self, name: str | None = None, **others: Any):
        settle(type(self).__name__, others, ARGUMENTS)

    def encode(self, y: Any, outputs: int) -> np.ndarray:
        return _rows(y, outputs)


class MeanSquaredError(_Error):
    """The mean over an image's outputs of (y - t)**2; labels of shape (images, outputs), or (images,) for one
    output. Outputs may be images, with labels of their shape.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_squared_error(outputs, targets, weight, losses, doutputs)


class MeanAbsoluteError(_Error):
    """The mean over an image's outputs of abs(y - t); labels as for the squared error."""

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_absolute_error(outputs, targets, weight, losses, doutputs)


class Huber(_Error):
    """The mean over an image's outputs of e**2 / 2 where abs(e) <= delta, and of delta * abs(e) - delta**2 / 2 beyond,
    with e = y - t: one far-off label pulls no harder than ``delta``. Labels as for the squared error. Huber (1964).
    """

    def __init__(self, delta: float = 1.0, name: str | None = None, **others: Any):
        settle("Huber", others, ARGUMENTS, ("delta",))
        if not 0 < delta < np.inf:
            raise ValueError(f"Huber: expected a finite delta above 0, given {delta!r}")
        self.delta = float(delta)

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.huber(outputs, targets, weight, losses, doutputs, doutputs.dtype.type(self.delta))


class Hinge(_Error):
    """The mean over an image's outputs of max(1 - t * y, 0), for labels -1 and 1; where all are 0 and 1, as in Keras,
    they are taken for these. Outputs may be images, with labels of their shape.
    """

    def smooth(self, targets: np.ndarray) -> np.ndarray:
        return 2 * targets - 1 if np.isin(targets, (0, 1)).all() else targets

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.hinge(outputs, targets, weight, losses, doutputs)


class SquaredHinge(Hinge):
    """The mean over an image's outputs of max(1 - t * y, 0)**2; labels as for the hinge."""

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.squared_hinge(outputs, targets, weight, losses, doutputs)


class LogCosh(_Error):
    """The mean over an image's outputs of log(cosh(y - t)); labels as for the squared error."""

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.log_cosh(outputs, targets, weight, losses, doutputs)


class MeanAbsolutePercentageError(_Error):
    """The mean over an image's outputs of 100 * abs(y - t) / abs(t), where abs(t) counts as at least 1e-7; labels as
    for the squared error.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_absolute_percentage_error(outputs, targets, weight, losses, doutputs)


class MeanSquaredLogarithmicError(_Error):
    """The mean over an image's outputs of (log(1 + y) - log(1 + t))**2, where both count as at least 1e-7; labels as
    for the squared error.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.mean_squared_logarithmic_error(outputs, targets, weight, losses, doutputs)


class Poisson(_Error):
    """The mean over an image's outputs of y - t * log(y + 1e-7), for labels that count something and outputs above 0,
    such as those of softplus or exponential; NaN for negative ones. Labels as for the squared error.
    """

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.poisson(outputs, targets, weight, losses, doutputs)


class KLDivergence(_Error):
    """sum_k t_k log(t_k / p_k), for labels and outputs that are probabilities, of shape (images, outputs); both are
    kept between 1e-7 and 1, as in Keras.
    """

    takes_images = False

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.kl_divergence(outputs, targets, weight, losses, doutputs)


class CosineSimilarity(_Error):
    """Minus the cosine of the angle between an image's outputs and its labels, both of shape (images, outputs): -1
    where they point alike, 0 where one of them is zero.
    """

    takes_images = False

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.cosine_similarity(outputs, targets, weight, losses, doutputs)


class CategoricalHinge(_Error):
    """max(1 + max_k (1 - t_k) y_k - sum_k t_k y_k, 0) for one-hot labels of shape (images, outputs): the true class has
    to be 1 ahead of the others.
    """

    takes_images = False

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        ops.categorical_hinge(outputs, targets, weight, losses, doutputs)


class MaximumAPosteriori(SparseCategoricalCrossentropy):
    """The loss of LeNet-5 in 1998, for class numbers and outputs that are minus squared distances (``layers.RBF``):

        - y_true + log(exp(-rubbish) + sum_k exp(y_k))

    the cross-entropy with one class more, for what is no digit at all, whose logit is always -rubbish. The paper's
    constant j is above 0 and not printed; 0.1 is ours. LeCun et al. (1998), equation 9; see ``kernels.rbf``.
    """

    joins_softmax = False

    def __init__(self, rubbish: float = 0.1):
        super().__init__(from_logits=True)
        if not np.isfinite(rubbish):
            raise ValueError(f"MaximumAPosteriori: expected a finite number for rubbish, given {rubbish!r}")
        self.rubbish = float(rubbish)

    def config(self) -> dict[str, Any]:
        return {"name": type(self).__name__, "rubbish": self.rubbish}

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        rubbish = doutputs.dtype.type(self.rubbish)
        ops.maximum_a_posteriori(outputs, targets, weight, losses, doutputs, rubbish)


def _rows(y: Any, outputs: int) -> np.ndarray:
    """Labels that are numbers, one for each output."""
    y = np.asarray(y)
    if y.ndim == 1 and outputs == 1:
        y = y[:, np.newaxis]
    if y.ndim != 2 or y.shape[1] != outputs or y.dtype.kind not in "fiub":
        raise ValueError(f"labels: expected numbers of shape {(None, outputs)}, given {y.shape} of {y.dtype}")
    if not np.isfinite(y).all():
        raise ValueError("labels: expected finite numbers, given NaN or infinity")
    return y.astype(np.float64)


def _mixed(targets: np.ndarray, share: float, value: float) -> np.ndarray:
    return targets if share == 0 else (1 - share) * targets + share * value


def _labels(y: Any) -> np.ndarray:
    try:
        return np.asarray(y)
    except ValueError:
        raise ValueError("labels: expected an array of labels, given a ragged list") from None


def _share(label_smoothing: float) -> float:
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"label_smoothing: expected at least 0 and below 1, given {label_smoothing!r}")
    return float(label_smoothing)


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


def of_last_axis(loss: Loss, y_true: Any, y_pred: Any) -> np.ndarray:
    outputs = np.ascontiguousarray(y_pred)
    if outputs.ndim < 2 or (outputs.ndim > 2 and not loss.takes_images) or outputs.dtype.kind not in "fiub":
        raise ValueError(f"y_pred: expected outputs (images, outputs), given {outputs.shape} of {outputs.dtype}")
    outputs = outputs.astype(outputs.dtype if outputs.dtype in (np.float32, np.float64) else np.float32)
    *places, channels = outputs.shape
    if outputs.ndim > 2:
        y_true = flat_targets(y_true, outputs.shape[1:])
    targets = loss.smooth(loss.encode(y_true, prod(outputs.shape[1:]))).astype(outputs.dtype)
    if len(targets) != len(outputs):
        raise ValueError(f"y_true: expected labels of {len(outputs)} images, given {len(targets)}")
    rows, targets = outputs.reshape(-1, channels), targets.reshape(-1, channels)
    losses, weight = np.empty((2, len(rows)), outputs.dtype)
    weight[:] = 1
    loss.on_batch(get_ops("literal"), rows, targets, weight, losses, np.empty_like(rows))
    return losses.reshape(places)


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
    **{
        cls.__name__: cls
        for cls in (
            CategoricalCrossentropy,
            SparseCategoricalCrossentropy,
            BinaryCrossentropy,
            MeanSquaredError,
            MeanAbsoluteError,
            Huber,
            Hinge,
            SquaredHinge,
            LogCosh,
            KLDivergence,
            Poisson,
            MeanAbsolutePercentageError,
            MeanSquaredLogarithmicError,
            CosineSimilarity,
            CategoricalHinge,
            MaximumAPosteriori,
        )  # fmt: skip
    },
}


FUNCTIONS: dict[Any, str] = {
    function: function.__name__
    for function in (
        categorical_crossentropy,
        sparse_categorical_crossentropy,
        binary_crossentropy,
        mean_squared_error,
        mean_absolute_error,
        huber,
        hinge,
        squared_hinge,
        log_cosh,
        kl_divergence,
        poisson,
        mean_absolute_percentage_error,
        mean_squared_logarithmic_error,
        cosine_similarity,
        categorical_hinge,
    )  # fmt: skip
}


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
            raise ValueError(
                f"loss: expected a name or an object of loopnet.losses, given {loss!r}; {OWN}"
            )
        loss = FUNCTIONS[loss]
    if isinstance(loss, (list, tuple)) and len(loss) == 1:  # one for each output, and there is one
        return get(loss[0])
    if not isinstance(loss, (str, dict)) or (isinstance(loss, dict) and "name" not in loss):
        raise ValueError(f"loss: expected a name or an object of loopnet.losses, given {loss!r}")
    config = {"name": loss} if isinstance(loss, str) else dict(loss)
    name = config.pop("name")
    if name not in LOSSES:
        refuse(name, MISSING)
        raise ValueError(f"unknown loss {name!r}; expected one of {', '.join(LOSSES)}")
    return LOSSES[name](**config)


__getattr__ = getattr_of(__name__, MISSING)
