"""A network on a rung: which loops its layers run, where their weights lie, and one step of training.

The whole of training is :meth:`Network._train`, a few lines: forward through the stages, loss, backward through the
stages in reverse, what weights pay for their size, one step of the optimiser, and the bounds that weights may have. How
often it is done, and on which images, is for ``model.py``.
"""

import warnings
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from . import losses, metrics, optimizers, regularizers
from .borders import Border, WholeBatch, by_the_batch, with_borders
from .graph import above_what_learns
from .keras_names import settle_for
from .layer_stack import Stack
from .layers import Flatten, Layer
from .layers.base import yes_or_no
from .ops import DEFAULT_BACKEND, Ops, Tensor, get_ops
from .plan import plan
from .replay import Replay
from .threads import refuse_after_fork


class Network(Stack):
    """A stack of layers, an optimiser and a loss, bound to a rung when they are first needed."""

    def __init__(self, layers: Sequence[Layer | Stack] | None, name: str, dtype: str, seed: int | None):
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self._backend = get_ops(DEFAULT_BACKEND)
        self._ops: Ops | None = None
        self.run_eagerly = False
        """Whether each layer's own Python runs in every step: see ``compile``."""
        self._frozen: list[Layer] | None = None
        """The layers that are not trained: those that the last compile() was told of."""
        self._bound: tuple[int, int] | None = None
        """Its ``id`` and ``Layer.bindings`` when its layers were last seen to be bound to it."""
        self._owner = object()  # who it is to its optimiser; a copy of both is another one
        super().__init__(layers, name, dtype, seed)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_bound": None}

    def add(self, layer: Any) -> None:
        """Put ``layer`` on top, or all layers of a model: see ``Stack.add``. The optimiser starts afresh."""
        super().add(layer)
        self._start_afresh()

    def pop(self) -> Layer:
        """Take the last layer off, and return it; it keeps its weights. The optimiser starts afresh."""
        layer = super().pop()
        self._start_afresh()
        return layer

    def _start_afresh(self) -> None:
        """Bind when next needed, and forget what the optimiser remembers of other layers than these."""
        self._ops = self._frozen = None
        if self.optimizer is not None:
            self.optimizer.state = {}

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Replace all weights and biases; shapes must match. Raises ``ValueError`` and changes nothing if one
        does not.
        """
        super().set_weights(weights)
        for layer in self._layers:
            layer.bind_to(None)
        if self._ops is not None:
            self._place(self._ops)

    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "rmsprop",
        loss: str | losses.Loss | dict[str, Any] | list[Any] | None = None,
        metrics: Any = None,
        backend: str | Ops = DEFAULT_BACKEND,
        run_eagerly: bool = False,
        **others: Any,
    ) -> None:
        """Choose how to train: optimiser, loss and metrics by name or as objects, and the rung the loops run on.

        metrics: also functions of your own, see ``metrics``. loss and metrics may also come as Keras takes them for
        several outputs, ``{"name of the last layer": ...}`` or ``[...]``.

        backend: one of ``loopnet.BACKENDS``, or an ``Ops`` of your own. Weights are kept; the optimiser starts afresh,
        unless it is the object that trained this model before, and the same layers of it.

        run_eagerly: whether each layer's own Python runs in every step, for who has put a ``print`` into it or replaced
        it. Otherwise a step may be repeated without it, see ``replay``; never while a debugger looks on.

        From here on layers with ``trainable = False`` are frozen: their weights stay as they are, and, as in Keras 3,
        pay nothing for their size.

        Raises ``OSError`` if it needs a GPU and there is none, ``ValueError`` for an optimiser that has trained another
        model, and for a loss or a metric that is not known; these change nothing.
        """
        settle_for(self, "compile", others)
        eagerly = yes_or_no(run_eagerly, "compile: run_eagerly")
        chosen, rung = optimizers.get(optimizer), get_ops(backend)
        chosen.expect_free_for(self._owner)
        wanted = losses.get(self._of_the_output(loss)) if loss else None
        asked = _each_metric([] if metrics is None else metrics)
        known = [_metric(m, wanted) for m in asked]  # so that an unknown name is told at once
        self.optimizer, self._backend, self.run_eagerly = chosen, rung, eagerly
        self.loss, self._asked_metrics, self.metrics = wanted, asked, known
        frozen = self._to_freeze()
        if self._frozen not in (None, frozen) and chosen.is_bound_to(self._owner):
            chosen.state = {}  # which is of other weights, even where they are as many
        self._ops, self._frozen = None, frozen
        if self._input is not None and self._layers:
            self._ready()

    def _of_the_output(self, loss: Any) -> Any:
        """The loss of the only output, if it came as a dictionary of losses by the names of outputs. ``ValueError`` for
        other names.
        """
        if not isinstance(loss, dict) or "name" in loss:  # a loss's own config() has one
            return loss
        name = self._layers[-1].name if self._layers else None
        if list(loss) != [name]:
            raise ValueError(f"{self.name}: expected a loss for {name!r}, its only output, given {list(loss)}")
        return loss[name]

    def _ready(self) -> Ops:
        """Bind the layers to the rung, if that has not happened yet, or another network that shares some of them has
        bound those since.
        """
        if self._ops is None:
            self._built()
            self._place(self._backend.rung_for((), [len(self.output_shape)]))
        elif self._bound != (id(self), Layer.bindings):
            if any(layer.bound_to != id(self) for layer in self._layers):
                self._place(self._ops)
            self._bound = id(self), Layer.bindings
        assert self._ops is not None
        refuse_after_fork(self._ops.name)
        return self._ops

    def _place(self, ops: Ops) -> None:
        """Lay all that is learned end to end in one vector, so that an optimiser is one loop; the layers keep views
        of it. What is frozen is not in it.
        """
        self._ops = None
        if self._frozen is None:
            self._frozen = self._to_freeze()
        for layer in self._layers:
            layer.bind_to(id(self))
            layer.frozen = layer in self._frozen
        asked = above_what_learns(self._graph)
        for layer in self._layers:  # which may come from another network, where other layers were below
            layer.needs_input_gradient = layer in asked
        parameters = self._trained(self._frozen)
        self._sizes = [prod(p.shape) for p in parameters]
        flat = np.concatenate([np.asarray(p.value).reshape(-1) for p in parameters] or [np.empty(0)])
        self._values = ops.asarray(flat.astype(self.dtype))
        self._grads = ops.asarray(np.zeros_like(flat, self.dtype))
        self._regularized: list[tuple[regularizers.L1L2, Tensor, Tensor]] = []  # with weights and gradients as vectors
        at = 0
        for p, size in zip(parameters, self._sizes, strict=True):
            p.value = self._values[at : at + size].reshape(p.shape)
            p.grad = self._grads[at : at + size].reshape(p.shape)
            if p.regularizer is not None:
                self._regularized.append((p.regularizer, self._values[at : at + size], self._grads[at : at + size]))
            at += size
        self._bounded = [p for p in parameters if p.constraint is not None]
        if self._bounded and ops.on_device:
            raise ValueError(f"backend {ops.name!r} has no constraints: they are for the rungs of a CPU")
        shares = sum(regularizers.shares(w.size) for _, w, _ in self._regularized)
        self._penalties = ops.asarray(np.zeros(shares, self.dtype)) if shares else None
        learned = {id(p) for p in parameters}
        for p in self._parameters():
            if id(p) not in learned:
                p.value = ops.asarray(np.array(p.value, self.dtype))
                if p.trainable:  # it is frozen; where a layer below learns, loops write a gradient, which nobody reads
                    p.grad = ops.asarray(np.zeros(p.shape, self.dtype))
        for layer in self._layers:
            layer.bind(ops, self.dtype)
        self._room: dict[tuple[str, int], Tensor] = {}  # memory for batches and losses, by name and size of batch
        self._plan = plan(self._graph, ops)
        if self.loss is not None:
            self._fit_loss(self.loss, ops)
        self._plan = with_borders(by_the_batch(self._plan), ops, self.output_shape)
        if self.optimizer is not None and self.optimizer.is_free_for(self._owner):
            self._bind(self.optimizer, ops)
        self._step = None
        if ops.train_step is not None and self.loss is not None:
            if self._frozen:
                names = ", ".join(layer.name for layer in self._frozen)
                raise ValueError(f"backend {ops.name!r} trains all layers; given {names} frozen, use backend 'cuda'")
            self._step = ops.train_step(self._layers, self._criterion, self.optimizer, self._values)
        self._replay = Replay.of(self, ops)
        if self._replay is not None:
            self._step = self._replay
        self._ops = ops

    def _warn_of_freezing(self) -> None:
        """Say so where layers were frozen, or were no longer, since compile(): it makes no difference yet."""
        frozen = self._to_freeze()
        changed = [self._names.of(layer) for layer in self._layers if (layer in frozen) != layer.frozen]
        if changed:
            warnings.warn(
                f"{self.name}: trainable has been set since compile(), of {', '.join(changed)}: it counts from the "
                "next compile() on",
                stacklevel=4,  # whoever called fit
            )

    def _bind(self, optimizer: optimizers.Optimizer, ops: Ops) -> None:
        """Give the optimiser its memory: what it remembers already, unless the model has grown since."""
        of_now = all(vector.shape == self._values.shape for vector in optimizer.state.values())
        state = optimizer.state if of_now and optimizer.state else None
        optimizer.bind(ops, self._values.size, self.dtype, state, self._owner, self._sizes)

    def _ready_to_train(self) -> None:
        """Bind the optimiser, too, if another model has taken it before its first step. Raises ``ValueError`` if that
        one has trained with it.
        """
        ops = self._ready()
        assert self.optimizer is not None
        self.optimizer.expect_free_for(self._owner)
        if not self.optimizer.is_bound_to(self._owner):
            self._place(ops)

    def _has_its_optimizer(self) -> bool:
        """Whether what the optimiser remembers is of this model's parameters, all of them, and not of another's."""
        if self._ops is None:
            self._ready()
        return self.optimizer is not None and self.optimizer.is_bound_to(self._owner)

    def learned(self) -> tuple[Ops, Tensor]:
        """The rung, and all that the optimiser changes as one vector in its memory."""
        ops = self._ready()
        if self._step is not None:
            self._step.values_changed = True  # by whoever asks for them
        return ops, self._values

    def _fit_loss(self, loss: losses.Loss, ops: Ops) -> None:
        """Check that the loss suits the last layer, and let it join a softmax there if it can. It looks at images as
        at rows: a Flatten of its own, which predict does without, stands between them.
        """
        name, last = type(loss).__name__, self._layers[-1]
        rank = len(last.output_shape)
        if rank < 2 or (rank > 2 and not loss.takes_images):
            given = f"given {last.output_shape}; add Flatten() before it"
            raise ValueError(f"{last.name}: {name} expects output of shape (None, outputs), {given}")
        self._rows = Flatten(name="rows for the loss")
        self._rows.build(last.output_shape[1:])
        self._rows.bind(ops, self.dtype)
        softmax = self._plan.softmax
        self.metrics = [_metric(m, loss, last.output_shape[-1]) for m in getattr(self, "_asked_metrics", [])]
        for metric in self.metrics:
            metric.fit_to(last.output_shape[-1])
        self._criterion = loss
        if softmax is not None and loss.joins_softmax:
            if loss.from_logits:
                raise ValueError(
                    f"{last.name}: {name}(from_logits=True) expects logits, given probabilities; "
                    "drop the softmax or from_logits"
                )
            self._criterion = losses.get({**loss.config(), "from_logits": True})
        elif softmax is not None:  # the loss looks at the probabilities: the softmax is a layer like any other
            self._plan = self._plan.ending_in(softmax)
        elif not loss.from_logits and _is_weighted_sum(last):
            raise ValueError(
                f"{last.name}: {name} expects probabilities, given logits; "
                f"end in activation='softmax' or 'sigmoid', or use {name}(from_logits=True)"
            )

    def _forward(self, x: Tensor, training: bool, images: int | None = None) -> Tensor:
        """The outputs for a batch of so many images: as many as ``x`` has room for, unless some of that is empty."""
        self._ready()  # a callback may have run another network that shares layers
        if self._replay is not None and not training:
            return self._replay.outputs(x)
        for stage in self._plan.stages:
            if isinstance(stage, (Border, WholeBatch)):
                stage.images = images
            x = stage.forward(x, training)
        return x

    def _train(self, x: Tensor, targets: Tensor, weight: Tensor, images: int | None = None) -> tuple[Tensor, Tensor]:
        """One training step. Returns the outputs and one loss an image."""
        self._ready()
        if self._step is not None:
            return self._step(x, targets, weight)
        outputs = self._forward(x, training=True, images=images)
        losses, gradient = self._loss(outputs, targets, weight)
        for stage in reversed(self._plan.trained):
            gradient = stage.backward(gradient)
        self._penalize(training=True)
        self.optimizer.step(self._ops, self._values, self._grads)  # type: ignore[union-attr, arg-type]
        self._constrain()
        return outputs, losses

    def _constrain(self) -> None:
        """Put weights back inside their bounds, where they have some."""
        for p in self._bounded:
            p.value[...] = p.constraint(p.value)

    def _penalize(self, training: bool) -> None:
        """Overwrite ``_penalties``, whose sum is what regularised weights add to the loss; None if there are none. In
        training, add to their gradients.
        """
        at = 0
        for regularizer, w, dw in self._regularized:
            count = regularizers.shares(w.size)
            penalty = self._penalties[at : at + count]  # type: ignore[index]
            regularizer.on_weights(self._ops, w, penalty, dw if training else None)  # type: ignore[arg-type]
            at += count

    def _loss(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """One loss an image, and the gradient of their weighted sum with respect to the outputs."""
        assert self._ops is not None
        batch = self._ops.images(outputs)
        if ("losses", batch) not in self._room:
            self._room["losses", batch] = self._ops.empty((batch,), self.dtype)
            self._room["gradient", batch] = self._ops.empty((batch, self._rows.output_shape[1]), self.dtype)
        losses, gradient = self._room["losses", batch], self._room["gradient", batch]
        self._criterion.on_batch(self._ops, self._rows.forward(outputs), targets, weight, losses, gradient)
        return losses, self._rows.backward(gradient)


_metric, _each_metric = metrics.get, metrics.each  # compile() has an argument of that name


def _is_weighted_sum(layer: Layer) -> bool:
    """Whether nothing keeps the layer's outputs between 0 and 1, or even above 0: they cannot be probabilities."""
    return bool(layer.parameters) and getattr(layer, "_activation", None) is None
