"""Convolutions taken apart, dropout of channels and Gaussian noise, as Keras's listings use them."""

from typing import Any

import numpy as np
import pytest

from loopnet import Sequential, activations, layers
from loopnet.layers import Conv2D, DepthwiseConv2D, Input, SeparableConv2D
from loopnet.ops import get_ops

rng = np.random.default_rng(0)
BACKENDS = ("literal", "parallel", "tuned")

MOBILE = """
from tensorflow import keras
from tensorflow.keras import layers

inputs = keras.Input(shape=(16, 14, 3))
x = layers.GaussianNoise(0.1)(inputs)
x = layers.Cropping2D(cropping=((2, 2), (1, 1)))(x)
x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.ReLU(6.0)(x)
x = layers.DepthwiseConv2D(kernel_size=3, padding="same", depth_multiplier=1, use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.ReLU(6.0)(x)
x = layers.Conv2D(16, kernel_size=1, use_bias=False)(x)
x = layers.SeparableConv2D(24, (3, 3), activation="relu", padding="same")(x)
x = layers.MaxPooling2D((2, 2))(x)
x = layers.SpatialDropout2D(0.2)(x)
x = layers.SeparableConvolution2D(8, 3, depth_multiplier=2, depthwise_initializer="he_normal")(x)
x = layers.GlobalAveragePooling2D()(x)
x = layers.GaussianDropout(0.1)(x)
x = layers.Identity()(x)
outputs = layers.Dense(2, activation="softmax")(x)

model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""


@pytest.fixture(scope="module")
def mobile() -> dict[str, Any]:
    names: dict[str, Any] = {}
    listing = MOBILE.replace("from tensorflow import keras", "import loopnet as keras")
    exec(listing.replace("tensorflow.keras", "loopnet"), names)
    return names


def pictures(count=40):
    """Of class 1 has stripes, class 0 has not."""
    y = rng.integers(0, 2, count)
    stripes = np.tile(np.arange(16)[:, None, None] % 2, (1, 14, 3)) * 2.0 - 1
    return (0.3 * rng.normal(size=(count, 16, 14, 3)) + y[:, None, None, None] * stripes).astype("float32"), y


def test_a_small_mobilenet_learns(mobile, tmp_path):
    model = mobile["model"]
    assert model.count_params() == 1874  # as Keras 3.15 counts
    x, y = pictures()
    history = model.fit(x, y, epochs=25, batch_size=9, verbose=0).history
    assert history["loss"][-1] < 0.3 < history["loss"][0] and history["accuracy"][-1] > 0.9
    model.save(tmp_path / "mobile.safetensors")
    again = type(model).load(tmp_path / "mobile.safetensors")
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    with pytest.raises(NotImplementedError, match="Conv2DTranspose is not in loopnet"):
        mobile["layers"].Conv2DTranspose(8, 3)


def test_depthwise_is_a_convolution_with_a_group_for_each_channel():
    """Keras's kernel has the same numbers in the same order under another shape."""
    x, w, b = rng.normal(size=(3, 6, 5, 3)), rng.normal(size=(3, 2, 3, 2)), rng.normal(size=6)
    layer = DepthwiseConv2D((3, 2), depth_multiplier=2)
    depthwise = Sequential([Input((6, 5, 3)), layer], dtype="float64")
    grouped = Sequential([Input((6, 5, 3)), Conv2D(6, (3, 2), groups=3)], dtype="float64")
    depthwise.set_weights([w, b])
    grouped.set_weights([w.reshape(3, 2, 1, 6), b])
    assert layer.kernel.shape == (3, 2, 3, 2)
    np.testing.assert_array_equal(depthwise.predict(x), grouped.predict(x))


