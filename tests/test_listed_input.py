"""The Input of a network that ``Model`` put together: one of its layers, as in Keras 3.15, which gave these answers."""

from typing import Any

import numpy as np
import pytest

import loopnet as keras
from loopnet import layers, models, plot

X = np.random.default_rng(0).random((6, 8, 8, 1), np.float32)


def functional(**named):
    inputs = keras.Input(shape=(8, 8, 1), **named)
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)), seed=1)


def names(model):
    return [layer.name for layer in model.layers]


def test_it_is_the_first_layer_and_has_no_weights():
    model = functional()
    assert names(model) == ["input_layer", "conv2d", "flatten", "dense"]
    assert isinstance(model.layers[0], layers.InputLayer) and type(model.layers[0]).__name__ == "InputLayer"
    assert model.layers[0] is model.input is model.get_layer("input_layer") is model.get_layer(index=0)
    assert model.layers[0].get_weights() == [] and model.layers[0].count_params() == 0
    assert [layer.output.shape for layer in model.layers[:2]] == [(None, 8, 8, 1), (None, 6, 6, 4)]
    filters, biases = model.layers[1].get_weights()
    assert (filters.shape, biases.shape) == ((3, 3, 1, 4), (4,))
    assert names(functional(name="img"))[0] == "img"
    with pytest.raises(ValueError, match="there is no layer named 'fc'; there are input_layer, conv2d, flatten, dense"):
        model.get_layer("fc")


def test_a_sequential_lists_none():
    model = keras.Sequential([keras.Input((8, 8, 1)), *functional().layers[1:]])
    assert names(model) == ["conv2d", "flatten", "dense"]
    with pytest.raises(ValueError, match="only the first layer may be an Input"):
        model.add(functional().layers[0])


def test_it_stays_with_the_network_in_files_and_configs(tmp_path):
    model = functional(name="img")
    model.save(tmp_path / "model.keras")
    config = model.get_config()
    for again in (
        models.load_model(tmp_path / "model.keras"), keras.Model.from_config(config), models.clone_model(model),
        models.model_from_json(model.to_json()),
    ):  # fmt: skip
        assert names(again) == names(model) and type(again).__name__ == "Functional"
    chain = keras.Sequential([keras.Input((8, 8, 1), name="img"), layers.Flatten()])
    chain.save(tmp_path / "chain.keras")
    assert names(models.load_model(tmp_path / "chain.keras")) == ["flatten"]


def test_who_looks_at_every_layer_sees_the_images_first():
    model = functional()
    every: Any = keras.Model(model.input, [layer.output for layer in model.layers])
    for made in (every.predict(X), every(X)):
        assert [tuple(each.shape) for each in made] == [(6, 8, 8, 1), (6, 6, 6, 4), (6, 144), (6, 3)]
        np.testing.assert_array_equal(made[0], X)
    named: Any = keras.Model(model.input, {layer.name: layer.output for layer in model.layers})
    np.testing.assert_array_equal(named.predict(X)["input_layer"], X)
    with pytest.raises(ValueError, match="are not made from the inputs"):
        keras.Model(model.input, [keras.Input((8, 8, 1)), model.output])


def test_places_count_it_in_pictures_too():
    model = functional()
    assert plot.network.find_layer(model, 1) == plot.network.find_layer(model, "conv2d") == 0
    assert plot.network.find_layer(model, -1) == 2
    with pytest.raises(ValueError, match="there is no layer 0; there are conv2d, flatten, dense"):
        plot.network.find_layer(model, 0)
    plot.plot_filters(model)


@pytest.mark.parametrize("made", [functional, lambda: keras.Sequential([layers.Dense(3)])])
def test_every_network_is_a_model(made):
    model = made()
    assert isinstance(model, keras.Model) and isinstance(model, keras.keras.models.Model)
    assert not isinstance(layers.Dense(3), keras.Model)
