"""Sequential: a network (``network.py``, where a step of training is six lines) with Keras's manners: what it is
given is checked, batches are dealt, callbacks are told, numbers are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from . import onnx_export, saving
from .batches import Answers, Batches, check_images, check_weights, flat_targets, unlisted, words
from .callbacks import EpochLines, History, ProgressBar, TerminateOnNaN, in_words
from .dealing import Dealer, check_freq, in_order, size_and_steps
from .events import Callback, Logs, all_listening, introduce, tell, validates
from .keras_names import KerasNames, settle_for
from .layers import Layer
from .monitor import expect_monitored
from .network import Network
from .ops import DEFAULT_BACKEND, Ops, Tensor
from .precompile import with_helpers
from .rungs import announce_compilation
from .shapes import positive
from .stack import Stack
from .summary import summarize
from .tally import Tally
from .turns import Turn, one_at_a_time


class Sequential(KerasNames, Network):
    """A network that is a chain of layers.

        model = Sequential([Input((28, 28, 1)), Conv2D(32, 5, activation="relu"), Flatten(), Dense(10)])
        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)

    dtype: "float32" or "float64". seed: fixes the initial weights and the shuffling; the same seed gives the same bits,
    whatever the number of threads. Threads may share a model; they take turns, a whole ``fit`` or ``predict`` each.

    layers: also those of other models, or whole models, ``Sequential([model, Softmax()])``: their weights are shared.
    """

    def __init__(
        self,
        layers: Sequence[Layer | Stack] | None = None,
        name: str | None = None,
        dtype: str = "float32",
        seed: int | None = None,
    ):
        self.listeners: list[Callback] = []
        self.validation_freq: int | Sequence[int] = 1
        self._turn = Turn()
        super().__init__(layers, name or "sequential", dtype, seed)

    def add(self, layer: Any) -> None:
        """Put ``layer`` on top, or all layers of a model. Shapes are checked here, as soon as the input's is known.

        A layer that stands in another network already is shared: it has one set of weights, whoever trains it.
        """
        super().add(layer)
        if isinstance(layer, Layer):
            layer.turn = layer.turn or self._turn

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        **others: Any,
    ) -> None:
        """Print a table of the layers, their output shapes and parameter counts, as Keras does; and which backend each
        runs on, if the model's own does not have them all. Before the shape of the input is known, shapes are "?".
        show_trainable: also say which layers may learn.
        Keras's arguments for its looks are passed over.
        """
        settle_for(self, "summary", others)
        if callable(line_length):
            raise ValueError(f"summary: expected line_length as a number, given {line_length!r}; use print_fn=...")
        on = self._backend.name if self._ops is not None else None
        summarize(self, on, print_fn or print, show_trainable)

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

    @one_at_a_time
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        terminate_on_nan: bool = True,
        **others: Any,
    ) -> History:
        """Train for ``epochs`` passes over the images ``x`` and labels ``y``, and return the history.

        x: (images, *input_shape), where a last axis of 1 may be missing, or added. y: class numbers or one-hot rows, as
        the loss expects, or images of the output's shape, ``fit(x, x)``. validation_split: this fraction, cut off the
        end before shuffling, is not trained on but evaluated after each epoch; validation_data: (x, y) or (x, y,
        sample_weight) to use instead. validation_freq: validate after every so many epochs, or after those, counted
        from 1. steps_per_epoch: an epoch is so many batches, and the next goes on behind them; validation_steps: look
        at so many batches. batch_size: 32, or what leads through all images in so many steps. sample_weight: how much
        each image counts in the loss, (images,); class_weight: the same by class number, 1 for those not named. Metrics
        count all images alike. callbacks: see ``callbacks``; a plain function is called with (epoch, logs) after each
        epoch. verbose: 0 silent, 1 or "auto" a progress bar, 2 a line an epoch. terminate_on_nan: end, and say which
        layer it began in, when the loss or a weight is NaN or infinite.

        Raises ``ValueError`` for data that does not fit, before any step.
        """
        settle_for(self, "fit", others)
        epochs, validation_freq = positive(epochs, "fit: epochs"), check_freq(validation_freq)
        training = self._data("fit", x, y, sample_weight, class_weight)
        self._ready_to_train()
        self._warn_of_freezing()
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
                image, _ = words(self._built())
                raise ValueError(
                    f"fit: validation_split {validation_split} of {keep} {image}s leaves none to validate on"
                )
            training, held_out = training.split(keep)

        size_held_out, order_held_out = 1, np.arange(0)
        if held_out is not None:
            size_held_out, looks = size_and_steps(
                "fit", held_out.count, validation_batch_size or batch_size, validation_steps, "validation_steps"
            )
            order_held_out = in_order(held_out.count, size_held_out, looks, "fit: validation_steps")
        batch_size, steps = size_and_steps("fit", training.count, batch_size, steps_per_epoch, "steps_per_epoch")

        def shuffled() -> np.ndarray:
            return self._shuffle_rng.permutation(training.count) if shuffle else np.arange(training.count)

        dealer = Dealer(training.count, batch_size, steps, shuffled, "fit: steps_per_epoch")
        history = History()
        listeners = [*all_listening(callbacks), history, *([] if steps is None else [dealer])]
        if terminate_on_nan and not any(isinstance(listener, TerminateOnNaN) for listener in listeners):
            listeners.append(TerminateOnNaN())
        if verbose:
            listeners.append(EpochLines() if verbose == 2 else ProgressBar())
        listeners.sort(key=lambda listener: listener.comes_last)
        names = self.metrics_names
        expect_monitored(listeners, names if held_out is None else [*names, *(f"val_{name}" for name in names)])
        self.listeners, self.history = listeners, history
        introduce(listeners, self, dealer.images, batch_size, verbose, epochs, steps)
        self.stop_training, self.initial_epoch, self.validation_freq = False, initial_epoch, validation_freq

        with announce_compilation() if verbose else nullcontext(), with_helpers(self, training, batch_size):
            logs: Logs = {}
            tell(listeners, "on_train_begin", {})
            for epoch in range(self.initial_epoch, epochs):  # a callback may have gone on from a later one
                if self.stop_training:
                    break
                order = dealer.deal()
                for listener in listeners:
                    listener.params["images"] = order.size
                tell(listeners, "on_epoch_begin", epoch, {})
                logs = self._pass_over(training, batch_size, order, train=True, listeners=listeners)
                if held_out is not None and validates(self, epoch):
                    of_held_out = self._look_over(held_out, size_held_out, order_held_out, listeners)
                    logs |= {f"val_{key}": value for key, value in of_held_out.items()}
                tell(listeners, "on_epoch_end", epoch, logs)
            tell(listeners, "on_train_end", logs)
        return history

    def _look_over(self, data: Batches, batch_size: int, order: np.ndarray, listeners: Sequence[Callback]) -> Logs:
        """The mean loss and metrics over the images ``order`` of ``data``, with those told who listen."""
        tell(listeners, "on_test_begin", {})
        logs = self._pass_over(data, batch_size, order, listeners=listeners)
        tell(listeners, "on_test_end", logs)
        return logs

    def _pass_over(
        self,
        data: Batches,
        batch_size: int,
        order: np.ndarray | None = None,
        train: bool = False,
        listeners: Sequence[Callback] = (),
    ) -> Logs:
        """Once through ``data``, all of it or the images ``order``, training or only looking; the mean loss and metrics
        over these.
        """
        ops = self._ready()
        if order is None:
            order = np.arange(data.count)
        on_rung, doing = ops.asarray(order), "train" if train else "test"
        tally = Tally(ops, data, self.metrics, self.layers[-1].output_shape[1:], self._room)
        if not train:
            self._penalize(training=False)
        for number, start in enumerate(range(0, order.size, batch_size)):
            picked = order[start : start + batch_size]
            tell(listeners, f"on_{doing}_batch_begin", number, {})
            x, targets, weight = data.load(on_rung[start : start + batch_size])
            if train:
                outputs, losses = self._train(x, targets, weight, images=picked.size)
            else:
                outputs = self._forward(x, training=False, images=picked.size)
                losses, _ = self._loss(outputs, targets, weight)
            tally.add(picked, self._as_read(outputs), losses, self._penalties)
            if listeners:
                tell(listeners, f"on_{doing}_batch_end", number, tally.so_far())
                if train and self.stop_training:
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
        if class_weight is not None and len(self.output_shape) > 2:
            instead = f"given {self.output_shape}; use sample_weight"
            raise ValueError(f"{who}: class_weight: expected outputs of shape (None, classes), {instead}")
        weight = check_weights(who, labels, sample_weight, class_weight)
        assert self.loss is not None
        given = np.asarray(unlisted(y, lambda shape: shape[:1] == images.shape[:1]))
        given = given.astype(self.dtype, copy=False) if given.dtype.kind == "f" else given
        targets = self.loss.smooth(labels)
        return Batches(self._ready(), images, targets, labels, weight, self._room, self._door(), given)

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
            self.build(np.shape(unlisted(x)))
        self._ready()
        images = check_images(who, x, self._built(), self.dtype)
        y = unlisted(y, lambda shape: shape[:1] == images.shape[:1])
        shape = self.layers[-1].output_shape[1:]
        labels = self.loss.encode(y if len(shape) == 1 else flat_targets(y, shape), prod(shape))
        if len(images) != len(labels):
            image, _ = words(self._built())
            given = f"{len(images)} {image}s and {len(labels)} labels"
            raise ValueError(f"{who}: expected one label for each {image}, given {given}")
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
        self._ready_to_train()
        logs = self._pass_over(data, data.count, train=True)
        return logs if return_dict else _listed(logs)

    @one_at_a_time
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        return_dict: bool = False,
        callbacks: Any = None,
        steps: int | None = None,
        **others: Any,
    ) -> Any:
        """Mean loss over ``x`` and ``y``, followed by the metrics if there are any: a number, a list or a dict.

        Prints them unless ``verbose`` is 0. callbacks: told of it, see ``callbacks``. steps: look at so many batches,
        the first ones; batch_size: 32, or what leads through all images in so many steps.
        """
        settle_for(self, "evaluate", others)
        data = self._data("evaluate", x, y, sample_weight)
        batch_size, steps = size_and_steps("evaluate", data.count, batch_size, steps)
        order = in_order(data.count, batch_size, steps, "evaluate: steps")
        listeners = all_listening(callbacks)
        introduce(listeners, self, order.size, batch_size, verbose)
        logs = self._look_over(data, batch_size, order, listeners)
        if verbose:
            print(in_words(logs))
        return logs if return_dict else _listed(logs)

    @one_at_a_time
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
        steps: int | None = None,
        **others: Any,
    ) -> np.ndarray:
        """The network's outputs for ``x``: (images, ...) of the model's dtype; probabilities if it ends in a
        softmax, else logits. Silent, whatever ``verbose``. callbacks: told of it, see ``callbacks``. steps: of so many
        batches, the first ones.
        """
        settle_for(self, "predict", others)
        if self._input is None:
            self.build(np.shape(unlisted(x)))
        ops = self._ready()
        images = check_images("predict", x, self._built(), self.dtype)
        data = Batches(ops, images, room=self._room, door=self._door())
        batch_size, steps = size_and_steps("predict", data.count, batch_size, steps)
        order = ops.asarray(in_order(data.count, batch_size, steps, "predict: steps"))
        shape, images_asked = self.layers[-1].output_shape[1:], len(order)
        answers = Answers(ops, images_asked, shape, self.dtype)
        listeners = all_listening(callbacks)
        introduce(listeners, self, images_asked, batch_size, verbose)
        tell(listeners, "on_predict_begin", {})
        for number, start in enumerate(range(0, images_asked, batch_size)):
            tell(listeners, "on_predict_batch_begin", number, {})
            stop = min(start + batch_size, images_asked)
            y = self._forward(data.load(order[start:stop])[0], training=False, images=stop - start)
            if self._plan.softmax is not None:
                y = self._plan.softmax.forward(y)
            answers.put(start, stop, y)
            if listeners:
                outputs = np.array(ops.to_host(y, (stop - start, *shape)))
                tell(listeners, "on_predict_batch_end", number, {"outputs": outputs})
        tell(listeners, "on_predict_end", {})
        return answers.fetch()


def _listed(logs: Logs) -> float | list[float]:
    return list(logs.values()) if len(logs) > 1 else logs["loss"]

