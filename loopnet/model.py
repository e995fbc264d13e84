"""Sequential: a stack of layers (``stack.py``), and the loop that trains it.

The whole of training is :meth:`Sequential._train`, five lines: forward through the stages, loss, backward through the
stages in reverse, one step of the optimiser. Everything else here is Keras's manners around it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from . import losses, metrics, onnx_export, optimizers, saving
from .batches import Answers, Batches, check_images, check_weights
from .borders import Border, with_borders
from .callbacks import EpochLines, History, ProgressBar, TerminateOnNaN, in_words
from .events import Callback, Logs, listening, tell
from .keras_names import KerasNames, settle_for
from .layers import Layer
from .ops import DEFAULT_BACKEND, Ops, Tensor, get_ops
from .plan import plan
from .rungs import announce_compilation
from .shapes import positive
from .stack import Stack
from .summary import summarize
from .tally import Tally
from .threads import refuse_after_fork
from .turns import Turn, one_at_a_time


class Sequential(KerasNames, Stack):
    """A network that is a chain of layers.

        model = Sequential([Input((28, 28, 1)), Conv2D(32, 5, activation="relu"), Flatten(), Dense(10)])
        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)

    dtype: "float32" or "float64". seed: fixes the initial weights and the shuffling; the same seed gives the same bits,
    whatever the number of threads. Threads may share a model; they take turns, a whole ``fit`` or ``predict`` each.
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        name: str | None = None,
        dtype: str = "float32",
        seed: int | None = None,
    ):
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self.listeners: list[Callback] = []
        self._turn = Turn()
        self._backend = get_ops(DEFAULT_BACKEND)
        self._ops: Ops | None = None
        super().__init__(layers, name or "sequential", dtype, seed)

    def add(self, layer: Any) -> None:
        """Put ``layer`` on top. Shapes are checked here, as soon as the shape of the input is known."""
        super().add(layer)
        self._ops = None

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Replace all weights and biases; shapes must match. Raises ``ValueError`` and changes nothing if one
        does not.
        """
        super().set_weights(weights)
        if self._ops is not None:
            self._place(self._ops)

    def summary(
        self,
        print_fn: Callable[[str], object] | None = None,
        line_length: int | None = None,
        positions: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        **others: Any,
    ) -> None:
        """Print a table of the layers, their output shapes and parameter counts, as Keras does; and which backend each
        runs on, if the model's own does not have them all. Keras's arguments for its looks are passed over.
        """
        settle_for(self, "summary", others)
        summarize(self, self._backend.name if self._ops is not None else None, print_fn or print)

    def save(self, path: str | Path, overwrite: bool = True, **others: Any) -> None:
        """Write architecture, weights and optimiser to a safetensors file, whatever its name: plain numbers, no code.
        See ``saving``.
        """
        settle_for(self, "save", others)
        saving.save(self, saving.may_write(path, overwrite))

    def export(self, path: str | Path) -> None:
        """Write an ONNX file, whose outputs are those of ``predict``; needs ``loopnet[onnx]``. See ``onnx_export``."""
        onnx_export.export(self, path)

    @classmethod
    def load(cls, path: str | Path, backend: str | Ops = DEFAULT_BACKEND) -> "Sequential":
        """A model as ``save`` wrote it, compiled if it was. Raises ``ValueError`` for a file that is not one."""
        return saving.load(cls, path, backend)

    # ---- the rung --------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "rmsprop",
        loss: str | losses.Loss | None = None,
        metrics: Any = None,
        backend: str | Ops = DEFAULT_BACKEND,
        **others: Any,
    ) -> None:
        """Choose how to train: optimiser, loss and metrics by name or as objects, and the rung the loops run on.

        metrics: also functions of your own, see ``metrics``.

        backend: one of ``loopnet.BACKENDS``, or an ``Ops`` of your own. Weights are kept; the optimiser starts afresh.
        Raises ``OSError``, and changes nothing, if it needs a GPU and there is none.
        """
        settle_for(self, "compile", others)
        self._backend = get_ops(backend)
        self.optimizer = optimizers.get(optimizer)
        self.loss = losses.get(loss) if loss else None
        self._asked_metrics = list(metrics or []) if isinstance(metrics, (list, tuple, type(None))) else [metrics]
        self.metrics = [_metric(m, self.loss) for m in self._asked_metrics]  # so that an unknown name is told at once
        self._ops = None
        if self._input is not None and self.layers:
            self._ready()

    def _ready(self) -> Ops:
        """Bind the layers to the rung, if that has not happened yet."""
        if self._ops is None:
            self._built()
            self._place(self._backend.rung_for((), [len(self.output_shape)]))
        assert self._ops is not None
        refuse_after_fork(self._ops.name)
        return self._ops

    def _place(self, ops: Ops) -> None:
        """Lay all that is learned end to end in one vector, so that an optimiser is one loop; the layers keep views
        of it.
        """
        parameters = [p for p in self._parameters() if p.trainable]
        flat = np.concatenate([np.asarray(p.value).reshape(-1) for p in parameters] or [np.empty(0)])
        self._values = ops.asarray(flat.astype(self.dtype))
        self._grads = ops.asarray(np.zeros_like(flat, self.dtype))
        at = 0
        for p in parameters:
            size = prod(p.shape)
            p.value = self._values[at : at + size].reshape(p.shape)
            p.grad = self._grads[at : at + size].reshape(p.shape)
            at += size
        for p in self._parameters():
            if not p.trainable:
                p.value = ops.asarray(np.array(p.value, self.dtype))
        for layer in self.layers:
            layer.bind(ops, self.dtype)
        self._room: dict[tuple[str, int], Tensor] = {}  # memory for batches and losses, by name and size of batch
        self._plan = plan(self.layers, ops)
        if self.loss is not None:
            self._fit_loss(self.loss)
        self._plan = with_borders(self._plan, ops, self.output_shape)
        if self.optimizer is not None:
            self.optimizer.bind(ops, flat.size, self.dtype, self.optimizer.state or None)
        self._step = None
        if ops.train_step is not None and self.loss is not None:
            self._step = ops.train_step(self.layers, self._criterion, self.optimizer, self._values)
        self._ops = ops

    def learned(self) -> tuple[Ops, Tensor]:
        """The rung, and all that the optimiser changes as one vector in its memory."""
        ops = self._ready()
        if self._step is not None:
            self._step.values_changed = True  # by whoever asks for them
        return ops, self._values

    def _fit_loss(self, loss: losses.Loss) -> None:
        """Check that the loss suits the last layer, and let it join a softmax there if it can."""
        name, last = type(loss).__name__, self.layers[-1]
        if len(last.output_shape) != 2:
            given = f"given {last.output_shape}; add Flatten() before it"
            raise ValueError(f"{last.name}: {name} expects output of shape (None, outputs), {given}")
        outputs, softmax = last.output_shape[1], self._plan.softmax
        self.metrics = [_metric(m, loss, outputs) for m in getattr(self, "_asked_metrics", [])]
        self._criterion = loss
        if softmax is not None and loss.joins_softmax:
            if loss.from_logits:
                raise ValueError(
                    f"{last.name}: {name}(from_logits=True) expects logits, given probabilities; "
                    "drop the softmax or from_logits"
                )
            self._criterion = losses.get({**loss.config(), "from_logits": True})
        elif softmax is not None:  # the loss looks at the probabilities: the softmax is a layer like any other
            self._plan = replace(self._plan, stages=[*self._plan.stages, softmax], softmax=None)
        elif not loss.from_logits and _is_weighted_sum(last):
            raise ValueError(
                f"{last.name}: {name} expects probabilities, given logits; "
                f"end in activation='softmax' or 'sigmoid', or use {name}(from_logits=True)"
            )

    # ---- training --------------------------------------------------------------------------------------------------

    def _forward(self, x: Tensor, training: bool, images: int | None = None) -> Tensor:
        """The outputs for a batch of so many images: as many as ``x`` has room for, unless some of that is empty."""
        for stage in self._plan.stages:
            if isinstance(stage, Border):
                stage.images = images
            x = stage.forward(x, training)
        return x

    def _train(self, x: Tensor, targets: Tensor, weight: Tensor, images: int | None = None) -> tuple[Tensor, Tensor]:
        """One training step. Returns the outputs and one loss an image."""
        if self._step is not None:
            return self._step(x, targets, weight)
        outputs = self._forward(x, training=True, images=images)
        losses, gradient = self._loss(outputs, targets, weight)
        for stage in reversed(self._plan.stages[self._plan.first_trained :]):
            gradient = stage.backward(gradient)
        self.optimizer.step(self._ops, self._values, self._grads)  # type: ignore[union-attr, arg-type]
        return outputs, losses

    def _loss(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        assert self._ops is not None
        batch = self._ops.images(outputs)
        if ("losses", batch) not in self._room:
            self._room["losses", batch] = self._ops.empty((batch,), self.dtype)
            self._room["gradient", batch] = self._ops.empty((batch, self.layers[-1].output_shape[1]), self.dtype)
        losses, gradient = self._room["losses", batch], self._room["gradient", batch]
        self._criterion.on_batch(self._ops, outputs, targets, weight, losses, gradient)
        return losses, gradient

    @one_at_a_time
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        validation_batch_size: int | None = None,
        terminate_on_nan: bool = True,
        **others: Any,
    ) -> History:
        """Train for ``epochs`` passes over the images ``x`` and labels ``y``, and return the history.

        x: (images, *input_shape). y: class numbers or one-hot rows, as the loss expects. validation_split: this
        fraction, cut off the end before shuffling, is not trained on but evaluated after each epoch;
        validation_data: (x, y) or (x, y, sample_weight) to use instead. sample_weight: how much each image counts in
        the loss, (images,); class_weight: the same by class number, 1 for those not named. Metrics count all images
        alike. callbacks: see ``callbacks``; a plain function is called with (epoch, logs) after each epoch.
        verbose: 0 silent, 1 or "auto" a progress bar, 2 a line an epoch. terminate_on_nan: end, and say which layer
        it began in, when the loss or a weight is NaN or infinite.

        Raises ``ValueError`` for data that does not fit, before any step.
        """
        settle_for(self, "fit", others)
        batch_size, epochs = _batch_size("fit", batch_size), positive(epochs, "fit: epochs")
        look_at = _batch_size("fit", validation_batch_size or batch_size)
        training = self._data("fit", x, y, sample_weight, class_weight)
        held_out = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                raise ValueError("fit: expected validation_data=(x, y) or (x, y, sample_weight)")
            held_out = self._data("validation_data", *validation_data)
        elif validation_split:
            if not 0 < validation_split < 1:
                raise ValueError(f"fit: expected validation_split between 0 and 1, given {validation_split!r}")
            keep = training.count - int(training.count * validation_split)
            if keep == training.count:
                raise ValueError(
                    f"fit: validation_split {validation_split} of {keep} images leaves none to validate on"
                )
            training, held_out = training.split(keep)

        history = self.history = History()
        given = callbacks if isinstance(callbacks, Sequence) else [callbacks] if callbacks is not None else []
        listeners = [*(listening(callback) for callback in given), history]
        if terminate_on_nan and not any(isinstance(listener, TerminateOnNaN) for listener in listeners):
            listeners.append(TerminateOnNaN())
        if verbose:
            listeners.append(EpochLines() if verbose == 2 else ProgressBar())
        listeners.sort(key=lambda listener: listener.comes_last)
        self.listeners = listeners
        for listener in listeners:
            listener.model = self
            listener.params = {"epochs": epochs, "batch_size": batch_size, "images": training.count}
        self.stop_training, self.initial_epoch = False, initial_epoch

        with announce_compilation() if verbose else nullcontext():
            logs: Logs = {}
            tell(listeners, "on_train_begin", {})
            for epoch in range(self.initial_epoch, epochs):  # a callback may have gone on from a later one
                if self.stop_training:
                    break
                tell(listeners, "on_epoch_begin", epoch, {})
                order = self._shuffle_rng.permutation(training.count) if shuffle else np.arange(training.count)
                logs = self._pass_over(training, batch_size, order, train=True, listeners=listeners)
                if held_out is not None:
                    logs |= {f"val_{key}": value for key, value in self._pass_over(held_out, look_at).items()}
                tell(listeners, "on_epoch_end", epoch, logs)
            tell(listeners, "on_train_end", logs)
        return history

    def _pass_over(
        self,
        data: Batches,
        batch_size: int,
        order: np.ndarray | None = None,
        train: bool = False,
        listeners: Sequence[Callback] = (),
    ) -> Logs:
        """Once through ``data``, training or only looking; the mean loss and metrics over its images."""
        ops = self._ready()
        if order is None:
            order = np.arange(data.count)
        on_rung = ops.asarray(order)
        tally = Tally(ops, data, self.metrics, self.layers[-1].output_shape[1], self._room)
        for number, start in enumerate(range(0, data.count, batch_size)):
            picked = order[start : start + batch_size]
            tell(listeners, "on_train_batch_begin", number, {})
            x, targets, weight = data.load(on_rung[start : start + batch_size])
            if train:
                outputs, losses = self._train(x, targets, weight, images=picked.size)
            else:
                outputs = self._forward(x, training=False, images=picked.size)
                losses, _ = self._loss(outputs, targets, weight)
            tally.add(picked, self._as_read(outputs), losses)
            if listeners:
                tell(listeners, "on_train_batch_end", number, tally.so_far())
                if self.stop_training:
                    break
        return tally.finish()

    def _as_read(self, outputs: Tensor) -> Tensor:
        """Probabilities for the metrics, where logits would not do."""
        if self._plan.softmax is None or all(metric.takes_logits for metric in self.metrics):
            return outputs
        return self._plan.softmax.forward(outputs)

    def _data(
        self, who: str, x: Any, y: Any, sample_weight: Any = None, class_weight: Mapping[int, float] | None = None
    ) -> Batches:
        """A data set for this model, checked."""
        images, labels = self._checked(who, x, y)
        weight = check_weights(who, labels, sample_weight, class_weight)
        assert self.loss is not None
        return Batches(self._ready(), images, self.loss.smooth(labels), labels, weight, self._room, self._door())

    def _door(self) -> Ops:
        """The rung that the first stage takes its images on."""
        ops, stages = self._ready(), self._plan.stages
        return stages[0].ops if stages else ops

    def _checked(self, who: str, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Images and labels, checked against the model; builds a model that has waited for its input's shape."""
        if self.loss is None or self.optimizer is None:
            raise ValueError(f"{who}: choose a loss first: model.compile(optimizer, loss)")
        if y is None:
            raise ValueError(
                f"{who}: expected arrays x and y, given no y; of data in pieces, train_on_batch takes each"
            )
        if self._input is None:
            self.build(np.shape(x))
        self._ready()
        images = check_images(who, x, self._built(), self.dtype)
        labels = self.loss.encode(y, self.layers[-1].output_shape[1])
        if len(images) != len(labels):
            raise ValueError(f"{who}: expected one label an image, given {len(images)} images and {len(labels)} labels")
        return images, labels

    @one_at_a_time
    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on all of ``x`` and ``y``; the loss before it, followed by the metrics if there are any."""
        data = self._data("train_on_batch", x, y, sample_weight, class_weight)
        logs = self._pass_over(data, data.count, train=True)
        return logs if return_dict else _listed(logs)

    @one_at_a_time
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = 32,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        return_dict: bool = False,
        **others: Any,
    ) -> Any:
        """Mean loss over ``x`` and ``y``, followed by the metrics if there are any: a number, a list or a dict.

        Prints them unless ``verbose`` is 0.
        """
        settle_for(self, "evaluate", others)
        data = self._data("evaluate", x, y, sample_weight)
        logs = self._pass_over(data, _batch_size("evaluate", batch_size))
        if verbose:
            print(in_words(logs))
        return logs if return_dict else _listed(logs)

    @one_at_a_time
    def predict(self, x: Any, batch_size: int | None = 32, verbose: int | str = "auto", **others: Any) -> np.ndarray:
        """The network's outputs for ``x``: (images, ...) of the model's dtype; probabilities if it ends in a
        softmax, else logits. Silent, whatever ``verbose``.
        """
        settle_for(self, "predict", others)
        if self._input is None:
            self.build(np.shape(x))
        ops = self._ready()
        images = check_images("predict", x, self._built(), self.dtype)
        data = Batches(ops, images, room=self._room, door=self._door())
        order = ops.asarray(np.arange(data.count))
        batch_size = _batch_size("predict", batch_size)
        answers = Answers(ops, data.count, self.layers[-1].output_shape[1:], self.dtype)
        for start in range(0, data.count, batch_size):
            stop = min(start + batch_size, data.count)
            y = self._forward(data.load(order[start:stop])[0], training=False, images=stop - start)
            if self._plan.softmax is not None:
                y = self._plan.softmax.forward(y)
            answers.put(start, stop, y)
        return answers.fetch()


_metric = metrics.get  # compile() has an argument of that name


def _listed(logs: Logs) -> float | list[float]:
    return list(logs.values()) if len(logs) > 1 else logs["loss"]


def _batch_size(who: str, batch_size: int | None) -> int:
    """None is Keras's way of saying 32."""
    return 32 if batch_size is None else positive(batch_size, f"{who}: batch_size")


def _is_weighted_sum(layer: Layer) -> bool:
    """Whether nothing keeps the layer's outputs between 0 and 1, or even above 0: they cannot be probabilities."""
    return bool(layer.parameters) and getattr(layer, "activation", None) is None
