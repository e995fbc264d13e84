"""TensorFlow's functions on arrays, those that beginners' listings call: ``tf.argmax(model(x), axis=1)``.

They are NumPy under TensorFlow's names, with its arguments, defaults and dtypes; what they give are ``Array``s. Numbers
of Python's own become float32 or int32, and arrays keep their dtype. Two tensors of different dtypes do not mix, as in
TensorFlow. Nothing named as a ufunc of NumPy's is here, neither ``abs`` nor ``equal``: see the table of ``__init__``.
"""

import builtins
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from .arrays import Array as Tensor
from .arrays import answer
from .layers.symbolic import Symbolic

__all__ = [
    "Tensor", "TensorSpec", "argmax", "argmin", "bool", "cast", "clip_by_value", "concat", "constant",
    "convert_to_tensor", "expand_dims", "float16", "float32", "float64", "int32", "int64", "newaxis", "one_hot", "ones",
    "ones_like", "range", "reduce_max", "reduce_mean", "reduce_min", "reduce_sum", "reshape", "round", "shape", "size",
    "squeeze", "stack", "transpose", "uint8", "where", "zeros", "zeros_like",
]  # fmt: skip

newaxis = None
float16, float32, float64 = (np.dtype(name) for name in ("float16", "float32", "float64"))
int32, int64, uint8, bool = (np.dtype(name) for name in ("int32", "int64", "uint8", "bool"))

IN_A_NETWORK = {
    "cast": "the network has one dtype, Sequential(layers, dtype='float64')",
    "clip_by_value": "layers.ReLU(max_value=...) bounds numbers",
    "concat": "layers.Concatenate does that",
    "expand_dims": "layers.Reshape does that",
    "reduce_max": "layers.GlobalMaxPooling2D takes the largest of each channel",
    "reduce_mean": "layers.GlobalAveragePooling2D takes the mean of each channel",
    "reshape": "layers.Reshape or layers.Flatten does that",
    "shape": "its sizes are in x.shape",
    "squeeze": "layers.Reshape does that",
    "stack": "layers.Concatenate joins tensors",
    "transpose": "layers.Permute does that",
}
"""Which layer does what a function does to numbers."""


@dataclass(frozen=True)
class TensorSpec:
    """What a tensor is like: its shape, with None for sizes that are not known, and its dtype."""

    shape: Any
    dtype: Any = float32
    name: str | None = None


def _function(compute: Callable[..., Any]) -> Callable[..., Tensor]:
    """``compute`` with TensorFlow's argument ``name``, passed over; what goes wrong says in which function it does."""
    who = compute.__name__

    @wraps(compute)
    def call(*args: Any, name: str | None = None, **kwargs: Any) -> Tensor:
        for value in (*args, *kwargs.values()):
            for x in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(x, Symbolic):
                    instead = IN_A_NETWORK.get(who, "make a Model of it, whose answers are numbers")
                    raise NotImplementedError(f"{who} of {x!r} is not in loopnet: in a network of layers, {instead}")
        try:
            return answer(compute(*args, **kwargs))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{who}: {error}") from None

    return call


# ---- what becomes a tensor


def numbers(value: Any, dtype: Any = None) -> np.ndarray:
    """``value`` as a plain array: Python's floats as float32, its whole numbers as int32, or int64 if they are too
    large for that, unless ``dtype`` says otherwise. Arrays keep their dtype, and share their memory.

    Raises ``ValueError`` for what is no array, for a tensor of another dtype, and for Python's floats where ``dtype``
    is of whole numbers.
    """
    dtype = None if dtype is None else np.dtype(dtype)
    if hasattr(value, "numpy") and not hasattr(value, "__array__"):  # another library's
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype == object:
        raise ValueError(f"expected numbers, given {value!r}")
    if isinstance(value, Tensor):
        if dtype not in (None, array.dtype):
            raise ValueError(f"expected a tensor of {dtype}, given one of {array.dtype}; use cast")
    elif _is_python_s(value):
        if dtype is not None and dtype.kind in "iu" and array.dtype.kind == "f" and array.size:
            raise ValueError(f"expected whole numbers for {dtype}, given {value!r}")
        if array.dtype == np.float64:
            array = array.astype(np.float32 if dtype is None else dtype)
        elif array.dtype == np.int64 and (array == array.astype(np.int32)).all():
            array = array.astype(np.int32)
    return array if dtype is None else array.astype(dtype, copy=False)


