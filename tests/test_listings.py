"""The listings of the articles, with loopnet in place of keras: shapes and parameter counts.

The articles: Torres (2019), *Convolutional neural networks for beginners*; Microsoft Learn, *Introduction to computer
vision*, unit 3; Maggio, *Deep learning with Keras and TensorFlow* (Keras 1, its names written as today's).
"""

import numpy as np
import pytest

from loopnet import layers, losses, models
from loopnet import layers as keras_layers
from loopnet.model import Sequential


def output_shapes(model):
    return [layer.output_shape for layer in model.layers]


def counts(model):
    return [layer.count_params() for layer in model.layers]


def test_torres_a_basic_network():
    model = models.Sequential()
    model.add(layers.Conv2D(32, (5, 5), activation="relu", input_shape=(28, 28, 1)))
    model.add(layers.MaxPooling2D((2, 2)))
    assert output_shapes(model) == [(None, 24, 24, 32), (None, 12, 12, 32)]
    assert model.count_params() == 832


def test_torres_a_simple_model():
    model = models.Sequential()
    model.add(layers.Conv2D(32, (5, 5), activation="relu", input_shape=(28, 28, 1)))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (5, 5), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    assert model.count_params() == 52_096
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    assert output_shapes(model) == [
        (None, 24, 24, 32), (None, 12, 12, 32), (None, 8, 8, 64), (None, 4, 4, 64), (None, 1024), (None, 10)
    ]  # fmt: skip
    assert counts(model) == [832, 0, 51_264, 0, 0, 10_250]
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert lines[-3:] == ["Total params: 62,346", "Trainable params: 62,346", "Non-trainable params: 0"]
    model.compile(loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    x, y = np.zeros((4, 28, 28, 1), np.float32), np.eye(10)[:4]
    model.fit(x, y, batch_size=100, epochs=1, verbose=0)
    test_loss, test_acc = model.evaluate(x, y)
    assert np.isfinite(test_loss) and 0 <= test_acc <= 1


@pytest.mark.parametrize("stride, padding, size", [(1, "valid", 3), (1, "same", 5), (2, "valid", 2)])
def test_torres_five_pixels_and_a_window_of_three(stride, padding, size):
    layer = layers.Conv2D(1, (3, 3), strides=(stride, stride), padding=padding)
    layer.build((5, 5, 1))
    assert layer.output_shape == (None, size, size, 1)


def test_microsoft_one_layer():
    model = Sequential([
        keras_layers.Input(shape=(28, 28, 1)),
        keras_layers.Conv2D(filters=9, kernel_size=(5, 5), activation="relu"),
        keras_layers.Flatten(),
        keras_layers.Dense(10),
    ])  # fmt: skip
    model.compile(loss=losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    assert output_shapes(model) == [(None, 24, 24, 9), (None, 5184), (None, 10)]
    assert counts(model) == [234, 0, 51_850]
    assert model.count_params() == 52_084
    first = model.layers[0].weights[0]
    assert first[..., 0, 8].shape == (5, 5)  # as the article draws them


def test_microsoft_two_layers():
    model = Sequential([
        keras_layers.Input(shape=(28, 28, 1)),
        keras_layers.Conv2D(filters=10, kernel_size=(5, 5), activation="relu"),
        keras_layers.MaxPooling2D(),
        keras_layers.Conv2D(filters=20, kernel_size=(5, 5), activation="relu"),
        keras_layers.MaxPooling2D(),
        keras_layers.Flatten(),
        keras_layers.Dense(10),
    ])  # fmt: skip
    assert counts(model) == [260, 0, 5_020, 0, 0, 3_210]
    assert model.count_params() == 8_490


def test_microsoft_lenet_for_cifar10():
    model = Sequential([
        keras_layers.Input(shape=(32, 32, 3)),
        keras_layers.Conv2D(filters=6, kernel_size=5, strides=1, activation="relu"),
        keras_layers.MaxPooling2D(pool_size=2, strides=2),
        keras_layers.Conv2D(filters=16, kernel_size=5, strides=1, activation="relu"),
        keras_layers.MaxPooling2D(pool_size=2, strides=2),
        keras_layers.Flatten(),
        keras_layers.Dense(120, activation="relu"),
        keras_layers.Dense(84, activation="relu"),
        keras_layers.Dense(10),
    ])  # fmt: skip
    assert output_shapes(model)[3:5] == [(None, 5, 5, 16), (None, 400)]
    assert model.count_params() == 62_006


def test_maggio_sequences():
    model = Sequential()
    model.add(layers.Convolution1D(64, 3, padding="same", input_shape=(10, 32)))
    assert model.output_shape == (None, 10, 64)
    model.add(layers.Convolution1D(32, 3, padding="same"))
    assert model.output_shape == (None, 10, 32)
    assert counts(model) == [3 * 32 * 64 + 64, 3 * 64 * 32 + 32]


@pytest.mark.parametrize("data_format, shape, expected", [
    ("channels_first", (3, 256, 256), [(None, 64, 256, 256), (None, 32, 256, 256)]),
    ("channels_last", (256, 256, 3), [(None, 256, 256, 64), (None, 256, 256, 32)]),
])  # fmt: skip
def test_maggio_images_in_both_orders(data_format, shape, expected):
    model = Sequential()
    model.add(layers.Convolution2D(64, (3, 3), padding="same", data_format=data_format, input_shape=shape))
    model.add(layers.Convolution2D(32, (3, 3), padding="same", data_format=data_format))
    assert output_shapes(model) == expected
    assert counts(model) == [9 * 3 * 64 + 64, 9 * 64 * 32 + 32]


def test_both_orders_are_one_convolution():
    last = Sequential([layers.Input((6, 5, 3)), layers.Conv2D(4, 3, padding="same")], seed=0)
    first = Sequential([layers.Input((3, 6, 5)), layers.Conv2D(4, 3, padding="same", data_format="channels_first")])
    first.set_weights(last.get_weights())
    x = np.random.default_rng(0).standard_normal((2, 6, 5, 3))
    turned = first.predict(np.moveaxis(x, -1, 1))
    np.testing.assert_allclose(np.moveaxis(turned, 1, -1), last.predict(x), atol=1e-6)
