"""Callbacks that watch one number of the logs get better: their base, and the one that slows down when it does not."""

import math
import operator
from collections.abc import Sequence
from difflib import get_close_matches
from inspect import signature
from typing import Any

from . import metrics
from .events import Callback, LambdaCallback, Logs, validates
from .lines import say
from .missing import settle


class Monitor(Callback):
    """The base of callbacks that watch one number of the logs get better.

    mode: "min" or "max" says which way is better; "auto" takes "max" for accuracies, and for those of the model's
    metrics of which more is better, and "min" for the rest.
    """

    cannot_do_without = True
    """Whether it is an error that there is no such number."""

    def __init__(self, monitor: str = "val_loss", mode: str = "auto"):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', given {mode!r}")
        self.monitor, self.mode = monitor, mode
        self.rises = mode == "max" or (mode == "auto" and "acc" in monitor)
        self.best = -math.inf if self.rises else math.inf

    def on_train_begin(self, logs=None):
        """Of metrics the model knows which way is better, whatever they are called."""
        known = zip(metrics.names(self.model.metrics), self.model.metrics, strict=True)
        rising = [name for name, metric in known if metric.rises]
        if self.mode == "auto" and not self.rises and self.monitor.removeprefix("val_") in rising:
            self.rises, self.best = True, -self.best

    def pauses(self, epoch: int, logs: Logs) -> bool:
        """Whether it has nothing to look at, for it waits for a validation and this epoch had none."""
        of_validation = self.monitor.startswith("val_") and self.monitor not in logs
        return of_validation and not validates(self.model, epoch)

    def watched(self, logs: Logs) -> float:
        self.expect(self.monitor, logs, "to monitor")
        return logs[self.monitor]

    def expect(self, name: str, logs: Logs, what_for: str) -> None:
        """Raise ``ValueError`` unless there is such a number in ``logs``."""
        if name not in logs:
            near = get_close_matches(name, logs, 1, 0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            if name.startswith("val_") and not any(there.startswith("val_") for there in logs):
                hint = "; fit without validation data has no val_ numbers"
            raise ValueError(
                f"{type(self).__name__}: there is no {name!r} {what_for}; there is {', '.join(logs)}{hint}"
            )

    def expect_all(self, logs: Logs) -> None:
        """Raise ``ValueError`` if it waits for a number that is not in ``logs``; their values do not matter."""
        if self.cannot_do_without and self.monitor != "learning_rate":
            self.watched(logs)

    def better(self, value: float, than: float, by: float = 0.0) -> bool:
        return (operator.gt(value - by, than)) if self.rises else operator.lt(value + by, than)


def expect_monitored(listeners: Sequence[Callback], names: Sequence[str]) -> None:
    """Raise ``ValueError``, before the first step, if a callback waits for a number that is none of ``names`` and that
    nobody will bring: callbacks of one's own that are told before it may add some.
    """
    for listener in listeners:
        if isinstance(listener, LambdaCallback) or not type(listener).__module__.startswith(__package__ + "."):
            return
        if isinstance(listener, Monitor):
            listener.expect_all(dict.fromkeys(names, math.nan))


class ReduceLROnPlateau(Monitor):
    """Multiply the learning rate by ``factor`` when ``monitor`` has not become better, by more than ``min_delta``, for
    ``patience`` epochs; never below ``min_lr``. cooldown: so many epochs pass before the next count begins.
    """

    remembers = ("best", "wait", "resting")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **others: Any,
    ):
        super().__init__(monitor, mode)
        settle("ReduceLROnPlateau", others, {"epsilon": "today's name is min_delta"}, signature(type(self)).parameters)
        if not 0 < factor < 1:
            raise ValueError(f"ReduceLROnPlateau: expected factor between 0 and 1, given {factor!r}")
        self.factor, self.patience, self.verbose, self.min_delta = factor, patience, verbose, min_delta
        self.cooldown, self.min_lr = cooldown, min_lr

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.best = -math.inf if self.rises else math.inf
        self.wait = self.resting = 0

    def on_epoch_end(self, epoch, logs):
        optimizer = self.model.optimizer
        assert optimizer is not None
        rate = optimizer.learning_rate
        value = None if self.pauses(epoch, logs) else self.watched(logs)
        logs["learning_rate"] = rate
        if value is None:
            return
        if self.resting:
            self.resting, self.wait = self.resting - 1, 0
        if self.better(value, self.best, self.min_delta):
            self.best, self.wait = value, 0
        elif not self.resting:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                optimizer.learning_rate = max(rate * self.factor, self.min_lr)
                self.resting, self.wait = self.cooldown, 0
                if self.verbose:
                    say(f"epoch {epoch + 1}: learning rate {optimizer.learning_rate:g}")
