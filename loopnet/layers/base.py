"""What all layers have in common. See the package's docstring for the life of a layer."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from math import prod
from typing import Any

import numpy as np

from .. import constraints, initializers, regularizers
from ..arrays import Array, answer
from ..called import call_layer
from ..missing import settle
from ..ops import Ops, Tensor
from ..shapes import Shape, positive
from .missing import ARGUMENTS, ONE_INPUT
from .symbolic import SymbolicTensor, only_symbolic


@dataclass
class Parameter:
    """A weight or bias, or a number that the layer keeps itself. ``value`` and ``grad`` are views into the model's
    two long vectors, where the optimiser finds them; one that is not trainable has a ``value`` of its own and no grad,
    and where the layer is frozen each has a ``value`` and a ``grad`` of its own.
    """

    name: str
    shape: Shape
    initializer: initializers.Initializer
    trainable: bool = True
    regularizer: regularizers.L1L2 | None = None
    constraint: constraints.Constraint | None = None
    value: Any = None
    grad: Any = None

    def answered(self) -> Array:
        """The value, for whoever asks the layer for its weights, by Keras's name for it."""
        return answer(self.value, {"w": "kernel", "b": "bias"}.get(self.name, self.name))

    def numpy(self) -> np.ndarray:
        """A copy of the value."""
        return np.array(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype)


_OWN_LAYER = "a layer has forward(x, training) and backward(dy), and declares its parameters in build(input_shape)"


