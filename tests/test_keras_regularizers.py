"""What keeps weights small, as Keras's listings ask for it: regularisers and constraints."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from listed import X, Y, compiled, net, saved

import loopnet
from loopnet import (
    constraints,
    layers,
    losses,
    models,
    optimizers,
    regularizers,
)
from loopnet.layers import Dense, Flatten, Input
from loopnet.model import Sequential


def test_an_mlp_with_l2_as_keras_trains_it():
    """Chollet, *Deep Learning with Python*, chapter 5, in small. The numbers are those of Keras 3.15.1 (on PyTorch)
    from the same weights: the penalty counts in every loss, at the weights before each step, and moves them.
    """
    model = Sequential([
        Input((4,)),
        layers.Dense(5, kernel_regularizer=regularizers.l2(0.02), activation="relu"),
        layers.Dense(5, kernel_regularizer=regularizers.L1L2(l1=0.003, l2=0.01), activation="relu"),
        layers.Dense(1, kernel_regularizer="l1", bias_regularizer="l2", activation="sigmoid"),
    ])  # fmt: skip
    x, y, weights, image_weights = small_mlp()
    model.set_weights(weights)
    model.compile(optimizers.SGD(0.5), loss="binary_crossentropy", metrics=["accuracy"])
    fit = model.fit(
        x, y, batch_size=4, epochs=3, shuffle=False, sample_weight=image_weights, validation_data=(x[:5], y[:5]),
        verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(fit.history["loss"], MLP_LOSSES, rtol=1e-5)
    np.testing.assert_allclose(fit.history["val_loss"], MLP_VALIDATION, rtol=1e-5)
    np.testing.assert_allclose(model.losses, MLP_PENALTIES, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose([w.sum() for w in model.get_weights()], MLP_WEIGHTS, rtol=1e-4, atol=1e-6)
    assert model.train_on_batch(x, y)[0] == pytest.approx(MLP_ON_BATCH, rel=1e-5)


MLP_LOSSES = 0.8774807, 0.867932, 0.8665206
MLP_VALIDATION = 0.8283651, 0.868952, 0.8668566
MLP_PENALTIES = 0.0398272, 0.0474977, 0.0182705, 0.0037003
MLP_WEIGHTS = 1.1718328, -0.543853, 0.3576236, 0.3196427, 1.2634084, 0.6083046  # sums of each array
MLP_ON_BATCH = 0.866347


def small_mlp():
    n = np.arange(10)[:, np.newaxis]
    x = np.sin(n * [1.0, 2.0, 3.0, 5.0]).astype(np.float32)
    shapes = (4, 5), (5,), (5, 5), (5,), (5, 1), (1,)
    weights = [np.cos(np.arange(np.prod(s)) + i).reshape(s).astype(np.float32) / 2 for i, s in enumerate(shapes)]
    return x, (x.sum(axis=1) > 0).astype(np.float32), weights, np.linspace(0.25, 2, 10).astype(np.float32)


def test_the_penalty_by_hand():
    """Weights of 1, -1, 2 and a bias of 3 on inputs of 0: a squared error of 9, and no slope but the penalty's."""
    model = Sequential([Input((3,)), Dense(1, kernel_regularizer=regularizers.L1L2(0.5, 0.25), bias_regularizer="l2")])
    model.compile(optimizers.SGD(0.1), "mse")
    weights = np.array([[1], [-1], [2]], np.float32), np.array([3], np.float32)
    model.set_weights(weights)
    x, y = np.zeros((4, 3)), np.zeros(4)
    penalties = [0.5 * 4 + 0.25 * 6, 0.01 * 9]
    np.testing.assert_allclose(model.losses, penalties, rtol=1e-6)
    loss = 9 + sum(penalties)
    assert model.evaluate(x, y, batch_size=3, verbose=0) == pytest.approx(loss, rel=1e-6)
    assert model.test_on_batch(x, y, sample_weight=np.zeros(4)) == pytest.approx(sum(penalties), rel=1e-6)
    assert model.train_on_batch(x, y) == pytest.approx(loss, rel=1e-6)
    w, b = model.get_weights()
    np.testing.assert_allclose(w[:, 0], [1 - 0.1 * (0.5 + 0.5), -1 + 0.1 * (0.5 + 0.5), 2 - 0.1 * (0.5 + 1)], rtol=1e-6)
    np.testing.assert_allclose(b, [3 - 0.1 * (2 * 3 + 0.02 * 3)], rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ("l1", {"name": "L1", "l1": 0.01}),
        ("L2", {"name": "L2", "l2": 0.01}),
        ("l1_l2", {"name": "L1L2", "l1": 0.0, "l2": 0.0}),
        (regularizers.l2, {"name": "L2", "l2": 0.01}),
        (regularizers.l2(0.001), {"name": "L2", "l2": 0.001}),
        (regularizers.L1(l1=np.float32(0.5)), {"name": "L1", "l1": 0.5}),  # type: ignore[arg-type]
        (regularizers.l1_l2(l1=1e-5, l2=1e-4), {"name": "L1L2", "l1": 1e-5, "l2": 1e-4}),
        (regularizers.L2(None), {"name": "L2", "l2": 0.01}),
        (regularizers.L1L2(None, 1), {"name": "L1L2", "l1": 0.0, "l2": 1.0}),
    ],
)
def test_a_regulariser_by_name_class_or_object_also_in_a_file(given, config, tmp_path):
    first = layers.Conv1D(2, 2, kernel_regularizer=given)
    model = net(first, Flatten(), Dense(3, bias_regularizer=given, use_bias=False), shape=(4, 2))
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    again = models.load_model(saved(model, tmp_path / "model.keras"))
    layer: Any
    for layer in (first, again.layers[0]):
        assert isinstance(layer.kernel_regularizer, regularizers.L1L2)
        assert (layer.kernel_regularizer.config(), layer.bias_regularizer) == (config, None)
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]
    assert len(model.losses) == 1  # there are no biases in the last layer
    np.testing.assert_array_equal(again.losses, model.losses)


