"""Callbacks: what ``fit`` tells as it goes along, and who listens."""

import csv
import math
import operator
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

if TYPE_CHECKING:
    from .model import Sequential

Logs = dict[str, float]


class Callback:
    """Override what you want to hear of. ``self.model`` is the model; ``self.params`` has epochs, batch_size
    and images. ``self.model.stop_training = True`` ends the training.
    """

    model: "Sequential"
    params: dict[str, Any]

    def on_train_begin(self) -> None: ...

    def on_train_end(self) -> None: ...

    def on_epoch_begin(self, epoch: int) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """``logs`` holds the loss and the metrics over the epoch, and those of the validation with ``val_`` before."""

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """``logs`` holds the loss and the metrics over the epoch so far, and ``seen``, the number of images."""

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Keras's longer name for the same."""
        self.on_batch_end(batch, logs)


class LambdaCallback(Callback):
    """Functions as a callback: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))``."""

    def __init__(self, **listeners: Callable[..., None]):
        for event, function in listeners.items():
            if not event.startswith("on_") or not hasattr(Callback, event):
                raise ValueError(f"LambdaCallback: there is no event {event!r}")
            setattr(self, event, function)


def listening(callback: Any) -> Callback:
    """A callback itself, or a plain function ``(epoch, logs)`` as one that is called after each epoch."""
    if isinstance(callback, Callback):
        return callback
    if isinstance(callback, type):
        raise ValueError(f"callbacks: given the class {callback.__name__}; expected an object: {callback.__name__}()")
    if not callable(callback):
        raise ValueError(f"callbacks: expected a Callback or a function of (epoch, logs), given {callback!r}")
    return LambdaCallback(on_epoch_end=callback)


class History(Callback):
    """What ``fit`` returns: ``history.history["val_accuracy"]`` is a list with one number an epoch, ``epoch``
    their numbers.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch, logs):
        self.epoch.append(epoch)
        for key, value in logs.items():
            self.history.setdefault(key, []).append(value)


class Monitor(Callback):
    """The base of callbacks that watch one number of the logs get better.

    mode: "min" or "max" says which way is better; "auto" takes "max" for accuracies and "min" for the rest.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto"):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', given {mode!r}")
        self.monitor = monitor
        self.rises = mode == "max" or (mode == "auto" and "acc" in monitor)
        self.best = -math.inf if self.rises else math.inf

    def watched(self, logs: Logs) -> float:
        if self.monitor not in logs:
            hint = "; fit without validation data has no val_ numbers" if self.monitor.startswith("val_") else ""
            raise ValueError(
                f"{type(self).__name__}: there is no {self.monitor!r} to monitor; there is {', '.join(logs)}{hint}"
            )
        return logs[self.monitor]

    def better(self, value: float, than: float, by: float = 0.0) -> bool:
        return (operator.gt(value - by, than)) if self.rises else operator.lt(value + by, than)


class ModelCheckpoint(Monitor):
    """Write the model to a file after each epoch; what stands there is always one whole model.

    filepath: may hold ``{epoch:02d}`` and the names of the logs, as in ``"run-{epoch:02d}-{val_loss:.3f}"``.
    save_best_only: only when ``monitor`` is better than ever before.
    """

    def __init__(
        self,
        filepath: str | Path,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
    ):
        super().__init__(monitor, mode)
        self.filepath, self.verbose, self.save_best_only = str(filepath), verbose, save_best_only

    def on_epoch_end(self, epoch, logs):
        if self.save_best_only:
            value = self.watched(logs)
            if not self.better(value, self.best):
                return
            self.best = value
        path = self.filepath.format(epoch=epoch + 1, **logs)
        self.model.save(path)
        if self.verbose:
            tqdm.write(f"epoch {epoch + 1}: saved to {path}")


class EarlyStopping(Monitor):
    """End the training when ``monitor`` has not become better, by more than ``min_delta``, for ``patience`` epochs.

    restore_best_weights: afterwards give the model the weights of its best epoch, not of its last. baseline: what
    the first ``patience`` epochs must beat. start_from_epoch: what happens before is not looked at.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode)
        self.min_delta, self.patience, self.verbose, self.baseline = abs(min_delta), patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch

    def on_train_begin(self):
        self.best = -math.inf if self.rises else math.inf
        self.best_epoch = self.stopped_epoch = self.wait = 0
        self.best_weights: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch, logs):
        value = self.watched(logs)
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value, self.best, self.min_delta):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.better(value, self.baseline, self.min_delta):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self):
        if self.verbose and self.stopped_epoch:
            tqdm.write(f"epoch {self.stopped_epoch + 1}: stopped early; the best was epoch {self.best_epoch + 1}")
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of each epoch to ``schedule(epoch, learning_rate)``; epochs count from 0."""

    def __init__(self, schedule: Callable[[int, float], float], verbose: int = 0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch):
        optimizer = self.model.optimizer
        assert optimizer is not None
        optimizer.learning_rate = self.schedule(epoch, optimizer.learning_rate)
        if self.verbose:
            tqdm.write(f"epoch {epoch + 1}: learning rate {optimizer.learning_rate:g}")

    def on_epoch_end(self, epoch, logs):
        assert self.model.optimizer is not None
        logs["learning_rate"] = self.model.optimizer.learning_rate


