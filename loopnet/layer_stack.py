"""Stack: layers, how they hang together, their shapes, names and weights; what a network *is*, before it is trained."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from .arrays import Array
from .called import is_made
from .graph import Graph, Maker, above_what_learns
from .layers import Input, Layer
from .layers.base import expect_weights, yes_or_no
from .names import Names
from .seeds import generators
from .shapes import Shape, positive


class Stack:
    """Layers whose shapes fit together, and all that they learn: a chain, unless ``loopnet.Model`` made it of layers
    that branch (``graph``). :class:`loopnet.Sequential` trains it.

    trained_on: the name of the data set that it was trained on. classes: the names of its classes, where they are more
    than numbers. Both are None until you set them, and go into the model's file.
    """

    trained_on: str | None = None
    classes: tuple[str, ...] | None = None

    def __init__(
        self,
        layers: "Sequence[Layer | Stack] | None" = None,
        name: str | None = None,
        dtype: str = "float32",
        seed: int | None = None,
    ):
        if str(dtype) not in ("float32", "float64"):
            raise ValueError(f"{type(self).__name__}: expected dtype 'float32' or 'float64', given {dtype!r}")
        self.name = name or "stack"
        self.dtype = np.dtype(dtype)
        self._layers: list[Layer] = []
        """Those that compute."""
        self._graph: Graph = {}
        self._names = Names()
        self._trainable = True
        self._input: Shape | None = None
        self._bottom: Input | None = None
        self._initial_rng, self._shuffle_rng = generators(seed)
        if isinstance(layers, (Layer, Stack)):
            raise ValueError(f"{self.name}: expected a list of layers, given {layers!r}")
        for layer in layers or []:
            self.add(layer)

    # ---- structure -------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers in Keras's order, which begin with the ``listed_input`` if there is one."""
        return self._layers if self.listed_input is None else [self.listed_input, *self._layers]

    @property
    def listed_input(self) -> Input | None:
        """The Input where it is one of the layers, as in Keras: in a network that ``loopnet.Model`` put together."""
        return None

    def add(self, layer: Any) -> None:
        """Put ``layer`` on top, or all layers of a model. Shapes are checked here, as soon as the input's is known.

        A layer that stands in another network already is shared: it has one set of weights, whoever trains it. If its
        name is taken here, it gets another, see ``names``.
        """
        if isinstance(layer, Stack):
            self._add_all(layer)
            return
        if not isinstance(layer, Layer):
            raise ValueError(f"{self.name}: expected a layer, given {layer!r}")
        if not self._layers and self._input is None:
            self._input = layer.declared_input_shape if layer.below is None else layer.input_shape[1:]
            self._bottom = layer if isinstance(layer, Input) else None
        elif isinstance(layer, Input):  # the others' input_shape and input_dim say nothing new, as in Keras
            raise ValueError(f"{self.name}: only the first layer may be an Input, given {layer!r}")
        if not isinstance(layer, Input):
            self._put(layer, (self._layers[-1] if self._layers else None,))

    def _put(self, layer: Layer, makers: tuple[Maker, ...]) -> None:
        """Put ``layer`` where it takes what ``makers`` make, which are in the network already."""
        if layer in self._layers:
            raise ValueError(f"{self.name}: the layer {layer.name} is in it already; a network has each layer once")
        self._names.expect_free(layer, self._layers, self.name)
        self._layers.append(layer)
        self._graph[layer] = makers
        if self._input is not None:
            try:
                self._build(layer)
            except ValueError:
                del self._graph[self._layers.pop()]
                raise
        self._names.enter(layer, self._layers[:-1])

    def _add_all(self, other: "Stack") -> None:
        if not other._layers:
            raise ValueError(f"{self.name}: expected a layer, given {other.name}, which has no layers yet")
        before = list(self._layers), dict(self._graph), self._input, self._bottom
        top = self._layers[-1] if self._layers else None
        names = [(layer, layer.name) for layer in other._layers if layer not in self._layers]
        try:
            if other._input is not None and not self._layers and self._input is None:
                self.add(other.inputs[0])
            for layer, makers in list(other._graph.items()):
                self._put(layer, tuple(top if maker is None else maker for maker in makers))
        except ValueError:
            self._layers, self._graph, self._input, self._bottom = before
            for layer, name in names:
                self._names.leave(layer, name)
            raise

    def pop(self) -> Layer:
        """Take the last layer off, and return it; it keeps its weights. Raises ``ValueError`` if there is none."""
        if not self._layers:
            raise ValueError(f"{self.name}: it has no layer to take off")
        if self._graph[self._layers[-1]] not in ((None,), tuple(self._layers[-2:-1])):
            raise ValueError(
                f"{self.name}: branches end in its last layer; Model(model.input, model.layers[-2].output) ends earlier"
            )
        layer = self._layers.pop()
        del self._graph[layer]
        self._names.leave(layer, layer.name)
        return layer

    def find_layer(self, name: str | None) -> Layer | None:
        """The layer of that name; None if there is none."""
        return self._names.find(name, self._layers, self.name)

    def names_in_files(self) -> list[str]:
        """What its files call its layers, see ``names``. Raises ``ValueError`` if two are called the same."""
        return self._names.in_a_file(self._layers, self.name)

    def _build(self, layer: Layer) -> None:
        makers = self._graph[layer]
        shape = self.shape_from(makers)
        if layer.below is not None:  # another network has built it, and shares it
            layer.expect_input(shape, layer.built_for)
            dtypes = {np.dtype(p.value.dtype) for p in layer.parameters} - {self.dtype}
            if dtypes:
                raise ValueError(f"{layer.name}: its weights are {dtypes.pop()}, those of {self.name} are {self.dtype}")
            return
        kept = layer.get_weights() if is_made(layer) else []  # it was called on numbers before, and has weights
        if kept:
            trial = deepcopy(layer)
            trial.build(shape)
            if [p.shape for p in trial.parameters] != [w.shape for w in kept]:
                layer.expect_input(shape, layer.built_for)
        layer.build(shape)
        made = self._made_of(self.inputs[0], self._layers[: self._layers.index(layer)])
        layer.below = [made[maker] for maker in makers] if len(makers) > 1 else made[makers[0]]
        layer.needs_input_gradient = layer in above_what_learns(self._graph)
        layer.initialize(self._initial_rng)
        for p, value in zip(layer.parameters, kept or [p.value for p in layer.parameters], strict=True):
            p.value = value.astype(self.dtype)

    def shape_from(self, makers: Sequence[Maker]) -> Any:
        """The shape of one image of what these layers make, or a list of shapes if they are several."""
        assert self._input is not None
        shapes = [self._input if maker is None else maker.output_shape[1:] for maker in makers]
        return shapes if len(shapes) > 1 else shapes[0]

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Give a model that declares no input shape one, batch axis first as in Keras: ``(None, 28, 28, 1)``. One that
        has an Input is built already.
        """
        if input_shape is None:
            self._built()
        elif self._input is None:
            self._input = tuple(positive(n, f"{self.name}: input_shape") for n in input_shape[1:])  # type: ignore[arg-type]
            for layer in self._layers:
                self._build(layer)

    @property
    def inputs(self) -> list[Input]:
        """What stands for the images: one ``Input``."""
        if self._bottom is None:
            below = self._layers[0].below if self._layers else None  # where the first layer is shared
            self._bottom = below if isinstance(below, Input) else Input(self._input or self._built())
        return [self._bottom]

    @property
    def outputs(self) -> list[Any]:
        """What stands for the outputs: one symbolic tensor."""
        self._built()
        return [self._made_of(self.inputs[0], self._layers)[self._layers[-1]]]

    @property
    def input(self) -> Input:
        return self.inputs[0]

    @property
    def output(self) -> Any:
        return self.outputs[0]

    def _made_of(self, x: Any, layers: Sequence[Layer]) -> dict[Maker, Any]:
        """What each of ``layers``, the first ones, makes of the symbolic tensor ``x``."""
        made: dict[Maker, Any] = {None: x}
        for layer in layers:
            taken = [made[maker] for maker in self._graph[layer]]
            made[layer] = layer(taken if len(taken) > 1 else taken[0])
        return made

    @property
    def input_shape(self) -> tuple[Any, ...]:
        return (None, *self._built())

    @property
    def output_shape(self) -> tuple[Any, ...]:
        self._built()
        return self._layers[-1].output_shape

    def _built(self) -> Shape:
        if self._input is None or not self._layers:
            raise ValueError(
                f"{self.name}: it has no {'layers' if self._input else 'input shape'} yet; add Input(shape) first"
            )
        return self._input

    def _parameters(self) -> list[Any]:
        return [p for layer in self._layers for p in layer.parameters]

    def count_params(self) -> int:
        """How many numbers the layers hold, learned or kept."""
        self._built()
        return sum(layer.count_params() for layer in self._layers)

    # ---- what learns -----------------------------------------------------------------------------------------------

    @property
    def trainable(self) -> bool:
        """Whether training may change anything here. Setting it sets that of every layer; while it is False none
        learns, whatever the layers say. Counts from the next ``compile`` on.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, wanted: bool) -> None:
        self._trainable = yes_or_no(wanted, f"{self.name}: trainable")
        for layer in self._layers:
            layer.trainable = wanted

    def _to_freeze(self) -> list[Layer]:
        """The layers that are not to learn from the next ``compile`` on."""
        return [layer for layer in self._layers if not (self.trainable and layer.trainable)]

    def _trained(self, frozen: Sequence[Layer]) -> list[Any]:
        """The parameters that training changes by their gradients, where these layers are frozen."""
        return [p for layer in self._layers if layer not in frozen for p in layer.parameters if p.trainable]

    # ---- weights ---------------------------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Array]:
        """All weights and biases, layer by layer."""
        return [w for layer in self._layers for w in layer.weights]

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights and biases, layer by layer."""
        self._built()
        return [np.array(p.value) for p in self._parameters()]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Replace all weights and biases; shapes must match. Raises ``ValueError`` and changes nothing if one
        does not.
        """
        self._built()
        parameters = self._parameters()
        arrays = expect_weights(self.name, weights, parameters)
        for p, array in zip(parameters, arrays, strict=True):
            p.value = array.astype(self.dtype)
