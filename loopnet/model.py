"""Sequential: a stack of layers, and the loop that trains it.

The whole of training is :meth:`Sequential._train`, five lines: forward through the stages, loss, backward through the
stages in reverse, one step of the optimiser. Everything else here is Keras's manners around it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from . import losses, metrics, onnx_export, optimizers, saving
from .batches import Batches, check_images, check_weights
from .borders import Border, with_borders
from .callbacks import Callback, EpochLines, History, Logs, ProgressBar, in_words, listening, tell
from .layers import Input, Layer
from .ops import DEFAULT_BACKEND, Ops, Tensor, get_ops
from .plan import plan
from .rungs import announce_compilation
from .seeds import generators
from .shapes import Shape, positive


class Sequential:
    """A network that is a chain of layers.

        model = Sequential([Input((28, 28, 1)), Conv2D(32, 5, activation="relu"), Flatten(), Dense(10)])
        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)

    dtype: "float32" or "float64". seed: fixes the initial weights and the shuffling; the same seed gives the same bits,
    whatever the number of threads.
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        name: str | None = None,
        dtype: str = "float32",
        seed: int | None = None,
    ):
        if str(dtype) not in ("float32", "float64"):
            raise ValueError(f"Sequential: expected dtype 'float32' or 'float64', given {dtype!r}")
        self.name = name or "sequential"
        self.dtype = np.dtype(dtype)
        self.layers: list[Layer] = []
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self._input: Shape | None = None
        self._initial_rng, self._shuffle_rng = generators(seed)
        self._backend = get_ops(DEFAULT_BACKEND)
        self._ops: Ops | None = None
        for layer in layers or []:
            self.add(layer)

    # ---- structure -------------------------------------------------------------------------------------------------

    def add(self, layer: Layer) -> None:
        """Put ``layer`` on top. Shapes are checked here, as soon as the shape of the input is known."""
        if not isinstance(layer, Layer):
            raise ValueError(f"{self.name}: expected a layer, given {layer!r}")
        if layer.declared_input_shape is not None:
            if self.layers or self._input is not None:
                raise ValueError(f"{self.name}: only the first layer may declare an input shape, given {layer!r}")
            self._input = layer.declared_input_shape
        if isinstance(layer, Input):
            return
        if layer.built:
            raise ValueError(f"{self.name}: the layer {layer.name} belongs to a model already")
        self._give_name(layer)
        self.layers.append(layer)
        self._ops = None
        if self._input is not None:
            try:
                self._build(layer)
            except ValueError:
                self.layers.pop()
                raise

    def _give_name(self, layer: Layer) -> None:
        taken = {other.name for other in self.layers}
        if layer.name in taken:
            raise ValueError(f"{self.name}: there is a layer named {layer.name!r} already")
        base = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", type(layer).__name__).lower()  # MaxPooling2D: max_pooling2d
        number = 0
        while not layer.name or layer.name in taken:
            layer.name = base if number == 0 else f"{base}_{number}"
            number += 1

    def _build(self, layer: Layer) -> None:
        at = self.layers.index(layer)
        assert self._input is not None
        layer.build(self.layers[at - 1].output_shape[1:] if at else self._input)
        layer.needs_input_gradient = any(below.parameters for below in self.layers[:at])
        layer.initialize(self._initial_rng)
        for p in layer.parameters:
            p.value = p.value.astype(self.dtype)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Give a model that declares no input shape one, batch axis first as in Keras: ``(None, 28, 28, 1)``."""
        if self._input is None:
            self._input = tuple(positive(n, f"{self.name}: input_shape") for n in input_shape[1:])  # type: ignore[arg-type]
            for layer in self.layers:
                self._build(layer)

    @property
    def input_shape(self) -> tuple[Any, ...]:
        return (None, *self._built())

    @property
    def output_shape(self) -> tuple[Any, ...]:
        self._built()
        return self.layers[-1].output_shape

    def _built(self) -> Shape:
        if self._input is None or not self.layers:
            raise ValueError(
                f"{self.name}: it has no {'layers' if self._input else 'input shape'} yet; add Input(shape) first"
            )
        return self._input

    def _parameters(self) -> list[Any]:
        return [p for layer in self.layers for p in layer.parameters]

    def count_params(self) -> int:
        """How many numbers the layers hold, learned or kept."""
        self._built()
        return sum(layer.count_params() for layer in self.layers)

    def summary(self, print_fn: Callable[[str], object] = print) -> None:
        """Print a table of the layers, their output shapes and parameter counts, as Keras does; and which backend each
        runs on, if the model's own does not have them all.
        """
        self._built()
        head: tuple[str, ...] = ("Layer (type)", "Output Shape", "Param #")
        rows: list[tuple[str, ...]] = [
            (f"{layer.name} ({type(layer).__name__})", str(layer.output_shape), f"{layer.count_params():,}")
            for layer in self.layers
        ]
        backends = [layer.backend or "" for layer in self.layers]
        if self._ops is not None and set(backends) != {self._backend.name}:
            head = (*head, "Backend")
            rows = [(*row, backend) for row, backend in zip(rows, backends, strict=True)]
        wide = [max(len(row[i]) for row in [head, *rows]) + 3 for i in range(len(head))]
        line = "─" * sum(wide)
        print_fn(f'Model: "{self.name}"')
        print_fn(line)
        for row in [head, *rows]:
            print_fn("".join(f"{cell:{'<' if i < 2 else '>'}{wide[i]}}" for i, cell in enumerate(row)))
            if row is head:
                print_fn(line)
        print_fn(line)
        total, trainable = self.count_params(), sum(prod(p.shape) for p in self._parameters() if p.trainable)
        print_fn(f"Total params: {total:,}")
        print_fn(f"Trainable params: {trainable:,}")
        print_fn(f"Non-trainable params: {total - trainable:,}")

    # ---- weights ---------------------------------------------------------------------------------------------------

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights and biases, layer by layer."""
        return [w for layer in self.layers for w in layer.weights]

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
        arrays = [np.asarray(w) for w in weights]
        given, expected = [a.shape for a in arrays], [p.shape for p in parameters]
        if given != expected:
            at = next((i for i, (g, e) in enumerate(zip(given, expected, strict=False)) if g != e), None)
            where = f"array {at}: expected shape {expected[at]}, given {given[at]}" if at is not None else ""
            raise ValueError(f"{self.name}: {where or f'expected {len(expected)} arrays, given {len(given)}'}")
        for p, array in zip(parameters, arrays, strict=True):
            p.value = array.astype(self.dtype)
        if self._ops is not None:
            self._place(self._ops)

    def save(self, path: str | Path) -> None:
        """Write architecture, weights and optimiser to a ``.safetensors`` file: plain numbers, no code. See
        ``saving``.
        """
        saving.save(self, path)

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
        metrics: Sequence[Any] | None = None,
        backend: str | Ops = DEFAULT_BACKEND,
    ) -> None:
        """Choose how to train: optimiser, loss and metrics by name or as objects, and the rung the loops run on.

        metrics: also functions of your own, see ``metrics``.

        backend: "python", "literal", "parallel", or an ``Ops`` of your own. Weights are kept; the optimiser
        starts afresh.
        """
        self.optimizer = optimizers.get(optimizer)
        self.loss = losses.get(loss) if loss else None
        self._asked_metrics = [metrics] if isinstance(metrics, str) else list(metrics or [])
        self.metrics = [_metric(m, self.loss) for m in self._asked_metrics]  # so that an unknown name is told at once
        self._backend = get_ops(backend)
        self._ops = None
        if self._input is not None and self.layers:
            self._ready()

    def _ready(self) -> Ops:
        """Bind the layers to the rung, if that has not happened yet."""
        if self._ops is None:
            self._built()
            self._place(self._backend.rung_for((), [len(self.output_shape)]))
        assert self._ops is not None
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
        self._ops = ops

    def _fit_loss(self, loss: losses.Loss) -> None:
        """Check that the loss suits the last layer, and let it join a softmax there if it can."""
        name, last = type(loss).__name__, self.layers[-1]
        if len(last.output_shape) != 2:
            raise ValueError(f"{last.name}: {name} expects output of shape (None, outputs), given {last.output_shape}")
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
        self._criterion(self._ops, outputs, targets, weight, losses, gradient)
        return losses, gradient

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
    ) -> History:
        """Train for ``epochs`` passes over the images ``x`` and labels ``y``, and return the history.

        x: (images, *input_shape). y: class numbers or one-hot rows, as the loss expects. validation_split: this
        fraction, cut off the end before shuffling, is not trained on but evaluated after each epoch;
        validation_data: (x, y) or (x, y, sample_weight) to use instead. sample_weight: how much each image counts in
        the loss, (images,); class_weight: the same by class number, 1 for those not named. Metrics count all images
        alike. callbacks: see ``callbacks``; a plain function is called with (epoch, logs) after each epoch.
        verbose: 0 silent, 1 or "auto" a progress bar, 2 a line an epoch.

        Raises ``ValueError`` for data that does not fit, before any step.
        """
        batch_size, epochs = _batch_size("fit", batch_size), positive(epochs, "fit: epochs")
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
        listeners = [*(listening(callback) for callback in callbacks or []), history]
        if verbose:
            listeners.append(EpochLines() if verbose == 2 else ProgressBar())
        for listener in listeners:
            listener.model = self
            listener.params = {"epochs": epochs, "batch_size": batch_size, "images": training.count}
        self.stop_training = False

        with announce_compilation() if verbose else nullcontext():
            tell(listeners, "on_train_begin")
            for epoch in range(initial_epoch, epochs):
                tell(listeners, "on_epoch_begin", epoch)
                order = self._shuffle_rng.permutation(training.count) if shuffle else np.arange(training.count)
                logs = self._pass_over(training, batch_size, order, train=True, listeners=listeners)
                if held_out is not None:
                    logs |= {f"val_{key}": value for key, value in self._pass_over(held_out, batch_size).items()}
                tell(listeners, "on_epoch_end", epoch, logs)
                if self.stop_training:
                    break
            tell(listeners, "on_train_end")
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
        totals = dict.fromkeys(["loss", *(metric.name for metric in self.metrics)], 0.0)
        if order is None:
            order = np.arange(data.count)
        on_rung = self._ready().asarray(order)
        seen = 0
        for number, start in enumerate(range(0, data.count, batch_size)):
            x, targets, weight = data.load(on_rung[start : start + batch_size])
            seen = min(start + batch_size, data.count)
            if train:
                outputs, losses = self._train(x, targets, weight, images=seen - start)
            else:
                outputs = self._forward(x, training=False, images=seen - start)
                losses, _ = self._loss(outputs, targets, weight)
            self._add_up(totals, data, order[start:seen], outputs, losses)
            if listeners:
                logs = {"seen": seen, **{key: value / seen for key, value in totals.items()}}
                tell(listeners, "on_train_batch_end", number, logs)
                if self.stop_training:
                    break
        return {key: value / seen for key, value in totals.items()}

    def _add_up(self, totals: Logs, data: Batches, picked: np.ndarray, outputs: Tensor, losses: Tensor) -> None:
        """Add the losses and metrics of the images ``picked`` to the totals."""
        ops = self._ready()
        of_images = ops.to_host(losses, (picked.size,))
        if data.sample_weight is not None:
            of_images = of_images * data.sample_weight[picked]
        totals["loss"] += float(of_images.sum(dtype=np.float64))
        if self.metrics and data.labels is not None:
            if self._plan.softmax is not None and not all(metric.takes_logits for metric in self.metrics):
                outputs = self._plan.softmax.forward(outputs)
            on_host = ops.to_host(outputs, (picked.size, self.layers[-1].output_shape[1])), data.labels[picked]
            for metric in self.metrics:
                totals[metric.name] += float(np.sum(metric(*on_host)))

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
        if self._input is None:
            self.build(np.shape(x))
        self._ready()
        images = check_images(who, x, self._built(), self.dtype)
        labels = self.loss.encode(y, self.layers[-1].output_shape[1])
        if len(images) != len(labels):
            raise ValueError(f"{who}: expected one label an image, given {len(images)} images and {len(labels)} labels")
        return images, labels

    def train_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Mapping[int, float] | None = None
    ) -> float | list[float]:
        """One training step on all of ``x`` and ``y``; the loss before it, followed by the metrics if there are any."""
        data = self._data("train_on_batch", x, y, sample_weight, class_weight)
        return _listed(self._pass_over(data, data.count, train=True))

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 32,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Mean loss over ``x`` and ``y``, followed by the metrics if there are any: a number, a list or a dict.

        Prints them unless ``verbose`` is 0.
        """
        data = self._data("evaluate", x, y, sample_weight)
        logs = self._pass_over(data, _batch_size("evaluate", batch_size))
        if verbose:
            print(in_words(logs))
        return logs if return_dict else _listed(logs)

    def predict(self, x: Any, batch_size: int | None = 32, verbose: int | str = "auto") -> np.ndarray:
        """The network's outputs for ``x``: (images, ...) of the model's dtype; probabilities if it ends in a
        softmax, else logits. Silent, whatever ``verbose``.
        """
        if self._input is None:
            self.build(np.shape(x))
        ops = self._ready()
        images = check_images("predict", x, self._built(), self.dtype)
        data = Batches(ops, images, room=self._room, door=self._door())
        order = ops.asarray(np.arange(data.count))
        batch_size = _batch_size("predict", batch_size)
        shape = self.layers[-1].output_shape[1:]
        outputs = np.empty((data.count, *shape), self.dtype)
        for start in range(0, data.count, batch_size):
            stop = min(start + batch_size, data.count)
            y = self._forward(data.load(order[start:stop])[0], training=False, images=stop - start)
            if self._plan.softmax is not None:
                y = self._plan.softmax.forward(y)
            outputs[start:stop] = ops.to_host(y, (stop - start, *shape))
        return outputs


_metric = metrics.get  # compile() has an argument of that name


def _listed(logs: Logs) -> float | list[float]:
    return list(logs.values()) if len(logs) > 1 else logs["loss"]


def _batch_size(who: str, batch_size: int | None) -> int:
    """None is Keras's way of saying 32."""
    return 32 if batch_size is None else positive(batch_size, f"{who}: batch_size")


def _is_weighted_sum(layer: Layer) -> bool:
    """Whether nothing keeps the layer's outputs between 0 and 1, or even above 0: they cannot be probabilities."""
    return bool(layer.parameters) and getattr(layer, "activation", None) is None
