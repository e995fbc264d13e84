"""Losses and their gradients by themselves; Keras's answers are in golden."""

import numpy as np
import pytest
from golden.check import golden
from gradients import TOLERANCE, central_differences, relative_error
from small_networks import each_rung

from loopnet import losses, metrics, utils
from loopnet.ops import get_ops

GOLDEN = golden("training")

LOSSES = {
    "categorical": losses.CategoricalCrossentropy(),
    "categorical smoothed": losses.CategoricalCrossentropy(label_smoothing=0.2),
    "categorical logits": losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
    "binary": losses.BinaryCrossentropy(),
    "binary logits": losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2),
    "squared": losses.MeanSquaredError(),
    "absolute": losses.MeanAbsoluteError(),
    "huber": losses.Huber(0.5),
    "hinge": losses.Hinge(),
    "squared hinge": losses.SquaredHinge(),
    "log cosh": losses.LogCosh(),
    "divergence": losses.KLDivergence(),
    "poisson": losses.Poisson(),
    "percentage": losses.MeanAbsolutePercentageError(),
    "logarithmic": losses.MeanSquaredLogarithmicError(),
    "cosine": losses.CosineSimilarity(),
    "categorical hinge": losses.CategoricalHinge(),
}
OF_NUMBERS = (
    "squared", "absolute", "huber", "hinge", "squared hinge", "log cosh", "percentage", "logarithmic", "cosine",
    "categorical hinge",
)  # fmt: skip


def run_loss(loss, backend, outputs, labels, weight):
    """(losses, gradient) on a rung, in float64."""
    ops, shape = get_ops(backend), outputs.shape
    of_images, gradient = ops.empty(shape[:1], np.dtype(float)), ops.empty(shape, np.dtype(float))
    targets = loss.smooth(loss.encode(labels, shape[1]))
    loss.on_batch(ops, ops.pack(outputs), ops.pack(targets), ops.pack(weight), of_images, gradient)
    return ops.to_host(of_images, shape[:1]), ops.to_host(gradient, shape)


@each_rung
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_are_keras_s(backend, name):
    outputs = GOLDEN["logits" if "logits" in name or name in OF_NUMBERS else "probabilities"]
    got = run_loss(LOSSES[name], backend, outputs, GOLDEN["targets"], GOLDEN["weight"])
    for values, what in zip(got, ("losses", "gradient"), strict=True):
        # Keras takes some of its means in float32, whatever it is told
        np.testing.assert_allclose(values, GOLDEN[f"{name}/{what}"], rtol=2e-7, atol=1e-12, err_msg=what)


@each_rung
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_of_losses_are_differences(backend, name):
    random = np.random.default_rng(1)
    outputs, labels = random.uniform(0.1, 0.9, size=(3, 4)), np.eye(4)[[0, 2, 2]]
    weight = random.uniform(size=3)
    _, gradient = run_loss(LOSSES[name], backend, outputs, labels, weight)
    numeric = central_differences(lambda: run_loss(LOSSES[name], backend, outputs, labels, weight)[0] @ weight, outputs)
    assert relative_error(gradient, numeric) < TOLERANCE


@each_rung
def test_an_image_of_weight_0_passes_no_gradient_even_without_probabilities(backend):
    """As the empty lanes of a block: after a ReLU all outputs can be 0, and 0 / 0 is no probability."""
    for name in LOSSES:
        values, gradient = run_loss(LOSSES[name], backend, np.zeros((1, 4)), np.eye(4)[:1], np.zeros(1))
        assert not gradient.any(), name


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        ("binary_crossentropy", [[0.5, 2]], "numbers 0 to 1, given 0.5 to 2"),
        ("binary_crossentropy", [0, 1], r"shape \(None, 2\), given \(2,\)"),
        ("mse", [[np.nan, 1]], "finite"),
        ("mean_squared_error", [["a", "b"]], "expected numbers"),
    ],
)
def test_labels_that_cannot_be(loss, labels, message):
    with pytest.raises(ValueError, match=message):
        losses.get(loss).encode(labels, 2)


@pytest.mark.parametrize(("labels", "rows"), [([False, True], [[1, 0], [0, 1]]), ([[True], [True]], [[0, 1], [0, 1]])])
def test_false_is_class_0_and_true_class_1(labels, rows):
    """As in Keras."""
    assert losses.get("sparse_categorical_crossentropy").encode(np.array(labels), 2).tolist() == rows
    assert utils.to_categorical(np.array(labels)).tolist() == rows
    with pytest.raises(ValueError, match="expected class numbers 0 to 0, given .* to 1"):
        losses.get("sparse_categorical_crossentropy").encode(np.array(labels), 1)


def test_losses_and_metrics_by_keras_s_short_names():
    for name in ("bce", "BCE"):
        assert type(losses.get(name)) is losses.BinaryCrossentropy
    for given in ("mae", "MAE", "mean_absolute_error", losses.mae, losses.mean_absolute_error):
        assert type(losses.get(given)) is losses.MeanAbsoluteError
    for given in ("huber", losses.huber):
        assert losses.get(given).config() == {"name": "Huber", "delta": 1.0}
    for name, expected in (("MAE", metrics.MeanAbsoluteError), ("MSE", metrics.MeanSquaredError)):
        assert type(metrics.get(name)) is expected and metrics.get(name).name == name  # as in Keras's history
    for name in ("bce", "BCE"):
        assert isinstance(metrics.get(name), metrics.BinaryCrossentropy)


def test_wrong_losses():
    with pytest.raises(ValueError, match="unknown loss 'squares'; expected one of categorical_crossentropy"):
        losses.get("squares")
    with pytest.raises(NotImplementedError, match="tversky is not in loopnet: the losses are cross-entropies"):
        losses.get("tversky")
    with pytest.raises(ValueError, match="expected a name or an object of loopnet.losses, given <class 'float'>"):
        losses.get(float)
    with pytest.raises(ValueError, match="label_smoothing: expected at least 0 and below 1"):
        losses.CategoricalCrossentropy(label_smoothing=1)
