"""The model's door: NumPy arrays are checked here, once, and leave batch by batch as tensors of a rung."""

from typing import Any

import numpy as np

from .ops import Ops, Tensor
from .shapes import Shape, expect_batch


def check_images(who: str, x: Any, input_shape: Shape, dtype: np.dtype) -> np.ndarray:
    """``x`` as a C-contiguous array of ``dtype`` and shape (images, *input_shape). Raises ``ValueError`` otherwise.

    Integers and booleans are converted as they are: a pixel of 255 becomes 255.0.
    """
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{who}: expected an array of images, given a ragged list ({error})") from None
    if x.dtype.kind not in "fiub":
        raise ValueError(f"{who}: expected numbers, given an array of {x.dtype}")
    expect_batch(who, x.shape, input_shape)
    if len(x) == 0:
        raise ValueError(f"{who}: expected at least one image, given shape {x.shape}")
    x = np.ascontiguousarray(x, dtype)
    if not np.isfinite(x).all():
        bad = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise ValueError(f"{who}: expected finite pixels, given NaN or infinity, first in image {bad}")
    return x


class Batches:
    """A data set on a rung. ``load(order)`` gathers the images and targets of those indices into memory that is
    used again.

    ``room`` is that memory, one set of tensors for each size of batch; a model passes the same to all data sets
    it sees. ``door`` is the rung that takes the images, if it is not the one that takes the targets.
    """

    def __init__(
        self,
        ops: Ops,
        x: np.ndarray,
        targets: np.ndarray | None = None,
        room: dict | None = None,
        door: Ops | None = None,
    ):
        self.ops, self.door, self.count = ops, door or ops, len(x)
        self._x, self._targets = self.door.asarray(x), None
        if targets is not None:
            self._targets = ops.asarray(np.ascontiguousarray(targets, x.dtype))
        self._room = {} if room is None else room

    def load(self, order: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Images, targets, and each image's share in the batch's mean loss. ``order``: int64 indices on the rung."""
        count, dtype = len(order), self._x.dtype
        if ("x", count) not in self._room:
            self._room["x", count] = self.door.empty((count, *self._x.shape[1:]), dtype)
        x = self._room["x", count]
        self.door.gather(self._x, order, x)
        if self._targets is None:
            return x, None, None
        if ("targets", count) not in self._room:
            self._room["targets", count] = self.ops.empty((count, *self._targets.shape[1:]), dtype)
            self._room["weight", count] = self.ops.pack(np.full(count, 1 / count, dtype))
        targets = self._room["targets", count]
        self.ops.gather(self._targets, order, targets)
        return x, targets, self._room["weight", count]
