"""Names of layers where models are joined: an automatic one makes way, one that was given is kept."""

import copy

import numpy as np
import pytest
from chained import assert_same, halves

from loopnet.layers import Dense, Input
from loopnet.model import Sequential
from loopnet.models import Model, load_model


def names(model):
    return [layer.name for layer in model.layers if not isinstance(layer, Input)]


@pytest.mark.parametrize("way", ["models", "layers", "calls"])
def test_an_automatic_name_makes_way_where_models_are_joined(way, tmp_path):
    encoder, decoder = halves()
    encoder.compile("adam", "mse")
    decoder.compile("adam", "mse")
    encoder.save_weights(tmp_path / "encoder before")
    decoder.save_weights(tmp_path / "decoder before")
    parts = list(encoder.layers), list(decoder.layers)
    if way == "models":
        joined = Sequential([encoder, decoder])
    elif way == "layers":
        joined = Sequential([*encoder.layers, *decoder.layers])
    else:
        inputs = Input((6,))
        joined = Model(inputs, decoder(encoder(inputs)))
    assert names(joined) == ["dense", "dense_1", "dense_3", "dense_4", "dense_2"]  # no two that ever were the same
    for model in (encoder, decoder, joined):
        assert [model.get_layer(name) for name in names(model)] == model._layers
    assert [encoder.get_layer("dense"), encoder.get_layer("dense_1")] == parts[0]
    assert [decoder.get_layer(name) for name in ("dense", "dense_1", "dense_2")] == parts[1]
    joined.compile("sgd", "mse")
    x = np.random.default_rng(1).random((7, 6), np.float32)
    joined.fit(x, x, verbose=0)
    for number, model in enumerate((encoder, decoder, joined)):
        model.save(tmp_path / "model")
        model.save_weights(tmp_path / "weights")
        again = load_model(tmp_path / "model")
        assert_same(again.get_weights(), model.get_weights())
        fresh = Sequential([*halves(5)]) if model is joined else halves(5)[number]
        fresh.load_weights(tmp_path / "weights")  # of one that was put together in the same way
        assert_same(fresh.get_weights(), model.get_weights())
    fresh = halves(5)[1]
    decoder.load_weights(tmp_path / "decoder before")  # a file from before they were joined
    fresh.load_weights(tmp_path / "decoder before")
    assert_same(joined.get_weights()[4:], fresh.get_weights())
    encoder.load_weights(tmp_path / "encoder before")
    with pytest.raises(ValueError, match="not the weights of this model: dense/w: expected shape"):
        joined.load_weights(tmp_path / "decoder before")


def test_models_from_files_are_joined_as_those_that_were_saved(tmp_path):
    for model in halves():
        model.save(tmp_path / model.name)
    encoder, decoder = (load_model(tmp_path / name) for name in ("encoder", "decoder"))
    assert names(Sequential([encoder, decoder])) == names(Sequential([*halves()]))
    assert names(Sequential([encoder, decoder])) == names(Sequential([*halves()]))  # for the second time


def test_a_layer_may_make_way_more_than_once():
    encoder, decoder = halves()
    first = Sequential([encoder, decoder])
    last = decoder.layers[-1]
    second = Sequential([Input((4,)), Dense(4), Dense(4), Dense(4), Dense(4), Dense(4), *decoder.layers], "second")
    for model, name in ((decoder, "dense_2"), (first, "dense_2"), (first, last.name), (second, last.name)):
        assert model.get_layer(name) is last
    for model in (first, second, decoder):
        assert [model.get_layer(name) for name in names(model)] == model._layers
    decoder.add(Dense(2))
    assert names(decoder)[-1] not in names(decoder)[:-1]
    assert_same(copy.deepcopy(decoder).get_layer("dense_2").get_weights(), last.get_weights())


def test_models_that_cannot_be_joined_keep_their_names():
    encoder, decoder = halves()
    decoder.add(Dense(3, name="top"))
    model = Sequential([encoder, Dense(4, name="top")])
    with pytest.raises(ValueError, match="sequential: there is a layer named 'top' already"):
        model.add(decoder)
    assert names(decoder) == ["dense", "dense_1", "dense_2", "top"]
    assert names(model) == ["dense", "dense_1", "top"]
    decoder.layers[0].name = "mine"
    assert decoder.get_layer("mine") is decoder.layers[0]


def test_two_of_one_name_are_never_written_over_each_other(tmp_path):
    encoder, _ = halves()
    encoder.compile("sgd", "mse")
    encoder.layers[1].name = "dense"
    for write in (encoder.save, encoder.save_weights):
        with pytest.raises(ValueError, match="encoder: two layers are named 'dense'; give them names of their own"):
            write(tmp_path / "model")
    with pytest.raises(ValueError, match="encoder: 2 layers are named 'dense'"):
        encoder.get_layer("dense")
    assert list(tmp_path.iterdir()) == []
