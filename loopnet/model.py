"""Sequential: a network (``network.py``, where a step of training is a few lines) with Keras's manners: what it is
given is checked, batches are dealt, callbacks are told, numbers are kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from . import onnx_export, saving
from .batches import Answers, Batch, Batches, check_images, check_weights, flat_targets, unlisted, words
from .callbacks import EpochLines, History, ProgressBar, TerminateOnNaN, in_words
from .dealing import Dealer, InOrder, Source, check_freq, size_and_steps
from .events import Callback, Logs, all_listening, introduce, tell, validates
from .graph import Maker
from .keras_names import KerasNames, settle_for
from .layer_stack import Stack
from .layers import Layer
from .lines import warn
from .monitor import expect_monitored
from .network import Network
from .ops import DEFAULT_BACKEND, Ops, Tensor
from .pieces import Pieces, come_in_pieces, expect_alone, kind
from .precompile import with_helpers
from .rungs import announce_compilation
from .shapes import positive
from .summary import summarize
from .tally import Tally
from .turns import Turn, one_at_a_time


def kept_for_training(images: int, share: float) -> int:
    """How many are left where ``validation_split`` holds out this share: to the image as many as in Keras."""
    return int(images * (1 - share))


class Sequential(KerasNames, Network):
    """A network that can be trained: a chain of layers, unless ``loopnet.Model`` has made it of layers that branch.

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
        self.images_in_step = 0
        """How many images the last step of training had."""
        self._turn = Turn()
        super().__init__(layers, name or "sequential", dtype, seed)

    def _put(self, layer: Layer, makers: tuple[Maker, ...]) -> None:
        super()._put(layer, makers)
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

        x, and validation_data, may also come in pieces, batches (x, y) or (x, y, sample_weight) of any size: from a
        generator or another iterator, a ``utils.PyDataset`` or whatever has a length and gives batch number i
        (``shuffle`` is of the order of its batches), or anything else that can be gone through epoch after epoch, as
        PyTorch's DataLoader and tf.data.Dataset can. An epoch is all there are, or steps_per_epoch of them: what never
        ends needs it. An iterator that has come to its end ends the training, with a warning; a validation takes its
        next validation_steps batches, and begins anew with all else. There is nothing to split, and no batch_size.

        Raises ``ValueError`` for data that does not fit, before any step; for a piece, when its turn has come: the
        model keeps what it has learned.
        """
        settle_for(self, "fit", others)
        epochs, validation_freq = positive(epochs, "fit: epochs"), check_freq(validation_freq)
        self._expect_compiled("fit")
        training: Source
        held_out: Source | None = None

        def shuffled(count: int) -> np.ndarray:
            return self._shuffle_rng.permutation(count) if shuffle else np.arange(count)

        if come_in_pieces(x):
            expect_alone(
                "fit", x, y=y, batch_size=batch_size, sample_weight=sample_weight,
                validation_split=validation_split or None,
            )  # fmt: skip
            take = self._taker("fit", class_weight)
            training = Pieces("fit", x, take, steps=steps_per_epoch, steps_name="steps_per_epoch", shuffled=shuffled)
        else:
            data = self._data("fit", x, y, sample_weight, class_weight)
            if validation_data is None and validation_split:
                data, rest = self._split(data, validation_split)
                if class_weight is not None:
                    rest.sample_weight = None  # classes have weights in training alone, as in Keras
                size = validation_batch_size or batch_size
                held_out = InOrder("fit", rest, size, validation_steps, "validation_steps")
            batch_size, steps = size_and_steps("fit", data.count, batch_size, steps_per_epoch, "steps_per_epoch")
            training = Dealer(data, batch_size, steps, shuffled, "fit: steps_per_epoch")
        self._ready_to_train()
        self._warn_of_freezing()
        if validation_data is not None:
            held_out = self._to_validate_on(validation_data, batch_size, validation_batch_size, validation_steps)

        history = History()
        listeners = [*all_listening(callbacks), history]
        if isinstance(training, Dealer) and steps_per_epoch is not None:
            listeners.append(training)
        if terminate_on_nan and not any(isinstance(listener, TerminateOnNaN) for listener in listeners):
            listeners.append(TerminateOnNaN())
        if verbose:
            listeners.append(EpochLines() if verbose == 2 else ProgressBar())
        listeners.sort(key=lambda listener: listener.comes_last)
        names = self.metrics_names
        expect_monitored(listeners, names if held_out is None else [*names, *(f"val_{name}" for name in names)])
        self.listeners, self.history = listeners, history
        introduce(listeners, self, training, verbose, epochs)
        self.stop_training, self.initial_epoch, self.validation_freq = False, initial_epoch, validation_freq
        if isinstance(held_out, Pieces):
            held_out.expect_passes(sum(validates(self, epoch) for epoch in range(initial_epoch, epochs)))

        with announce_compilation() if verbose else nullcontext(), with_helpers(self, training.first):
            logs: Logs = {}
            tell(listeners, "on_train_begin", {})
            for epoch in range(self.initial_epoch, epochs):  # a callback may have gone on from a later one
                if self.stop_training:
                    break
                batches = training.deal()
                if batches is None:
                    warn(f"fit: your input ran out of data after {epoch} of {epochs} epochs; the training ends")
                    break
                for listener in listeners:
                    listener.params |= {"images": training.images, "steps": training.steps}
                tell(listeners, "on_epoch_begin", epoch, {})
                logs = self._pass_over(batches, training.count, train=True, listeners=listeners)
                if held_out is not None and validates(self, epoch):
                    of_held_out = self._look_over(held_out, listeners)
                    logs |= {f"val_{key}": value for key, value in of_held_out.items()}
                tell(listeners, "on_epoch_end", epoch, logs)
            tell(listeners, "on_train_end", logs)
        return history

    def _split(self, data: Batches, share: float) -> tuple[Batches, Batches]:
        """What to train on, and the last ``share`` of all, to validate on."""
        if not 0 < share < 1:
            raise ValueError(f"fit: expected validation_split between 0 and 1, given {share!r}")
        keep = kept_for_training(data.count, share)
        if keep in (0, data.count):
            image, _ = words(self._built())
            purpose = "validate" if keep else "train"
            raise ValueError(f"fit: validation_split {share} of {data.count} {image}s leaves none to {purpose} on")
        return data.split(keep)

    def _to_validate_on(self, data: Any, batch_size: int | None, own_size: int | None, steps: int | None) -> Source:
        """``validation_data``, checked: arrays in batches of their own size or that of the training, or pieces."""
        if come_in_pieces(data):
            expect_alone("fit", data, validation_batch_size=own_size)
            take = self._taker("validation_data")
            name = "validation_steps"
            return Pieces("validation_data", data, take, steps=steps, steps_name=name, afresh=True)
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise ValueError("fit: expected validation_data=(x, y) or (x, y, sample_weight), or in pieces of these")
        return InOrder("fit", self._data("validation_data", *data), own_size or batch_size, steps, "validation_steps")

    def _look_over(self, source: Source, listeners: Sequence[Callback]) -> Logs:
        """The mean loss and metrics over a pass, with those told who listen."""
        batches = source.deal()
        if batches is None:
            given = "the batches of an iterator come only once"
            raise ValueError(f"validation_data: {given}, and there are none left; expected validation_steps, or more")
        tell(listeners, "on_test_begin", {})
        logs = self._pass_over(batches, source.count, listeners=listeners)
        tell(listeners, "on_test_end", logs)
        return logs

    def _pass_over(
        self, batches: Iterator[Batch], count: int | None, train: bool = False, listeners: Sequence[Callback] = ()
    ) -> Logs:
        """Once through ``batches``, of a data set of ``count`` images, training or only looking; the mean loss and
        metrics over these.
        """
        ops, doing = self._ready(), "train" if train else "test"
        tally = Tally(ops, count, self.metrics, self._layers[-1].output_shape[1:], self._room)
        if not train:
            self._penalize(training=False)
        for number, batch in enumerate(batches):
            images = batch.picked.size
            tell(listeners, f"on_{doing}_batch_begin", number, {})
            x, targets, weight = batch.load()
            if train:
                self.images_in_step = images
                outputs, losses = self._train(x, targets, weight, images=images)
            else:
                outputs = self._forward(x, training=False, images=images)
                losses, _ = self._loss(outputs, targets, weight)
            tally.add(batch, self._as_read(outputs), losses, self._penalties)
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

    def _taker(self, who: str, class_weight: Mapping[int, float] | None = None) -> Callable[..., Batch]:
        """What makes a checked batch of a piece's x, y and sample_weight."""
        return lambda x, y, sample_weight=None: self._data(who, x, y, sample_weight, class_weight).whole()

    def _door(self) -> Ops:
        """The rung that the first stage takes its images on."""
        ops, stages = self._ready(), self._plan.stages
        return stages[0].ops if stages else ops

    def _checked(self, who: str, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Images and labels, checked against the model; builds a model that has waited for its input's shape."""
        self._expect_compiled(who)
        if y is None:
            raise ValueError(f"{who}: expected arrays x and y, given no y, and as x {kind(x)}, which gives no batches")
        images = self._images(who, x)
        assert self.loss is not None
        y = unlisted(y, lambda shape: shape[:1] == images.shape[:1])
        shape = self._layers[-1].output_shape[1:]
        labels = self.loss.encode(y if len(shape) == 1 else flat_targets(y, shape), prod(shape))
        if len(images) != len(labels):
            image, _ = words(self._built())
            given = f"{len(images)} {image}s and {len(labels)} labels"
            raise ValueError(f"{who}: expected one label for each {image}, given {given}")
        return images, labels

    def _expect_compiled(self, who: str) -> None:
        if self.loss is None or self.optimizer is None:
            raise ValueError(f"{who}: choose a loss first: model.compile(optimizer, loss)")

    def _images(self, who: str, x: Any) -> np.ndarray:
        """Images, checked against the model; builds a model that has waited for its input's shape."""
        if self._input is None:
            self.build(np.shape(unlisted(x)))
        self._ready()
        return check_images(who, x, self._built(), self.dtype)

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
        logs = self._pass_over(iter([data.whole()]), data.count, train=True)
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
        the first ones; batch_size: 32, or what leads through all images in so many steps. x may come in pieces as for
        ``fit``.
        """
        settle_for(self, "evaluate", others)
        source: Source
        if come_in_pieces(x):
            self._expect_compiled("evaluate")
            expect_alone("evaluate", x, y=y, batch_size=batch_size, sample_weight=sample_weight)
            source = Pieces("evaluate", x, self._taker("evaluate"), steps=steps)
        else:
            source = InOrder("evaluate", self._data("evaluate", x, y, sample_weight), batch_size, steps)
        listeners = all_listening(callbacks)
        introduce(listeners, self, source, verbose)
        logs = self._look_over(source, listeners)
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
        batches, the first ones. x may come in pieces as for ``fit``, each of them x, (x, y) or (x, y, sample_weight).
        """
        settle_for(self, "predict", others)
        source = self._to_predict(x, batch_size, steps)
        ops, shape = self._ready(), self._layers[-1].output_shape[1:]
        answers = Answers(ops, source.images, shape, self.dtype)
        listeners = all_listening(callbacks)
        introduce(listeners, self, source, verbose)
        tell(listeners, "on_predict_begin", {})
        for number, batch in enumerate(source.deal() or ()):
            tell(listeners, "on_predict_batch_begin", number, {})
            images = batch.picked.size
            y = self._forward(batch.load()[0], training=False, images=images)
            if self._plan.softmax is not None:
                y = self._plan.softmax.forward(y)
            answers.put(y, images)
            if listeners:
                outputs = np.array(ops.to_host(y, (images, *shape)))
                tell(listeners, "on_predict_batch_end", number, {"outputs": outputs})
        tell(listeners, "on_predict_end", {})
        return answers.fetch()

    def _to_predict(self, x: Any, batch_size: int | None, steps: int | None) -> Source:
        """What ``predict`` looks at, checked: arrays or pieces, without labels."""

        def data(x: Any, *_: Any) -> Batches:
            images = self._images("predict", x)
            return Batches(self._ready(), images, room=self._room, door=self._door())

        if come_in_pieces(x):
            expect_alone("predict", x, batch_size=batch_size)
            return Pieces("predict", x, lambda *parts: data(*parts).whole(), (1, 2, 3), steps)
        return InOrder("predict", data(x), batch_size, steps)


def _listed(logs: Logs) -> float | list[float]:
    return list(logs.values()) if len(logs) > 1 else logs["loss"]

