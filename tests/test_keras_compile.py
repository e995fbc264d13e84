"""Losses, metrics and data as Keras 3.15 takes them for several outputs, of which there is one: lists, dictionaries."""

import numpy as np
import pytest

import loopnet as keras
from loopnet import layers, metrics

X, Y = np.random.default_rng(0).random((12, 4), np.float32), np.eye(3, dtype="float32")[np.arange(12) % 3]


def compiled(**arguments):
    inputs = keras.Input((4,), name="in")
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="out")(inputs), seed=2)
    model.compile(**{"optimizer": "sgd", "loss": "categorical_crossentropy", **arguments})
    return model


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"loss": {"out": "categorical_crossentropy"}}, []),
        ({"loss": ["categorical_crossentropy"]}, []),
        ({"loss": {"out": "categorical_crossentropy"}, "metrics": {"out": "acc"}}, ["acc"]),
        ({"metrics": {"out": ["accuracy", "mae"]}}, ["accuracy", "mae"]),
        ({"metrics": {"nope": "accuracy"}}, ["accuracy"]),
        ({"metrics": [["accuracy"]]}, ["accuracy"]),
        ({"metrics": (["accuracy"],)}, ["accuracy"]),
        ({"metrics": ["accuracy", ["mae"]]}, ["accuracy", "mae"]),
        ({"metrics": [[]]}, []),
        ({"metrics": [metrics.CategoricalAccuracy().config()]}, ["categorical_accuracy"]),
        ({"loss_weights": [1.0], "weighted_metrics": []}, []),
        ({"loss_weights": {"out": 1}, "weighted_metrics": None}, []),
    ],
)
def test_for_one_output_they_are_what_is_in_them(given, names):
    model = compiled(**given)
    history = model.fit(X, Y, verbose=0).history
    assert list(history) == ["loss", *names]
    assert history["loss"] == compiled().fit(X, Y, verbose=0).history["loss"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"loss": {"nope": "mse"}}, ValueError, "expected a loss for 'out', its only output, given .'nope'"),
        ({"loss": {"out": "mse", "other": "mse"}}, ValueError, "only output, given .'out', 'other'"),
        ({"metrics": [None]}, ValueError, "expected names, objects of loopnet.metrics or functions, given None"),
        ({"loss_weights": [0.5]}, NotImplementedError, "loss_weights is not in loopnet: there is one output"),
        ({"loss_weights": [1.0, 1.0]}, NotImplementedError, "loss_weights is not in loopnet"),
        ({"weighted_metrics": ["acc"]}, NotImplementedError, "weighted_metrics is not in loopnet"),
    ],
)
def test_more_of_them_is_refused_when_compiling_and_nothing_is_lost(given, error, message):
    model = compiled(metrics=["mae"])
    optimizer = model.optimizer
    with pytest.raises(error, match=message):
        model.compile(**{"optimizer": "adam", "loss": "mse", **given})
    assert model.optimizer is optimizer and model.metrics_names == ["loss", "mae"]


@pytest.mark.parametrize("x", [{"in": X}, [X], X])
@pytest.mark.parametrize("y", [{"out": Y}, [Y], Y])
def test_data_by_the_names_of_inputs_and_outputs(x, y):
    model, plain = compiled(), compiled()
    history, expected = (m.fit(*d, verbose=0, validation_data=d) for m, d in ((model, (x, y)), (plain, (X, Y))))
    assert history.history == expected.history
    assert model.evaluate(x, y, verbose=0) == plain.evaluate(X, Y, verbose=0)
    assert model.train_on_batch(x, y) == plain.train_on_batch(X, Y)
    for outputs in (model.predict(x), model(x)):
        np.testing.assert_array_equal(outputs, plain.predict(X))


def test_a_second_input_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="fit: given 2 inputs, which is not in loopnet: a network takes one"):
        compiled().fit({"in": X, "more": X}, Y)
