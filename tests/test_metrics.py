"""Metrics over an epoch of several batches: Keras's answers are in golden."""

from pathlib import Path

import numpy as np
import pytest
from golden import scores as asked

from loopnet import metrics
from loopnet.callbacks import EarlyStopping
from loopnet.layers import Activation, Dense, Input
from loopnet.model import Sequential
from loopnet.models import load_model

with np.load(Path(__file__).parent / "golden/scores.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)


def echo(kind, metric, backend="literal"):
    model = Sequential([Input(asked.data(kind)[0].shape[1:]), Activation("linear")])
    model.compile("sgd", asked.LOSS.get(kind, "mse"), metrics=[metric], backend=backend)
    return model


@pytest.mark.parametrize("key", GOLDEN)
def test_an_epoch_has_keras_s_number_under_keras_s_name(key):
    kind, number, name = key.split("/")
    given = asked.KINDS[kind][int(number)]
    metric = given if isinstance(given, str) else getattr(metrics, given[0])(**given[1])
    x, y = asked.data(kind)
    model = echo(kind, metric)
    for backend in ("literal", "parallel"):
        model.compile("sgd", model.loss, metrics=[metric], backend=backend)
        logs = model.evaluate(x, y, batch_size=asked.BATCH, verbose=0, return_dict=True)
        assert list(logs) == ["loss", name] and type(logs[name]) is float
        np.testing.assert_allclose(logs[name], GOLDEN[key], rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("given", [given for kind in ("one", "many") for given in asked.KINDS[kind]])
def test_a_metric_in_a_file(given, tmp_path):
    kind = "one" if given in asked.FOR_ONE else "many"
    x, y = asked.data(kind)
    model = echo(kind, getattr(metrics, given[0])(**given[1]))
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.metrics[0].config() == model.metrics[0].config()
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_an_area_by_hand():
    """A staircase: of four, ordered by what was said, yes no yes no, three of the four pairs are in order."""
    area = metrics.AUC()
    y, t = np.array([[0.9], [0.7], [0.4], [0.2]]), np.array([[1], [0], [1], [0]])
    assert area.of_sums(area.sums(y, t)) == 0.75
    assert area.of_sums(area.sums(y[:2], t[:2]) + area.sums(y[2:], t[2:])) == 0.75
    assert np.isnan(area.of_sums(area.sums(y * np.nan, t)))


@pytest.mark.parametrize(
    ("metric", "monitor"),
    [(metrics.AUC(name="prc"), "prc"), ("precision", "val_precision"), (metrics.Recall(name="hit"), "val_hit")],
)
def test_callbacks_know_of_which_more_is_better(metric, monitor):
    stops = EarlyStopping(monitor, patience=50)
    model = Sequential([Input((2,)), Dense(2, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=[metric])
    x, y = np.zeros((4, 2)), np.eye(2)[[0, 1, 0, 1]]
    model.fit(x, y, validation_data=(x, y), verbose=0, callbacks=stops)
    assert stops.rises and np.isfinite(stops.best)
    falls = EarlyStopping("val_loss", patience=50)
    model.fit(x, y, validation_data=(x, y), verbose=0, callbacks=falls)
    assert not falls.rises
