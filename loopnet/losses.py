"""Losses: one number that says how wrong the outputs are, and its gradient with respect to them.

Targets reach a loss as rows of one number per class (one-hot), in the rung's own layout; :meth:`Loss.encode` makes them
from the labels that a data set carries.
"""

from typing import Any

import numpy as np

from .ops import Ops, Tensor


class Loss:
    """What the training loop asks of a loss."""

    metric = "accuracy"
    from_logits = True

    def encode(self, y: Any, classes: int) -> np.ndarray:
        """Labels as float targets of shape (images, classes). Raises ``ValueError`` for labels that cannot be."""
        raise NotImplementedError

    def __call__(
        self, ops: Ops, outputs: Tensor, targets: Tensor, weight: Tensor, losses: Tensor, doutputs: Tensor
    ) -> None:
        """Overwrite ``losses`` (one per image) and ``doutputs``, the gradient of the weighted sum of losses."""
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        return {"name": type(self).__name__, **vars(self)}


class CategoricalCrossentropy(Loss):
    """- sum_k t_k log p_k for one-hot labels of shape (images, classes).

    from_logits: the network's outputs are logits (True), or end in a softmax (False, as in Keras). Either way
    softmax and loss are computed together, from the logits: it is the same function, and the stable one.
    """

    def __init__(self, from_logits: bool = False):
        self.from_logits = from_logits

    def encode(self, y: Any, classes: int) -> np.ndarray:
        y = np.asarray(y)
        if y.ndim != 2 or y.shape[1] != classes or y.dtype.kind not in "fiub":
            hint = "; for class numbers use sparse_categorical_crossentropy" if y.ndim == 1 else ""
            raise ValueError(
                f"labels: expected one-hot rows of shape {(None, classes)}, given {y.shape} of {y.dtype}{hint}"
            )
        if not np.isfinite(y).all() or (y < 0).any():
            raise ValueError("labels: expected finite, non-negative one-hot rows")
        return y.astype(np.float64)

    def __call__(self, ops, outputs, targets, weight, losses, doutputs):
        ops.softmax_cross_entropy(outputs, targets, weight, losses, doutputs)


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """- log p of the true class, for class numbers 0 .. classes - 1 of shape (images,) or (images, 1)."""

    def encode(self, y: Any, classes: int) -> np.ndarray:
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.ndim != 1:
            hint = "; for one-hot rows use categorical_crossentropy" if y.ndim == 2 and y.shape[1] == classes else ""
            raise ValueError(f"labels: expected class numbers of shape (None,), given {y.shape}{hint}")
        if y.dtype.kind not in "iuf" or (y.dtype.kind == "f" and not np.equal(y, np.trunc(y)).all()):
            raise ValueError(
                f"labels: expected whole numbers 0 to {classes - 1}, given {y.dtype} such as {y[:3].tolist()}"
            )
        if y.size and not 0 <= y.min() <= y.max() < classes:
            raise ValueError(f"labels: expected class numbers 0 to {classes - 1}, given {y.min()} to {y.max()}")
        one_hot = np.zeros((y.size, classes))
        one_hot[np.arange(y.size), y.astype(np.int64)] = 1
        return one_hot


LOSSES = {
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    **{cls.__name__: cls for cls in (CategoricalCrossentropy, SparseCategoricalCrossentropy)},
}


def get(loss: str | dict[str, Any] | Loss) -> Loss:
    """A loss from its name, from its saved ``config()``, or itself. ``ValueError`` for unknown names."""
    if isinstance(loss, Loss):
        return loss
    config = {"name": loss} if isinstance(loss, str) else dict(loss)
    name = config.pop("name")
    if name not in LOSSES:
        raise ValueError(f"unknown loss {name!r}; expected one of {', '.join(LOSSES)}")
    return LOSSES[name](**config)