class Layer:
    """The base of all layers, and by itself the layer that changes nothing."""

    distorts = False
    """Whether it distorts images at random: called on numbers with nothing said, such layers do as in training."""

    def __init__(
        self,
        name: str | None = None,
        input_shape: Sequence[int] | None = None,
        input_dim: int | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        **others: Any,
    ):
        """input_shape: that of one image, for a model's first layer, and passed over in others; input_dim=4 is
        input_shape=(4,), and batch_input_shape has the batch in front. trainable: see the property. Other arguments of
        Keras's are passed over where they ask for nothing, and refused by name (``missing.ARGUMENTS``).
        """
        self.name = name or ""
        self.has_automatic_name = False
        self.former_names: list[str] = []
        """Automatic ones that it had before its name was taken in another network, see ``names``."""
        self.names_around: set[str] = set()
        """Those of the network that it was last put in."""
        self.trainable = others.pop("trainable", True)
        self.frozen = False
        """Whether the network that it is bound to leaves its weights alone: ``trainable`` as ``compile`` found it."""
        settle(self._who, others, ARGUMENTS, _arguments(type(self)))
        if input_dim is not None:
            input_shape = (input_dim,)
        elif batch_input_shape is not None:
            input_shape = without_batch(batch_input_shape)
        self.declared_input_shape = None if input_shape is None else fixed(input_shape, f"{self._who}: input_shape")
        self.parameters: list[Parameter] = []
        self.constants: list[Parameter] = []
        """What the kernels want to read and to write although the layer does without: the biases of
        ``use_bias=False``. Neither counted nor saved nor learned.
        """
        self.needs_input_gradient = True
        """False where no layer below learns: nobody asks for the gradient of the pixels."""
        self.ops: Ops
        self.built = False
        self.below: Any = None
        """What stands for its input in the first network that it was put in, or a list; None before."""
        self.bound_to: int | None = None
        """The ``id`` of the network whose vectors have the weights now, see ``bind_to``."""
        self.turn: Any = None
        """The lock of that first network (``turns``)."""
        self.calls = 0
        """How often it was called on numbers by itself, or its model as in training (``called``)."""
        self._room: dict[str, tuple[int, Tensor]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "bound_to": None}  # the weights of a copy are in nobody's vectors

    def __init_subclass__(cls, **arguments: Any) -> None:
        """A layer written for Keras would change nothing here: its ``call`` is never called."""
        super().__init_subclass__(**arguments)
        if "call" in vars(cls):
            raise NotImplementedError(f"{cls.__name__}: call is not in loopnet: {_OWN_LAYER}")

    def add_weight(self, *shape: Any, **arguments: Any) -> None:
        raise NotImplementedError(f"{self._who}: add_weight is not in loopnet: {_OWN_LAYER}")

    @property
    def _who(self) -> str:
        """What errors call the layer."""
        return self.name or type(self).__name__

    def build(self, input_shape: Shape) -> None:
        """Learn the shape of one image at the input; work out ``output_shape``; declare parameters. Raises
        ``ValueError``.
        """
        self._input = tuple(input_shape)
        self._output = self.geometry(self._input)
        self.built = True

    def geometry(self, input_shape: Shape) -> Shape:
        """The shape of one image at the output, for one of ``input_shape`` at the input."""
        return input_shape

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw whatever starts at random."""
        for p in self.parameters:
            p.value = p.initializer(p.shape, rng)

    def operations(self) -> tuple[str, ...]:
        """The fields of ``Ops`` that the layer calls. A rung that lays tensors out in its own way runs a layer only if
        it has kernels of its own for all of these.
        """
        return ()

    def bind(self, ops: Ops, dtype: np.dtype) -> None:
        """Choose the rung that ``forward`` and ``backward`` run on: that of ``ops``, or the plain one beneath it."""
        ranks = 1 + len(self._input), 1 + len(self._output)
        self.ops, self.dtype, self._room = ops.rung_for(self.operations(), ranks), dtype, {}
        for p in self.constants:
            p.value = self.ops.asarray(p.initializer(p.shape, np.random.default_rng()).astype(dtype))
            p.grad = self.ops.asarray(np.zeros(p.shape, dtype))

    @property
    def differs_in_training(self) -> bool:
        """Whether ``fit`` has it do something else than ``predict``: it draws numbers, or goes by the batch."""
        return hasattr(self, "_step")

    @property
    def backend(self) -> str | None:
        """The name of the rung that the layer runs on; None before its model is compiled."""
        return self.ops.name if hasattr(self, "ops") else None

    def bind_to(self, network: int | None) -> None:
        """Note whose vectors have the weights now, of several networks that may share them: ``Network._ready``."""
        Layer.bindings += 1
        self.bound_to = network

    def room(self, what: str, like: Tensor, *shape: int, dtype: Any = None) -> Tensor:
        """Memory for as many images as ``like`` holds: allocated once, and used again while that number stays
        the same.
        """
        batch = self.ops.images(like)
        of_batch, known = self._room.get(what, (-1, None))
        if of_batch != batch:
            Layer.rooms_taken += 1
            known = self.ops.empty((batch, *shape), dtype or self.dtype)
            self._room[what] = batch, known
        return known

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        """The layer's output for a batch; valid until the next call."""
        return x

    def backward(self, dy: Tensor) -> Tensor:
        """From the gradient of the output to that of the input; overwrites the gradients of the parameters."""
        return dy

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"name": self.name} if self.trainable else {"name": self.name, "trainable": False}

    rooms_taken = 0
    """How often a layer, any layer, has taken memory: see ``replay.py``."""

    bindings = 0
    """How often a layer, any layer, was bound: a network whose layers all were its own at that count need not ask them
    again. Ten layers take up to 20 microseconds to ask, if they have left the caches.
    """

    remembers: tuple[str, ...] = ("_key", "_keys", "_step")
    """Attributes that training changes or that were drawn at random, besides the parameters: a run that is cut off goes
    on with them. These are those of layers that draw random numbers, as ``Dropout`` does.
    """

    def get_state(self) -> dict[str, Any]:
        """What it remembers: numbers, strings, lists of them."""
        return {name: getattr(self, name) for name in self.remembers if hasattr(self, name)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``get_state`` gave. Raises ``KeyError`` if that was another layer's."""
        for name in self.get_state():
            setattr(self, name, state[name])

    def get_config(self) -> dict[str, Any]:
        """Keras's name for it."""
        return self.config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Layer":
        return cls(**config)

    def __call__(self, *inputs: Any, training: bool | None = None, **arguments: Any) -> Any:
        """Of a symbolic tensor, ``x = Dense(10)(x)``, the next one, for ``Model(inputs, outputs)``, which draws the
        weights. Of numbers: an array, what the layer makes of them; see ``called``.
        """
        x = only_symbolic(self._who, inputs, {"training": training, **arguments}, [self])
        if x is None:
            if len(inputs) != 1:
                raise NotImplementedError(f"{self._who}: called on {len(inputs)} inputs; {ONE_INPUT}")
            settle(self._who, arguments, {"mask": "all numbers count"}, ("training",))
            return call_layer(self, inputs[0], self.distorts if training is None else bool(training))
        trial = self
        if self.below is None:
            trial = deepcopy(self)
            trial.name = self._who
            trial.build(x.shape[1:])
        self.expect_input(x.shape[1:], trial.built_for)
        return SymbolicTensor(self, x, trial.output_shape)

    @property
    def built_for(self) -> Any:
        """The shape of one image that ``build`` was given; of a layer that merges several, a list of them."""
        return self._input

    def expect_input(self, given: Any, expected: Any) -> None:
        """Raise ``ValueError`` if a layer that was built for one shape is given another."""
        if given != expected:
            raise ValueError(f"{self._who}: it was built for input of shape {expected}, given {given}")

    @property
    def input(self) -> Any:
        """What stands for its input in the first network that it was put in: an ``Input`` or a ``SymbolicTensor``."""
        if self.below is None:
            raise AttributeError(f"{self._who}: it has no input and no output yet; put it in a model that has an Input")
        return self.below

    @property
    def output(self) -> SymbolicTensor:
        """What stands for its output there: ``Model(model.inputs, layer.output)`` looks inside a model."""
        return SymbolicTensor(self, self.input, self.output_shape)

    @property
    def trainable(self) -> bool:
        """Whether training may change its weights; False freezes it. Counts from the next ``compile`` on, as in Keras.
        A frozen batch normalisation also goes by its moving averages in training, and leaves them alone.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, wanted: bool) -> None:
        self._trainable = yes_or_no(wanted, f"{self._who}: trainable")

    @property
    def learns(self) -> bool:
        """Whether the network that it is bound to changes any of its weights by their gradients."""
        return not self.frozen and any(p.trainable for p in self.parameters)

    @property
    def input_shape(self) -> tuple[Any, ...]:
        self._expect_built()
        return (None, *self._input)

    @property
    def output_shape(self) -> tuple[Any, ...]:
        self._expect_built()
        return (None, *self._output)

    def _expect_built(self) -> None:
        if not self.built:
            raise AttributeError(f"{self._who}: it has no shapes yet; put it in a model that has an Input")

    def compute_output_shape(self, input_shape: Sequence[Any]) -> tuple[Any, ...]:
        """The shape of a batch at the output, for one of ``input_shape`` at the input, None and the shape of an image;
        of a layer that merges several, a list of them. The layer stays as it is. Raises ``ValueError``.
        """
        trial = deepcopy(self)
        trial.parameters = []
        several = isinstance(input_shape, list) and np.iterable(input_shape[0])
        image: Any = [tuple(s[1:]) for s in input_shape] if several else tuple(input_shape[1:])
        trial.build(image)
        return trial.output_shape

    @property
    def weights(self) -> list[Array]:
        """The layer's parameters, in Keras's order: weights, then biases; what is not trained comes last."""
        return [p.answered() for p in self.parameters]

    @property
    def variables(self) -> list[Array]:
        """The ``weights``."""
        return self.weights

    @property
    def trainable_weights(self) -> list[Array]:
        """Those of the ``weights`` that training changes; none while ``trainable`` is False."""
        return [p.answered() for p in self.parameters if p.trainable and self.trainable]

    @property
    def non_trainable_weights(self) -> list[Array]:
        """The other ``weights``."""
        return [p.answered() for p in self.parameters if not (p.trainable and self.trainable)]

    @property
    def trainable_variables(self) -> list[Array]:
        """The ``trainable_weights``."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Array]:
        """The ``non_trainable_weights``."""
        return self.non_trainable_weights

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the ``weights``."""
        return [np.array(p.value) for p in self.parameters]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Replace the ``weights``; shapes must match. Raises ``ValueError`` and changes nothing if one does not."""
        if not self.built:
            raise ValueError(f"{self._who}: it has no weights yet; put it in a model that knows its input's shape")
        if hasattr(self, "ops") and self.ops.train_step is not None:  # which keeps weights of its own
            raise NotImplementedError(f"{self._who}: set the weights with model.set_weights on {self.ops.name}")
        for p, array in zip(self.parameters, expect_weights(self._who, weights, self.parameters), strict=True):
            p.value[...] = array if isinstance(p.value, np.ndarray) else self.ops.asarray(array.astype(self.dtype))

    def count_params(self) -> int:
        return sum(prod(p.shape) for p in self.parameters)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.config().items() if value is not None)
        return f"{type(self).__name__}({arguments})"


