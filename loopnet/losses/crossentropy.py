"""Cross-entropies: how surprised who believed the outputs is by the labels (``kernels.softmax``, ``loss``, ``rbf``)."""

from typing import Any

import numpy as np

from ..missing import settle
from .base import ARGUMENTS, Loss, rows_of_numbers


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
        targets = rows_of_numbers(y, outputs)
        if targets.size and not 0 <= targets.min() <= targets.max() <= 1:
            raise ValueError(f"labels: expected numbers 0 to 1, given {targets.min():g} to {targets.max():g}")
        return targets

    def smooth(self, targets: np.ndarray) -> np.ndarray:
        return _mixed(targets, self.label_smoothing, 1 / 2)

    def on_batch(self, ops, outputs, targets, weight, losses, doutputs):
        kernel = ops.sigmoid_cross_entropy if self.from_logits else ops.binary_cross_entropy
        kernel(outputs, targets, weight, losses, doutputs)


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