def _is_python_s(value: Any) -> builtins.bool:
    """Whether it is a number of Python's own, or a list of them, however deep."""
    while isinstance(value, (list, tuple, builtins.range)) and len(value):
        value = value[0]
    return not hasattr(value, "dtype")


def _alike(values: Sequence[Any]) -> list[np.ndarray]:
    """As arrays of one dtype: that of the first that brings its own, or else of the first."""
    first = next((value for value in values if not _is_python_s(value)), values[0])
    dtype = numbers(first).dtype
    return [numbers(value, dtype) for value in values]


@_function
def constant(value: Any, dtype: Any = None, shape: Any = None) -> Any:
    """``value``, a number, a list of them or an array, as a tensor of its own memory: [1.0] as float32, [1] as int32,
    arrays of their dtype, unless ``dtype`` says otherwise. shape: what it is reshaped to; one number fills it.
    """
    array = numbers(value, dtype)
    if shape is None:
        return array.copy()
    return np.full(shape, array.item(), array.dtype) if array.size == 1 else array.reshape(shape).copy()


@_function
def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None) -> Any:
    """``value`` as a tensor, in the same memory where it is an array already; dtypes are those of ``constant``.
    dtype_hint: passed over.
    """
    return numbers(value, dtype)


@_function
def cast(x: Any, dtype: Any) -> Any:
    """``x`` in another dtype: floats lose what is behind the point where that is of whole numbers."""
    return numbers(x).astype(dtype)


@_function
def zeros(shape: Any, dtype: Any = float32) -> Any:
    """Zeros of ``shape``."""
    return np.zeros(shape, dtype)


@_function
def ones(shape: Any, dtype: Any = float32) -> Any:
    """Ones of ``shape``."""
    return np.ones(shape, dtype)


@_function
def zeros_like(input: Any, dtype: Any = None) -> Any:
    """Zeros of the shape, and of the dtype unless another is given, of ``input``."""
    return np.zeros_like(numbers(input), dtype)


@_function
def ones_like(input: Any, dtype: Any = None) -> Any:
    """Ones of the shape, and of the dtype unless another is given, of ``input``."""
    return np.ones_like(numbers(input), dtype)


@_function
def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None) -> Any:
    """``range(5)``, ``range(1, 5)``, ``range(0, 1, 0.25)``: int32 (numbers,), or float32 if there is a float."""
    if limit is None:
        start, limit = 0, start
    ends = [numbers(end).item() for end in (start, limit, delta)]
    if ends[2] == 0:
        raise ValueError("expected a delta other than 0")
    kinds = {numbers(end).dtype for end in (start, limit, delta)}
    widest = next((kind for kind in (float64, float32, int64) if kind in kinds), int32)
    return np.arange(*ends).astype(dtype or widest)


@_function
def one_hot(
    indices: Any, depth: int, on_value: Any = None, off_value: Any = None, axis: int | None = None, dtype: Any = None
) -> Any:
    """Rows of ``depth`` numbers, ``on_value`` (1) at the place that ``indices`` names and ``off_value`` (0) elsewhere:
    float32 (..., depth). An index outside has no place. axis: where the rows lie, the last if None.
    """
    places, depth = numbers(indices), operator.index(depth)
    if places.dtype.kind not in "iu":
        raise ValueError(f"expected whole numbers as indices, given {places.dtype}; use cast")
    if depth < 0:
        raise ValueError(f"expected a depth of at least 0, given {depth}")
    given = [value for value in (on_value, off_value) if value is not None]
    dtype = dtype or (_alike(given)[0].dtype if given else float32)
    on, off = (numbers(d if v is None else v, dtype) for v, d in ((on_value, 1), (off_value, 0)))
    rows = np.where(places[..., np.newaxis] == np.arange(depth), on, off)
    return np.moveaxis(rows, -1, -1 if axis is None else axis)


# ---- shapes


@_function
def shape(input: Any, out_type: Any = int32) -> Any:
    """The sizes of ``input``: int32 (axes,)."""
    return np.array(numbers(input).shape, out_type)


