"""Callbacks: who listens to what ``fit`` tells (``events``)."""

import csv
import math
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from string import Formatter
from typing import IO, Any

import numpy as np

from . import checkpoint, diagnosis
from .events import Callback, LambdaCallback, Logs, validates
from .lines import say
from .missing import getattr_of, listed, settle
from .monitor import Monitor, ReduceLROnPlateau
from .shapes import positive

__all__ = [
    "BackupAndRestore", "BestWeights", "CSVLogger", "Callback", "EarlyStopping", "EpochLines", "History",
    "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "Monitor", "ProgressBar", "ReduceLROnPlateau",
    "TerminateOnNaN", "in_words",
]  # fmt: skip

__getattr__ = getattr_of(
    __name__,
    listed({
        "use CSVLogger, or loopnet.plot.plot_history(history)": "TensorBoard RemoteMonitor",
        "fit(verbose=1) shows a bar": "ProgbarLogger",
        "see loopnet.averaging": "SwapEMAWeights",
        "give fit a list of callbacks": "CallbackList",
        "use ModelCheckpoint": "OrbaxCheckpoint",
    }),
)  # fmt: skip


class History(Callback):
    """What ``fit`` returns: ``history.history["val_accuracy"]`` is a list with one number an epoch, ``epoch``
    their numbers.
    """

    remembers = ("history", "epoch")

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch, logs):
        self.epoch.append(epoch)
        for key, value in logs.items():
            self.history.setdefault(key, []).append(value)


class ModelCheckpoint(Monitor):
    """Write the model to a file after each epoch; what stands there is always one whole model.

    filepath: may hold ``{epoch:02d}`` and the names of the logs, as in ``"run-{epoch:02d}-{val_loss:.3f}"``; its folder
    is made if need be.
    save_freq: "epoch", or after so many batches, counted through the epochs; a name may then hold ``{batch}``, too.
    save_best_only: only when ``monitor`` is better than ever before. save_weights_only: for ``model.load_weights``.
    """

    remembers = ("best", "_batches")

    def __init__(
        self,
        filepath: str | Path,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        **others: Any,
    ):
        super().__init__(monitor, mode)
        advice = {"period": "save_freq is 'epoch' or a number of batches"}
        self.save_freq: Any = save_freq
        if save_freq != "epoch":
            positive(save_freq, "ModelCheckpoint: save_freq: 'epoch', or a number of batches")  # type: ignore[arg-type]
        self._batches = self._epoch = 0
        settle("ModelCheckpoint", others, {**advice, "initial_value_threshold": "the first epoch is the first best"})
        self.filepath, self.verbose = str(filepath), verbose
        self._named = _fields(self.filepath)
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.cannot_do_without = save_best_only
        late = [name for name in [*self._named, *([monitor] if save_best_only else [])] if name.startswith("val_")]
        if late and save_freq != "epoch":
            raise ValueError(f"ModelCheckpoint: {late[0]} is known after an epoch; expected save_freq='epoch' with it")

    def expect_all(self, logs):
        super().expect_all(logs)
        self._expect_named({"learning_rate": math.nan, **logs})  # another callback may bring that

    def _expect_named(self, logs: Logs) -> None:
        batch = {} if self.save_freq == "epoch" else {"batch": 0}
        for name in self._named:
            self.expect(name, {"epoch": 0, **batch, **logs}, f"for the file's name {self.filepath!r}")

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_batch_end(self, batch, logs):
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % self.save_freq == 0:
                self._save(self._epoch, {**logs, "batch": batch + 1})

    def on_epoch_end(self, epoch, logs):
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def _save(self, epoch: int, logs: Logs) -> None:
        if self.save_best_only:
            if self.pauses(epoch, logs):
                return
            value = self.watched(logs)
            if not self.better(value, self.best):
                return
            self.best = value
        self._expect_named(logs)
        path = self.filepath.format(**{**logs, "epoch": epoch + 1})
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        if self.verbose:
            say(f"epoch {epoch + 1}: saved to {path}")


def _fields(path: str) -> list[str]:
    """The names in braces. Raises ``ValueError`` for a path that no numbers can be put into."""
    try:
        fields = [field for _, field, _, _ in Formatter().parse(path) if field is not None]
        path.format(**{field: 1 if field in ("epoch", "batch") else 1.0 for field in fields})
    except (ValueError, LookupError, AttributeError) as error:
        expected = 'a filepath with names of numbers in braces, as in "run-{epoch:02d}-{val_loss:.3f}"'
        raise ValueError(f"ModelCheckpoint: expected {expected}, given {path!r} ({error})") from None
    return fields


