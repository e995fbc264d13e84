"""Networks put together in Keras's other ways: layers called on tensors, models in models."""

import numpy as np
import pytest
from chained import LOGITS, X, Y, assert_same, chain, logits, named, softmax, stack

import loopnet
from loopnet import activations, layers
from loopnet.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Rescaling, Softmax
from loopnet.model import Sequential
from loopnet.models import Model, load_model


def described(model):
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return lines[1:]


# ---- a chain of calls


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_a_chain_of_calls_is_the_sequential_of_its_layers(backend, tmp_path):
    inputs, outputs = chain(stack())
    model = Model(inputs=inputs, outputs=outputs, name="chain", seed=3)
    twin = Sequential([Input((8, 8, 1)), *stack()], seed=3)
    histories = []
    for each in (model, twin):
        each.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], backend=backend)
        histories.append(each.fit(X, Y, epochs=2, batch_size=8, verbose=0, validation_split=0.25).history)
    assert model.name == "chain"
    assert model.layers[0] is inputs and type(model.layers[1]) is Rescaling
    assert [layer.config() for layer in model.layers[1:]] == [layer.config() for layer in twin.layers]
    assert (model.layers[2].backend, model.count_params()) == (backend, twin.count_params())
    assert histories[0] == histories[1]
    assert described(model)[3].split() == ["input_layer", "(InputLayer)", "(None,", "8,", "8,", "1)", "0"]
    assert described(model)[4:] == described(twin)[3:]
    assert_same(model.get_weights(), twin.get_weights())
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    again.compile("adam", "sparse_categorical_crossentropy", backend=backend)
    np.testing.assert_array_equal(again.predict(X), twin.predict(X))


def test_what_stands_for_numbers_has_a_shape():
    inputs = loopnet.Input(shape=(28, 28, 1))
    x = Conv2D(32, 3, activation="relu")(inputs)
    assert (inputs.shape, inputs.dtype) == ((None, 28, 28, 1), "float32")
    assert (x.shape, x.dtype) == ((None, 26, 26, 32), "float32")
    assert Flatten()(MaxPooling2D(strides=3)(x)).shape == (None, 9 * 9 * 32)
    assert repr(x) == "<SymbolicTensor shape=(None, 26, 26, 32), made by Conv2D>"
    model = loopnet.Model(inputs, Dense(10, name="last")(Flatten()(x)))
    assert model.name == "functional"
    assert (model.inputs, model.input) == ([inputs], inputs)
    assert (model.output.shape, model.layers[1].output.shape) == ((None, 10), (None, 26, 26, 32))
    assert model.layers[1].input is inputs
    assert [t.layer.name for t in model.outputs] == ["last"]


def test_lists_of_one_are_one():
    inputs, outputs = chain([Flatten(), Dense(3)])
    assert Model([inputs], [outputs]).predict(X).shape == (24, 3)
    assert Dense(2)([inputs]).shape == (None, 8, 8, 2)


@pytest.mark.parametrize("name", [
    "relu", "leaky_relu", "sigmoid", "tanh", "softplus", "mish", "softmax", "log_softmax", "linear",
])  # fmt: skip
def test_functions_are_links_of_the_chain(name):
    function = getattr(activations, name)
    inputs, x = chain([Flatten(), Dense(3)])
    model = Model(inputs, function(x))
    z = X.reshape(24, 64) @ model.get_weights()[0]
    np.testing.assert_allclose(model.predict(X), function(z), rtol=1e-4, atol=1e-6)
    assert len(model.layers) == (3 if name == "linear" else 4)


A, B = Input((4,)), Input((4,))
SHARED = Dense(4, name="shared")
ONE = "expected one; Add, Concatenate and their like take several"

