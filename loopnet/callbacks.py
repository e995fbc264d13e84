"""Callbacks: what ``fit`` tells as it goes along, and who listens."""

import time
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from .model import Sequential

Logs = dict[str, float]


class Callback:
    """Override what you want to hear of. ``self.model`` is the model; ``self.params`` has epochs, batch_size
    and images.
    """

    model: "Sequential"
    params: dict[str, Any]

    def on_train_begin(self) -> None: ...

    def on_train_end(self) -> None: ...

    def on_epoch_begin(self, epoch: int) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs) -> None: ...

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """``logs`` holds the loss and the metrics over the epoch so far, and ``seen``, the number of images."""


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
        self.bar.set_postfix_str(
            "  ".join(f"{key} {value:.4f}" for key, value in logs.items() if key != "seen"), refresh=False
        )
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
        if logs.get(self.monitor, self._best) > self._best:
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
        numbers = "  ".join(f"{key} {value:.4f}" for key, value in logs.items())
        print(f"epoch {epoch + 1}/{self.params['epochs']}  {seconds:.1f} s  {numbers}")
