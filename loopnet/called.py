"""Layers and models called on numbers, as Keras's are: ``layer(x)``, ``model(x, training=True)``.

A layer is called by its double, a copy of it with memory of its own: a model that the layer belongs to trains on as if
nothing had been called. Two things come back from the double. A call with ``training=True`` moves the moving averages
of batch normalisation, as in Keras; and a layer that had not been built is built for what it was called on, and has its
weights from then on.

Who does not say what ``training`` is gets False, but for distorted images: layers like ``RandomFlip`` distort whatever
is called, by itself or in a model, unless it is with ``training=False``. So they do in Keras, whose tutorials show
augmented images by ``data_augmentation(images)``.

Random layers draw from their own seed, or from ``utils.set_random_seed``'s, and other numbers in each call. These are
never those of a training: steps of a training are counted from 1, and calls from ``CALLS``. So, other than in Keras, a
call does not change what training draws later.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array, answer
from .batches import Batches, check_images, unlisted
from .ops import Ops, get_ops
from .seeds import generators
from .shapes import Shape
from .threads import refuse_after_fork
from .turns import one_at_a_time

if TYPE_CHECKING:
    from .layers import Layer
    from .model import Sequential

CALLS = 2**31
"""Where the steps are counted from by which random layers tell one call from the next."""

_NOTHING = np.empty(0)
"""In a double, until it has weights of its own."""


def call_layer(layer: "Layer", x: Any, training: bool = False) -> Array:
    """What ``layer`` makes of the batch ``x``: an array of its model's dtype, or of float32 before it is in one. On
    the rung of its model, if that is one of the CPU's, else on ``parallel``, which stands in for ``tuned`` in training.

    Raises ``ValueError`` for an ``x`` of another shape than its weights are for.
    """
    with layer.turn or nullcontext():
        double, dtype = _double(layer), _dtype(layer)
        try:
            images = np.asarray(unlisted(x))
        except ValueError as error:
            raise ValueError(f"{layer._who}: expected an array, given a ragged list ({error})") from None
        if images.ndim == 0:
            raise ValueError(f"{layer._who}: expected a batch, (images, ...), given {x!r}")
        images = check_images(layer._who, images, images.shape[1:], dtype)
        double.build(images.shape[1:])
        if not is_made(layer):
            _build(layer, images.shape[1:], dtype)
            double.set_state(layer.get_state())
        given, expected = ([p.shape for p in each.parameters] for each in (double, layer))
        if given != expected:
            layer.expect_input(images.shape[1:], layer._input)
        for own, p in zip(double.parameters, layer.parameters, strict=True):
            own.value = np.array(p.value, dtype)
        rung = _rung(layer)
        double.bind(rung.plain or rung if training else rung, dtype)  # the plain one has no places without an image
        refuse_after_fork(double.ops.name)
        for own in double.parameters:
            own.value = double.ops.asarray(own.value)
        with drawing_apart([double], [layer]) if training else nullcontext():
            y = double.forward(double.ops.pack(images), training)
        if training:
            _take_over(layer, double)
        return answer(np.array(double.ops.to_host(y, (len(images), *double.output_shape[1:]))))


def call_merging(layer: "Layer", several: list[Any]) -> Array:
    """What a merging ``layer`` makes of a list of batches: a float32 array, or one of its model's dtype."""
    with layer.turn or nullcontext():
        double, dtype = _double(layer), _dtype(layer)
        batches = [np.asarray(unlisted(x)) for x in several]
        if len({len(x) if x.ndim else None for x in batches}) > 1 or not all(x.ndim for x in batches):
            given = ", ".join(str(x.shape) for x in batches)
            raise ValueError(f"{layer._who}: expected batches of as many images each, given shapes {given}")
        shapes = [x.shape[1:] for x in batches]
        images = [check_images(layer._who, x, shape, dtype) for x, shape in zip(batches, shapes, strict=True)]
        double.build(shapes)  # type: ignore[arg-type]
        double.bind(_rung(layer), dtype)
        refuse_after_fork(double.ops.name)
        y = double.forward([double.ops.pack(x) for x in images])
        return answer(np.array(double.ops.to_host(y, (len(images[0]), *double.output_shape[1:]))))


