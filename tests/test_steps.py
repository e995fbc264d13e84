"""Epochs of so many steps, and validation now and then: Keras's answers are in golden."""

import csv
from pathlib import Path

import numpy as np
import pytest
from golden import fitting as asked

from loopnet.callbacks import BackupAndRestore, Callback, CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from loopnet.layers import Dense, Input
from loopnet.model import Sequential
from loopnet.models import Model
from loopnet.optimizers import SGD
from loopnet.plot import plot_history

with np.load(Path(__file__).parent / "golden/fitting.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)

X, Y = asked.X, asked.Y
ALL = {"validation_data": (X, Y), "verbose": 0}


def line(**kwargs):
    model = Sequential([Input((1,)), Dense(1)], dtype="float64", **kwargs)
    model.compile(SGD(0.1), "mse", metrics=["mae"])
    model.set_weights(asked.WEIGHTS)
    return model


@pytest.mark.filterwarnings("ignore:.*there (are|were)")
def test_steps_are_counted_as_keras_counts_them():
    answers = asked.answers(line())
    assert answers.keys() == GOLDEN.keys()
    for name, values in answers.items():
        # Keras adds up losses in float32
        np.testing.assert_allclose(values, GOLDEN[name], rtol=1e-6, err_msg=name)


class Notes(Callback):
    """How many batches each epoch had."""

    def __init__(self):
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(0)

    def on_batch_end(self, batch, logs):
        self.epochs[-1] += 1


def test_what_is_left_is_told():
    model, notes = line(), Notes()
    with pytest.warns(UserWarning, match=r"^fit: steps_per_epoch=2: there were 1 batches left, and no more$") as told:
        model.fit(X, Y, batch_size=4, steps_per_epoch=2, epochs=4, verbose=0, callbacks=notes)
    assert notes.epochs == [2, 1, 2, 1]
    assert notes.params["steps"] == 2
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match=r"^fit: validation_steps=4: there are 3 batches, and no more$"):
        model.fit(X, Y, batch_size=4, validation_steps=4, **ALL)
    with pytest.warns(UserWarning, match=r"^predict: steps=4: there are 3 batches, and no more$") as told:
        assert model.predict(X, 4, steps=4).shape == (10, 1)
    assert told[0].filename == __file__


@pytest.mark.filterwarnings("ignore:.*there were")
def test_every_image_comes_once_before_one_comes_again():
    model = line(seed=1)
    seen = []
    step = model._train

    def train(x, *others, **kwargs):
        seen.extend(np.asarray(x)[:, 0].tolist())
        return step(x, *others, **kwargs)

    model._train = train
    model.compile(SGD(0.1), "mse", backend="literal")
    model.fit(X, Y, batch_size=2, steps_per_epoch=3, epochs=2, verbose=0)
    assert sorted(seen[:10]) == sorted(X[:, 0].tolist()) != seen[:10]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"steps_per_epoch": 2.5}, "fit: steps_per_epoch: expected a positive integer, given 2.5"),
        ({"steps_per_epoch": 0}, "fit: steps_per_epoch: expected a positive integer, given 0"),
        ({"validation_steps": "all", **ALL}, "fit: validation_steps: expected a positive integer, given 'all'"),
        ({"validation_freq": 0}, "fit: validation_freq: expected a positive integer, given 0"),
        ({"validation_freq": [1, "last"]}, "fit: validation_freq: expected a positive integer, given 'last'"),
        ({"validation_freq": "often"}, "fit: validation_freq: expected a positive integer, given 'often'"),
    ],
)
def test_bad_counts(how, message):
    with pytest.raises(ValueError, match=message):
        line().fit(X, Y, **how)


def test_a_look_at_some_of_two_outputs():
    inputs = Input((1,))
    first = Dense(2)(inputs)
    both = Model(inputs, [first, Dense(1)(first)])
    assert [y.shape for y in both.predict(X, 4, steps=2)] == [(8, 2), (8, 1)]


def test_who_waits_for_a_validation_waits_longer(tmp_path):
    """As in Keras, epochs without one are no epochs for the patient."""
    stops = EarlyStopping(min_delta=10, patience=1)
    slows = ReduceLROnPlateau(patience=1, factor=0.5, min_delta=1e9)
    best = ModelCheckpoint(tmp_path / "best-{epoch}", save_best_only=True)
    table = CSVLogger(tmp_path / "log.csv")
    history = line().fit(X, Y, epochs=20, validation_freq=3, callbacks=[slows, stops, best, table], **ALL)
    assert len(history.history["val_loss"]) == 2 and history.epoch == list(range(6))
    assert stops.stopped_epoch == 5
    assert history.history["learning_rate"] == [0.1] * 6  # at the epochs' ends, before it falls
    assert {path.name for path in tmp_path.glob("best*")} == {"best-3", "best-6"}
    head, *rows = csv.reader((tmp_path / "log.csv").read_text().splitlines())
    assert head == ["epoch", "loss", "mae", "learning_rate", "val_loss", "val_mae"]
    assert [row[4] == row[5] == "NA" for row in rows] == [True, True, False, True, True, False]
    drawn = {curve.get_label(): curve for curve in plot_history(history).axes[0].lines}
    np.testing.assert_array_equal(drawn["validation"].get_xdata(), [3, 6])
    with pytest.raises(ValueError, match="EarlyStopping: there is no 'val_los'.*did you mean 'val_loss'"):
        line().fit(X, Y, validation_freq=3, callbacks=[EarlyStopping("val_los")], **ALL)


class Crash(Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 3:
            raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:.*there were")
def test_a_run_that_is_cut_off_goes_on_with_what_was_left(tmp_path):
    def fit(*callbacks):
        model = line(seed=2)
        model.fit(X, Y, 2, 6, steps_per_epoch=3, verbose=0, callbacks=[*callbacks])
        return model.get_weights()

    whole, cut = fit(), BackupAndRestore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(Crash(), cut)
    for went_on, expected in zip(fit(cut), whole, strict=True):
        np.testing.assert_array_equal(went_on, expected)