def test_a_regulariser_by_itself():
    w = np.array([[1.0, -2.0], [3.0, 0.0]])
    assert regularizers.L1L2(l1=0.5, l2=0.25)(w) == 0.5 * 6 + 0.25 * 14
    assert regularizers.l2(2.0)(np.ones((5, 1000))) == 2 * 5000
    assert repr(regularizers.l2(0.1)) == "L2(l2=0.1)"


def test_without_regularisers_nothing_is_worked_out():
    def fail(*arguments):
        raise AssertionError("a model without regularisers pays nothing")

    ops = dataclasses.replace(loopnet.get_ops("literal"), weight_penalty_forward=fail, weight_penalty_backward=fail)
    model = compiled(backend=ops)
    model.fit(X, Y, verbose=0, validation_split=0.25)
    assert model.losses == []


def bounded_mlp():
    return [
        layers.Dense(5, kernel_constraint=constraints.max_norm(0.6), bias_constraint="non_neg", activation="relu"),
        layers.Dense(5, kernel_constraint=constraints.UnitNorm(axis=[0, 1]), activation="relu"),
        layers.Dense(1, kernel_constraint=constraints.MinMaxNorm(0.9, 1.0, 0.5), bias_constraint=constraints.max_norm),
    ]


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_an_mlp_in_bounds_as_keras_trains_it(backend, tmp_path):
    """The numbers are those of Keras 3.15.1 (on PyTorch) from the same weights."""
    model = Sequential([Input((4,)), *bounded_mlp()])
    first: Any = model.layers[0]
    x, y, weights, _ = small_mlp()
    model.set_weights(weights)
    model.compile(optimizers.SGD(0.1), loss="mse", backend=backend)
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], BOUNDED_LOSSES, rtol=1e-5)
    np.testing.assert_allclose([w.sum() for w in model.get_weights()], BOUNDED_WEIGHTS, rtol=1e-4, atol=1e-6)
    assert (first.bias >= 0).all() and first.bias.any()
    assert np.linalg.norm(model.get_weights()[2]) == pytest.approx(1, rel=1e-6)
    again = Sequential.load(saved(model, tmp_path / "model"), backend)
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]
    for ours in (model, again):
        ours.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_array_equal(again.get_weights()[0], first.kernel)


BOUNDED_LOSSES = 0.2867298, 0.2795839, 0.274227
BOUNDED_WEIGHTS = 0.592811, 0.453113, 0.142812, 0.2560202, 0.9074066, 0.2904821  # sums of each array


def test_constraints_by_themselves():
    w = np.array([[3.0, -0.3], [-4.0, 0.4]])
    np.testing.assert_allclose(constraints.max_norm(2)(w), [[1.2, -0.3], [-1.6, 0.4]], rtol=1e-6)
    unit: Any = constraints.get(constraints.unit_norm().config())
    np.testing.assert_allclose(unit(w), [[0.6, -0.6], [-0.8, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(constraints.MinMaxNorm(1, 3, 0.5)(w), w * [0.8, 1.5], rtol=1e-6)
    np.testing.assert_allclose(constraints.NonNeg()(w), np.maximum(w, 0))
    np.testing.assert_allclose(constraints.max_norm(2, axis=[0, 1])(w), w * (2 / np.sqrt(25.25)), rtol=1e-6)


def test_a_model_in_bounds_is_for_a_cpu():
    on_device = dataclasses.replace(loopnet.get_ops("literal"), name="card", on_device=True)
    model = net(Flatten(), Dense(3, kernel_constraint="non_neg"))
    with pytest.raises(ValueError, match="backend 'card' has no constraints: they are for the rungs of a CPU"):
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), backend=on_device)
