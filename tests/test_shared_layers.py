"""Layers in several models: weights are shared, whoever trains them, and on whichever backend."""

import copy
import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
from chained import LOGITS, X, Y, assert_same, chain, logits, softmax

import loopnet
from loopnet.layers import BatchNormalization, Dense, Dropout, Flatten, Input, Softmax
from loopnet.model import Sequential
from loopnet.models import Model


def heads(seed=5):
    """Two classifiers on one trunk, with batch normalisation and dropout in it."""
    inputs, x = chain([Flatten(), Dense(6, activation="relu", name="trunk"), BatchNormalization(), Dropout(0.3)])
    models = [Model(inputs, Dense(3, name=f"head{i}")(x), seed=seed + i) for i in range(2)]
    choices: list[Any] = ["adam", loopnet.optimizers.SGD(0.1, momentum=0.9)]
    for model, optimizer in zip(models, choices, strict=True):
        model.compile(optimizer, LOGITS)
    return models


def test_two_that_share_layers_learn_in_turns_as_if_the_weights_were_carried_over():
    """Beside them, two that share nothing, and between them the trunk's weights are carried by hand."""
    shared, apart = heads(), [heads()[0], heads()[1]]
    apart[1].set_weights([*apart[0].get_weights()[:6], *shared[1].get_weights()[6:]])
    apart[0].set_weights(shared[0].get_weights())
    for turn in range(5):
        now = turn % 2
        apart[now].layers[-2].set_state(shared[now].layers[-2].get_state())
        for model in (shared[now], apart[now]):
            model.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False)
        apart[1 - now].set_weights([*apart[now].get_weights()[:6], *apart[1 - now].get_weights()[6:]])
        for model, other in zip(shared, apart, strict=True):
            assert_same(model.get_weights(), other.get_weights())
            np.testing.assert_array_equal(model.predict(X), other.predict(X))


def test_who_looks_in_the_middle_of_training_changes_nothing():
    quiet, watched, seen = heads()[0], heads()[0], []
    every = Model(watched.inputs, [layer.output for layer in watched.layers])
    trunk = Model(watched.inputs, watched.get_layer("trunk").output)

    class Look(loopnet.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            trunk.predict(X)

        def on_train_batch_end(self, batch, logs):
            seen.append((every.predict(X)[2], trunk.predict(X), watched.get_weights()))

    quiet.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    watched.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=Look())
    assert_same(quiet.get_weights(), watched.get_weights())
    assert len(seen) == 6
    for a, b, (w, bias, *_) in seen:  # each time as it was at that moment
        np.testing.assert_allclose(a, np.maximum(X.reshape(24, 64) @ w + bias, 0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)
    assert not np.allclose(seen[0][0], seen[-1][0])


@pytest.mark.parametrize("bound", [False, True])
def test_weights_set_in_one_are_those_of_the_other(bound):
    """Also in one that has not run yet, while the other is in the middle of its life."""
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    part = Model(model.inputs, model.layers[1].output)
    if bound:
        part.predict(X)
    part.set_weights([np.ones((64, 4)), np.zeros(4)])
    assert_same(model.get_weights()[:2], [np.ones((64, 4)), np.zeros(4)])
    model.fit(X, Y, epochs=1, verbose=0)
    learned = model.get_weights()
    assert not np.array_equal(learned[0], np.ones((64, 4)))
    assert_same(part.get_weights(), learned[:2])
    part.layers[2].set_weights([np.zeros((64, 4)), np.full(4, 2.0)])
    expected = np.full((1, 4), 2.0) @ learned[2] + learned[3]
    np.testing.assert_allclose(model.predict(X[:1]), expected, rtol=1e-5)


def test_those_that_share_layers_may_run_on_different_backends():
    model = logits()
    probabilities = Sequential([model, Softmax()])
    probabilities.compile("sgd", "sparse_categorical_crossentropy", backend="literal")
    for _ in range(2):
        model.fit(X, Y, epochs=1, verbose=0)
        probabilities.fit(X, Y, epochs=1, verbose=0)
        np.testing.assert_allclose(probabilities.predict(X), softmax(model.predict(X)), rtol=1e-5)


def test_a_metric_may_look_with_another_backend_between_two_batches():
    model, quiet = logits(), logits()
    probabilities = Sequential([model, Softmax()])
    probabilities.compile("sgd", "sparse_categorical_crossentropy", backend="literal")

    def looks(a, b):
        probabilities.predict(X)
        return np.zeros(len(a))

    model.compile("adam", LOGITS, metrics=[looks])
    for _ in range(2):
        assert model.evaluate(X, Y, batch_size=5, verbose=0) == [quiet.evaluate(X, Y, batch_size=5, verbose=0), 0]
        for each in (model, quiet):
            each.fit(X, Y, batch_size=5, epochs=2, verbose=0)
        assert_same(model.get_weights(), quiet.get_weights())


def test_who_looks_changes_nothing_either_where_a_step_is_one_function():
    class Step:
        """Stands for that of ``cuda_fused``: it keeps the vector that it was given."""

        def __init__(self, layers, loss, optimizer, values):
            self.values = values

        def __call__(self, x, targets, weight):
            self.values += 1
            return np.zeros((len(x), 3), np.float32), np.zeros(len(x), np.float32)

    model = logits()
    part = Model(model.inputs, model.layers[1].output)
    model.compile("sgd", LOGITS, backend=dataclasses.replace(loopnet.get_ops("literal"), train_step=Step))
    before = model.get_weights()
    look = loopnet.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: part.predict(X))
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=look)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_allclose(now, then + 6, rtol=1e-6)


def test_a_gradient_goes_down_to_layers_that_were_first_in_their_own_model():
    """A first layer is not asked for the gradient of its input; above others it is. Seen in the weights below it."""
    encoder = Sequential([Input((8, 8, 1)), Flatten(), Dense(4, name="below")], seed=1)
    decoder = Sequential([Input((4,)), Dense(3, name="above")], seed=2)
    decoder.compile("sgd", LOGITS)
    decoder.predict(np.zeros((1, 4)))
    both, twin = Sequential([encoder, decoder]), logits()
    twin = Sequential([Input((8, 8, 1)), Flatten(), Dense(4), Dense(3)])
    twin.set_weights(both.get_weights())
    for model in (both, twin):
        model.compile("sgd", LOGITS)
        model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    assert_same(both.get_weights(), twin.get_weights())
    np.testing.assert_allclose(decoder.predict(encoder.predict(X)), both.predict(X), rtol=1e-5, atol=1e-6)


def test_threads_take_turns_in_models_that_share_layers():
    quiet, model = heads()[0], heads()[0]
    trunk = Model(model.inputs, model.get_layer("trunk").output)
    quiet.fit(X, Y, epochs=8, verbose=0)
    stop = threading.Event()

    def look():
        while not stop.is_set():
            trunk.predict(X)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        model.fit(X, Y, epochs=8, verbose=0)
    finally:
        stop.set()
        looking.join()
    assert_same(model.get_weights(), quiet.get_weights())


def test_a_copy_shares_nothing():
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    other, before = copy.deepcopy(model), model.get_weights()
    other.fit(X, Y, epochs=1, verbose=0)
    assert_same(model.get_weights(), before)
    assert not np.array_equal(other.get_weights()[0], before[0])
