"""Architectures without weights: as configurations, as JSON, and as clones."""

import json
import math
from typing import Any

import numpy as np
import pytest
from golden.layers import LAYERS

import loopnet
from loopnet import initializers, layers, models, regularizers, saving
from loopnet.layers import Conv2D, Dense, Dropout, Flatten, Input, LeakyReLU, MaxPooling2D, Rescaling
from loopnet.model import Sequential

X = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)


def network(**kwargs):
    return Sequential([
        Input((8, 8, 1)), Rescaling(1 / 255), layers.RandomFlip(seed=3),
        Conv2D(2, 3, activation="relu", kernel_initializer=initializers.HeNormal(seed=4), name="first"),
        MaxPooling2D(), layers.BatchNormalization(trainable=False), Dropout(0.5), Flatten(),
        Dense(4, activation=LeakyReLU(negative_slope=0.1), kernel_regularizer=regularizers.l2(0.1)),
        Dense(3, activation="softmax", bias_initializer=initializers.Constant([1, 2, 3])),
    ], **{"seed": 1, "name": "net", **kwargs})  # fmt: skip


def bare():
    return Sequential([Conv2D(2, 3), Flatten(), Dense(3)])


WAYS: list[Any] = [
    lambda model: models.model_from_json(model.to_json()),
    lambda model: models.model_from_json(json.dumps(json.loads(model.to_json(indent=4)))),
    lambda model: Sequential.from_config(model.get_config()),
    lambda model: loopnet.Model.from_config(model.get_config()),
    lambda model: models.clone_model(model),
    lambda model: models.clone_model(model, input_tensors=None),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [network, lambda: network(dtype="float64"), bare])
def test_the_same_layers_and_other_weights(way, make):
    model = make()
    again = way(model)
    assert again.get_config() == model.get_config() and again is not model
    assert (again.name, again.dtype, again.optimizer, again.built) == (model.name, model.dtype, None, model.built)
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]
    assert not set(again.layers) & set(model.layers)
    if not model.built:
        again.build((None, 8, 8, 1))
        model.build((None, 8, 8, 1))
    else:
        assert not np.array_equal(again.layers[-2].kernel, model.layers[-2].kernel)
        np.testing.assert_array_equal(again.layers[2].kernel, model.layers[2].kernel)  # which has a seed of its own
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    again.add(Dense(2))
    assert again.layers[-1].name == ("dense_1" if again.layers[-2].name == "dense" else "dense_2")


@pytest.mark.parametrize(("name", "arguments", "shape"), LAYERS, ids=[f"{name} {how}" for name, how, _ in LAYERS])
def test_every_layer(name, arguments, shape):
    layer = getattr(layers, name)(**arguments)
    if isinstance(shape, list):  # of what dense layers make
        inputs = Input((2,))
        model = loopnet.Model(inputs, layer([layers.Reshape(one)(Dense(math.prod(one))(inputs)) for one in shape]))
    else:
        model = Sequential([Input(shape), layer])
    again = models.model_from_json(model.to_json())
    assert again.get_config() == model.get_config()
    assert again.output_shape == model.output_shape


def test_the_architecture_is_that_of_a_file(tmp_path):
    """Chains of other kinds, too: a functional one, whose layers stand in another network."""
    model = network()
    part = loopnet.Model(model.inputs, model.get_layer("first").output, name="part")
    again = models.model_from_json(part.to_json())
    assert (again.name, len(again.layers), again.layers[0].name) == ("part", 4, "input_layer")
    model.trainable = False
    assert not models.clone_model(model).trainable
    _, in_file = saving.describe(network())
    assert network().get_config()["layers"] == json.loads(json.dumps(in_file["layers"]))


def test_the_seed_of_all_is_that_of_a_clone():
    model = network()
    weights = []
    for _ in range(2):
        loopnet.utils.set_random_seed(6)
        weights.append(models.clone_model(model).get_weights()[6])
    np.testing.assert_array_equal(weights[0], weights[1])


class Twice(layers.Layer):
    def __init__(self, times=2, **kwargs):
        super().__init__(**kwargs)
        self.times = times

    def forward(self, x, training=False):
        return self.times * x

    def config(self):
        return {**super().config(), "times": self.times}


def test_a_layer_of_one_s_own_is_cloned_and_not_read():
    model = Sequential([Input((3,)), Twice(5)])
    clone: Any = models.clone_model(model)
    assert clone.layers[0] is not model.layers[0] and clone.layers[0].times == 5
    np.testing.assert_array_equal(clone(np.ones((1, 3))), [[5, 5, 5]])
    with pytest.raises(ValueError, match=r"from_config: damaged architecture \(KeyError: 'Twice'\)"):
        models.model_from_json(model.to_json())


def forged(**changes):
    config = json.loads(bare().to_json())["config"] | {"input_shape": [8, 8, 1]}
    return json.dumps({"class_name": "Sequential", "config": {**config, **changes}})


REFUSED = [
    (lambda: models.model_from_json("{"), ValueError, r"expected the text that model.to_json\(\) gives"),
    (lambda: models.model_from_json("[" * 100_000), ValueError, r"expected the text that model.to_json\(\) gives"),
    (lambda: models.model_from_json(3), ValueError, r"expected the text that model.to_json\(\) gives"),  # type: ignore[arg-type]
    (lambda: models.model_from_json("[1]"), ValueError, "expected what loopnet's model.get_config"),
    (lambda: models.model_from_json('{"class_name": "Sequential", "config": {"layers": []}}'), ValueError, "no other"),
    (lambda: models.model_from_json(forged(layers=[{"class": "Lambda"}])), ValueError, "KeyError: 'Lambda'"),
    (lambda: models.model_from_json(forged(layers=[{"class": "Dense", "units": 0}])), ValueError, "positive integer"),
    (lambda: models.model_from_json(forged(layers=[{"class": "Dense", "units": 1 << 40}])), ValueError, "more than"),
    (lambda: models.model_from_json(forged(layers=[{"class": "Dense", "units": 1 << 27}])), ValueError, "more than"),
    (lambda: models.model_from_json(forged(input_shape=[1 << 30, 8, 1])), ValueError, "more than"),
    (lambda: models.model_from_json(forged(dtype="object")), ValueError, "expected dtype 'float32'"),
    (lambda: models.model_from_json("{}", custom_objects={"A": 1}), NotImplementedError, "loopnet's own layers only"),  # type: ignore[arg-type]
    (lambda: models.clone_model(bare(), clone_function=len), NotImplementedError, "clone_function is not in loopnet"),
    (lambda: loopnet.Model((m := network()).inputs, [m.output, m.layers[0].output]).to_json(), NotImplementedError,
     "a model with 2 outputs is for looking"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "error", "message"), REFUSED)
def test_what_is_no_architecture(line, error, message):
    with pytest.raises(error, match=message):
        line()
