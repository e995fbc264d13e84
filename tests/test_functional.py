"""Networks put together in Keras's other ways: layers called on tensors, models in models, parts of models."""

import copy
import dataclasses
import threading
from typing import Any

import numpy as np
import pytest

import loopnet
from loopnet import activations, layers, losses
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Rescaling, Softmax
from loopnet.model import Sequential
from loopnet.models import Model, load_model

rng = np.random.default_rng(0)
X, Y = rng.random((24, 8, 8, 1), np.float32), rng.integers(0, 3, 24)
LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)


def stack():
    return [
        Rescaling(2.0), Conv2D(4, 3, activation="relu"), BatchNormalization(), MaxPooling2D(), Flatten(),
        Dropout(0.2), Dense(5, activation="tanh"), Dense(3, activation="softmax"),
    ]  # fmt: skip


def chain(stack, shape=(8, 8, 1)):
    """The input, and what the layers make of it."""
    x = inputs = Input(shape)
    for layer in stack:
        x = layer(x)
    return inputs, x


def logits(seed=1, **kwargs):
    model = Sequential([Input((8, 8, 1)), Flatten(), Dense(4, activation="relu"), Dense(3)], seed=seed, **kwargs)
    model.compile("adam", LOGITS)
    return model


def described(model):
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return lines[1:]


def assert_same(arrays, others):
    for a, b in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(a, b)


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


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


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


def named(name):
    return Sequential([Input((9,)), Dense(9, name=name)])


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


# ---- names


def halves(seed=1):
    """An encoder and a decoder, as the pages on stacked autoencoders have them."""
    encoder = Sequential([Input((6,)), Dense(5, activation="relu"), Dense(4)], "encoder", seed=seed)
    decoder = Sequential([Input((4,)), Dense(4), Dense(4), Dense(6, activation="sigmoid")], "decoder", seed=seed + 1)
    return encoder, decoder


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


# ---- layers in several models


def heads(seed=5):
    """Two classifiers on one trunk, with batch normalisation and dropout in it."""
    inputs, x = chain([Flatten(), Dense(6, activation="relu", name="trunk"), BatchNormalization(), Dropout(0.3)])
    models = [Model(inputs, Dense(3, name=f"head{i}")(x), seed=seed + i) for i in range(2)]
    choices: list[Any] = ["adam", loopnet.optimizers.SGD(0.1, momentum=0.9)]
    for model, optimizer in zip(models, choices, strict=True):
        model.compile(optimizer, LOGITS)
    return models


def test_two_that_share_layers_learn_in_turns_as_if_the_weights_were_carried_over():
    """Beside them, two that share nothing, and between them the trunk's weights are carried by hand."""
    shared, apart = heads(), [heads()[0], heads()[1]]
    apart[1].set_weights([*apart[0].get_weights()[:6], *shared[1].get_weights()[6:]])
    apart[0].set_weights(shared[0].get_weights())
    for turn in range(5):
        now = turn % 2
        apart[now].layers[-2].set_state(shared[now].layers[-2].get_state())
        for model in (shared[now], apart[now]):
            model.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False)
        apart[1 - now].set_weights([*apart[now].get_weights()[:6], *apart[1 - now].get_weights()[6:]])
        for model, other in zip(shared, apart, strict=True):
            assert_same(model.get_weights(), other.get_weights())
            np.testing.assert_array_equal(model.predict(X), other.predict(X))


