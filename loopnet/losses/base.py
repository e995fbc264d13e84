"""What all losses have in common."""

from math import prod
from typing import Any

import numpy as np

from ..arrays import Array, answer
from ..batches import flat_targets
from ..ops import Ops, Tensor, get_ops

ARGUMENTS = {
    "name": "a loss is known by its class",
    "reduction": "the loss is the mean over the images, and sample_weight changes their shares; the functions, "
    "losses.mean_squared_error(y_true, y_pred) and so on, give one number an image",
    "dtype": "the model has one: Sequential(layers, dtype='float64')",
    "axis": "the classes are last",
    "ignore_class": "leave those images out, or give them a sample_weight of 0",
}
"""Arguments that Keras's losses take and these do not, and what to do instead."""

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

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Array:
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
        return answer(losses.mean())

    def on_batch(
        self, ops: Ops, outputs: Tensor, targets: Tensor, weight: Tensor, losses: Tensor, doutputs: Tensor
    ) -> None:
        """Overwrite ``losses`` (one per image) and ``doutputs``, the gradient of the weighted sum of losses."""
        raise NotImplementedError(f"{type(self).__name__} has no on_batch: {OWN}")

    def config(self) -> dict[str, Any]:
        return {"name": type(self).__name__, **{k: v for k, v in vars(self).items() if not k.startswith("_")}}


def of_last_axis(loss: Loss, y_true: Any, y_pred: Any) -> Array:
    """One loss for each row along the last axis of ``y_pred``."""
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
    return answer(losses.reshape(places))


def rows_of_numbers(y: Any, outputs: int) -> np.ndarray:
    """Labels that are numbers, one for each output."""
    y = np.asarray(y)
    if y.ndim == 1 and outputs == 1:
        y = y[:, np.newaxis]
    if y.ndim != 2 or y.shape[1] != outputs or y.dtype.kind not in "fiub":
        raise ValueError(f"labels: expected numbers of shape {(None, outputs)}, given {y.shape} of {y.dtype}")
    if not np.isfinite(y).all():
        raise ValueError("labels: expected finite numbers, given NaN or infinity")
    return y.astype(np.float64)