class BestEpoch(Monitor):
    """The base of callbacks that remember the best epoch, counted from 0, and may put back its weights at the end."""

    remembers: tuple[str, ...] = ("best", "best_epoch", "best_weights")

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.best = -math.inf if self.rises else math.inf
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None

    def remember(self, epoch: int, value: float, with_weights: bool) -> None:
        self.best, self.best_epoch = value, epoch
        if with_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs=None):
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class BestWeights(BestEpoch):
    """Puts back, at the end of training, the weights of the epoch that did best on the validation images.

    The last epoch is one of several that hover around the best; which of them is chosen must not be decided on the test
    images. Of equals it is the later, which has learned longer. Does nothing without validation.
    """

    cannot_do_without = False

    def __init__(self, monitor: str = "val_accuracy", mode: str = "auto"):
        super().__init__(monitor, mode)

    def on_epoch_end(self, epoch, logs):
        value = logs.get(self.monitor, math.nan)
        if self.better(value, self.best) or value == self.best:
            self.remember(epoch, value, with_weights=True)


class EarlyStopping(BestEpoch):
    """End the training when ``monitor`` has not become better, by more than ``min_delta``, for ``patience`` epochs.

    restore_best_weights: afterwards give the model the weights of its best epoch, not of its last. baseline: what
    the first ``patience`` epochs must beat. start_from_epoch: what happens before is not looked at.
    """

    remembers = (*BestEpoch.remembers, "stopped_epoch", "wait")

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
        self.stopped_epoch = self.wait = 0

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.stopped_epoch = self.wait = 0

    def on_epoch_end(self, epoch, logs):
        if self.pauses(epoch, logs):
            return
        value = self.watched(logs)
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value, self.best, self.min_delta):
            self.remember(epoch, value, self.restore_best_weights)
            if self.baseline is None or self.better(value, self.baseline, self.min_delta):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def set_state(self, state):
        super().set_state(state)
        if self.stopped_epoch:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.verbose and self.stopped_epoch:
            say(f"epoch {self.stopped_epoch + 1}: stopped early; the best was epoch {self.best_epoch + 1}")
        super().on_train_end(logs)


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of each epoch to ``schedule(epoch, learning_rate)`` or ``schedule(epoch)``;
    epochs count from 0. A rate of 0 stands still, as at the start of a warm-up.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        self.schedule, self.verbose = schedule, verbose
        takes = signature(schedule).parameters.values()
        self._takes_rate = len(takes) > 1 or any(p.kind is p.VAR_POSITIONAL for p in takes)

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        assert optimizer is not None
        rate = (optimizer.learning_rate,) if self._takes_rate else ()
        optimizer.learning_rate = self.schedule(epoch, *rate)
        if self.verbose:
            say(f"epoch {epoch + 1}: learning rate {optimizer.learning_rate:g}")

    def on_epoch_end(self, epoch, logs):
        assert self.model.optimizer is not None
        logs["learning_rate"] = self.model.optimizer.learning_rate


class CSVLogger(Callback):
    """Write the logs to a table, a line an epoch, complete after each; NA where an epoch has no such number, for it was
    not validated. append: go on with a file that is there.
    """

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False):
        self.filename, self.separator, self.append = Path(filename), separator, append

    def on_train_begin(self, logs=None):
        going_on = self.append and self.filename.is_file() and self.filename.stat().st_size > 0
        self._file: IO[str] = open(self.filename, "a" if self.append else "w", newline="")
        self._table = csv.writer(self._file, delimiter=self.separator)
        self._needs_head = not going_on

    def get_state(self):
        return {"table": self.filename.read_bytes().decode()}

    def set_state(self, state):
        self._file.seek(0)
        self._file.truncate()
        self._file.write(state["table"])
        self._file.flush()
        self._needs_head = not state["table"]

    def on_epoch_end(self, epoch, logs):
        if self._needs_head:
            later = () if validates(self.model, epoch) else (f"val_{name}" for name in self.model.metrics_names)
            self._table.writerow(["epoch", *dict.fromkeys([*logs, *later])])
            self._needs_head = False
            self._file.flush()
        with open(self.filename, newline="") as table:
            names = next(csv.reader(table, delimiter=self.separator))[1:]
        self._table.writerow([epoch, *(f"{logs[name]:.8g}" if name in logs else "NA" for name in names)])
        self._file.flush()

    def on_train_end(self, logs=None):
        self._file.close()


