"""The model's door: NumPy arrays are checked here, once, and leave batch by batch as tensors of a rung."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .ops import Ops, Tensor
from .shapes import Shape, expect_batch, fitting, real


def unlisted(x: Any, fits: Callable[[Shape], bool] = bool) -> Any:
    """``x``, or the array in it if it is a list of one array whose shape ``fits``, or a dictionary of one thing, the
    name of an input or output with what belongs to it: Keras's models take lists and dictionaries of inputs and labels.
    """
    if isinstance(x, dict) and len(x) == 1:
        return next(iter(x.values()))
    alone = isinstance(x, (list, tuple)) and len(x) == 1 and isinstance(x[0], np.ndarray)
    return x[0] if alone and fits(x[0].shape) else x


def check_images(who: str, x: Any, input_shape: Shape, dtype: np.dtype) -> np.ndarray:
    """``x`` as a C-contiguous array of ``dtype`` and shape (images, *input_shape), an axis of 1 added or dropped at its
    end if need be. Raises ``ValueError`` otherwise.

    Integers and booleans are converted as they are: a pixel of 255 becomes 255.0.
    """
    image, pixels = words(input_shape)
    if isinstance(x, dict) and len(x) > 1:
        what = f"given {len(x)} inputs, which is not in loopnet: a network takes one batch of {image}s"
        raise NotImplementedError(f"{who}: {what}")
    try:
        x = np.asarray(unlisted(x, lambda shape: fitting(shape, input_shape)[1:] == input_shape))
    except ValueError as error:
        raise ValueError(f"{who}: expected an array of {image}s, given a ragged list ({error})") from None
    if x.dtype.kind not in "fiub":
        raise ValueError(f"{who}: expected numbers, given an array of {x.dtype}")
    x = x.reshape(fitting(x.shape, input_shape))
    expect_batch(who, x.shape, input_shape)
    if len(x) == 0:
        raise ValueError(f"{who}: expected at least one {image}, given shape {x.shape}")
    x = np.ascontiguousarray(x, dtype)
    if not np.isfinite(x).all():
        bad = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise ValueError(f"{who}: expected finite {pixels}, given NaN or infinity, first in {image} {bad}")
    return x


def flat_targets(y: Any, shape: Shape) -> np.ndarray:
    """Labels that are images of ``shape``, an axis of 1 added or dropped at its end if need be, as rows in the order in
    which Flatten reads outputs off. Raises ``ValueError`` otherwise.
    """
    try:
        y = np.asarray(y)
    except ValueError:
        raise ValueError("labels: expected an array of labels, given a ragged list") from None
    whole = fitting(y.shape, shape)
    if whole[1:] != tuple(shape):
        raise ValueError(f"labels: expected numbers of shape {(None, *shape)}, given {y.shape} of {y.dtype}")
    return y.reshape(len(y), -1)


def words(input_shape: Shape) -> tuple[str, str]:
    """What errors call an input, and the numbers in it: a table of one axis has no pixels."""
    return ("row", "numbers") if len(input_shape) == 1 else ("image", "pixels")


def check_weights(who: str, labels: np.ndarray, sample_weight: Any, class_weight: Any) -> np.ndarray | None:
    """How much each image counts in the loss, (images,) of float64; None if all count 1. Raises ``ValueError``."""
    if sample_weight is None and class_weight is None:
        return None
    if sample_weight is not None and class_weight is not None:
        raise ValueError(f"{who}: expected sample_weight or class_weight, given both; multiply them beforehand")
    if class_weight is not None:
        classes = labels.argmax(axis=1) if labels.shape[1] > 1 else np.rint(labels[:, 0]).astype(int)
        of_class = np.ones(max(2, labels.shape[1]))
        if not isinstance(class_weight, Mapping):
            a_list = f"a {type(class_weight).__name__}; make one with dict(enumerate(class_weight))"
            given = repr(class_weight) if np.ndim(class_weight) == 0 else a_list
            raise ValueError(f"{who}: class_weight: expected a dictionary, as in {{0: 1.0, 1: 2.5}}, given {given}")
        for number, value in class_weight.items():
            if not isinstance(number, (int, np.integer)) or not 0 <= number < of_class.size:
                raise ValueError(f"{who}: class_weight: expected classes 0 to {of_class.size - 1}, given {number!r}")
            of_class[number] = real(value, f"{who}: class_weight: class {number}")
        weight = of_class[classes]
    else:
        weight = np.asarray(sample_weight)
        if weight.shape != labels.shape[:1] or weight.dtype.kind not in "fiub":
            raise ValueError(
                f"{who}: expected sample_weight of shape {labels.shape[:1]}, given {weight.shape} of {weight.dtype}"
            )
        weight = weight.astype(np.float64)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError(f"{who}: expected finite weights, at least 0")
    return weight


class Batches:
    """A data set on a rung. ``load(order)`` gathers the images and targets of those indices into memory that is
    used again.

    targets: as the loss sees them; labels: as metrics see them, on the host, if they differ; given: as they were given,
    which is how functions of one's own see them. sample_weight: how much each image counts in the loss, 1 if there is
    none. room: the memory, one set of tensors for each size of batch; a model passes the same to all data sets it sees.
    door: the rung that takes the images, if it is not the one that takes the targets.
    """

    def __init__(
        self,
        ops: Ops,
        x: np.ndarray,
        targets: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
        room: dict | None = None,
        door: Ops | None = None,
        given: np.ndarray | None = None,
    ):
        self.ops, self.door, self.count = ops, door or ops, len(x)
        self.labels, self.sample_weight = targets if labels is None else labels, sample_weight
        self.given = self.labels if given is None else given
        self._x, self._targets = self.door.asarray(x), None
        if targets is not None:
            self._targets = ops.asarray(np.ascontiguousarray(targets, x.dtype))
        self._room = {} if room is None else room
        self._shares: dict[int, Any] = {}

    def split(self, keep: int) -> "tuple[Batches, Batches]":
        """The first ``keep`` images, and the rest."""
        parts = []
        for part in (slice(keep), slice(keep, None)):
            targets, labels, weight, given = (
                None if array is None else array[part]
                for array in (self._targets, self.labels, self.sample_weight, self.given)
            )
            parts.append(Batches(self.ops, self._x[part], targets, labels, weight, self._room, self.door, given))
        return parts[0], parts[1]

    def in_batches(self, order: np.ndarray, size: int) -> Iterator["Batch"]:
        """The images of these numbers, so many at a time."""
        on_rung = self.ops.asarray(order)
        for start in range(0, order.size, size):
            yield Batch(self, order[start : start + size], on_rung[start : start + size])

    def whole(self) -> "Batch":
        """All of it as one batch."""
        return next(self.in_batches(np.arange(self.count), self.count))

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
        if self.sample_weight is None:
            return x, targets, self._room["weight", count]
        return x, targets, self._weighted(order)

    def _weighted(self, order: Any) -> Tensor:
        """Each image's share in the batch's loss, where they are not all alike."""
        count, dtype = len(order), self._x.dtype
        if count not in self._shares:
            assert self.sample_weight is not None
            self._shares[count] = self.ops.asarray((self.sample_weight / count).astype(dtype))
        if ("sample weight", count) not in self._room:
            self._room["sample weight", count] = self.ops.empty((count,), dtype)
        self.ops.gather(self._shares[count], order, self._room["sample weight", count])
        return self._room["sample weight", count]


class Batch(NamedTuple):
    """Some images of a data set: their numbers, on the host and on the rung."""

    data: Batches
    picked: np.ndarray
    on_rung: Any

    def load(self) -> tuple[Tensor, Tensor, Tensor]:
        """Images, targets, and each image's share in the loss, see ``Batches.load``."""
        return self.data.load(self.on_rung)

    def images(self) -> np.ndarray:
        """The images as an array, in a CPU's memory."""
        return self.data._x.take(self.picked, axis=0)


class Answers:
    """What a network answers, batch behind batch, an array of ``shape`` per image: on the host, or in a device's
    memory until all of it is fetched at once. count: how many images there will be; None if nobody knows, and then each
    batch is fetched by itself.
    """

    def __init__(self, ops: Ops, count: int | None, shape: Shape, dtype: np.dtype):
        self.ops, self._shape, self._there = ops, shape, 0
        self._fetched: list[np.ndarray] = []
        self._all: Any = None
        if count is not None:
            self._all = ops.empty((count, *shape), dtype) if ops.on_device else np.empty((count, *shape), dtype)

    def put(self, outputs: Tensor, images: int) -> None:
        """A batch of so many images."""
        start, self._there = self._there, self._there + images
        if self._all is None:
            self._fetched.append(np.array(self.ops.to_host(outputs, (images, *self._shape))))
        elif self.ops.on_device:
            self.ops.reshape(outputs, self._all[start : self._there])
        else:
            self._all[start : self._there] = self.ops.to_host(outputs, (images, *self._shape))

    def fetch(self) -> np.ndarray:
        if self._all is None:
            return np.concatenate(self._fetched)
        return self.ops.to_host(self._all, self._all.shape) if self.ops.on_device else self._all
