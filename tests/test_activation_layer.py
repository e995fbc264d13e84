"""``Activation("relu")``: called and shown as in Keras, and run as ``ReLU()`` is."""

import copy
import pickle

import numpy as np
import pytest

from loopnet import activations, keras, layers
from loopnet.explain import describe
from loopnet.layers import Activation, Conv2D, Dense, Flatten, Input, ReLU, Softmax
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.model import Sequential
from loopnet.models import Model, clone_model, load_model, model_from_json
from loopnet.stepper.calls import find_call

rng = np.random.default_rng(0)
X, Y = rng.random((12, 6, 6, 1), np.float32), rng.integers(0, 3, 12)


def network(relu, softmax, **kwargs):
    stack = [Input((6, 6, 1)), Conv2D(2, 3), relu, Flatten(), Dense(3), softmax]
    return Sequential(stack, seed=1, **kwargs)


def by_name(**kwargs):
    return network(Activation("relu"), Activation("softmax"), **kwargs)


def test_names_and_classes_are_keras_s():
    """What Keras 3 gives for the same list."""
    model = Sequential([
        Input((6,)), Dense(3, name="d"), Activation("relu"), ReLU(), Activation("linear"), Dense(4),
        Activation("softmax"), Activation("relu", name="last"),
    ])  # fmt: skip
    assert [(layer.name, type(layer).__name__) for layer in model.layers] == [
        ("d", "Dense"), ("activation", "Activation"), ("re_lu", "ReLU"), ("activation_1", "Activation"),
        ("dense", "Dense"), ("activation_2", "Activation"), ("last", "Activation"),
    ]  # fmt: skip
    first, linear = model.layers[1], model.layers[3]
    assert isinstance(first, Activation) and isinstance(linear, Activation) and not isinstance(first, ReLU)
    assert isinstance(first, keras.layers.Activation)
    assert first.activation.__name__ == "relu" and first.get_config()["activation"] == "relu"
    assert linear.activation is activations.linear
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert any("activation (Activation)" in line for line in lines)
    assert any("re_lu (ReLU)" in line for line in lines)


def test_functions_that_are_called_on_symbols_are_the_layers_that_they_were():
    inputs = Input((4,))
    model = Model(inputs, activations.softmax(activations.relu(inputs)))
    assert [layer.name for layer in model.layers] == ["input_layer", "re_lu", "softmax"]


@pytest.mark.parametrize("backend", ["literal", "parallel", "tuned"])
@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "mse"])
def test_the_numbers_are_those_of_the_layers_that_it_names(backend, loss):
    found = []
    y = Y if loss != "mse" else np.eye(3)[Y]
    for model in (by_name(), network(ReLU(), Softmax())):
        model.compile("adam", loss, backend=backend)
        history = model.fit(X, y, batch_size=4, epochs=3, verbose=0)
        # the loss takes the softmax over where it can, and the steps are repeated without asking the layers
        assert (model._plan.softmax is not None) == (loss != "mse")
        if loss != "mse":
            assert (model._replay is not None) == (backend == "tuned")
        found.append([*model.get_weights(), history.history["loss"], model.predict(X), model.predict(X)])
    for got, want in zip(*found, strict=True):
        np.testing.assert_array_equal(got, want)


def test_copies_and_files(tmp_path):
    model = by_name()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model")
    p = model.predict(X)
    for again in (load_model(tmp_path / "model"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again.predict(X), p)
        assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
        again.fit(X, Y, verbose=0)
    for again in (model_from_json(model.to_json()), clone_model(model), Sequential.from_config(model.get_config())):
        again.set_weights(model.get_weights())
        np.testing.assert_allclose(again.predict(X), p, rtol=1e-6)
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    one = Activation.from_config(Activation(layers.LeakyReLU(0.5), name="leaky").get_config())
    assert one.name == "leaky" and one.get_config()["activation"] == {"function": "leaky_relu", "negative_slope": 0.5}
    np.testing.assert_array_equal(one(np.array([[-2.0, 4.0]])), [[-1, 4]])


def test_a_file_from_when_it_was_a_relu_is_read(tmp_path):
    old = network(ReLU(name="re_lu"), Softmax(name="softmax"))
    old.save(tmp_path / "old")
    again = load_model(tmp_path / "old")
    assert [layer.name for layer in again.layers] == ["conv2d", "re_lu", "flatten", "dense", "softmax"]
    by = by_name()
    by.load_weights(tmp_path / "old")
    np.testing.assert_array_equal(by.predict(X), old.predict(X))


def test_another_activation_in_its_place():
    model = by_name()
    model.compile("sgd", "sparse_categorical_crossentropy")
    p = model.predict(X)
    model.layers[-1].activation = None
    model.compile("sgd", SparseCategoricalCrossentropy(from_logits=True))
    logits = model.predict(X)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), p, rtol=1e-5)
    with pytest.raises(ValueError, match="activation: unknown activation 'nothing'"):
        model.layers[1].activation = "nothing"


def test_the_stepper_and_the_page_know_it():
    model = by_name()
    model.compile("sgd", "sparse_categorical_crossentropy")
    for operation in ("relu_forward", "relu_backward"):
        assert find_call(model, X[:2], Y[:2], operation, "activation").caller == "activation"
    # of one that is not compiled, the loss is asked for by what it ends in
    assert find_call(by_name(), X[:2], Y[:2], "softmax_cross_entropy", "loss").caller == "loss"
    with pytest.raises(ValueError, match="it does not run softmax_forward"):  # which the loss has taken over
        find_call(by_name(), X[:2], Y[:2], "softmax_forward")
    shown, expected = (describe(m) for m in (by_name(), network(ReLU(), Softmax())))
    assert [entry["kind"] for entry in shown] == [entry["kind"] for entry in expected]
    assert [entry.get("activation") for entry in shown] == [entry.get("activation") for entry in expected]
    assert [entry["title"] for entry in shown if entry["name"].startswith("activation")] == ["Activation"] * 2


@pytest.mark.parametrize("of_images", ["softmax", "relu", "linear"])
def test_onnx(of_images, tmp_path):
    """The softmax of images is along the channels, which the file has in another place."""
    runtime = pytest.importorskip("onnxruntime", reason="needs loopnet[onnx]")
    pytest.importorskip("onnx", reason="needs loopnet[onnx]")
    model = Sequential([Input((6, 6, 1)), Conv2D(4, 3), Activation(of_images), Conv2D(2, 2), Flatten(), Dense(3)])
    model.add(Activation("softmax"))
    model.export(tmp_path / "model.onnx")
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"images": X})[0], model.predict(X), rtol=1e-4, atol=1e-6)
