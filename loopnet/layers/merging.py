"""Layers that take what several others made (``kernels.merge``): where branches of a network meet.

    shortcut = x
    x = Conv2D(64, 3, padding="same", activation="relu")(x)
    x = Conv2D(64, 3, padding="same")(x)
    x = ReLU()(Add()([x, shortcut]))

``forward`` takes a list of tensors, and ``backward`` gives a list of gradients, one for each.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from ..called import call_merging
from ..missing import settle
from ..ops import Tensor
from ..shapes import Shape
from .base import Layer
from .symbolic import Symbolic, SymbolicTensor


class Merging(Layer):
    """The base of these. All that it takes has one shape."""

    def build(self, input_shape: Any) -> None:
        """input_shape: a list of shapes of one image, one for each that the layer takes."""
        shapes = [tuple(shape) for shape in input_shape] if isinstance(input_shape, list) else []
        if len(shapes) < 2:
            raise ValueError(f"{self._who}: expected a list of two or more: {type(self).__name__}()([a, b])")
        self._inputs, self._input = shapes, shapes[0]
        self._output = self.merged(shapes)
        self.built = True

    def merged(self, shapes: list[Shape]) -> Shape:
        """The shape of one image at the output."""
        if any(shape != shapes[0] for shape in shapes):
            given = ", ".join(str((None, *shape)) for shape in shapes)
            raise ValueError(
                f"{self._who}: expected inputs of one shape, given {given}; they are not broadcast: a number for each "
                "channel becomes an image by Reshape((1, 1, channels)) and UpSampling2D((height, width))"
            )
        return shapes[0]

    @property
    def built_for(self) -> Any:
        return self._inputs

    @property
    def input(self) -> list[Any]:
        """What stands for its inputs in the first network that it was put in."""
        return list(super().input)

    def __call__(self, *inputs: Any, training: bool | None = None, **arguments: Any) -> Any:
        """Of a list of symbolic tensors, the symbolic tensor that the layer makes of them, and of a list of arrays, an
        array.
        """
        settle(self._who, arguments, {"mask": "all numbers count"})
        if len(inputs) != 1 or not isinstance(inputs[0], (list, tuple)):
            given = f"{len(inputs)} arguments" if len(inputs) != 1 else _described(inputs[0])
            raise ValueError(f"{self._who}: expected one list, {type(self).__name__}()([a, b]), given {given}")
        several = list(inputs[0])
        if not any(isinstance(x, Symbolic) for x in several):
            return call_merging(self, several)
        for x in several:
            if not isinstance(x, Symbolic):
                raise ValueError(f"{self._who}: expected symbolic tensors only, or arrays only, given {_described(x)}")
        shapes = [x.shape[1:] for x in several]
        trial = self
        if self.below is None:
            trial = deepcopy(self)
            trial.name = self._who
            trial.build(shapes)
        self.expect_input(shapes, trial.built_for)
        return SymbolicTensor(self, several, trial.output_shape)


class _Folding(Merging):
    """The first two become one, that and the third become one, and so on."""

    operation: str

    def operations(self):
        return (self.operation,)

    def forward(self, xs: list[Tensor], training: bool = False) -> Tensor:
        self._xs, self._folded = xs, [xs[0]]
        for number, x in enumerate(xs[1:]):
            y = self.room("y" if number == len(xs) - 2 else f"y{number}", x, *self._output)
            getattr(self.ops, self.operation)(self._folded[-1], x, y)
            self._folded.append(y)
        return self._folded[-1]

    def backward(self, dy: Tensor) -> list[Tensor]:
        gradients: list[Tensor] = []
        for number in reversed(range(len(self._xs) - 1)):
            dy, gradient = self.unfold(dy, self._folded[number], self._xs[number + 1], number)
            gradients.insert(0, gradient)
        return [dy, *gradients]

    def unfold(self, dy: Tensor, a: Tensor, b: Tensor, number: int) -> tuple[Tensor, Tensor]:
        """The gradients of a and of b, where dy is that of what fold ``number`` made of them."""
        return dy, dy


class Add(_Folding):
    """The sum: what a residual block adds to what it was given (He et al., 2016)."""

    operation = "add"


class Subtract(_Folding):
    """The first of two less the second."""

    operation = "subtract"

    def merged(self, shapes):
        if len(shapes) != 2:
            raise ValueError(f"{self._who}: expected a list of two, given {len(shapes)}")
        return super().merged(shapes)

    def operations(self):
        return ("subtract", "rescale")

    def unfold(self, dy, a, b, number):
        db = self.room("db", dy, *self._output)
        self.ops.rescale(dy, db, self.dtype.type(-1), self.dtype.type(0))
        return dy, db


class Average(_Folding):
    """The mean."""

    operation = "add"

    def operations(self):
        return ("add", "rescale")

    def forward(self, xs, training=False):
        return self._rescaled("mean", super().forward(xs))

    def backward(self, dy):
        return super().backward(self._rescaled("dx", dy))

    def _rescaled(self, what: str, x: Tensor) -> Tensor:
        y = self.room(what, x, *self._output)
        self.ops.rescale(x, y, self.dtype.type(1 / len(self._inputs)), self.dtype.type(0))
        return y


class Multiply(_Folding):
    """The product, number by number."""

    operation = "multiply"

    def unfold(self, dy, a, b, number):
        da, db = (self.room(f"{what}{number}", dy, *self._output) for what in ("da", "db"))
        self.ops.multiply(dy, b, da)
        self.ops.multiply(dy, a, db)
        return da, db


class Maximum(_Folding):
    """The largest, number by number. Where two are equal, each gets half of the gradient."""

    operation = "maximum"

    def operations(self):
        return (self.operation, "to_the_larger")

    def unfold(self, dy, a, b, number):
        da, db = (self.room(f"{what}{number}", dy, *self._output) for what in ("da", "db"))
        self.ops.to_the_larger(dy, a, b, da)
        self.ops.to_the_larger(dy, b, a, db)
        return da, db


class Minimum(Maximum):
    """The smallest, number by number. Where two are equal, each gets half of the gradient."""

    operation = "minimum"

    def unfold(self, dy, a, b, number):
        return super().unfold(dy, b, a, number)  # b's place is where a is the smaller


class Concatenate(Merging):
    """Side by side along one axis, by default the channels: ``axis`` counts as in Keras, the batch being 0."""

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"{self._who}: expected an axis behind that of the batch, as 1 or -1, given {axis!r}")
        self.axis = axis

    def merged(self, shapes):
        rank = 1 + len(shapes[0])
        if not -rank < self.axis < rank:
            raise ValueError(f"{self._who}: expected an axis in 1 .. {rank - 1}, given {self.axis}")
        self._axis = self.axis % rank
        at = self._axis - 1
        others = {(*shape[:at], *shape[at + 1 :]) for shape in shapes if len(shape) == rank - 1}
        if len(others) > 1 or any(len(shape) != rank - 1 for shape in shapes):
            given = ", ".join(str((None, *shape)) for shape in shapes)
            raise ValueError(f"{self._who}: expected inputs alike in all axes but {self.axis}, given {given}")
        return (*shapes[0][:at], sum(shape[at] for shape in shapes), *shapes[0][at + 1 :])

    def operations(self):
        return ("concatenate", "cut_out")

    def forward(self, xs: list[Tensor], training: bool = False) -> Tensor:
        y, at = self.room("y", xs[0], *self._output), 0
        for x, shape in zip(xs, self._inputs, strict=True):
            self.ops.concatenate(x, y, self._axis, at)
            at += shape[self._axis - 1]
        return y

    def backward(self, dy: Tensor) -> list[Tensor]:
        parts, at = [], 0
        for number, shape in enumerate(self._inputs):
            parts.append(self.room(f"dx{number}", dy, *shape))
            self.ops.cut_out(dy, parts[-1], self._axis, at)
            at += shape[self._axis - 1]
        return parts

    def config(self):
        return {**super().config(), "axis": self.axis}


def _described(x: Any) -> str:
    """In one line, however many numbers there are."""
    return f"an array of shape {x.shape}" if isinstance(x, np.ndarray) else repr(x)


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Add()(inputs)``."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Subtract()(inputs)``."""
    return Subtract(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Average()(inputs)``."""
    return Average(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Multiply()(inputs)``."""
    return Multiply(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Maximum()(inputs)``."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Minimum()(inputs)``."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """``Concatenate(axis)(inputs)``."""
    return Concatenate(axis, **kwargs)(inputs)