@_function
def size(input: Any, out_type: Any = int32) -> Any:
    """How many numbers ``input`` has: int32."""
    return np.array(numbers(input).size, out_type)


@_function
def reshape(tensor: Any, shape: Any) -> Any:
    """The same numbers in another ``shape``; -1 stands for what is left."""
    return numbers(tensor).reshape(shape)


@_function
def expand_dims(input: Any, axis: int) -> Any:
    """``input`` with a new axis of size 1 at ``axis``: 0 makes a batch of one image."""
    return np.expand_dims(numbers(input), axis)


@_function
def squeeze(input: Any, axis: Any = None) -> Any:
    """``input`` without its axes of size 1, all of them or those that ``axis`` names."""
    return np.squeeze(numbers(input), _axes(axis))


@_function
def transpose(a: Any, perm: Any = None) -> Any:
    """``a`` with its axes in the order ``perm``; reversed if None."""
    return np.transpose(numbers(a), perm)


@_function
def concat(values: Sequence[Any], axis: int) -> Any:
    """``values`` one behind the other along ``axis``."""
    return np.concatenate(_alike(values), axis)


@_function
def stack(values: Sequence[Any], axis: int = 0) -> Any:
    """``values``, all of one shape, side by side along a new ``axis``."""
    return np.stack(_alike(values), axis)


# ---- numbers


def _axes(axis: Any) -> Any:
    """A list of axes as NumPy takes it."""
    return tuple(axis) if isinstance(axis, (list, tuple, np.ndarray)) and np.ndim(axis) else axis


def _countable(tensor: Any) -> np.ndarray:
    """Numbers, and not truths, whose mean or sum would be another truth."""
    array = numbers(tensor)
    if array.dtype.kind not in "fiuc":
        raise ValueError(f"expected numbers, given {array.dtype}; use cast")
    return array


@_function
def reduce_sum(input_tensor: Any, axis: Any = None, keepdims: builtins.bool = False) -> Any:
    """The sum, of all or along ``axis``, one or a list, in the dtype of the numbers."""
    array = _countable(input_tensor)
    return array.sum(_axes(axis), array.dtype, keepdims=keepdims)


@_function
def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: builtins.bool = False) -> Any:
    """The mean, of all or along ``axis``, one or a list, in the dtype of the numbers: of whole numbers, without what
    is behind the point.
    """
    array = _countable(input_tensor)
    return np.asarray(array.mean(_axes(axis), keepdims=keepdims)).astype(array.dtype)


@_function
def reduce_max(input_tensor: Any, axis: Any = None, keepdims: builtins.bool = False) -> Any:
    """The largest, of all or along ``axis``, one or a list."""
    return _countable(input_tensor).max(_axes(axis), keepdims=keepdims)


@_function
def reduce_min(input_tensor: Any, axis: Any = None, keepdims: builtins.bool = False) -> Any:
    """The smallest, of all or along ``axis``, one or a list."""
    return _countable(input_tensor).min(_axes(axis), keepdims=keepdims)


@_function
def argmax(input: Any, axis: int | None = None, output_type: Any = int64) -> Any:
    """Where the largest is along ``axis``, the first axis if None; of several the first: int64."""
    return np.argmax(numbers(input), axis or 0).astype(output_type)


@_function
def argmin(input: Any, axis: int | None = None, output_type: Any = int64) -> Any:
    """Where the smallest is along ``axis``, the first axis if None; of several the first: int64."""
    return np.argmin(numbers(input), axis or 0).astype(output_type)


@_function
def round(x: Any) -> Any:
    """To the nearest whole number, halves to the even one, in the same dtype."""
    return np.round(numbers(x))


@_function
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """``x`` where ``condition`` holds and ``y`` where not. Without these, where it holds: int64 (places, axes)."""
    if (x is None) != (y is None):
        raise ValueError("expected x and y, or neither")
    holds = numbers(condition).astype(np.bool_)
    return np.argwhere(holds) if x is None else np.where(holds, *_alike((x, y)))


@_function
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    """``t`` with what is below ``clip_value_min`` or above ``clip_value_max`` moved to that bound, in its dtype."""
    array = numbers(t)
    return np.clip(array, numbers(clip_value_min, array.dtype), numbers(clip_value_max, array.dtype))
