"""Layers between convolutions and dense ones that the tuned rung runs in its own layout, also where lanes are empty."""

import numpy as np
import pytest

from loopnet.borders import Border, WholeBatch
from loopnet.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Cropping2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    UpSampling2D,
    ZeroPadding2D,
)
from loopnet.model import Sequential

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((128, 8, 9, 2)).astype("float32"), rng.integers(0, 3, 128)
GAPS = {1: False, 4: False, 5: True, 32: False, 33: True, 36: False, 67: True, 128: False}
"""Whether a batch of so many images leaves lanes empty."""


def network(backend, *middle, dtype="float32"):
    stack = [Input((8, 9, 2)), Conv2D(4, 3), *(layer() for layer in middle), Conv2D(3, 3), Flatten()]
    stack += [*(layer() for layer in middle), Dense(3)]
    model = Sequential([*stack], seed=3, dtype=dtype)
    model.compile("sgd", "mse", backend=backend)
    return model


def trained(backend, batch, *middle, dtype="float32"):
    """The network after three steps, on batches of this size and of others."""
    model = network(backend, *middle, dtype=dtype)
    targets = np.eye(3)[Y]
    for size in (batch, 7, batch):
        model.train_on_batch(X[:size], targets[:size])
    return model


@pytest.mark.parametrize("batch", GAPS)
def test_batch_normalization_takes_no_empty_lane_for_an_image(batch):
    tuned, literal = trained("tuned", batch, BatchNormalization), trained("literal", batch, BatchNormalization)
    stages = tuned._plan.stages
    assert [type(stage) for stage in stages].count(WholeBatch) == 2 and not any(isinstance(s, Border) for s in stages)
    assert {stage.ran_on.name for stage in stages if isinstance(stage, WholeBatch)} == {
        "parallel" if GAPS[batch] else "tuned"
    }
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)
    np.testing.assert_allclose(tuned.predict(X, verbose=0), literal.predict(X, verbose=0), rtol=0, atol=5e-5)


@pytest.mark.parametrize("batch", [4, 5])
def test_batch_normalization_in_double_precision(batch):
    tuned, literal = (trained(rung, batch, BatchNormalization, dtype="float64") for rung in ("tuned", "literal"))
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("batch", GAPS)
def test_the_same_numbers_are_dropped_as_by_the_textbook_s_loops(batch):
    def dropout():
        return Dropout(0.4, seed=7)

    tuned, literal = trained("tuned", batch, dropout), trained("literal", batch, dropout)
    assert not any(isinstance(stage, Border) for stage in tuned._plan.stages)
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_what_listings_put_between_convolutions_stays_in_lanes():
    """Epochs with a last batch that leaves lanes empty, and one of a size of its own; validation in between."""

    def listing(backend):
        model = Sequential([
            Input((8, 9, 2)),
            Conv2D(6, 3, padding="same"), BatchNormalization(), Activation("relu"), MaxPooling2D(), Dropout(0.25),
            Conv2D(5, 3), BatchNormalization(), Activation("relu"), Dropout(0.25),
            Flatten(), Dense(8, activation="relu"), BatchNormalization(), Dropout(0.5), Dense(3, activation="softmax"),
        ], seed=1)  # fmt: skip
        model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"], backend=backend)
        history = model.fit(X[:117], Y[:117], batch_size=32, epochs=3, validation_data=(X[100:], Y[100:]), verbose=0)
        return model, history.history

    (tuned, history), (literal, expected) = listing("tuned"), listing("literal")
    assert not any(isinstance(stage, Border) for stage in tuned._plan.stages)
    assert {layer.backend for layer in tuned.layers} == {"tuned"}
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-3, atol=1e-4, err_msg=name)
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


def test_called_by_itself_it_takes_no_empty_lane_for_an_image_either():
    model = network("tuned", BatchNormalization)
    x = X[:33, :6, :7].repeat(2, axis=3)
    y = model.layers[1](x, training=True)
    np.testing.assert_allclose(np.mean(y, axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(np.array(model.layers[1].moving_mean.value), x.mean(axis=(0, 1, 2)) / 100, atol=1e-7)


@pytest.mark.parametrize("batch", GAPS)
@pytest.mark.parametrize("layer", [
    lambda: AveragePooling2D(), lambda: AveragePooling2D(3, 2, padding="same"), lambda: AveragePooling2D((1, 2), 1),
    lambda: GlobalAveragePooling2D(), lambda: GlobalAveragePooling2D(keepdims=True),
    lambda: MaxPooling2D(), lambda: MaxPooling2D(3, 2, padding="same"), lambda: MaxPooling2D((1, 3), (2, 1)),
    lambda: UpSampling2D(), lambda: UpSampling2D((3, 1)),
    lambda: ZeroPadding2D(), lambda: ZeroPadding2D(((0, 2), (3, 1))), lambda: Cropping2D(((1, 0), (2, 1))),
])  # fmt: skip
def test_layers_that_move_and_gather_pixels(layer, batch):
    def steps(backend):
        layers = [Conv2D(4, 3, activation="tanh"), layer(), Flatten(), Dense(3)]
        model = Sequential([Input((8, 9, 2)), *layers], seed=3)
        model.compile("sgd", "mse", backend=backend)
        losses = [model.train_on_batch(X[:size], np.eye(3)[Y[:size]]) for size in (batch, 7, batch)]
        return model, losses

    (tuned, losses), (literal, expected) = steps("tuned"), steps("literal")
    assert not any(isinstance(stage, Border) for stage in tuned._plan.stages)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_a_frozen_layer_goes_by_its_moving_statistics():
    def frozen(backend):
        model = network(backend, BatchNormalization)
        model.layers[1].trainable = False
        model.compile("sgd", "mse", backend=backend)
        model.train_on_batch(X[:33], np.eye(3)[Y[:33]])
        return model

    for one, other in zip(frozen("tuned").get_weights(), frozen("literal").get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize("images", [128, 33])
def test_outputs_that_break_in_it_are_traced_to_it(images, capsys):
    model = network("tuned", BatchNormalization)
    model.layers[1].gamma.value[:] = 3e38
    model.fit(X[:images], np.eye(3)[Y[:images]], batch_size=images, verbose=0)
    assert "the outputs of batch_normalization are the first that are not finite" in capsys.readouterr().out
