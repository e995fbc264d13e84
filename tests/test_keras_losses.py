"""Initialisers, losses and metrics as Keras's listings ask for them: by name, function, class or object."""

import numpy as np
import pytest
from listed import X, Y, compiled, net, saved

import loopnet
from loopnet import (
    initializers,
    losses,
    metrics,
    models,
)
from loopnet.layers import Conv2D, Dense, Flatten


@pytest.mark.parametrize(
    ("name", "deviation", "furthest"),
    [
        ("he_normal", (2 / 90) ** 0.5, 2 * (2 / 90) ** 0.5 / 0.8796),
        ("he_uniform", (2 / 90) ** 0.5, (6 / 90) ** 0.5),
        ("lecun_normal", (1 / 90) ** 0.5, 2 * (1 / 90) ** 0.5 / 0.8796),
        ("lecun_uniform", (1 / 90) ** 0.5, (3 / 90) ** 0.5),
        ("glorot_normal", (2 / 630) ** 0.5, 2 * (2 / 630) ** 0.5 / 0.8796),
        ("random_normal", 0.05, np.inf),
        ("random_uniform", 0.05 / 3**0.5, 0.05),
        ("normal", 0.05, np.inf),
        ("uniform", 0.05 / 3**0.5, 0.05),
    ],
)
def test_initialisers_by_their_formulas(name, deviation, furthest):
    """Windows of 3x3 over 10 channels, 60 filters: 90 inputs to each filter, and each number goes into 540 outputs."""
    values = initializers.get(name)((3, 3, 10, 60), np.random.default_rng(1))
    assert abs(values.std() / deviation - 1) < 0.03
    assert abs(values.mean()) < 0.03 * deviation * 3
    assert 0.9 * min(furthest, 4 * deviation) < abs(values).max() <= furthest * 1.0001


@pytest.mark.parametrize(
    ("arguments", "variance"),
    [
        ({"scale": 2.0, "distribution": "normal"}, 2 / 90),
        ({"mode": "fan_avg", "distribution": "uniform"}, 1 / 315),
        ({"mode": "fan_out", "distribution": "untruncated_normal"}, 1 / 540),
    ],
)
def test_variance_scaling(arguments, variance):
    scaling = initializers.VarianceScaling(**arguments)
    values = scaling((3, 3, 10, 60), np.random.default_rng(1))
    assert abs(values.std() / variance**0.5 - 1) < 0.03
    again = initializers.get(scaling.config())
    np.testing.assert_array_equal(again((3, 3, 10, 60), np.random.default_rng(1)), values)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 3, 2, 5)])
def test_orthogonal_and_identity(shape):
    w = initializers.orthogonal(gain=2.0, seed=1)(shape).reshape(-1, shape[-1])
    product = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)
    np.testing.assert_array_equal(initializers.get("identity")((2, 3)), [[1, 0, 0], [0, 1, 0]])


def test_initialisers_as_objects_classes_and_in_a_file(tmp_path):
    model = net(
        Conv2D(2, 3, kernel_initializer=initializers.HeNormal(seed=3), bias_initializer=initializers.Constant(0.1)),
        Conv2D(2, 3, kernel_initializer=initializers.he_uniform, bias_initializer="ones"),
    )
    assert (model.layers[0].bias == np.float32(0.1)).all()
    assert (model.layers[1].bias == 1).all()
    expected = initializers.HeNormal(seed=3)((3, 3, 1, 2)).astype(np.float32)
    np.testing.assert_array_equal(model.layers[0].kernel, expected)
    again = models.load_model(saved(model, tmp_path / "model.keras"))
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]


def test_a_constant_for_each(tmp_path):
    """As TensorFlow's tutorial on few positives starts the bias: the logarithm of how many there are."""
    bias = initializers.Constant(np.log([3 / 7]))
    model = net(Flatten(), Dense(2, bias_initializer=bias), Dense(2, bias_initializer=initializers.Constant([1, 2])))
    for ours in (model, models.load_model(saved(model, tmp_path / "model.keras"))):
        np.testing.assert_allclose(ours.layers[1].get_weights()[1], np.log([3 / 7, 3 / 7]), rtol=1e-6)
        np.testing.assert_array_equal(ours.layers[2].get_weights()[1], [1, 2])
    with pytest.raises(ValueError, match=r"Constant: expected a number, or an array for \(3,\), given \[1, 2\]"):
        net(Flatten(), Dense(3, bias_initializer=initializers.Constant([1, 2])))


