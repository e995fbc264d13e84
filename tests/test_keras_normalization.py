"""The Normalization layer of TensorFlow's regression tutorial, and Keras's utils.normalize."""

import numpy as np
import pytest
from listed import net, saved

from loopnet import (
    layers,
    models,
    optimizers,
    utils,
)
from loopnet.layers import Dense
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS


def test_normalize_as_keras_does():
    x = np.array([[[3, 4], [0, 0]], [[1, 2], [2, 1]]])
    a, b = 1 / 5**0.5, 2 / 5**0.5
    np.testing.assert_allclose(utils.normalize(x), np.array([[[0.6, 0.8], [0, 0]], [[a, b], [b, a]]]))
    np.testing.assert_allclose(utils.normalize(x, axis=1)[1], [[a, b], [b, a]])
    np.testing.assert_allclose(utils.normalize(x[0], order=1)[0], [3 / 7, 4 / 7])
    np.testing.assert_allclose(utils.normalize([3.0, 4.0]), [0.6, 0.8])


TABLE = np.column_stack([np.arange(8.0), 100 + np.arange(8.0) ** 2, np.full(8, 5.0)])


def test_normalization_as_tensorflow_s_regression_tutorial_has_it(tmp_path):
    """It is adapted before there is a model, has the table's shape, and stands first; what is always the same is 0."""
    normalizer = layers.Normalization(axis=-1)
    normalizer.adapt(TABLE)
    np.testing.assert_allclose(normalizer.mean.numpy(), TABLE.mean(axis=0))
    expected = (TABLE - TABLE.mean(axis=0)) / np.maximum(TABLE.std(axis=0), 1e-7)
    model = Sequential([normalizer, Dense(1)])
    model.compile(optimizers.Adam(0.1), loss="mean_absolute_error")
    w, b = model.layers[1].get_weights()
    np.testing.assert_allclose(model.predict(TABLE, verbose=0), expected @ w + b, rtol=1e-5, atol=1e-5)
    history = model.fit(TABLE, TABLE[:, 1] / 10, epochs=30, validation_split=0.25, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] / 1.2
    np.testing.assert_allclose(normalizer.get_weights(), [TABLE.mean(axis=0), TABLE.var(axis=0)], rtol=1e-6)
    again = models.load_model(saved(model, tmp_path / "model.keras"))
    np.testing.assert_array_equal(again.predict(TABLE, verbose=0), model.predict(TABLE, verbose=0))


@pytest.mark.parametrize("backend", CPU_BACKENDS)
@pytest.mark.parametrize("how", [{"axis": None}, {"axis": -1}, {"mean": 2.0, "variance": 9.0}])
def test_normalization_of_images_and_of_one_column(backend, how):
    images = np.random.default_rng(3).uniform(0, 255, (5, 4, 3, 2)) * [1, 3]
    for x in (images, images[:, 0, 0, :1]):
        layer = layers.Normalization(**how, input_shape=x.shape[1:])
        model = Sequential([layer], dtype="float64")
        model.compile("sgd", "mse", backend=backend)
        mean, variance = how.get("mean"), how.get("variance")
        if mean is None:
            layer.adapt(x)  # in a model already
            over = None if how["axis"] is None else tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=over), x.var(axis=over)
        np.testing.assert_allclose(model.predict(x, verbose=0), (x - mean) / np.sqrt(variance), rtol=1e-9, atol=1e-9)
        assert layer.count_params() == (0 if "mean" in how else 2 * x.shape[-1])
    column = layers.Normalization(axis=None, input_shape=[1])
    column.adapt([1.0, 2, 6])  # without an axis of 1, as TensorFlow's tutorial takes it from a table
    assert column.mean.numpy().tolist() == [3]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: layers.Normalization(mean=1.0), "expected mean and variance, or neither, given 1.0 and None"),
        (lambda: layers.Normalization(mean=0, variance=-1), "variance: expected finite numbers, none below 0"),
        (lambda: layers.Normalization(axis=True), "expected axis -1 or None, given True"),
        (lambda: net(layers.Normalization(axis=1)), "expected axis -1 or None, given 1"),
        (lambda: net(layers.Normalization(mean=[1, 2], variance=1)), "mean: expected 1 numbers, or 1, given 2"),
        (lambda: layers.Normalization(mean=0, variance=1).adapt(TABLE), "it was given its mean and variance"),
        (lambda: layers.Normalization().adapt([1, 2]), r"adapt: expected numbers \(examples, ..., channels\), given"),
        (lambda: layers.Normalization().adapt([["a"]]), "adapt: expected numbers"),
        (lambda: layers.Normalization().adapt(TABLE * np.nan), "adapt: expected finite numbers"),
        (lambda: net(layers.Normalization()).layers[0].adapt(TABLE), "adapt: expected 1 channels, given 3"),
    ],
)  # fmt: skip
def test_normalization_refuses(run, message):
    with pytest.raises(ValueError, match=message):
        run()