@pytest.mark.parametrize("make, shape", [
    (lambda: DepthwiseConv2D(3, depth_multiplier=8), (3, 3, 64, 8)),
    (lambda: SeparableConv2D(2, 3, depth_multiplier=8), (3, 3, 64, 8)),
])  # fmt: skip
def test_weights_start_between_keras_s_bounds(make, shape):
    """Its glorot_uniform takes the shape as it is: 64 inputs and 8 outputs for each of 9 taps."""
    layer = Sequential([Input((5, 5, 64)), make()], seed=0).layers[0]
    w = layer.get_weights()[0]
    limit = np.sqrt(6 / (9 * 64 + 9 * 8))
    assert w.shape == shape and 0.99 * limit < np.abs(w).max() <= limit


def test_weights_and_names_of_a_separable_convolution():
    model = Sequential([Input((6, 5, 3)), SeparableConv2D(4, (3, 2), depth_multiplier=2, name="sep")])
    layer: Any = model.layers[0]
    assert [w.shape for w in layer.get_weights()] == [(3, 2, 3, 2), (1, 1, 6, 4), (4,)]
    assert [p.name for p in layer.parameters] == ["depthwise", "pointwise", "b"]
    assert layer.depthwise_kernel.shape == (3, 2, 3, 2) and layer.pointwise_kernel.shape == (1, 1, 6, 4)
    assert layer.bias.shape == (4,) and model.count_params() == 64
    lines: list[str] = []
    model.compile("sgd", "mse")
    model.summary(print_fn=lines.append)
    assert any("sep (SeparableConv2D)" in line and "64" in line and "parallel" in line for line in lines)


@pytest.mark.parametrize("layer", [SeparableConv2D(3, 2), DepthwiseConv2D(2), layers.SeparableConv1D(3, 2)], ids=repr)
def test_another_activation_in_place_of_the_one_there_was(layer):
    model = Sequential([Input((4, 4, 3) if "2D" in type(layer).__name__ else (4, 3)), layer], seed=1)
    model.compile("sgd", "mse")
    x = rng.standard_normal((5, *model.input_shape[1:])).astype("float32")
    plain = model.predict(x)
    layer.activation = "relu"
    assert layer.activation.__name__ == "relu" and layer.get_config()["activation"] == "relu"
    assert plain.min() < 0
    np.testing.assert_array_equal(model.predict(x), np.maximum(plain, 0))
    layer.activation = None
    np.testing.assert_array_equal(model.predict(x), plain)
    assert layer.activation is activations.linear


@pytest.mark.parametrize("first", [False, True])
def test_the_pointwise_half_stays_tuned(first):
    """And every rung learns the same, whatever the batches, also where the last one is not full."""
    order: dict[str, Any] = {"data_format": "channels_first"} if first else {}
    x, y = rng.normal(size=(21, 6, 6, 6)).astype("float32"), rng.normal(size=(21, 2)).astype("float32")
    weights = []
    for backend in BACKENDS:
        model = Sequential([
            Input((6, 6, 6)), Conv2D(6, 3, padding="same", **order),
            SeparableConv2D(5, 3, padding="same", activation="relu", **order), layers.MaxPooling2D(**order),
            layers.BatchNormalization(axis=1 if first else -1), layers.Flatten(**order), layers.Dense(2),
        ], seed=1)  # fmt: skip
        model.compile("sgd", "mse", backend=backend)
        separable: Any = model.layers[1]
        assert separable.backend == ("parallel" if backend == "tuned" else backend)
        assert separable.pointwise.backend == ("parallel" if backend == "tuned" and first else backend)
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        weights.append([*model.get_weights(), model.predict(x, batch_size=5)])
    for other in weights[1:]:
        for ours, theirs in zip(other, weights[0], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_each_kernel_has_its_own_bounds_and_price():
    x, y = rng.normal(size=(4, 5, 5, 2)), rng.normal(size=(4, 3, 3, 3))
    model = Sequential([Input((5, 5, 2)), SeparableConv2D(
        3, 3, depthwise_regularizer="l1", pointwise_regularizer="l2", bias_initializer="ones",
        pointwise_constraint="non_neg", depthwise_initializer="ones",
    )], seed=2, dtype="float64")  # fmt: skip
    model.compile("sgd", "mse")
    depthwise, pointwise, bias = model.get_weights()
    assert (depthwise == 1).all() and (bias == 1).all() and (pointwise < 0).any()
    plain = ((model.predict(x) - y) ** 2).mean()
    price = 0.01 * np.abs(depthwise).sum() + 0.01 * (pointwise**2).sum()
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), plain + price, rtol=1e-9)
    model.train_on_batch(x, y)
    assert (model.get_weights()[1] >= 0).all() and not np.array_equal(model.get_weights()[0], depthwise)