def test_losses_as_functions():
    y, p = np.array([1, 0]), np.array([[0.2, 0.8], [0.5, 0.5]])
    expected = -np.log([0.8, 0.5])
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(y, p), expected)
    np.testing.assert_allclose(losses.categorical_crossentropy(np.eye(2)[y], p), expected)
    np.testing.assert_allclose(losses.binary_crossentropy(np.eye(2)[y], p), expected)
    np.testing.assert_allclose(losses.mse(np.eye(2)[y], p), [0.04, 0.25])
    np.testing.assert_allclose(losses.mae(np.eye(2)[y], p), [0.2, 0.5])
    np.testing.assert_allclose(losses.huber(np.eye(2)[y], p, delta=0.4), [0.02, 0.12])
    np.testing.assert_allclose(losses.hinge([[-1, 1]], [[0.5, 0.25]]), [(1.5 + 0.75) / 2])
    np.testing.assert_allclose(losses.hinge([[0, 1], [1, 1]], [[0.5, 0.25], [2, 3]]), [(1.5 + 0.75) / 2, 0])
    np.testing.assert_allclose(losses.squared_hinge([[-1, 1]], [[0.5, 0.25]]), [(1.5**2 + 0.75**2) / 2])
    np.testing.assert_allclose(losses.log_cosh([[1, 0.0]], [[3, 0.0]]), [np.log(np.cosh(2)) / 2])
    np.testing.assert_allclose(losses.log_cosh([[0.0]], [[-1e4]]), [1e4 - np.log(2)])
    np.testing.assert_allclose(losses.kld([[0.25, 0.75]], [[0.5, 0.5]]), [0.25 * np.log(0.5) + 0.75 * np.log(1.5)])
    np.testing.assert_allclose(losses.poisson([[2, 0]], [[1.0, 3.0]]), [2], rtol=1e-6)
    np.testing.assert_allclose(losses.poisson([[1]], [[-1.0]]), [np.nan])
    np.testing.assert_allclose(losses.mape([[2, -4]], [[1.0, 0.0]]), [75])
    np.testing.assert_allclose(losses.msle([[0, 3]], [[1.0, -2]]), [(np.log(2) ** 2 + np.log(4) ** 2) / 2], rtol=1e-6)
    np.testing.assert_allclose(losses.cosine_similarity([[0, 2], [3, 4], [1, 1]], [[1.0, 1], [-3, -4], [0, 0]]),
                               [-(0.5**0.5), 1, 0])
    np.testing.assert_allclose(losses.categorical_hinge(np.eye(2)[y], p), [0.4, 1])
    smooth = -(0.95 * np.log(0.8) + 0.05 * np.log(0.2))
    np.testing.assert_allclose(losses.categorical_crossentropy(np.eye(2)[y], p, label_smoothing=0.1)[0], smooth)
    with pytest.raises(ValueError, match="expected labels of 2 images, given 1"):
        losses.mse([[1, 0]], p)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_output_without_a_direction_is_not_turned(dtype):
    """In Keras its gradient is 0 times infinity."""
    outputs, targets, weight = np.array([[0.0, 0], [0, 2]], dtype), np.ones((2, 2), dtype), np.ones(2, dtype)
    of_images, gradient = np.empty(2, dtype), np.empty((2, 2), dtype)
    losses.CosineSimilarity().on_batch(loopnet.get_ops("literal"), outputs, targets, weight, of_images, gradient)
    np.testing.assert_allclose(of_images, [0, -(0.5**0.5)], rtol=1e-6)
    np.testing.assert_allclose(gradient, [[0, 0], [-(0.5**0.5) / 2, 0]], rtol=1e-6, atol=1e-7)


def test_losses_as_objects():
    """As TensorFlow's first page for beginners calls one: on logits, before any training."""
    y, logits = np.array([1, 0]), np.array([[0.0, 0.0], [np.log(4), 0.0]])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = -np.log([0.5, 0.8])
    np.testing.assert_allclose(loss(y, logits), expected.mean())
    np.testing.assert_allclose(loss(y, logits, sample_weight=[1, 3]), (expected[0] + 3 * expected[1]) / 2)
    np.testing.assert_allclose(losses.MeanSquaredError()([[1, 2]], [[1.5, 2]]), 0.125)
    with pytest.raises(ValueError, match=r"sample_weight: expected weights of shape \(2,\), given \(3,\)"):
        loss(y, logits, sample_weight=[1, 2, 3])


@pytest.mark.parametrize(
    "loss",
    [
        losses.sparse_categorical_crossentropy,
        losses.SparseCategoricalCrossentropy,
        ["SparseCategoricalCrossentropy"],
    ],
)
def test_a_loss_by_function_class_or_in_a_list(loss):
    assert type(compiled(loss=loss).loss) is losses.SparseCategoricalCrossentropy


KERAS_METRICS = {
    "mape": 154166672.0, "msle": 0.041486628353595734, "log_cosh_error": 0.032044216990470886,
    "hinge": 0.8708332777023315, "squared_hinge": 1.0409374237060547, "categorical_hinge": 0.4625000059604645,
    "kl_divergence": 0.16948480904102325, "poisson": 0.4939958453178406, "cosine_similarity": 0.8959454298019409,
}  # fmt: skip


def test_losses_as_metrics_by_keras_s_names():
    """Keras's own numbers for these rows. Of the cosine, its metric is not minus it, as the loss is."""
    y_true, y_pred = np.array([[0, 1.0, 0], [0, 0, 1]]), np.array([[0.05, 0.95, 0.125], [0.25, 0.5, 0.75]])
    given = {name: float(metrics.get(name)(y_true, y_pred)) for name in KERAS_METRICS}
    assert given == pytest.approx(KERAS_METRICS, rel=1e-5)


def test_mape_and_kld_in_the_history():
    model = compiled(metrics=["mape", "kl_divergence", metrics.CosineSimilarity()])
    history = model.fit(X, Y, verbose=0)
    assert list(history.history) == ["loss", "mape", "kl_divergence", "cosine_similarity"]
    assert history.history["kl_divergence"][0] == pytest.approx(history.history["loss"][0], rel=1e-4)  # of one-hot rows


def test_the_history_calls_a_metric_as_it_was_asked_for():
    model = compiled(metrics=["acc", metrics.SparseCategoricalAccuracy])
    history = model.fit(X, Y, verbose=0, validation_split=0.25)
    names = ["loss", "acc", "sparse_categorical_accuracy"]
    assert list(history.history) == [*names, *(f"val_{name}" for name in names)]
    assert model.metrics_names == names
