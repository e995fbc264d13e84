"""Listings of Keras's pages whose networks branch, changed only in the import lines and in how much they train."""

from typing import Any

import numpy as np
import pytest

import loopnet as keras
from loopnet import layers


def toy_resnet():
    """keras.io, the functional API."""
    inputs = keras.Input(shape=(32, 32, 3), name="img")
    x = layers.Conv2D(32, 3, activation="relu")(inputs)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    block_1_output = layers.MaxPooling2D(3)(x)

    x = layers.Conv2D(64, 3, activation="relu", padding="same")(block_1_output)
    x = layers.Conv2D(64, 3, activation="relu", padding="same")(x)
    block_2_output = layers.add([x, block_1_output])

    x = layers.Conv2D(64, 3, activation="relu", padding="same")(block_2_output)
    x = layers.Conv2D(64, 3, activation="relu", padding="same")(x)
    block_3_output = layers.add([x, block_2_output])

    x = layers.Conv2D(64, 3, activation="relu")(block_3_output)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    outputs = layers.Dense(10)(x)

    return keras.Model(inputs, outputs, name="toy_resnet")


def make_model(input_shape, num_classes):
    """keras.io, image classification from scratch: a small Xception."""
    inputs = keras.Input(shape=input_shape)

    # Entry block
    x = layers.Rescaling(1.0 / 255)(inputs)
    x = layers.Conv2D(128, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)

    previous_block_activation = x  # Set aside residual

    for size in [256, 512, 728]:
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(size, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)

        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(size, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)

        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)

        # Project residual
        residual = layers.Conv2D(size, 1, strides=2, padding="same")(previous_block_activation)
        x = layers.add([x, residual])  # Add back residual
        previous_block_activation = x  # Set aside next residual

    x = layers.SeparableConv2D(1024, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)

    x = layers.GlobalAveragePooling2D()(x)
    units = 1 if num_classes == 2 else num_classes

    x = layers.Dropout(0.25)(x)
    # We specify activation=None so as to return logits
    outputs = layers.Dense(units, activation=None)(x)
    return keras.Model(inputs, outputs)


def dots(count, shape):
    """Images with a bright corner, one of so many, and which."""
    random = np.random.default_rng(0)
    x, y = random.random((count, *shape), np.float32), np.arange(count) % 2
    x[y == 1, : shape[0] // 2] += 1
    return x, y


def test_the_toy_resnet_of_the_functional_guide():
    model = toy_resnet()
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert "Total params: 223,242" in lines
    assert [layer.name for layer in model.layers if layer.name.startswith("add")] == ["add", "add_1"]
    x, y = dots(48, (32, 32, 3))
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["acc"],
    )
    history: Any = model.fit(x, y, batch_size=8, epochs=3, validation_split=0.2, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert {layer.backend for layer in model.layers[1:]} == {"tuned"}  # no layer of it is left to a plainer rung


def test_image_classification_from_scratch():
    model = make_model((180, 180, 3), 2)
    assert model.count_params() == 2_731_065
    assert [layer.output_shape[1:3] for layer in model.layers if layer.name.startswith("add")] == [
        (45, 45), (23, 23), (12, 12),
    ]  # fmt: skip
    model = make_model((16, 16, 3), 2)
    x, y = dots(8, (16, 16, 3))
    model.compile(
        optimizer=keras.optimizers.Adam(3e-4),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="acc")],
    )
    history: Any = model.fit(255 * x, y, batch_size=4, epochs=2, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_an_ensemble_of_models_and_their_average():
    def get_model():
        inputs = keras.Input(shape=(12,))
        outputs = layers.Dense(1)(inputs)
        return keras.Model(inputs, outputs)

    model1, model2, model3 = get_model(), get_model(), get_model()
    inputs = keras.Input(shape=(12,))
    y1, y2, y3 = model1(inputs), model2(inputs), model3(inputs)
    outputs = layers.average([y1, y2, y3])
    ensemble_model = keras.Model(inputs=inputs, outputs=outputs)
    x = np.random.default_rng(1).random((4, 12), np.float32)
    mean = (model1.predict(x) + model2.predict(x) + model3.predict(x)) / 3
    np.testing.assert_allclose(ensemble_model.predict(x), mean, rtol=1e-5)


def test_squeeze_and_excitation_by_what_the_refusal_says():
    """Hu et al. (2018) weigh channels: where Keras broadcasts, two layers do it."""
    inputs = keras.Input((5, 4, 3))
    gate = layers.Dense(3, activation="sigmoid")(layers.GlobalAveragePooling2D()(inputs))
    with pytest.raises(ValueError, match=r"Reshape\(\(1, 1, channels\)\) and UpSampling2D\(\(height, width\)\)"):
        layers.Multiply()([inputs, gate])
    weights = layers.UpSampling2D((5, 4))(layers.Reshape((1, 1, 3))(gate))
    model = keras.Model(inputs, layers.Multiply()([inputs, weights]), seed=3)
    x = np.random.default_rng(0).random((2, 5, 4, 3), np.float32)
    w, b = model.get_weights()
    expected = x * (1 / (1 + np.exp(-(x.mean(axis=(1, 2)) @ w + b))))[:, None, None]
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5)
