"""TensorFlow's ``tf.data``: data sets that are put together step by step, and give one element after the other.

    train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(10_000).batch(32)
    model.fit(train, epochs=5)

A ``Dataset`` is a stream of keys, and how to look one up. Of arrays, the keys are the numbers of rows: ``shuffle``,
``batch`` and what else only moves elements about moves those, and the rows themselves are taken at the end, a whole
batch at once. Where a function has to see elements, ``map``'s for instance, they are looked up, and are keys of their
own from there on.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, count, islice
from types import SimpleNamespace
from typing import Any

import numpy as np

from .arrays import answer
from .missing import getattr_of, listed, refuse_attribute
from .seeds import generators
from .shapes import positive
from .tensors import TensorSpec, int64, numbers

__all__ = ["AUTOTUNE", "Dataset", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "experimental"]

AUTOTUNE = -1
"""What ``prefetch`` and ``map`` are given, and pass over."""

INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2
"""What ``Dataset.cardinality()`` gives where it is no number."""

experimental = SimpleNamespace(AUTOTUNE=AUTOTUNE)
"""Where ``AUTOTUNE`` was in older listings."""

Keys = Callable[[], Iterator[Any]]
Length = float | None
"""How many elements there are: infinite if there is no end, None if nobody knows."""

MISSING = listed({
    "look at one element: next(iter(dataset))": "element_spec get_single_element",
    "write a loop over it, or a function that yields elements, for from_generator": """
        apply bucket_by_sequence_length choose_from_datasets counter flat_map group_by_window interleave list_files
        padded_batch ragged_batch random reduce rejection_resample sample_from_datasets scan shard sparse_batch
        take_while unique window""",
    "use unbatch, and batch again": "rebatch",
    "elements are made when they are asked for, one after the other": "options with_options",
    "for image, label in dataset goes over it": "make_initializable_iterator make_one_shot_iterator",
    "keep arrays with numpy.save": "fingerprint load save snapshot",
    "errors of your functions end the pass": "ignore_errors",
})  # fmt: skip

__getattr__ = getattr_of(
    __name__,
    listed({
        "write a function that yields elements, for Dataset.from_generator": """
            FixedLengthRecordDataset TFRecordDataset TextLineDataset""",
        "look at one element: next(iter(dataset))": "DatasetSpec IteratorSpec",
        "for image, label in dataset goes over it": "Iterator NumpyIterator",
        "elements are made when they are asked for, one after the other": "Options ThreadingOptions",
    }),
)


def _each(function: Callable, first: Any, *others: Any) -> Any:
    """What ``function`` makes of each array of an element, or of each with those in its place in ``others``. Elements
    are arrays, or tuples or dictionaries of elements.
    """
    if isinstance(first, tuple):
        return tuple(_each(function, *parts) for parts in zip(first, *others, strict=True))
    if isinstance(first, Mapping):
        return {key: _each(function, *(element[key] for element in (first, *others))) for key in first}
    return function(first, *others)


def _arrays(element: Any) -> list[np.ndarray]:
    """Those of an element."""
    found: list[np.ndarray] = []
    _each(found.append, element)
    return found


def _rows(who: str, element: Any) -> int:
    """How many rows all arrays of ``element`` have."""
    sizes = [array.shape[0] if array.ndim else None for array in _arrays(element)]
    if None in sizes or len(set(sizes)) != 1:
        given = [array.shape for array in _arrays(element)]
        raise ValueError(f"{who}: expected arrays with the same number of rows, given shapes {given}")
    return sizes[0] or 0


def _stacked(keys: list[Any]) -> Any:
    try:
        return _each(lambda *arrays: answer(np.stack(arrays)), *keys)
    except (ValueError, KeyError) as error:
        raise ValueError(f"batch: expected elements of one shape: {error}") from None


def _element(who: str, given: Any) -> Any:
    """What the user gave, as an element: a list is an array."""

    def tensor(value: Any) -> Any:
        try:
            return answer(numbers(value))
        except ValueError as error:
            raise ValueError(f"{who}: {error}") from None

    return _each(tensor, given)


def _called(function: Callable, element: Any) -> Any:
    return function(*element) if isinstance(element, tuple) else function(element)


def _whole(value: Any, what: str, least: int = -1) -> int:
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iu" or number < least:
        raise ValueError(f"{what}: expected a whole number of at least {least}, given {value!r}")
    return int(number)


def _signed(signature: Any, made: Any) -> Any:
    """What a generator yielded, as its ``signature`` says, with a ``TensorSpec`` for each array."""

    def fitting(spec: TensorSpec, value: Any) -> Any:
        array = np.asarray(value).astype(spec.dtype, copy=False)
        sizes = array.shape if spec.shape is None else tuple(spec.shape)
        if len(sizes) != array.ndim or any(n not in (None, m) for n, m in zip(sizes, array.shape, strict=True)):
            raise ValueError(f"from_generator: expected elements of shape {sizes}, given {array.shape}")
        return answer(array)

    if isinstance(signature, tuple) and not (isinstance(made, (tuple, list)) and len(made) == len(signature)):
        raise ValueError(f"from_generator: expected elements of {len(signature)} parts, given {made!r}")
    return _each(fitting, signature, made)


class _Named(type):
    """Refuses what TensorFlow's class has and this one has not."""

    def __getattr__(cls, name: str) -> Any:
        refuse_attribute(name, MISSING)
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


