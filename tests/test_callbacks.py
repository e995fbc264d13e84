"""What ``fit`` tells, and what the callbacks make of it."""

import csv
import errno
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loopnet import callbacks
from loopnet.layers import Dense, Input
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.model import Sequential
from loopnet.optimizers import SGD

X = np.random.default_rng(0).standard_normal((12, 4))
Y = np.arange(12) % 3
OPTIONS = {"batch_size": 5, "epochs": 3, "verbose": 0}


@pytest.fixture
def model():
    model = Sequential([Input((4,)), Dense(3)], seed=0, dtype="float64")
    model.compile(SGD(0.1), SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


class Numbers(callbacks.Callback):
    """Replaces the validation loss by numbers of the test's choice."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def on_epoch_end(self, epoch, logs):
        logs["val_loss"] = self.numbers[epoch]


EVENTS = [name for name in dir(callbacks.Callback) if name.startswith("on_")]


def told_of(call, *events):
    """What a callback was told while ``call`` was given it: (event, number of batch or epoch, names in the logs)."""
    told: list[Any] = []

    def hear(event):
        return lambda *details: told.append((event.removeprefix("on_"), *details[:-1], *details[-1]))

    listener = callbacks.LambdaCallback(**{event: hear(event) for event in events or EVENTS})
    return call(listener), told


def test_events_come_in_order(model):
    """In the order of Keras 3.15, with the same names in the logs."""
    _, told = told_of(
        lambda listener: model.fit(
            X, Y, batch_size=5, epochs=1, verbose=0, callbacks=[listener], validation_split=0.25, shuffle=False
        ),
        *(event for event in EVENTS if event not in ("on_batch_begin", "on_batch_end")),  # Keras's older names
    )
    numbers = ("loss", "accuracy")
    whole = (*numbers, "val_loss", "val_accuracy")
    assert told == [
        ("train_begin",),
        ("epoch_begin", 0),
        ("train_batch_begin", 0), ("train_batch_end", 0, *numbers),
        ("train_batch_begin", 1), ("train_batch_end", 1, *numbers),
        ("test_begin",), ("test_batch_begin", 0), ("test_batch_end", 0, *numbers), ("test_end", *numbers),
        ("epoch_end", 0, *whole),
        ("train_end", *whole),
    ]  # fmt: skip


def test_evaluate_and_predict_tell_the_callbacks_that_they_are_given(model):
    numbers = ("loss", "accuracy")
    (loss, accuracy), told = told_of(lambda each: model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[each]))
    assert told == [
        ("test_begin",),
        ("test_batch_begin", 0), ("test_batch_end", 0, *numbers),
        ("test_batch_begin", 1), ("test_batch_end", 1, *numbers),
        ("test_end", *numbers),
    ]  # fmt: skip
    answers, told = told_of(lambda each: model.predict(X, batch_size=8, callbacks=each))
    assert told == [
        ("predict_begin",),
        ("predict_batch_begin", 0), ("predict_batch_end", 0, "outputs"),
        ("predict_batch_begin", 1), ("predict_batch_end", 1, "outputs"),
        ("predict_end",),
    ]  # fmt: skip

    class Keeps(callbacks.Callback):
        def on_test_batch_end(self, batch, logs):
            self.last = logs

        def on_predict_begin(self, logs=None):
            self.outputs: list[np.ndarray] = []

        def on_predict_batch_end(self, batch, logs):
            self.outputs.append(logs["outputs"])

    keeps = Keeps()
    model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[keeps])
    assert keeps.last == {"loss": loss, "accuracy": accuracy} and keeps.model is model
    assert keeps.params == {"epochs": 1, "steps": 2, "verbose": 0, "batch_size": 8, "images": 12}
    model.predict(X, batch_size=8, callbacks=[keeps])
    np.testing.assert_array_equal(np.concatenate(keeps.outputs), answers)


@pytest.mark.parametrize(("verbose", "told"), [("auto", 1), (2, 2), (0, 0)])
def test_callbacks_know_how_fit_was_called(model, verbose, told):
    listener = callbacks.Callback()
    model.fit(X, Y, batch_size=5, epochs=2, verbose=verbose, callbacks=[listener])
    assert listener.params == {"epochs": 2, "steps": 3, "verbose": told, "batch_size": 5, "images": 12}


def test_a_validation_that_is_told_of_ends_no_training_halfway(model):
    def stop(batch, logs):
        model.stop_training = True

    listener = callbacks.LambdaCallback(on_test_batch_begin=stop)
    history = model.fit(X, Y, validation_data=(X, Y), callbacks=[listener], **OPTIONS)
    loss, _ = model.evaluate(X, Y, verbose=0)
    assert history.history["val_loss"] == pytest.approx([loss])


def test_a_plain_function_is_called_after_each_epoch(model):
    seen = []
    history = model.fit(X, Y, callbacks=[lambda epoch, logs: seen.append((epoch, logs["loss"]))], **OPTIONS)
    assert seen == list(enumerate(history.history["loss"]))
    assert model.history is history and history.epoch == [0, 1, 2]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (callbacks.EarlyStopping, r"given the class EarlyStopping; expected an object: EarlyStopping\(\)"),
        ("early", "expected a Callback or a function of"),
    ],
)
def test_what_is_no_callback(model, wrong, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, callbacks=[wrong], **OPTIONS)
    with pytest.raises(ValueError, match="there is no event 'on_coffee'"):
        callbacks.LambdaCallback(on_coffee=print)


def test_checkpoint_writes_every_epoch_or_the_best_only(model, tmp_path):
    every = callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.1f}.safetensors")
    best = callbacks.ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True)
    weights = []
    remember = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    model.fit(X, Y, callbacks=[Numbers(0.5, 0.2, 0.3), every, best, remember], **OPTIONS)
    names = ["01-0.5.safetensors", "02-0.2.safetensors", "03-0.3.safetensors", "best.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names  # and nothing half written beside them
    for name, number in zip(names, (0, 1, 2, 1), strict=True):
        for a, b in zip(Sequential.load(tmp_path / name).get_weights(), weights[number], strict=True):
            np.testing.assert_array_equal(a, b)


def test_checkpoint_makes_its_folder(model, tmp_path):
    path = tmp_path / "training" / "of {epoch}" / "cp.weights.h5"
    keep = callbacks.ModelCheckpoint(path, save_weights_only=True)
    model.fit(X, Y, callbacks=[Numbers(0.5, 0.2, 0.3), keep], **OPTIONS)
    assert sorted(folder.name for folder in (tmp_path / "training").iterdir()) == ["of 1", "of 2", "of 3"]
    other = Sequential.load(_saved(model, tmp_path / "model"))
    other.set_weights([w + 1 for w in other.get_weights()])
    other.load_weights(tmp_path / "training" / "of 3" / "cp.weights.h5")
    for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def _saved(model, path):
    model.save(path)
    return path


@pytest.mark.parametrize("method", ["save", "save_weights"])
@pytest.mark.parametrize("name", ["missing/model.keras", "a file/model.keras", "a folder", "n" * 300])
def test_a_path_that_cannot_be_written_is_named(model, tmp_path, method, name):
    (tmp_path / "a file").write_text("something")
    (tmp_path / "a folder").mkdir()
    path = tmp_path / name
    named, error = {
        "missing/model.keras": (path.parent, FileNotFoundError),
        "a file/model.keras": (path.parent, FileNotFoundError),
        "a folder": (path, IsADirectoryError),
    }.get(name, (path, OSError))
    with pytest.raises(error) as caught:
        getattr(model, method)(path)
    assert caught.value.filename == str(named)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a file", "a folder"]
    assert not list((tmp_path / "a folder").iterdir())


def test_a_write_that_fails_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    model.save(path)
    before = path.read_bytes()

    def full_disk(tensors, name, metadata):
        with open(name, "wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("loopnet.safefile.save_file", full_disk)
    with pytest.raises(OSError, match="No space") as caught:
        model.save(path)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))  # not the half written one
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_training_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(tmp_path):
    """Optimiser state included: two epochs, a save, a load and two more are four epochs."""

    def fresh():
        model = Sequential([Input((4,)), Dense(3)], seed=0)
        model.compile("adamw", SparseCategoricalCrossentropy(from_logits=True))
        return model

    whole, first = fresh(), fresh()
    whole.fit(X, Y, epochs=4, shuffle=False, verbose=0)
    first.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    first.save(tmp_path / "half.safetensors")
    second = Sequential.load(tmp_path / "half.safetensors")
    second.fit(X, Y, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# Keras 3.15 stopped at the same epochs and restored the same ones
@pytest.mark.parametrize(
    ("numbers", "options", "epochs", "best"),
    [
        ([5, 4, 3, 2, 1], {}, 5, 4),
        ([5, 4, 4.5, 3, 2], {}, 3, 1),
        ([5, 4, 4.5, 3, 3.5, 3.5, 1], {"patience": 2}, 6, 3),
        ([5, 4.9, 4.8, 4.7, 4.6], {"min_delta": 0.15, "patience": 1}, 2, 0),
        ([5, 4.9, 4.8, 4.7, 4.6], {"min_delta": 0.15, "patience": 2}, 5, 4),
        ([1, 2, 3, 2, 1], {"mode": "max", "patience": 1}, 4, 2),
        ([5, 6, 7, 8, 9, 9], {"start_from_epoch": 3}, 5, 3),
        ([5, 4, 3, 2], {"baseline": 1, "patience": 2}, 4, 3),
        ([5, 0.5, 3, 2], {"baseline": 1, "patience": 2}, 4, 1),
    ],
)
def test_early_stopping(model, numbers, options, epochs, best):
    weights = []
    remember = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    stopping = callbacks.EarlyStopping(restore_best_weights=True, **options)
    history = model.fit(X, Y, epochs=len(numbers), verbose=0, callbacks=[Numbers(*numbers), remember, stopping])
    assert len(history.epoch) == epochs
    for a, b in zip(model.get_weights(), weights[best], strict=True):
        np.testing.assert_array_equal(a, b)


WAITING: dict[str, Callable[[str], callbacks.Callback]] = {
    "stopping": callbacks.EarlyStopping,
    "plateau": callbacks.ReduceLROnPlateau,
    "checkpoint": lambda monitor: callbacks.ModelCheckpoint("never", monitor, save_best_only=True),
}


@pytest.mark.parametrize("name", WAITING)
@pytest.mark.parametrize(
    ("monitor", "validation", "message"),
    [
        ("val_loss", 0.0, "no 'val_loss' to monitor; there is loss, accuracy; fit without validation data has no"),
        ("val_acc", 0.0, "no 'val_acc' to monitor; there is loss, accuracy; fit without validation data has no"),
        ("val_acc", 0.25, r"no 'val_acc' to .*, val_loss, val_accuracy; did you mean 'val_accuracy'\?$"),
        ("acc", 0.0, r"no 'acc' to monitor; there is loss, accuracy; did you mean 'accuracy'\?$"),
    ],
)
def test_what_will_not_be_there_is_told_before_the_first_step(model, name, monitor, validation, message):
    model.history = history = callbacks.History()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, callbacks=[WAITING[name](monitor)], validation_split=validation, **OPTIONS)
    assert model.optimizer.iterations == 0 and model.history is history
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_file_s_name_of_what_will_not_be_there_is_told_before_the_first_step(model, tmp_path):
    keep = callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.2f}")
    with pytest.raises(ValueError, match="no 'val_loss' for the file's name '.*'; .* without validation data has no"):
        model.fit(X, Y, callbacks=[keep], **OPTIONS)
    assert model.optimizer.iterations == 0
    own = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_lost=0.5))
    with pytest.raises(ValueError, match="there is no 'val_loss' for the file's name .*; did you mean 'val_lost'"):
        model.fit(X, Y, callbacks=[own, keep], **OPTIONS)
    assert list(tmp_path.iterdir()) == []
    rate = callbacks.LearningRateScheduler(lambda epoch: 0.25)
    keep = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{loss:.0f}-{learning_rate}", save_weights_only=True)
    model.fit(X, Y, callbacks=[rate, keep], batch_size=5, epochs=1, verbose=0)
    assert [path.name[-5:] for path in tmp_path.iterdir()] == ["-0.25"]


@pytest.mark.parametrize("path", ["{epoch", "{}", "{val_loss:d}", "{epoch:zz}", "{0}"])
def test_a_pattern_that_no_number_fits_is_refused_at_once(path):
    with pytest.raises(ValueError, match="ModelCheckpoint: expected a filepath with names of numbers in braces"):
        callbacks.ModelCheckpoint(path)


def test_what_is_not_there_cannot_be_monitored(model):
    """Callbacks of one's own may bring numbers, so that it is known only after an epoch."""
    own = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_mine=0.5))
    with pytest.raises(ValueError, match="no 'val_loss' to monitor; there is loss, accuracy, val_mine; did you mean"):
        model.fit(X, Y, callbacks=[own, callbacks.EarlyStopping()], **OPTIONS)
    model.fit(X, Y, callbacks=[own, callbacks.EarlyStopping("val_mine", mode="max")], **OPTIONS)
    model.fit(X, Y, callbacks=[callbacks.BestWeights()], **OPTIONS)  # which does nothing then
    with pytest.raises(ValueError, match="expected mode 'auto', 'min' or 'max'"):
        callbacks.EarlyStopping(mode="best")