REFUSED = [
    (lambda: Dense(3)([A, B]), NotImplementedError, f"Dense: called on 2 inputs; {ONE}"),
    (lambda: Dense(3)(A, B), NotImplementedError, f"Dense: called on 2 inputs; {ONE}"),
    (lambda: Sequential([Dense(3)])([A, B]), NotImplementedError, f"sequential: called on 2 inputs; {ONE}"),
    (lambda: layers.Dot(), NotImplementedError, "Dot is not in loopnet: branches meet in Add, Average"),
    (lambda: Dense(4)(A) + X, NotImplementedError, "is not in loopnet: expected a number or a tensor"),
    (lambda: A / Dense(4)(A), NotImplementedError, "is not in loopnet: expected a number or a tensor"),
    (lambda: layers.Add()(A), ValueError, r"Add: expected one list, Add\(\)\(\[a, b\]\), given Input"),
    (lambda: layers.Add()(A, B), ValueError, "Add: expected one list, .* given 2 arguments"),
    (lambda: layers.Add()([A]), ValueError, "Add: expected a list of two or more"),
    (lambda: layers.Add()([A, X]), ValueError, "Add: expected symbolic tensors only, or arrays only"),
    (lambda: layers.Add()([A, Dense(3)(A)]), ValueError, r"inputs of one shape, given \(None, 4\), \(None, 3\); they"),
    (lambda: layers.Subtract()([A, A, A]), ValueError, "Subtract: expected a list of two, given 3"),
    (lambda: layers.Concatenate(2)([A, A]), ValueError, r"Concatenate: expected an axis in 1 .. 1, given 2"),
    (lambda: layers.Concatenate(axis=0), ValueError, "Concatenate: expected an axis behind that of the batch"),
    (lambda: layers.concatenate([Input((3, 4)), Input((3, 5))], axis=1), ValueError, "alike in all axes but 1, given"),
    (lambda: Sequential([Input((4,)), layers.Add()]), ValueError, "add: expected a list of two or more"),
    (lambda: Model([A, B], Dense(3)(A)), NotImplementedError, "functional: given 2 inputs, which is not in loopnet"),
    (lambda: Model(A, layers.add([A, B])), ValueError, "made by Add>, made of Input.* are not"),
    (lambda: Model(A, SHARED(SHARED(A))), NotImplementedError, "the layer shared is called on two things in it"),
    (lambda: Model(A, Dense(3)(B), name="m"), ValueError, "m: the outputs .*, made of Input.*, are not made from"),
    (lambda: Model(A, A), ValueError, "are not made from the inputs"),
    (lambda: Model(A), ValueError, "expected outputs as an Input or what a layer made of one, given None"),
    (lambda: Model(A, []), ValueError, "expected outputs .*given None"),
    (lambda: Model(X, Dense(3)(A)), ValueError, "expected inputs as an Input"),
    (lambda: type("MyNet", (Model,), {}), NotImplementedError, "MyNet: subclasses of Model are not in loopnet"),
    (lambda: Conv2D(3, 3)(A), ValueError, r"Conv2D: expected input of shape \(batch, height, width, channels\)"),
    (lambda: Dropout(0.5)(A, training=True), NotImplementedError, "Dropout: training=True is not in loopnet"),
    (lambda: logits()(Input((8, 8, 1)), training=True), NotImplementedError, "training=True is not in loopnet"),
    (lambda: logits()(Input((9, 9, 1))), ValueError, r"flatten: it was built for .* \(8, 8, 1\), given \(9, 9, 1\)"),
    (lambda: np.asarray(Dense(4)(A)), NotImplementedError, "has no numbers yet: make a Model of it"),
    (lambda: activations.relu(Dense(4)(A))(X), TypeError, "not callable"),  # type: ignore[operator]
    (lambda: Dense(4).output, AttributeError, "Dense: it has no input and no output yet; put it in a model"),
    (lambda: Sequential([Dense(4)]).inputs, ValueError, "it has no input shape yet"),
    (lambda: Sequential()(A), ValueError, "sequential: it has no layers yet"),
    (lambda: Sequential(Dense(3)), ValueError, "expected a list of layers, given Dense"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("line", "error", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_what_is_not_there_is_refused_by_name(line, error, message):
    with pytest.raises(error, match=message):
        line()


# ---- models in models


def test_probabilities_behind_a_model_of_logits(tmp_path):
    """The last step of TensorFlow's two pages for beginners."""
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    probabilities = Sequential([model, Softmax()])
    for _ in range(2):  # what the one learns later, the other knows
        expected = softmax(model.predict(X))
        np.testing.assert_allclose(probabilities.predict(X), expected, rtol=1e-5)
        np.testing.assert_allclose(probabilities(X[:2]), expected[:2], rtol=1e-5)
        model.fit(X, Y, epochs=3, verbose=0)
    assert probabilities.layers[:3] == model.layers
    probabilities.save(tmp_path / "both")
    np.testing.assert_array_equal(load_model(tmp_path / "both").predict(X), probabilities.predict(X))


@pytest.mark.parametrize("call", [False, True])
def test_layers_in_a_sequential_of_their_own(call):
    """The augmentation of Keras's pages: a Sequential that has not seen any shape, in front of the network."""
    augmentation = Sequential([layers.RandomTranslation(0.2, 0.2), layers.RandomRotation(0.1)])
    head = [Rescaling(1 / 255), Conv2D(2, 3), Flatten(), Dense(3)]
    if call:
        inputs = Input((8, 8, 1))
        x = augmentation(inputs)
        for layer in head:
            x = layer(x)
        model = Model(inputs, x)
    else:
        model = Sequential([Input((8, 8, 1)), augmentation, *head])
    names = ["random_translation", "random_rotation", "rescaling", "conv2d", "flatten", "dense"]
    assert [layer.name for layer in model.layers][call:] == names
    model.compile("sgd", LOGITS)
    model.fit(X, Y, epochs=1, verbose=0)
    assert not np.array_equal(augmentation(X), X)  # called with nothing said it distorts, as Keras's do
    ends = augmentation.output, augmentation.layers[0].output
    for part in (augmentation, *(Model(augmentation.input, end) for end in ends)):
        np.testing.assert_array_equal(part(X, training=False), X)
        np.testing.assert_array_equal(part.predict(X, verbose=0), X)
        assert not np.array_equal(part(X), X)


def test_a_network_that_waits_for_its_shape_takes_it_from_a_layer_that_has_one():
    model = logits()
    first = Sequential(model.layers[:2])
    assert first.input_shape == (None, 8, 8, 1)
    expected = np.maximum(X.reshape(24, 64) @ model.layers[1].kernel, 0)
    np.testing.assert_allclose(first.predict(X), expected, rtol=1e-4, atol=1e-6)
    assert first.input is model.input


def adds(model, layer):
    before = list(model.layers), model._input
    try:
        model.add(layer)
    finally:
        assert (model.layers, model._input) == before


SHARED_BADLY = [
    (lambda: adds(named("x"), named("x")), r"named 'x' already; .* name: Dense\(\.\.\., name="),
    (lambda: adds(Sequential([Dense(9), Dense(9)]), named("dense_1")), "named 'dense_1' already"),
    (lambda: adds(Sequential([Input((9,))]), logits()), r"flatten: it was built for .* \(8, 8, 1\), given \(9,\)"),
    (lambda: adds(Sequential([Dense(9, name="x"), Flatten(name="y")]), Sequential([Dense(2, name="x")])), "named 'x'"),
    (lambda: adds(Sequential(dtype="float64"), logits()), "dense: its weights are float32, those of .* float64"),
    (lambda: adds(Sequential(), Sequential()), "given sequential, which has no layers yet"),
    (lambda: (lambda model: adds(model, model.layers[-1]))(logits()), "dense_1 is in it already; a network has"),
    (lambda: (lambda model: adds(model, model))(logits()), "flatten is in it already; a network has each layer once"),
]


@pytest.mark.parametrize(("line", "message"), SHARED_BADLY, ids=[m for _, m in SHARED_BADLY])
def test_a_model_that_does_not_fit_into_another_leaves_it_as_it_was(line, message):
    with pytest.raises(ValueError, match=message):
        line()