class CSVLogger(Callback):
    """Write the logs to a table, a line an epoch, complete after each. append: go on with a file that is there."""

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False):
        self.filename, self.separator, self.append = Path(filename), separator, append

    def on_train_begin(self):
        going_on = self.append and self.filename.is_file() and self.filename.stat().st_size > 0
        self._file: IO[str] = open(self.filename, "a" if self.append else "w", newline="")
        self._table = csv.writer(self._file, delimiter=self.separator)
        self._needs_head = not going_on

    def on_epoch_end(self, epoch, logs):
        if self._needs_head:
            self._table.writerow(["epoch", *logs])
            self._needs_head = False
        self._table.writerow([epoch, *(f"{value:.8g}" for value in logs.values())])
        self._file.flush()

    def on_train_end(self):
        self._file.close()


class TerminateOnNaN(Callback):
    """End the training as soon as the loss is NaN or infinite: no step will mend it."""

    def on_batch_end(self, batch, logs):
        if not math.isfinite(logs["loss"]):
            tqdm.write(f"batch {batch + 1}: the loss is {logs['loss']}; training ends")
            self.model.stop_training = True


class ProgressBar(Callback):
    """A live bar an epoch with images/s, loss and metrics; what ``fit(verbose=1)`` shows."""

    def on_epoch_begin(self, epoch):
        title = f"epoch {epoch + 1}/{self.params['epochs']}"
        self.bar = tqdm(
            total=self.params["images"], desc=title, unit=" images", mininterval=0.2, bar_format=self._format
        )
        self._shown = time.perf_counter()

    _format = "{desc} |{bar:20}| {n_fmt}/{total_fmt} [{elapsed}, {rate_noinv_fmt}]{postfix}"

    def on_batch_end(self, batch, logs):
        now = time.perf_counter()
        if now - self._shown > 0.1:
            self._shown = now
            self._show(logs)

    def on_epoch_end(self, epoch, logs):
        self._show({"seen": self.params["images"], **logs})
        self.bar.close()

    def _show(self, logs: Logs) -> None:
        self.bar.set_postfix_str(in_words({key: value for key, value in logs.items() if key != "seen"}), refresh=False)
        self.bar.update(int(logs["seen"]) - self.bar.n)


class BestWeights(Callback):
    """Puts back, at the end of training, the weights of the epoch that did best on the validation images.

    The last epoch is one of several that hover around the best; which of them is chosen must not be decided on the test
    images. Does nothing without validation. ``epoch`` is the epoch chosen, counted from 0.
    """

    def __init__(self, monitor: str = "val_accuracy") -> None:
        self.monitor = monitor

    def on_train_begin(self):
        self.epoch: int | None = None
        self._best = -float("inf")

    def on_epoch_end(self, epoch, logs):
        if logs.get(self.monitor, -float("inf")) >= self._best:  # of equals the later, which has learned longer
            self.epoch, self._best = epoch, logs[self.monitor]
            self._weights = self.model.get_weights()

    def on_train_end(self):
        if self.epoch is not None:
            self.model.set_weights(self._weights)


class EpochLines(Callback):
    """One plain line an epoch, for logs; what ``fit(verbose=2)`` shows."""

    def on_epoch_begin(self, epoch):
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch, logs):
        seconds = time.perf_counter() - self._started
        print(f"epoch {epoch + 1}/{self.params['epochs']}  {seconds:.1f} s  {in_words(logs)}")


def in_words(logs: Logs) -> str:
    """``loss 0.1234  accuracy 0.9876``; small learning rates keep their digits."""
    return "  ".join(f"{key} {value:{'.3g' if key == 'learning_rate' else '.4f'}}" for key, value in logs.items())


def tell(listeners: Sequence[Callback], event: str, *details: Any) -> None:
    """Call ``event`` of every listener, in order: each may add to the logs for those after it."""
    for listener in listeners:
        getattr(listener, event)(*details)
