"""Batches of pictures that are read from their files when they are asked for, with the words of ``tf.data``."""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np

from .. import data
from ..arrays import answer
from ..missing import listed, refuse_attribute
from ..shapes import positive

MISSING = data.MISSING | listed({
    "give batch_size to image_dataset_from_directory, or unbatch first": "batch rebatch",
    "a batch is arrays: look at dataset[0]": "element_spec",
    "read the pictures into an array and keep it with numpy.save": "save",
})  # fmt: skip


class ImageDataset(data.Dataset):
    """What ``image_dataset_from_directory`` gives: ``len(dataset)`` batches, ``dataset[i]``, or one by one in a loop.

    A batch is ``(images, labels)``, or images alone where there are no labels. images: float32 (images, height, width,
    channels), as ``read`` gives one. Where pictures are shuffled, each loop over the data set goes over them in a new
    order, and so does ``dataset[i]`` after ``on_epoch_end()``. It is a ``tf.data.Dataset`` whose keys are the numbers
    of each batch's pictures.

    file_paths, class_names: as they were found, whatever the order of the batches. take, skip, cache, shuffle and map
    give a new data set and leave this one as it is.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        read: Callable[[str], np.ndarray],
        batch_size: int,
        shuffle: bool,
        seed: int,
    ):
        self.file_paths, self.class_names = file_paths, class_names
        self._labels, self._read, self._batch_size, self._shuffled = labels, read, batch_size, shuffle
        self._rng = np.random.default_rng(seed)
        self._choices: tuple[Callable[[list], list], ...] = ()  # take, skip and shuffle: from a list of batches
        self._functions: tuple[Callable, ...] = ()  # map's
        self._memory: dict[int, np.ndarray] | None = None  # cache's
        self.on_epoch_end()

    def __getattr__(self, name: str) -> Any:
        refuse_attribute(name, MISSING)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def batch(self) -> Any:
        """Refused: these are batches already."""
        return refuse_attribute("batch", MISSING)

    def __getitem__(self, index: int) -> Any:
        """Batch number ``index`` of this epoch. Raises ``IndexError`` beyond the last."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        return self._look(self._batches[index])

    def on_epoch_end(self) -> None:
        """Draw a new order, if pictures are shuffled."""
        self._batches = self._drawn()
        self._length = len(self._batches)

    def _keys(self) -> Iterator[np.ndarray]:
        return iter(self._drawn())

    def _drawn(self) -> list[np.ndarray]:
        """The numbers of each batch's pictures."""
        count = len(self.file_paths)
        order = self._rng.permutation(count) if self._shuffled else np.arange(count)
        batches = [order[start : start + self._batch_size] for start in range(0, count, self._batch_size)]
        for choice in self._choices:
            batches = choice(batches)
        return batches

    def _look(self, numbers: np.ndarray) -> Any:
        images = answer(np.stack([self._image(number) for number in numbers.tolist()]))
        batch: Any = images if self._labels is None else (images, answer(self._labels[numbers]))
        for function in self._functions:
            batch = function(*batch) if isinstance(batch, tuple) else function(batch)
        return batch

    def _image(self, number: int) -> np.ndarray:
        if self._memory is None:
            return self._read(self.file_paths[number])
        if number not in self._memory:
            self._memory[number] = self._read(self.file_paths[number])
        return self._memory[number]

    def _with(self, **changes: Any) -> "ImageDataset":
        other = copy(self)
        vars(other).update(changes)
        other.on_epoch_end()
        return other

    def take(self, count: int) -> "ImageDataset":
        """The first ``count`` batches of each order; all of them for -1."""
        return self._with(_choices=(*self._choices, lambda batches: batches[:count] if count >= 0 else batches))

    def skip(self, count: int) -> "ImageDataset":
        """The others. Where pictures are shuffled these are others in each epoch: to take some out of training, give
        ``validation_split``.
        """
        return self._with(_choices=(*self._choices, lambda batches: batches[count:]))

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> "ImageDataset":
        """The batches in a new order in each epoch, all of them, whatever ``buffer_size``; in the same one if
        reshuffle_each_iteration is False. Pictures change their batch if the data set was made with ``shuffle=True``.
        """
        positive(buffer_size, "shuffle: buffer_size")
        rng = self._rng if seed is None else np.random.default_rng(seed)
        fixed = None if reshuffle_each_iteration else int(rng.integers(2**63))

        def mixed(batches: list) -> list:
            draws = rng if fixed is None else np.random.default_rng(fixed)
            return [batches[i] for i in draws.permutation(len(batches))]

        return self._with(_choices=(*self._choices, mixed))

    def map(self, map_func: Callable, num_parallel_calls: Any = None, deterministic: Any = None) -> "ImageDataset":
        """Batches as ``map_func(images, labels)`` returns them, or ``map_func(images)`` where there are no labels: anew
        for each batch and epoch, one call after the other.
        """
        return self._with(_functions=(*self._functions, map_func))

    def cache(self, filename: str = "") -> "ImageDataset":
        """Keep the pictures in memory once they are read: 4 bytes times height, width and channels each. Their order is
        still drawn anew, and functions given to ``map`` are called anew.
        """
        if filename:
            raise NotImplementedError("cache: a file is not in loopnet: cache() keeps the pictures in memory")
        return self._with(_memory={})

    def prefetch(self, buffer_size: int | None = None) -> "ImageDataset":
        """This data set: batches are read when they are asked for."""
        return self