@one_at_a_time
def call_model(model: "Sequential", x: Any, training: bool | None = None) -> Any:
    """``predict(x)``, all in one batch; training: the layers do as they do in training, except that nothing is learned:
    dropout drops, and batch normalisation goes by the batch, and moves its moving averages. None: only those do that
    distort images.
    """
    distorting = [layer for layer in model._layers if layer.distorts] if training is None else []
    if not training and not distorting:
        answers: Any = model.predict_on_batch(x)
        if isinstance(answers, dict):
            return {key: answer(one) for key, one in answers.items()}
        return [answer(one) for one in answers] if isinstance(answers, list) else answer(answers)
    if model._input is None:
        model.build(np.shape(unlisted(x)))
    ops = model._ready()
    images = check_images(model.name, x, model._built(), model.dtype)
    batch, _, _ = Batches(ops, images, room=model._room, door=model._door()).load(ops.asarray(np.arange(len(images))))
    with drawing_apart(model._layers, model._layers), _as_in_training(distorting):
        y = model._forward(batch, training=bool(training), images=len(images))
    if model._plan.softmax is not None:
        y = model._plan.softmax.forward(y)
    return answer(np.array(ops.to_host(y, (len(images), *model._layers[-1].output_shape[1:]))))


@contextmanager
def drawing_apart(layers: "list[Layer]", counted: "list[Layer]") -> Iterator[None]:
    """While it lasts, random ``layers`` draw for a call; afterwards they are where they were. ``counted``: the layers,
    these or those whose doubles they are, that know how many calls there were.
    """
    steps = [getattr(layer, "_step", None) for layer in layers]
    try:
        for layer, count, step in zip(layers, counted, steps, strict=True):
            if step is not None:
                layer._step = CALLS + count.calls  # type: ignore[attr-defined]
                count.calls = (count.calls + 1) % (CALLS - 1)
        yield
    finally:
        for layer, step in zip(layers, steps, strict=True):
            if step is not None:
                layer._step = step  # type: ignore[attr-defined]


@contextmanager
def _as_in_training(distorting: "list[Layer]") -> Iterator[None]:
    """While it lasts, these layers distort images whether the others train or not."""
    try:
        for layer in distorting:
            layer.called = True  # type: ignore[attr-defined]
        yield
    finally:
        for layer in distorting:
            layer.called = False  # type: ignore[attr-defined]


def is_made(layer: "Layer") -> bool:
    """Whether it has weights, or would have if it were a layer with any."""
    return layer.built and all(p.value is not None for p in layer.parameters)


def _rung(layer: "Layer") -> Ops:
    on = getattr(layer, "ops", None)
    return get_ops("parallel") if on is None or on.on_device else on


def _dtype(layer: "Layer") -> np.dtype:
    """That of its model, which its weights have before it is bound, too."""
    if is_made(layer) and layer.parameters:
        return np.dtype(layer.parameters[0].value.dtype)
    return np.dtype(getattr(layer, "dtype", np.float32))


def _build(layer: "Layer", shape: Shape, dtype: np.dtype) -> None:
    layer.build(shape)
    layer.initialize(generators(None)[0])
    for p in layer.parameters:
        p.value = p.value.astype(dtype)


def _double(layer: "Layer") -> "Layer":
    """A copy of ``layer`` that is in no network, without the memory that a rung gave it."""
    from .layers import Layer  # which needs this module

    double = copy(layer)
    vars(double).update(name=layer._who, below=None, turn=None, names_around=set(), former_names=[])
    memo: dict[int, Any] = {}  # what is not to be copied, and what stands for it
    for part in [double, *(value for value in vars(double).values() if isinstance(value, Layer))]:
        memo[id(part._room)] = {}
        memo |= {id(value): value for value in vars(part).values() if isinstance(value, Ops) or _on_device(value)}
        for p in (*part.parameters, *part.constants):
            memo |= {id(value): _NOTHING for value in (p.value, p.grad) if value is not None}
    double = deepcopy(double, memo)
    double.needs_input_gradient, double.frozen = False, not layer.trainable
    return double


def _on_device(value: Any) -> bool:
    return hasattr(value, "__cuda_array_interface__")


def _take_over(layer: "Layer", double: "Layer") -> None:
    """What a forward pass in training has changed: parameters that no gradient trains."""
    for own, p in zip(double.parameters, layer.parameters, strict=True):
        if not p.trainable:
            value = np.asarray(own.value)
            p.value[...] = value if isinstance(p.value, np.ndarray) else layer.ops.asarray(value)
