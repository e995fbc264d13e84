"""Activations as Keras's listings name them: by string, function, layer, and in a whole listing."""

from typing import Any

import numpy as np
import pytest
from listed import X, Y, net, rng, saved

import loopnet
from loopnet import (
    activations,
    layers,
    losses,
)
from loopnet.borders import Border
from loopnet.layers import Conv2D, Dense, Flatten, LeakyReLU, MaxPooling2D
from loopnet.model import Sequential


@pytest.mark.parametrize("how", [activations.tanh, layers.Tanh(), "tanh"])
def test_an_activation_by_function_layer_or_name(how):
    by_name, given = (net(Flatten(), Dense(3, activation=a)) for a in ("tanh", how))
    np.testing.assert_array_equal(given.predict(X), by_name.predict(X))
    assert given.layers[1].config()["activation"] == "tanh"


def test_an_activation_layer_keeps_its_arguments_also_in_a_file(tmp_path):
    model = net(Flatten(), Dense(3, activation=LeakyReLU(negative_slope=0.01)))
    again = Sequential.load(saved(model, tmp_path / "model"))
    model.compile()
    assert model.layers[1].config()["activation"] == {"function": "leaky_relu", "negative_slope": 0.01}
    np.testing.assert_array_equal(again.predict(-X), model.predict(-X))
    steep = net(Flatten(), Dense(3, activation="leaky_relu"))
    assert not np.allclose(steep.predict(-X), model.predict(-X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["elu", "selu", "silu", "gelu", "mish", "hard_silu", "softplus"])
def test_the_largest_numbers_do_not_overflow(name, dtype):
    """They end as a straight line on one side and as a constant on the other, with NaN where NaN was."""
    most = float(np.finfo(dtype).max) / 2
    high = {"selu": 1.0507009873554805}.get(name, 1)
    low = {"elu": -1, "selu": -1.0507009873554805 * 1.6732632423543772}.get(name, 0)
    x = np.array([[-most, -800, -90, 0, 90, 800, most, np.nan]], dtype)
    expected = np.where(x < 0, low, high * x.astype(np.float64))
    expected[0, 3] = np.log(2) if name == "softplus" else 0
    for backend in ("literal", "parallel", "tuned"):
        layer = layers.ACTIVATIONS[name]()
        layer.build((8,))
        layer.bind(loopnet.get_ops(backend), np.dtype(dtype))
        y = layer.ops.to_host(layer.forward(layer.ops.pack(x)), (1, 8))
        np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-30)
        dx = layer.ops.to_host(layer.backward(layer.ops.pack(np.ones_like(x))), (1, 8))
        slopes = np.delete(dx[0], [3, 7])
        np.testing.assert_allclose(slopes, [0, 0, 0, high, high, high], rtol=1e-6, atol=1e-7)
        assert np.isnan(y[0, 7])