def test_who_looks_in_the_middle_of_training_changes_nothing():
    quiet, watched, seen = heads()[0], heads()[0], []
    every = Model(watched.inputs, [layer.output for layer in watched.layers])
    trunk = Model(watched.inputs, watched.get_layer("trunk").output)

    class Look(loopnet.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            trunk.predict(X)

        def on_train_batch_end(self, batch, logs):
            seen.append((every.predict(X)[2], trunk.predict(X), watched.get_weights()))

    quiet.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    watched.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=Look())
    assert_same(quiet.get_weights(), watched.get_weights())
    assert len(seen) == 6
    for a, b, (w, bias, *_) in seen:  # each time as it was at that moment
        np.testing.assert_allclose(a, np.maximum(X.reshape(24, 64) @ w + bias, 0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)
    assert not np.allclose(seen[0][0], seen[-1][0])


@pytest.mark.parametrize("bound", [False, True])
def test_weights_set_in_one_are_those_of_the_other(bound):
    """Also in one that has not run yet, while the other is in the middle of its life."""
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    part = Model(model.inputs, model.layers[1].output)
    if bound:
        part.predict(X)
    part.set_weights([np.ones((64, 4)), np.zeros(4)])
    assert_same(model.get_weights()[:2], [np.ones((64, 4)), np.zeros(4)])
    model.fit(X, Y, epochs=1, verbose=0)
    learned = model.get_weights()
    assert not np.array_equal(learned[0], np.ones((64, 4)))
    assert_same(part.get_weights(), learned[:2])
    part.layers[2].set_weights([np.zeros((64, 4)), np.full(4, 2.0)])
    expected = np.full((1, 4), 2.0) @ learned[2] + learned[3]
    np.testing.assert_allclose(model.predict(X[:1]), expected, rtol=1e-5)


def test_those_that_share_layers_may_run_on_different_backends():
    model = logits()
    probabilities = Sequential([model, Softmax()])
    probabilities.compile("sgd", "sparse_categorical_crossentropy", backend="literal")
    for _ in range(2):
        model.fit(X, Y, epochs=1, verbose=0)
        probabilities.fit(X, Y, epochs=1, verbose=0)
        np.testing.assert_allclose(probabilities.predict(X), softmax(model.predict(X)), rtol=1e-5)


def test_a_metric_may_look_with_another_backend_between_two_batches():
    model, quiet = logits(), logits()
    probabilities = Sequential([model, Softmax()])
    probabilities.compile("sgd", "sparse_categorical_crossentropy", backend="literal")

    def looks(a, b):
        probabilities.predict(X)
        return np.zeros(len(a))

    model.compile("adam", LOGITS, metrics=[looks])
    for _ in range(2):
        assert model.evaluate(X, Y, batch_size=5, verbose=0) == [quiet.evaluate(X, Y, batch_size=5, verbose=0), 0]
        for each in (model, quiet):
            each.fit(X, Y, batch_size=5, epochs=2, verbose=0)
        assert_same(model.get_weights(), quiet.get_weights())


def test_who_looks_changes_nothing_either_where_a_step_is_one_function():
    class Step:
        """Stands for that of ``cuda_fused``: it keeps the vector that it was given."""

        def __init__(self, layers, loss, optimizer, values):
            self.values = values

        def __call__(self, x, targets, weight):
            self.values += 1
            return np.zeros((len(x), 3), np.float32), np.zeros(len(x), np.float32)

    model = logits()
    part = Model(model.inputs, model.layers[1].output)
    model.compile("sgd", LOGITS, backend=dataclasses.replace(loopnet.get_ops("literal"), train_step=Step))
    before = model.get_weights()
    look = loopnet.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: part.predict(X))
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=look)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_allclose(now, then + 6, rtol=1e-6)


def test_a_gradient_goes_down_to_layers_that_were_first_in_their_own_model():
    """A first layer is not asked for the gradient of its input; above others it is. Seen in the weights below it."""
    encoder = Sequential([Input((8, 8, 1)), Flatten(), Dense(4, name="below")], seed=1)
    decoder = Sequential([Input((4,)), Dense(3, name="above")], seed=2)
    decoder.compile("sgd", LOGITS)
    decoder.predict(np.zeros((1, 4)))
    both, twin = Sequential([encoder, decoder]), logits()
    twin = Sequential([Input((8, 8, 1)), Flatten(), Dense(4), Dense(3)])
    twin.set_weights(both.get_weights())
    for model in (both, twin):
        model.compile("sgd", LOGITS)
        model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    assert_same(both.get_weights(), twin.get_weights())
    np.testing.assert_allclose(decoder.predict(encoder.predict(X)), both.predict(X), rtol=1e-5, atol=1e-6)


def test_threads_take_turns_in_models_that_share_layers():
    quiet, model = heads()[0], heads()[0]
    trunk = Model(model.inputs, model.get_layer("trunk").output)
    quiet.fit(X, Y, epochs=8, verbose=0)
    stop = threading.Event()

    def look():
        while not stop.is_set():
            trunk.predict(X)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        model.fit(X, Y, epochs=8, verbose=0)
    finally:
        stop.set()
        looking.join()
    assert_same(model.get_weights(), quiet.get_weights())


def test_a_copy_shares_nothing():
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    other, before = copy.deepcopy(model), model.get_weights()
    other.fit(X, Y, epochs=1, verbose=0)
    assert_same(model.get_weights(), before)
    assert not np.array_equal(other.get_weights()[0], before[0])


# ---- looking inside