class TerminateOnNaN(Callback):
    """End the training as soon as the loss or a weight is NaN or infinite: no step will mend it. Says where, in which
    layer and why; ``cause`` is that line, None while all is well.

    ``fit`` has one unless it is called with ``terminate_on_nan=False``. It looks at the loss of each batch, which is
    there anyway, and at the weights once an epoch. Where to look is to wait, on a GPU, it looks a few times a second.
    """

    def on_train_begin(self, logs=None):
        self.cause: str | None = None
        self._begun_with = diagnosis.broken_weights(self.model)
        self._looked, self._batch = 0.0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_batch_end(self, batch, logs):
        self._batch = batch
        if type(logs) is not dict:  # numbers that are fetched when they are read
            now = time.perf_counter()
            if now - self._looked < 0.2:
                return
            self._looked = now
        if not math.isfinite(logs["loss"]):
            self._end_in(batch, logs["loss"])

    def _end_in(self, batch: int, loss: float) -> None:
        why = self._begun_with and f"before the first step, {self._begun_with}"
        where = f"epoch {self._epoch + 1}, batch {batch + 1}: the loss is {loss}"
        self._end(where, why or diagnosis.broken_outputs(self.model, self.model.images_in_step))

    def on_epoch_end(self, epoch, logs):
        if self.cause is None and not math.isfinite(logs["loss"]):
            images, size = self.params["images"], self.params["batch_size"]
            self._end_in(self._batch if images is None else (images - 1) // size, logs["loss"])
        found = None if self.cause else diagnosis.broken_weights(self.model)
        if found:
            self._end(f"epoch {epoch + 1}", f"after its last step, {found}; try a smaller learning rate")

    def _end(self, where: str, why: str) -> None:
        self.cause = f"{where}; training ends: {why}"
        say(self.cause)
        self.model.stop_training = True


class EpochLines(Callback):
    """One plain line an epoch, for logs; what ``fit(verbose=2)`` shows."""

    def on_epoch_begin(self, epoch, logs=None):
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch, logs):
        seconds = time.perf_counter() - self._started
        print(f"epoch {epoch + 1}/{self.params['epochs']}  {seconds:.1f} s  {in_words(logs)}", flush=True)


class ProgressBar(EpochLines):
    """A live bar with images/s, loss and metrics while an epoch lasts, and then its line, which no narrow terminal cuts
    off; what ``fit(verbose=1)`` shows. Of data in pieces it counts batches.
    """

    _format = "{desc} |{bar:20}| {n_fmt}/{total_fmt} [{elapsed}, {rate_noinv_fmt}]{postfix}"

    def on_epoch_begin(self, epoch, logs=None):
        from tqdm import tqdm

        super().on_epoch_begin(epoch, logs)
        title = f"epoch {epoch + 1}/{self.params['epochs']}"
        self._all, self._each, unit = self.params["images"], self.params["batch_size"], " images"
        if self._all is None:
            self._all, self._each, unit = self.params["steps"], 1, " batches"
        self.bar = tqdm(
            total=self._all, desc=title, unit=unit, mininterval=0.2, bar_format=self._format,
            leave=False, dynamic_ncols=True,
        )  # fmt: skip
        self._shown = time.perf_counter()

    def on_batch_end(self, batch, logs):
        now = time.perf_counter()
        if now - self._shown > 0.2:
            self._shown = now
            self.bar.set_postfix_str(in_words(logs), refresh=False)
            done = (batch + 1) * self._each
            self.bar.update((done if self._all is None else min(done, self._all)) - self.bar.n)

    def on_epoch_end(self, epoch, logs):
        self.bar.close()
        super().on_epoch_end(epoch, logs)


class BackupAndRestore(Callback):
    """A run that is cut off, by a crash or a closed laptop, goes on: the same ``fit`` with the same folder continues
    after the last whole epoch, and ends with the same weights, bit for bit, as if nothing had happened.

        model.fit(x, y, epochs=50, callbacks=[EarlyStopping(), BackupAndRestore("backup")])

    After each epoch, once everyone else is done with it, ``backup_dir`` holds weights, optimiser state, random state
    and what the other callbacks remember (``checkpoint``), and the checkpoint before; a damaged one is passed over.
    What a callback of your own remembers is kept if you name it in ``remembers``. An epoch that leaves NaN or infinity
    behind is not kept. delete_checkpoint: remove both when the training has come to its end. settings: anything of
    yours that JSON can hold, kept with it.

    Raises ``ValueError`` if the folder's run was one of another network, optimiser or list of callbacks, and
    ``NotImplementedError`` for data in pieces, for nobody can know which would have come next.
    """

    comes_last = True

    def __init__(self, backup_dir: str | Path, delete_checkpoint: bool = True, settings: dict[str, Any] | None = None):
        self.backup_dir, self.delete_checkpoint, self.settings = Path(backup_dir), delete_checkpoint, settings or {}

    def _others(self) -> list[Callback]:
        """The callbacks that remember anything; how the progress is shown may change from run to run."""
        return [
            listener
            for listener in self.model.listeners
            if listener is not self and (listener.remembers or type(listener).get_state is not Callback.get_state)
        ]

    def on_train_begin(self, logs=None):
        if self.params["images"] is None:
            instead = "give fit arrays, or keep the weights with ModelCheckpoint"
            raise NotImplementedError(f"BackupAndRestore: data in pieces is not in loopnet: {instead}")
        found = checkpoint.read(self.backup_dir, say)
        if found is not None:
            self.model.initial_epoch = checkpoint.restore(self.model, self._others(), *found)

    def on_epoch_end(self, epoch, logs):
        if math.isfinite(logs["loss"]) and diagnosis.broken_weights(self.model) is None:
            checkpoint.save(self.model, self.backup_dir, epoch + 1, self._others(), self.settings)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            checkpoint.remove(self.backup_dir)


def in_words(logs: Logs) -> str:
    """``loss 0.1234  accuracy 0.9876``; small learning rates keep their digits."""
    return "  ".join(f"{key} {value:{'.3g' if key == 'learning_rate' else '.4f'}}" for key, value in logs.items())