def test_learning_rate_scheduler_sets_and_shows_the_rate(model, capsys):
    scheduler = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = model.fit(X, Y, epochs=3, verbose=2, callbacks=[scheduler])
    assert history.history["learning_rate"] == [0.1, 0.05, 0.025]
    assert capsys.readouterr().out.rstrip().endswith("learning_rate 0.025")


def test_a_warm_up_from_0(model):
    """As in Keras: a rate of 0 is a step that goes nowhere."""
    weights = [model.get_weights()]
    remember = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    warm_up = callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 * epoch)
    history = model.fit(X, Y, callbacks=[warm_up, remember], **OPTIONS)
    assert history.history["learning_rate"] == pytest.approx([0, 0.1, 0.2])
    moved = [any((a != b).any() for a, b in zip(*pair, strict=True)) for pair in itertools.pairwise(weights)]
    assert moved == [False, True, True]


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf"), None])
def test_a_schedule_of_impossible_rates(model, rate):
    with pytest.raises(ValueError, match=f"SGD: expected a learning_rate of at least 0, given {rate}"):
        model.fit(X, Y, callbacks=[callbacks.LearningRateScheduler(lambda epoch: rate)], **OPTIONS)
    assert model.optimizer.iterations == 0


def test_csv_logger_writes_a_table_and_goes_on_with_it(model, tmp_path):
    path = tmp_path / "log.csv"
    history = model.fit(X, Y, callbacks=[callbacks.CSVLogger(path)], **OPTIONS)
    model.fit(X, Y, callbacks=[callbacks.CSVLogger(path, append=True)], **{**OPTIONS, "epochs": 1})
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "0"]
    assert list(rows[0]) == ["epoch", "loss", "accuracy"]
    np.testing.assert_allclose([float(row["loss"]) for row in rows[:3]], history.history["loss"], rtol=1e-7)


