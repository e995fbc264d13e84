"""Keras's other way to put a network together, for a chain: each layer is called on what the one before it made.

    inputs = Input(shape=(28, 28, 1))
    x = Conv2D(32, 3, activation="relu")(inputs)
    x = Flatten()(x)
    outputs = Dense(10, activation="softmax")(x)
    model = Model(inputs, outputs)

Layers are called here on what stands for numbers (``layers.symbolic``): a shape, and the way back to the Input.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from .keras_names import settle_for
from .layers import Input, Layer
from .layers.missing import BRANCHES
from .layers.symbolic import Symbolic, SymbolicTensor
from .model import Sequential
from .plot.network import outputs_of_layers
from .turns import one_at_a_time


class Model:
    """``Model(inputs, outputs)`` makes the Sequential of the layers between the two: all that a Sequential can, it can.
    As there, ``model.layers`` lists no Input.

    inputs: an ``Input``, or what a layer made, to begin behind that layer. outputs: what a layer made. A layer that
    stands in another model already is shared, with its weights: training one trains the other.

        encoder = Model(inputs, codes)                                   of autoencoder = Model(inputs, outputs)
        maps = Model(model.inputs, model.get_layer("conv2d").output)     to look inside a model
        every = Model(model.inputs, [layer.output for layer in model.layers])

    With several outputs on one chain it is for looking: ``predict`` gives a list of arrays, and it cannot be trained.

    Raises ``ValueError`` if the outputs are not made from the inputs, ``NotImplementedError`` for branches.
    """

    def __new__(  # type: ignore[misc]
        cls,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        dtype: str = "float32",
        seed: int | None = None,
    ) -> Sequential:
        name = name or "functional"
        first = _one(name, "inputs", inputs)
        several = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        chains = [_between(name, first, _symbolic(name, "outputs", one)) for one in several or [None]]
        longest = max(chains, key=len)
        if any(chain != longest[: len(chain)] for chain in chains):
            raise NotImplementedError(f"{name}: the outputs are not on one chain; {BRANCHES}")
        bottom = first if isinstance(first, Input) else Input(first.shape[1:])
        if len(chains) == 1:
            return Sequential([bottom, *longest], name, dtype, seed)
        return _Looking([bottom, *longest], [len(chain) - 1 for chain in chains], name, dtype, seed)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sequential:
        """A model of what ``get_config`` gave, with weights of its own, not compiled."""
        return Sequential.from_config(config)

    def __init_subclass__(cls, **_: Any) -> None:
        raise NotImplementedError(
            f"{cls.__name__}: subclasses of Model are not in loopnet: a network is a chain of layers, "
            "Sequential([Input(shape), ...]) or Model(inputs, outputs)"
        )


class _Looking(Sequential):
    """A chain that gives the outputs of several of its layers, those at ``places``, as they are at the moment."""

    def __init__(self, layers: Sequence[Layer], places: Sequence[int], name: str, dtype: str, seed: int | None):
        self._places = places
        super().__init__(layers, name, dtype, seed)

    @property
    def outputs(self) -> list[Any]:
        self._built()
        return [self._on(self.inputs[0], self.layers[: at + 1]) for at in self._places]

    @property
    def output(self) -> Any:
        return self.outputs

    @property
    def output_shape(self) -> Any:
        return [self.layers[at].output_shape for at in self._places]

    @one_at_a_time
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
        steps: int | None = None,
        **others: Any,
    ) -> Any:
        """A list of arrays, one for each output."""
        settle_for(self, "predict", others)
        if callbacks:
            raise NotImplementedError(f"{self.name}: a model with several outputs has no callbacks")
        found: list[list[np.ndarray]] = [[] for _ in self._places]
        for batch in self._to_predict(x, batch_size, steps).deal() or ():
            made = outputs_of_layers(self, batch.images())
            for batches, at in zip(found, self._places, strict=True):
                batches.append(made[at])
        return [np.concatenate(batches) for batches in found]

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        return self._refuse() if training else super().__call__(x, training)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(
            f"{self.name}: a model with {len(self._places)} outputs is for looking: predict; train, evaluate and save "
            "the whole model that it shares its layers with"
        )

    compile = fit = evaluate = train_on_batch = save = export = pop = get_config = _refuse


def _symbolic(name: str, what: str, given: Any) -> Any:
    if not isinstance(given, Symbolic):
        raise ValueError(f"{name}: expected {what} as an Input or what a layer made of one, given {given!r}")
    return given


def _one(name: str, what: str, given: Any) -> Any:
    """The only input, given as it is or in a list."""
    if isinstance(given, (list, tuple)):
        if len(given) > 1:
            raise NotImplementedError(f"{name}: given {len(given)} {what}; {BRANCHES}")
        given = given[0] if given else None
    return _symbolic(name, what, given)


def _between(name: str, first: Any, last: Any) -> list[Layer]:
    """The layers that lead from ``first`` to ``last``, in their order."""
    layers: list[Layer] = []
    begins = first.layer if isinstance(first, SymbolicTensor) else first
    at = last
    while isinstance(at, SymbolicTensor) and at.layer is not begins:
        layers.insert(0, at.layer)
        at = at.below
    if not layers or (at.layer if isinstance(at, SymbolicTensor) else at) is not begins:
        raise ValueError(f"{name}: the outputs {last!r} are not made from the inputs {first!r}")
    if len(set(layers)) < len(layers):
        twice = next(layer for layer in layers if layers.count(layer) > 1)
        raise NotImplementedError(f"{name}: the layer {twice._who} stands in it twice; {BRANCHES}")
    return layers