def test_a_frozen_one_keeps_its_weights_and_passes_gradients_on():
    stack = [Input((5, 5, 2)), Conv2D(2, 1), SeparableConv2D(3, 3, trainable=False), layers.Flatten(), layers.Dense(1)]
    model = Sequential(stack, seed=3)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch(rng.normal(size=(4, 5, 5, 2)), rng.normal(size=(4, 1)))
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, True, False, False, False, True, True]


@pytest.mark.parametrize("argument, hint", [
    ("kernel_initializer", "did you mean 'depthwise_initializer'?"), ("groups", ""), ("filters", ""),
])  # fmt: skip
def test_what_a_depthwise_convolution_works_out_itself_is_refused(argument, hint):
    given: dict[str, Any] = {argument: 2}
    with pytest.raises(TypeError, match=rf"^dw: unknown argument '{argument}'.*{hint}"):
        DepthwiseConv2D(3, name="dw", **given)


def bound(layer, shape, backend):
    layer.build(shape)
    layer.bind(get_ops(backend), np.dtype("float32"))
    return layer


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_spatial_dropout_drops_whole_channels(backend, axes):
    kind = getattr(layers, f"SpatialDropout{axes}D")
    layer = bound(kind(0.3, seed=1), (4,) * axes + (200,), backend)
    x = np.ones((5, *layer.input_shape[1:]), np.float32)
    assert layer.forward(layer.ops.pack(x)) is not None and layer._step == 0  # at rest nothing is drawn
    y = layer.ops.to_host(layer.forward(layer.ops.pack(x), training=True), x.shape).reshape(5, -1, 200)
    assert (y == y[:, :1]).all() and set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert 0.25 < (y == 0).mean() < 0.35 and ((y[0] == 0) != (y[1] == 0)).any()
    if axes > 1:
        first = bound(kind(0.3, "channels_first", seed=1), (200,) + (4,) * axes, backend)
        turned = np.ones((5, 200) + (4,) * axes, np.float32)
        z = first.ops.to_host(first.forward(first.ops.pack(turned), training=True), turned.shape).reshape(5, 200, -1)
        np.testing.assert_array_equal(z[:, :, 0], y[:, 0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_gaussian_noise_in_training_only(backend):
    """Of the right size, and neither the same at each step nor at each place."""
    noise = bound(layers.GaussianNoise(0.5, seed=1), (2000,), backend)
    dropout = bound(layers.GaussianDropout(0.2, seed=1), (2000,), backend)
    x = noise.ops.pack(np.full((20, 2000), 3, np.float32))
    for layer, spread in ((noise, 0.5), (dropout, 3 * np.sqrt(0.2 / 0.8))):
        assert layer.forward(x) is x and layer.backward(x) is x
        y, z = (layer.ops.to_host(layer.forward(x, training=True), (20, 2000)).copy() for _ in range(2))
        assert abs(y.mean() - 3) < 0.02 * spread and abs(y.std() / spread - 1) < 0.02
        assert abs(((y - 3) ** 4).mean() / spread**4 - 3) < 0.15  # as pointed as a Gaussian
        assert abs(np.corrcoef(y.reshape(-1), z.reshape(-1))[0, 1]) < 0.03 and abs(np.corrcoef(y)[0, 1]) < 0.1


def test_no_noise_is_nothing_at_all():
    layer = bound(layers.GaussianNoise(0.0), (3,), "literal")
    x = layer.ops.pack(np.ones((2, 3), np.float32))
    assert layer.forward(x, training=True) is x
