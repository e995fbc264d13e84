"""How a loss meets the end of a network, and weights of images and classes."""

import numpy as np
import pytest
from small_networks import X, Y, each_rung, small

from loopnet import losses
from loopnet.callbacks import LambdaCallback
from loopnet.layers import ReLU, Softmax
from loopnet.optimizers import SGD


def test_softmax_and_loss_together_are_the_loss_from_logits():
    probabilities, logits = small(Softmax()), small()
    probabilities.compile(SGD(0.1), "sparse_categorical_crossentropy")
    logits.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True))
    assert probabilities.train_on_batch(X, Y) == logits.train_on_batch(X, Y)
    for a, b in zip(probabilities.get_weights(), logits.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert probabilities.loss is not None and not probabilities.loss.from_logits  # as asked for, and as saved


@each_rung
def test_other_outputs_are_taken_for_probabilities_as_in_keras(backend):
    """After a ReLU, say: divided by their sum, and clipped."""
    model = small(ReLU())
    model.compile(SGD(0.1), "sparse_categorical_crossentropy", backend=backend)
    model.set_weights([np.abs(w) + 0.1 for w in model.get_weights()])
    x = np.abs(X)
    p = model.predict(x)
    expected = -np.log((p / p.sum(axis=1, keepdims=True))[np.arange(7), Y]).mean()
    first = model.evaluate(x, Y, verbose=0)
    assert first == pytest.approx(expected, rel=1e-10)
    for _ in range(20):
        model.train_on_batch(x, Y)
    assert np.isfinite(last := model.evaluate(x, Y, verbose=0)) and last < first


def test_weighted_sums_are_no_probabilities_and_probabilities_no_logits():
    small().compile("sgd", "mse")
    for loss in ("sparse_categorical_crossentropy", "binary_crossentropy"):
        with pytest.raises(ValueError, match="dense: .* expects probabilities, given logits; end in activation"):
            small().compile("sgd", loss)
    with pytest.raises(ValueError, match="expects logits, given probabilities"):
        small(Softmax()).compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))


@each_rung
def test_squared_error_of_probabilities_is_evaluated_after_the_softmax(backend):
    model = small(Softmax())
    model.compile("sgd", "mse", backend=backend)
    labels = np.eye(3)[Y]
    expected = ((model.predict(X) - labels) ** 2).mean()
    assert model.evaluate(X, labels, verbose=0) == pytest.approx(expected, rel=1e-10)


@each_rung
@pytest.mark.parametrize(
    "loss", ["mse", "mae", losses.Huber(0.5), "hinge", "log_cosh", losses.BinaryCrossentropy(from_logits=True)]
)
def test_one_output_learns(backend, loss):
    model = small(units=1)
    model.compile(SGD(0.1), loss, metrics=["accuracy", "mae"], backend=backend)
    labels = (X[:, 0] > 0).astype(float)
    first = model.train_on_batch(X, labels)
    for _ in range(300):
        last = model.train_on_batch(X, labels)
    assert last[0] < first[0] / 2 and last[1] == 1


# ---- weights of images and classes


@each_rung
def test_weights_are_repetitions(backend):
    """An image of weight 2 counts as if it stood there twice."""
    weighted, repeated = small(), small()
    for model in (weighted, repeated):
        model.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    weights = np.array([2, 0, 1, 1, 2, 1, 0])
    order = np.repeat(np.arange(7), weights)
    assert order.size == 7
    loss = weighted.train_on_batch(X, Y, sample_weight=weights)
    assert loss == pytest.approx(repeated.train_on_batch(X[order], Y[order]), rel=1e-12)
    for a, b in zip(weighted.get_weights(), repeated.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    assert weighted.evaluate(X, Y, 3, 0, weights) == pytest.approx(weighted.evaluate(X[order], Y[order], 3, 0))


def test_class_weight_is_the_weight_of_its_images():
    by_class, by_image = small(seed=3), small(seed=3)
    for model in (by_class, by_image):
        model.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True))
    options = {"batch_size": 3, "epochs": 2, "verbose": 0, "validation_split": 0.3}
    kept = np.arange(len(Y)) < 4
    a = by_class.fit(X, Y, class_weight={1: 5.0}, **options)
    b = by_image.fit(X, Y, sample_weight=np.where(kept & (Y == 1), 5.0, 1.0), **options)
    assert a.history["loss"] == b.history["loss"]
    # images held out carry their own weights, and none of their classes', as in Keras
    assert a.history["val_loss"] == b.history["val_loss"] and 1 in Y[~kept]


def test_a_split_is_keras_s_to_the_image():
    """Keras keeps floor(images * (1 - share)) to train on: 4 of 7, where 7 - floor(7 * 0.3) would be 5."""
    seen = []
    model = small(seed=3)
    model.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True))
    count = LambdaCallback(
        on_train_batch_end=lambda *_: seen.append("train"), on_test_batch_end=lambda *_: seen.append("test")
    )
    model.fit(X, Y, batch_size=1, verbose=0, validation_split=0.3, callbacks=[count])
    assert (seen.count("train"), seen.count("test")) == (4, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_weight": np.ones(3)}, r"expected sample_weight of shape \(7,\), given \(3,\)"),
        ({"sample_weight": -np.ones(7)}, "finite weights, at least 0"),
        ({"class_weight": {3: 1.0}}, "expected classes 0 to 2, given 3"),
        ({"class_weight": {0: "a"}}, "class_weight: class 0: expected a number, given 'a'"),
        ({"class_weight": "balanced"}, "expected a dictionary, as in {0: 1.0, 1: 2.5}, given 'balanced'$"),
        ({"class_weight": np.ones(3)}, r"given a ndarray; make one with dict\(enumerate\(class_weight\)\)"),
        ({"class_weight": [1, 1, 1]}, "expected a dictionary, .*, given a list; make one"),
        ({"class_weight": {0: 1.0}, "sample_weight": np.ones(7)}, "given both"),
    ],
)
def test_weights_that_cannot_be(options, message):
    model = small(Softmax())
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, verbose=0, **options)


# ---- what a beginner sees


def test_evaluate_prints_one_line_unless_silent(capsys):
    model = small(Softmax())
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(X, Y)
    assert capsys.readouterr().out == f"loss {loss:.4f}  accuracy {accuracy:.4f}\n"
    model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, batch_size=None, verbose=2)
    assert capsys.readouterr().out.count("\n") in (1, 2)  # the second: loops are being compiled