@pytest.mark.parametrize("batch_size", [5, 24, None])
def test_the_outputs_of_every_layer(batch_size):
    model = Sequential([Input((8, 8, 1)), *stack()])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=1, verbose=0)
    every = Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
    made = every.predict(X, batch_size=batch_size)
    assert [m.shape[1:] for m in made] == [layer.output_shape[1:] for layer in model.layers]
    assert list(every.output_shape) == [layer.output_shape for layer in model.layers]
    assert [tensor.shape for tensor in every.output] == list(every.output_shape)
    np.testing.assert_allclose(made[0], 2 * X, rtol=1e-6)
    np.testing.assert_array_equal(made[4], made[3].reshape(24, -1))
    np.testing.assert_array_equal(made[5], made[4])
    w, b = model.layers[6].get_weights()
    np.testing.assert_allclose(made[6], np.tanh(made[5] @ w + b), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(made[7], model.predict(X), rtol=1e-4, atol=1e-6)
    for layer, expected in zip(model.layers, made, strict=True):
        one = Model(model.input, layer.output)
        np.testing.assert_allclose(one.predict(X), expected, rtol=1e-4, atol=1e-6)
    last, first = Model(model.input, [model.output, model.layers[0].output])(X)
    assert (last.shape, first.shape) == ((24, 3), (24, 8, 8, 1))


@pytest.mark.parametrize("what", ["compile", "fit", "evaluate", "train_on_batch", "save", "export", "pop"])
def test_several_outputs_are_for_looking(what):
    model = logits()
    every = Model(model.inputs, [layer.output for layer in model.layers])
    with pytest.raises(NotImplementedError, match="functional: a model with 3 outputs is for looking: predict"):
        getattr(every, what)()
    with pytest.raises(ValueError, match=r"predict: expected .*8, 8, 1\), given \(24, 8\)"):
        every.predict(X[..., 0, 0])


def test_a_model_may_begin_behind_a_layer():
    """Keras's first autoencoder, whose halves are models of their own."""
    inputs, codes = chain([Flatten(), Dense(4, activation="relu", name="codes")])
    outputs = Dense(3, name="out")(codes)
    model, encoder, decoder = Model(inputs, outputs), Model(inputs, codes), Model(codes, outputs)
    model.compile("adam", LOGITS)
    model.fit(X, Y, epochs=2, verbose=0)
    assert (encoder.output_shape, decoder.input_shape) == ((None, 4), (None, 4))
    np.testing.assert_allclose(decoder.predict(encoder.predict(X)), model.predict(X), rtol=1e-5, atol=1e-6)
    again = Model(inputs, decoder(encoder(inputs)))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.layers == model.layers


# ---- the last layer off


def test_the_last_layer_is_taken_off():
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    w, b, *_ = model.get_weights()
    assert model.pop().name == "dense_1"
    np.testing.assert_allclose(model.predict(X), np.maximum(X.reshape(24, 64) @ w + b, 0), rtol=1e-4, atol=1e-6)
    model.add(Dense(2))
    assert model.layers[-1].name == "dense_1"
    model.fit(X, Y % 2, epochs=1, verbose=0)  # with new memory in the optimizer, for another number of weights
    assert {slot.size for slot in model.optimizer.state.values()} == {model.count_params()}
    assert model.optimizer.iterations == 1
    waiting = Sequential([Dense(2), Dense(3)])
    waiting.pop()
    waiting.pop()
    with pytest.raises(ValueError, match="sequential: it has no layer to take off"):
        waiting.pop()


def test_outputs_by_name():
    """As Keras's guides look inside a network."""
    model = Sequential([Input((8, 8, 1)), Conv2D(2, 3, name="maps"), Flatten(), Dense(3)], seed=1)
    named = Model(model.inputs, {layer.name: layer.output for layer in model.layers})
    several = Model(model.inputs, [layer.output for layer in model.layers]).predict(X)
    answers: Any
    for answers in (named.predict(X), named(X)):
        assert list(answers) == ["maps", "flatten", "dense"] == list(named.output)
        for ours, theirs in zip(answers.values(), several, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    alone = Model(model.inputs, {"maps": model.layers[0].output})
    np.testing.assert_allclose(alone.predict(X)["maps"], several[0], rtol=1e-5, atol=1e-6)
    with pytest.raises(NotImplementedError, match="with 1 outputs by name is for looking"):
        alone.fit(X, Y)


def test_a_base_that_does_the_same_in_training_may_be_called_as_not_in_training():
    """``base(inputs, training=False)``, as Keras's guide to transfer learning calls it."""
    base = Sequential([Input((8, 8, 1)), Conv2D(2, 3, activation="relu")], seed=1)
    base.trainable = False
    inputs = Input((8, 8, 1))
    model = Model(inputs, Dense(3)(Flatten()(base(inputs, training=False))))
    assert len(model.trainable_weights) == 2 and len(model.weights) == 4
    np.testing.assert_array_equal(Flatten()(base.predict(X)), Model(inputs, model.layers[2].output).predict(X))