def expect_weights(who: str, weights: Sequence[Any], parameters: Sequence[Parameter]) -> list[np.ndarray]:
    """``weights`` as arrays of the shapes of ``parameters``. Raises ``ValueError`` if one does not fit."""
    arrays = [np.asarray(w) for w in weights]
    given, expected = [a.shape for a in arrays], [p.shape for p in parameters]
    if given != expected:
        at = next((i for i, (g, e) in enumerate(zip(given, expected, strict=False)) if g != e), None)
        where = f"array {at}: expected shape {expected[at]}, given {given[at]}" if at is not None else ""
        raise ValueError(f"{who}: {where or f'expected {len(expected)} arrays, given {len(given)}'}")
    for i, array in enumerate(arrays):
        if array.dtype.kind not in "fiub":
            raise ValueError(f"{who}: array {i}: expected numbers, given an array of {array.dtype}")
    return arrays


def yes_or_no(wanted: Any, who: str) -> bool:
    if not isinstance(wanted, (bool, np.bool_)) and wanted not in (0, 1):
        raise ValueError(f"{who}: expected True or False, given {wanted!r}")
    return bool(wanted)


def _arguments(cls: type) -> list[str]:
    """The names of the arguments that a layer's constructors take."""
    names = [name for c in cls.__mro__ if "__init__" in vars(c) and c is not object for name in signature(c).parameters]
    return [name for name in names if name not in ("args", "kwargs", "others")]


def without_batch(shape: Any) -> Any:
    """A shape without its first axis; what is no shape as it is, for ``fixed`` to refuse."""
    return shape[1:] if isinstance(shape, (tuple, list)) else shape


def fixed(shape: Any, what: str) -> Shape:
    """The shape of one image, every size of it a number: memory is taken for it once."""
    if not np.iterable(shape) or isinstance(shape, str):
        hint = f"; for rows of {shape} numbers write ({shape},)" if isinstance(shape, int) else ""
        raise ValueError(f"{what}: expected one size for each axis, as in (28, 28, 1), given {shape!r}{hint}")
    if any(n is None for n in shape):
        raise ValueError(f"{what}: expected every size as a number, given {tuple(shape)}; all images have one size")
    return tuple(positive(n, what) for n in shape)
