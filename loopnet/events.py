"""What ``fit`` tells as it goes along: the events, the base of all callbacks, and how they are called."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dealing import Source
    from .model import Sequential

Logs = dict[str, float]


class Callback:
    """Override what you want to hear of. ``self.model`` is the model; ``self.params`` has epochs, steps (batches in an
    epoch), verbose, batch_size and images; of data in pieces the last two are None, and steps until an epoch has
    been counted, unless the data say. ``self.model.stop_training = True`` ends the training.

    ``fit`` tells of training, and of each validation as ``evaluate`` does (``on_test_...``); ``evaluate`` and
    ``predict`` tell the callbacks that they are given.
    """

    model: "Sequential"
    params: dict[str, Any]

    remembers: tuple[str, ...] = ()
    """Attributes that the next epoch depends on: a run that is cut off goes on with them (``BackupAndRestore``)."""
    comes_last = False
    """Whether it is told of each event after all others."""

    def set_model(self, model: "Sequential") -> None:
        """Called with the model before anything is told."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called with ``params`` before anything is told."""
        self.params = params

    def get_state(self) -> dict[str, Any]:
        """What it remembers: numbers, strings, lists and dicts of them, and lists of arrays."""
        return {name: getattr(self, name) for name in self.remembers if hasattr(self, name)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``get_state`` gave; called after ``on_train_begin``."""
        for name in self.remembers:
            if name in state:
                setattr(self, name, state[name])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """``logs`` is empty here and wherever nothing has been measured yet."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """``logs`` are those of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """``logs`` holds the loss and the metrics over the epoch, and those of the validation with ``val_`` before."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Keras's longer name for the same."""
        self.on_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """``logs`` holds the loss and the metrics over the epoch so far. On a GPU, to read them is to wait for it: what
        need not look at every batch should not.
        """

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Keras's longer name for the same."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None: ...

    def on_test_end(self, logs: Logs | None = None) -> None:
        """``logs`` holds the loss and the metrics, without ``val_`` before."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Logs) -> None:
        """``logs`` holds the loss and the metrics so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None: ...

    def on_predict_end(self, logs: Logs | None = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        """``logs`` holds ``outputs``, those of the batch."""


class LambdaCallback(Callback):
    """Functions as a callback: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))``."""

    def __init__(self, **listeners: Callable[..., object]):
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


def all_listening(callbacks: Any) -> list[Callback]:
    """What ``callbacks=`` was given, one or a list, as callbacks."""
    given = callbacks if isinstance(callbacks, Sequence) else [callbacks] if callbacks is not None else []
    return [listening(callback) for callback in given]


def introduce(
    listeners: Sequence[Callback],
    model: "Sequential",
    source: "Source",
    verbose: Any,
    epochs: int = 1,
) -> None:
    """Give the listeners ``self.model`` and ``self.params``, of a pass over ``source``."""
    for listener in listeners:
        listener.set_params({
            "epochs": epochs, "steps": source.steps, "verbose": 1 if verbose == "auto" else verbose,
            "batch_size": source.batch_size, "images": source.images,
        })  # fmt: skip
        listener.set_model(model)


def validates(model: "Sequential", epoch: int) -> bool:
    """Whether ``fit`` validates after this epoch, counted from 0, if there is anything to validate on."""
    freq = model.validation_freq
    return (epoch + 1) % freq == 0 if isinstance(freq, int) else epoch + 1 in freq


def tell(listeners: Sequence[Callback], event: str, *details: Any) -> None:
    """Call ``event`` of every listener, in order: each may add to the logs for those after it."""
    for listener in listeners:
        getattr(listener, event)(*details)