def test_training_ends_within_the_epoch_when_the_loss_is_not_a_number(model, capsys):
    model.set_weights([np.full((4, 3), np.nan), np.zeros(3)])
    batches = []
    count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    history = model.fit(X, Y, callbacks=[callbacks.TerminateOnNaN(), count], **OPTIONS)
    assert batches == [0] and len(history.epoch) == 1
    assert "batch 1: the loss is nan; training ends" in capsys.readouterr().out


def test_an_epoch_ends_with_one_line_that_holds_every_number(model, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    model.fit(X, Y, batch_size=5, epochs=2, verbose=1, validation_split=0.25)
    live = capsys.readouterr().out.splitlines()
    model.fit(X, Y, batch_size=5, epochs=2, verbose=2, validation_split=0.25)
    plain = capsys.readouterr().out.splitlines()
    for lines in (live, plain):
        assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
        assert all(name in line for line in lines for name in (" loss ", " accuracy ", " val_loss ", " val_accuracy "))


def test_a_callback_may_hear_of_its_model_in_its_own_way(model):
    """As listings that override Keras's set_model do."""

    class Own(callbacks.Callback):
        def set_params(self, params):
            super().set_params({**params, "mine": 1})

        def set_model(self, model):
            super().set_model(model)
            self.count = model.count_params()

    own = Own()
    model.fit(X, Y, **OPTIONS, callbacks=[own])
    assert own.model is model and own.count == model.count_params()
    assert own.params["epochs"] == 3 and own.params["mine"] == 1
