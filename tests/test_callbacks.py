"""What ``fit`` tells, and what the callbacks make of it."""

import csv
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


def test_events_come_in_order(model):
    told: list[Any] = []
    listener = callbacks.LambdaCallback(
        on_train_begin=lambda logs: told.append("train"),
        on_epoch_begin=lambda epoch, logs: told.append(f"epoch {epoch}"),
        on_train_batch_begin=lambda batch, logs: told.append(f"batch {batch} begins"),
        on_train_batch_end=lambda batch, logs: told.append(f"batch {batch}, {logs['seen']} seen"),
        on_epoch_end=lambda epoch, logs: told.append(sorted(logs)),
        on_train_end=lambda logs: told.append(["end", *sorted(logs)]),
    )
    model.fit(X, Y, batch_size=5, epochs=1, verbose=0, callbacks=[listener], validation_split=0.25)
    logs = ["accuracy", "loss", "val_accuracy", "val_loss"]
    batches = ["batch 0 begins", "batch 0, 5 seen", "batch 1 begins", "batch 1, 9 seen"]
    assert told == ["train", "epoch 0", *batches, logs, ["end", *logs]]


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


def test_a_write_that_fails_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    model.save(path)
    before = path.read_bytes()

    def full_disk(tensors, name, metadata):
        with open(name, "wb") as file:
            file.write(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr("loopnet.safefile.save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        model.save(path)
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


def test_what_is_not_there_cannot_be_monitored(model):
    with pytest.raises(ValueError, match="no 'val_loss' to monitor; there is loss, accuracy; fit without validation"):
        model.fit(X, Y, callbacks=[callbacks.EarlyStopping()], **OPTIONS)
    assert callbacks.EarlyStopping("val_accuracy").rises and not callbacks.EarlyStopping("val_loss").rises
    with pytest.raises(ValueError, match="expected mode 'auto', 'min' or 'max'"):
        callbacks.EarlyStopping(mode="best")


def test_learning_rate_scheduler_sets_and_shows_the_rate(model, capsys):
    scheduler = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = model.fit(X, Y, epochs=3, verbose=2, callbacks=[scheduler])
    assert history.history["learning_rate"] == [0.1, 0.05, 0.025]
    assert capsys.readouterr().out.rstrip().endswith("learning_rate 0.025")


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