class Dataset(metaclass=_Named):
    """Elements, one after the other, anew in each loop over it: an array each, or a tuple or a dictionary of them.

    ``from_tensor_slices``, ``from_tensors``, ``from_generator``, ``range`` and ``zip`` make one. Its methods give
    another and leave this one as it is; their order matters, as in TensorFlow: ``shuffle`` before ``batch`` moves
    elements, after it whole batches. ``len(dataset)`` is how many elements there are. What a function given to ``map``
    or ``filter`` gets are arrays with numbers in them, each time anew.
    """

    def __init__(self, keys: Keys, length: Length, look: Callable[[Any], Any] | None = None):
        self._keys, self._length, self._look = keys, length, look

    def __getattr__(self, name: str) -> Any:
        refuse_attribute(name, MISSING)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __iter__(self) -> Iterator[Any]:
        return self._keys() if self._look is None else map(self._look, self._keys())

    def __len__(self) -> int:
        """Raises ``TypeError`` if it has no end, or if nobody knows."""
        if self._length is None or self._length == math.inf:
            raise TypeError(f"the length of the data set is {'unknown' if self._length is None else 'infinite'}")
        return int(self._length)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        many = {None: "?", math.inf: "endlessly many"}.get(self._length, self._length)
        return f"<{type(self).__name__} of {many} elements>"

    def cardinality(self) -> Any:
        """``len``, as int64; -1 if it has no end, -2 if nobody knows."""
        if self._length is None:
            return answer(np.int64(UNKNOWN_CARDINALITY))
        return answer(np.int64(INFINITE_CARDINALITY if self._length == math.inf else self._length))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as NumPy's arrays and numbers."""
        return (_each(lambda array: array.numpy(), element) for element in self)

    # ---- where elements come from

    @staticmethod
    def from_tensor_slices(tensors: Any) -> "Dataset":
        """The rows of an array, or of several in a tuple or a dictionary, as ``(x, y)``. A list is an array; Python's
        numbers become float32 and int32. Arrays are not copied. Raises ``ValueError`` unless they have as many rows.
        """
        who = "from_tensor_slices"
        arrays = _each(np.asarray, _element(who, tensors))
        rows = _rows(who, arrays)
        return Dataset(lambda: iter(range(rows)), rows, lambda at: _each(lambda array: answer(array[at]), arrays))

    @staticmethod
    def from_tensors(tensors: Any) -> "Dataset":
        """The one element ``tensors``."""
        element = _element("from_tensors", tensors)
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable,
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple[Any, ...] = (),
        output_signature: Any = None,
    ) -> "Dataset":
        """What ``generator(*args)`` yields, called anew for each pass.

        output_types: the dtypes; output_signature: dtypes and shapes, each a ``TensorSpec``; without them, elements are
        as they come. output_shapes is passed over. Raises ``ValueError`` for an element of another shape.
        """
        if not callable(generator):
            raise ValueError(f"from_generator: expected a function that yields elements, given {generator!r}")
        if output_signature is None and output_types is not None:
            output_signature = _each(lambda dtype: TensorSpec(None, dtype), output_types)

        def elements() -> Iterator[Any]:
            for made in generator(*args):
                yield _element("from_generator", made) if output_signature is None else _signed(output_signature, made)

        return Dataset(elements, None)

    @staticmethod
    def range(*args: int, output_type: Any = int64) -> "Dataset":
        """``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)`` as numbers of ``output_type``."""
        numbers = range(*(_whole(number, "range", -(2**63)) for number in args))
        return Dataset(lambda: iter(numbers), len(numbers), lambda at: answer(np.asarray(at, output_type)))

    @staticmethod
    def zip(*datasets: Any) -> "Dataset":
        """``zip(a, b)`` or ``zip((a, b))``: elements ``(of a, of b)``, as many as the shortest has."""
        several = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], tuple) else datasets
        for dataset in several:
            if not isinstance(dataset, Dataset):
                raise ValueError(f"zip: expected data sets, given {dataset!r}")
        lengths = [dataset._length for dataset in several]
        return Dataset(lambda: zip(*several, strict=False), None if None in lengths else min(lengths, default=0))

    # ---- what moves elements about

    def shuffle(self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True) -> "Dataset":
        """The elements in a random order: the next is drawn from ``buffer_size`` that wait, and the one after these
        takes its place. All orders are alike only if the buffer holds the whole data set.

        seed: None takes one from ``utils.set_random_seed``. reshuffle_each_iteration: a new order in each pass.
        """
        size = _whole(buffer_size, "shuffle: buffer_size", 1)
        _, rng = generators(seed)
        fixed = int(rng.integers(2**63))

        def keys() -> Iterator[Any]:
            draws = rng if reshuffle_each_iteration else np.random.default_rng(fixed)
            coming = self._keys()
            waiting = list(islice(coming, size))
            for key in coming:
                at = int(draws.integers(size))
                yield waiting[at]
                waiting[at] = key
            for at in draws.permutation(len(waiting)).tolist():
                yield waiting[at]

        return Dataset(keys, self._length, self._look)

    def batch(
        self, batch_size: int, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None
    ) -> "Dataset":
        """``batch_size`` elements in one, stacked along a new first axis; the last may have fewer, unless
        ``drop_remainder``. Raises ``ValueError`` for elements that differ in shape.
        """
        size, length = positive(batch_size, "batch: batch_size"), self._length

        def keys() -> Iterator[Any]:
            coming = self._keys()
            while group := list(islice(coming, size)):
                if len(group) == size or not drop_remainder:
                    yield _stacked(group)

        if length is not None and length != math.inf:
            length = length // size if drop_remainder else -(-length // size)
        return Dataset(keys, length, self._look)

    def take(self, count: int) -> "Dataset":
        """The first ``count`` elements of each pass; all of them for -1."""
        first = _whole(count, "take: count")
        if first < 0:
            return self
        return Dataset(
            lambda: islice(self._keys(), first), None if self._length is None else min(self._length, first), self._look
        )

    def skip(self, count: int) -> "Dataset":
        """The elements behind the first ``count``; none for -1."""
        first = _whole(count, "skip: count")
        if first < 0:
            return self.take(0)
        length = None if self._length is None else max(self._length - first, 0)
        return Dataset(lambda: islice(self._keys(), first, None), length, self._look)

    def repeat(self, count: int | None = None) -> "Dataset":
        """``count`` passes, one behind the other; for None and -1 without an end: ``fit`` needs steps_per_epoch."""
        passes = math.inf if count is None else _whole(count, "repeat: count")
        passes = math.inf if passes < 0 else passes

        def keys() -> Iterator[Any]:
            number = 0
            while number < passes:
                empty = True
                for key in self._keys():
                    empty = False
                    yield key
                if empty:
                    return
                number += 1

        length = math.inf if passes == math.inf else None
        if passes == 0 or self._length == 0:
            length = 0
        elif self._length is not None:
            length = self._length * passes
        return Dataset(keys, length, self._look)

    def cache(self, filename: str = "") -> "Dataset":
        """The elements of the first whole pass in each later one, in their order, from memory."""
        if filename:
            raise NotImplementedError("cache: a file is not in loopnet: cache() keeps the elements in memory")
        kept: list[list[Any]] = []

        def keys() -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            seen = []
            for key in self._keys():
                seen.append(key)
                yield key
            kept[:] = [seen]

        return Dataset(keys, self._length, self._look)

    def prefetch(self, buffer_size: int | None = None) -> "Dataset":
        """This data set: elements are made when they are asked for."""
        return self

    # ---- what looks at them

    def map(self, map_func: Callable, num_parallel_calls: Any = None, deterministic: Any = None) -> "Dataset":
        """What ``map_func`` makes of each element, anew in each pass: called with (x, y) if elements are tuples, and
        behind ``batch`` with batches. It gets arrays and gives arrays, numbers, or tuples or dictionaries of them.
        """

        def elements() -> Iterator[Any]:
            for element in self:
                made = _called(map_func, element)
                yield _element("map", tuple(made) if isinstance(made, list) else made)  # as TensorFlow takes a list

        return Dataset(elements, self._length)

    def filter(self, predicate: Callable) -> "Dataset":
        """The elements for which ``predicate`` gives true. Raises ``ValueError`` if it gives no truth value."""

        def holds(element: Any) -> bool:
            truth = np.asarray(_called(predicate, element))
            if truth.ndim or truth.dtype.kind != "b":
                raise ValueError(f"filter: expected True or False of the predicate, given {truth!r}")
            return bool(truth)

        return Dataset(lambda: filter(holds, self), math.inf if self._length == math.inf else None)

    def unbatch(self) -> "Dataset":
        """The rows of each element, one by one."""

        def rows() -> Iterator[Any]:
            for element in self:
                for at in range(_rows("unbatch", element)):
                    yield _each(lambda array, at=at: answer(array[at]), element)

        return Dataset(rows, math.inf if self._length == math.inf else None)

    def enumerate(self, start: int = 0) -> "Dataset":
        """Elements ``(number, element)``, the numbers int64 from ``start`` on."""
        first = _whole(start, "enumerate: start", -(2**63))
        return Dataset(lambda: zip(map(answer, map(np.int64, count(first))), self, strict=False), self._length)

    def concatenate(self, dataset: "Dataset") -> "Dataset":
        """The elements of this one, and then those of ``dataset``."""
        lengths = self._length, dataset._length
        total = math.inf if math.inf in lengths else None if None in lengths else sum(lengths)  # type: ignore[arg-type]
        return Dataset(lambda: chain(self, dataset), total)