@pytest.mark.parametrize("backend", ["python", "literal", "parallel", "tuned"])
@pytest.mark.parametrize("name", [
    "elu", "selu", "silu", "swish", "gelu", "relu6", "mish", "hard_swish", "hard_sigmoid", "softsign", "exponential",
    "log_softmax",
])  # fmt: skip
def test_a_listing_with_another_activation_learns_and_travels(name, backend, tmp_path):
    """A convolution and a pooling that would be one with relu between them are not with another activation."""
    convolution = Conv2D(2, 3, activation=name, kernel_initializer="lecun_normal")
    model = net(convolution, MaxPooling2D(), Flatten(), Dense(3))
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    stages = [type(stage).__name__ for stage in model._plan.stages if not isinstance(stage, Border)]
    assert stages == ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]
    before = model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, epochs=3, verbose=0)
    assert model.evaluate(X, Y, verbose=0) < before
    again = Sequential.load(saved(model, tmp_path / "model"))
    bounded = {"function": "bounded_relu", "max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}
    short = {"swish": "silu", "hard_swish": "hard_silu", "relu6": bounded}
    assert again.layers[0].config()["activation"] == short.get(name, name)
    np.testing.assert_allclose(again.predict(X), model.predict(X), rtol=1e-5, atol=1e-6)


CONVOLUTIONAL_AUTOENCODER = """
import keras
from keras import layers

input_img = keras.Input(shape=(28, 28, 1))

x = layers.Conv2D(16, (3, 3), activation='relu', padding='same')(input_img)
x = layers.MaxPooling2D((2, 2), padding='same')(x)
x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = layers.MaxPooling2D((2, 2), padding='same')(x)
x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(x)
encoded = layers.MaxPooling2D((2, 2), padding='same')(x)

x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(encoded)
x = layers.UpSampling2D((2, 2))(x)
x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = layers.UpSampling2D((2, 2))(x)
x = layers.Conv2D(16, (3, 3), activation='relu')(x)
x = layers.UpSampling2D((2, 2))(x)
decoded = layers.Conv2D(1, (3, 3), activation='sigmoid', padding='same')(x)

autoencoder = keras.Model(input_img, decoded)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
"""


def test_the_convolutional_autoencoder_of_keras_s_blog():
    """Chollet (2016), *Building autoencoders in Keras*, on other pictures, with `keras` called by loopnet's name."""
    names: dict[str, Any] = {}
    listing = CONVOLUTIONAL_AUTOENCODER.replace("import keras", "import loopnet as keras")
    exec(listing.replace("from keras", "from loopnet"), names)
    autoencoder = names["autoencoder"]
    assert autoencoder.output_shape == (None, 28, 28, 1) and autoencoder.count_params() == 4385
    pictures = np.kron(rng.integers(0, 2, (20, 4, 4, 1)), np.ones((1, 7, 7, 1))).astype("float32")
    noisy = np.clip(pictures + 0.3 * rng.normal(size=pictures.shape), 0.0, 1.0)
    history = autoencoder.fit(
        noisy, pictures, epochs=3, batch_size=5, shuffle=True, validation_data=(noisy, pictures), verbose=0
    )
    assert history.history["val_loss"][-1] < history.history["loss"][0] < 0.8
    assert {layer.backend for layer in autoencoder.layers} - {None} == {"tuned"}  # all stay over lanes
    decoded_imgs = autoencoder.predict(noisy)
    assert decoded_imgs[0].reshape(28, 28).max() <= 1
    with pytest.raises(NotImplementedError, match="Conv2DTranspose is not in loopnet: use UpSampling2D, and a Conv2D"):
        names["layers"].Conv2DTranspose(8, 3)
    with pytest.raises(NotImplementedError, match="interpolation='bilinear' is not in loopnet: use 'nearest'"):
        names["layers"].UpSampling2D(2, interpolation="bilinear")


def test_alpha_is_the_older_name_of_negative_slope():
    assert LeakyReLU(alpha=0.1).negative_slope == 0.1


@pytest.mark.parametrize("what", [lambda x: x, len, layers.Dropout(0.5), "rellu", 3])
def test_other_activations_are_refused(what):
    with pytest.raises(ValueError, match="unknown activation .*expected one of linear, relu"):
        Dense(3, activation=what)


KERAS_ONLY = "celu glu hard_tanh log_sigmoid squareplus".split()


@pytest.mark.parametrize("name", KERAS_ONLY)
def test_keras_s_other_activations_are_refused_in_the_same_words_by_name_and_as_functions(name):
    words = f"{name} is not in loopnet: the activations are relu, leaky_relu, .*, hard_sigmoid and hard_silu"
    with pytest.raises(NotImplementedError, match=f"^{words}$"):
        getattr(activations, name)
    with pytest.raises(NotImplementedError, match=f"^fc: {words}$"):
        Dense(3, activation=name, name="fc")
    with pytest.raises(NotImplementedError, match=f"^Activation: {words}$"):
        layers.Activation(name)


def test_the_functions_by_themselves():
    x = np.array([[-2.0, 0.0, 3.0]])
    np.testing.assert_array_equal(activations.relu(x), [[0, 0, 3]])
    np.testing.assert_array_equal(activations.linear(x), x)
    np.testing.assert_allclose(activations.leaky_relu(x), [[-0.4, 0, 3]])
    np.testing.assert_allclose(activations.sigmoid(x), 1 / (1 + np.exp(-x)))
    np.testing.assert_allclose(activations.tanh(x), np.tanh(x))
    np.testing.assert_allclose(activations.softplus(x), np.log1p(np.exp(x)))
    np.testing.assert_allclose(activations.leaky_relu(x, negative_slope=0.5), [[-1, 0, 3]])
    # the next two are Keras's numbers
    np.testing.assert_allclose(activations.relu([-2, 0.5, 2, 3, 4], 0.1, 3, 1), [-0.3, -0.05, 2, 3, 3], rtol=1e-6)
    np.testing.assert_allclose(activations.relu6([-1.0, 5, 7]), [0, 5, 6])
    np.testing.assert_allclose(activations.elu(x), [[np.exp(-2) - 1, 0, 3]])
    np.testing.assert_allclose(activations.elu(x, alpha=0.5), [[(np.exp(-2) - 1) / 2, 0, 3]])
    np.testing.assert_allclose(activations.selu(x), [[-1.5201664685956948, 0, 3.1521029620664414]])  # Keras's numbers
    np.testing.assert_allclose(activations.silu(x), x / (1 + np.exp(-x)))
    assert activations.swish is activations.silu
    np.testing.assert_allclose(activations.gelu(x), [[-2 * 0.022750131948179195, 0, 3 * 0.9986501019683699]])
    with pytest.raises(NotImplementedError, match="gelu: approximate is not in loopnet: use the exact one"):
        activations.gelu(x, approximate=True)
    np.testing.assert_allclose(activations.softmax(x), np.exp(x) / np.exp(x).sum())
    np.testing.assert_allclose(activations.log_softmax(x), x - np.log(np.exp(x).sum()))
    np.testing.assert_allclose(activations.mish(x), x * np.tanh(np.log1p(np.exp(x))))
    np.testing.assert_allclose(activations.hard_sigmoid(x), [[1 / 6, 0.5, 1]])
    np.testing.assert_allclose(activations.hard_silu(x), [[-1 / 3, 0, 3]])
    assert activations.hard_swish is activations.hard_silu
    np.testing.assert_allclose(activations.softsign(x), [[-2 / 3, 0, 0.75]])
    np.testing.assert_allclose(activations.exponential(x), np.exp(x))
    assert activations.exponential([1000, -1000]).tolist() == [np.inf, 0]
    assert activations.relu([1, -1]).tolist() == [1, 0]
    assert activations.relu(-3) == 0
