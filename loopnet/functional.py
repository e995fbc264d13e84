"""Keras's other way to put a network together: each layer is called on what another made, and branches may meet again.

    inputs = Input(shape=(28, 28, 1))
    x = Conv2D(32, 3, padding="same", activation="relu")(inputs)
    y = Conv2D(32, 3, padding="same", activation="relu")(x)
    x = Add()([x, y])
    outputs = Dense(10, activation="softmax")(Flatten()(x))
    model = Model(inputs, outputs)

Layers are called here on what stands for numbers (``layers.symbolic``): a shape, and the way back to the Input.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from .graph import Graph, Maker, by_depth
from .keras_names import settle_for
from .layers import Input
from .layers.symbolic import Symbolic, SymbolicTensor
from .model import Sequential
from .plot.network import outputs_of_layers
from .turns import one_at_a_time


class Functional(Sequential):
    """A network that ``Model`` has put together. All that a Sequential can, it can; but it lists its Input."""

    def __init__(self, layers: Sequence[Any], name: str, dtype: str, seed: int | None = None):
        super().__init__(layers, name, dtype, seed)
        bottom = self.inputs[0]
        bottom.name = bottom.name or "input_layer"  # Keras's name for it

    @property
    def listed_input(self) -> Input:
        return self.inputs[0]


class _AnyNetwork(type):
    """To be a ``Model`` is to be a network, whoever put it together: ``isinstance(sequential, keras.Model)``."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Sequential)


class Model(metaclass=_AnyNetwork):
    """``Model(inputs, outputs)`` makes a network of the layers between the two, whether they are a chain or branch: all
    that a Sequential can, it can. ``model.layers`` begins with the Input; the others are in Keras's order.

    inputs: an ``Input``, or what a layer made, to begin behind that layer. outputs: what a layer made. A layer that
    stands in another model already is shared, with its weights: training one trains the other.

        encoder = Model(inputs, codes)                                   of autoencoder = Model(inputs, outputs)
        maps = Model(model.inputs, model.get_layer("conv2d").output)     to look inside a model
        every = Model(model.inputs, [layer.output for layer in model.layers])
        named = Model(model.inputs, {layer.name: layer.output for layer in model.layers})

    With several outputs it is for looking: ``predict`` gives a list of arrays, or a dictionary, and it cannot be
    trained.

    Raises ``ValueError`` if the outputs are not made from the inputs, ``NotImplementedError`` for several inputs, and
    for a layer that is called on two things.
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
        keys = list(outputs) if isinstance(outputs, dict) else None
        outputs = list(outputs.values()) if isinstance(outputs, dict) else outputs
        several = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        ends = [_symbolic(name, "outputs", one) for one in several or [None]]
        # who looks may ask for the images as well
        graph = _between(name, first, [end for end in ends if end is not first or len(ends) == 1])
        bottom = first if isinstance(first, Input) else Input(first.shape[1:])
        if len(ends) == 1 and keys is None:
            model: Functional = Functional([bottom], name, dtype, seed)
        else:
            model = _Looking(bottom, [None if end is first else end.layer for end in ends], keys, name, dtype, seed)
        for layer in by_depth(graph, [end.layer for end in ends if end is not first]):
            model._put(layer, graph[layer])
        return model

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sequential:
        """A model of what ``get_config`` gave, with weights of its own, not compiled."""
        return Sequential.from_config(config)

    def __init_subclass__(cls, **_: Any) -> None:
        raise NotImplementedError(
            f"{cls.__name__}: subclasses of Model are not in loopnet: a network is what its layers make of each other, "
            "Sequential([Input(shape), ...]) or Model(inputs, outputs)"
        )


class _Looking(Functional):
    """A network that gives the outputs of several of its layers, ``ends``, as they are at the moment; by these keys, if
    there are any.
    """

    def __init__(
        self, bottom: Input, ends: Sequence[Maker], keys: list[Any] | None, name: str, dtype: str, seed: int | None
    ):
        self._ends, self._keys = ends, keys
        super().__init__([bottom], name, dtype, seed)

    @property
    def outputs(self) -> list[Any]:
        self._built()
        made = self._made_of(self.inputs[0], self._layers)
        return [made[end] for end in self._ends]

    @property
    def output(self) -> Any:
        return self._by_key(self.outputs)

    def _by_key(self, several: list[Any]) -> Any:
        return several if self._keys is None else dict(zip(self._keys, several, strict=True))

    @property
    def output_shape(self) -> Any:
        return [self.input_shape if end is None else end.output_shape for end in self._ends]

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
        """A list of arrays, one for each output, or a dictionary of them."""
        settle_for(self, "predict", others)
        if callbacks:
            raise NotImplementedError(f"{self.name}: a model with several outputs has no callbacks")
        found: list[list[np.ndarray]] = [[] for _ in self._ends]
        for batch in self._to_predict(x, batch_size, steps).deal() or ():
            images = batch.images()
            made: dict[Maker, np.ndarray] = {None: images}
            made |= zip(self._layers, outputs_of_layers(self, images), strict=True)
            for batches, end in zip(found, self._ends, strict=True):
                batches.append(made[end])
        return self._by_key([np.concatenate(batches) for batches in found])

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        return self._refuse() if training else super().__call__(x, training)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        by_name = "" if self._keys is None else " by name"
        raise NotImplementedError(
            f"{self.name}: a model with {len(self._ends)} outputs{by_name} is for looking: predict; train, evaluate "
            "and save the whole model that it shares its layers with"
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
            raise NotImplementedError(
                f"{name}: given {len(given)} {what}, which is not in loopnet: a network takes one batch of images, and "
                "may branch behind it"
            )
        given = given[0] if given else None
    return _symbolic(name, what, given)


def _between(name: str, first: Any, ends: Sequence[SymbolicTensor]) -> Graph:
    """The layers that lead from ``first`` to ``ends``."""
    begins = first.layer if isinstance(first, SymbolicTensor) else first

    def maker_of(x: Any) -> Any:
        return x.layer if isinstance(x, SymbolicTensor) else x

    graph: Graph = {}
    seen: set[int] = set()
    waiting: list[Any] = list(ends)
    while waiting:
        x = waiting.pop()
        if id(x) in seen or maker_of(x) is begins and x not in ends:
            continue
        seen.add(id(x))
        if not isinstance(x, SymbolicTensor) or x.layer is begins:
            end = x if x in ends else f"{ends[0]!r}, made of {x!r},"
            raise ValueError(f"{name}: the outputs {end} are not made from the inputs {first!r} alone")
        makers = tuple(None if maker_of(below) is begins else maker_of(below) for below in x.inputs)
        if graph.setdefault(x.layer, makers) != makers:
            raise NotImplementedError(
                f"{name}: the layer {x.layer._who} is called on two things in it; a network has each layer once: "
                f"give the second place a {type(x.layer).__name__} of its own"
            )
        waiting += x.inputs
    return graph
