"""Networks that branch (``loopnet/graph.py``, ``branches.py``): against Keras, and in every place that knows layers."""

import json
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from golden import branches as asked
from golden.check import golden

import loopnet
from loopnet import Model, Sequential, layers, models, plot
from loopnet.branches import Keep, Take
from loopnet.layers import Add, Conv2D, Dense, Flatten, Input
from loopnet.optimizers import SGD

GOLDEN = golden("branches")
KERAS = SimpleNamespace(layers=layers, Input=Input, Model=partial(Model, dtype="float64"))
SINGLE = SimpleNamespace(layers=layers, Input=Input, Model=partial(Model, seed=1))


@pytest.mark.parametrize("backend", ["literal", "parallel", "tuned"])
@pytest.mark.parametrize("name", asked.NETWORKS)
def test_networks_learn_as_in_keras(name, backend):
    found = asked.answers(loopnet, name, asked.NETWORKS[name](KERAS), SGD(asked.RATE, asked.MOMENTUM), backend=backend)
    assert sorted(found) == [key for key in sorted(GOLDEN) if key.startswith(f"{name}/")]
    for key, array in found.items():
        if not key.endswith("/shapes"):
            np.testing.assert_allclose(array, GOLDEN[key], rtol=1e-10, atol=1e-12, err_msg=key)
        elif name != "vectors":  # Keras lists no layers for arithmetic
            np.testing.assert_array_equal(array, GOLDEN[key])


def test_python_runs_them_too():
    for name in ("sequences", "vectors"):
        optimizer = SGD(asked.RATE, asked.MOMENTUM)
        found = asked.answers(loopnet, name, asked.NETWORKS[name](KERAS), optimizer, backend="python")
        np.testing.assert_allclose(found[f"{name}/after"], GOLDEN[f"{name}/after"], rtol=1e-10)


def trained(name, backend="tuned"):
    model = asked.NETWORKS[name](SINGLE)
    x, y = (array.astype(np.float32) for array in asked.data(name))
    model.compile("adam", asked.loss(loopnet, name), backend=backend)
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    return model, x, y


@pytest.mark.parametrize("name", asked.NETWORKS)
def test_files_texts_and_copies_hang_together_as_before(name, tmp_path):
    model, x, y = trained(name)
    expected = model.predict(x)
    model.save(tmp_path / "model")
    again = models.load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(x), expected)
    twins = [models.clone_model(model), models.model_from_json(model.to_json()), Model.from_config(model.get_config())]
    for twin in twins:
        twin.set_weights(model.get_weights())
        np.testing.assert_array_equal(twin.predict(x), expected)
        assert twin.get_config() == model.get_config()
    for each in (model, again):  # with what the optimiser remembers
        each.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.predict(x), again.predict(x))


@pytest.mark.parametrize("name", asked.NETWORKS)
def test_onnx_hangs_together_likewise(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model, x, _ = trained(name)
    model.export(tmp_path / "model.onnx")
    (outputs,) = runtime.InferenceSession(tmp_path / "model.onnx").run(None, {"images": x})
    np.testing.assert_allclose(outputs, model.predict(x), rtol=1e-4, atol=1e-6)


def residual(**kwargs):
    """conv, conv_1, add, re_lu, flatten, dense."""
    inputs = Input((6, 6, 1))
    x = Conv2D(2, 3, padding="same")(inputs)
    y = Conv2D(2, 3, padding="same", activation="relu")(x)
    x = layers.ReLU()(Add()([x, y]))
    return Model(inputs, Dense(3)(Flatten()(x)), **kwargs)


X = np.random.default_rng(0).random((5, 6, 6, 1), np.float32)
LOGITS = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)


def names(model):
    return [layer.name for layer in model.layers if not isinstance(layer, Input)]


def test_the_summary_says_who_takes_whose_outputs():
    lines: list[str] = []
    residual().summary(print_fn=lines.append)
    table = {line.split()[0]: line for line in lines}
    assert lines[2].rstrip().endswith("Param #   Connected to")
    assert table["conv2d"].rstrip().endswith("20   input_layer") and table["input_layer"].rstrip().endswith("0   -")
    assert table["add"].rstrip().endswith("0   conv2d, conv2d_1")
    chain: list[str] = []
    Sequential([Input((4,)), Dense(2)]).summary(print_fn=chain.append)
    assert "Connected" not in "".join(chain)


def test_what_each_layer_makes_can_be_looked_at():
    model = residual(seed=2)
    every: Any = Model(model.inputs, [layer.output for layer in model.layers])
    images, conv, conv_1, added, rectified, _, outputs = every.predict(X)
    np.testing.assert_array_equal(images, X)
    np.testing.assert_allclose(added, conv + conv_1, rtol=1e-6)
    np.testing.assert_array_equal(rectified, np.maximum(added, 0))
    np.testing.assert_allclose(outputs, model.predict(X), rtol=1e-4, atol=1e-6)
    assert every.output_shape == [layer.output_shape for layer in model.layers]
    two_heads: Any = Model(model.input, [Dense(1)(layer.output) for layer in model.layers[4:6]])
    assert [array.shape for array in two_heads.predict(X)] == [(5, 6, 6, 1), (5, 1)]
    with pytest.raises(NotImplementedError, match="a model with 2 outputs is for looking"):
        two_heads.compile("sgd", "mse")


def test_parts_and_wholes():
    """A part of a network, one on top of another, one called on what another made, one with layers put on it."""
    model = residual(seed=2)
    expected = model.predict(X)
    trunk = Model(model.input, model.get_layer("flatten").output)
    head = Model(trunk.output, model.output)
    assert names(trunk) == ["conv2d", "conv2d_1", "add", "re_lu", "flatten"]
    np.testing.assert_array_equal(head.predict(trunk.predict(X)), expected)
    stacked = Sequential([Input((6, 6, 1)), layers.Rescaling(0.5), model, layers.Softmax()])
    np.testing.assert_allclose(stacked.predict(2 * X), model_softmax(expected), rtol=1e-5)
    inputs = Input((6, 6, 1))
    called = Model(inputs, layers.Softmax()(model(layers.Rescaling(0.5)(inputs))))
    np.testing.assert_array_equal(called.predict(2 * X), stacked.predict(2 * X))
    trunk.add(Dense(2))
    assert trunk.predict(X).shape == (5, 2)
    top = trunk.layers[-1]
    assert trunk.pop() is top
    for _ in range(2):
        trunk.pop()
    before = trunk.predict(X)
    with pytest.raises(ValueError, match="branches end in its last layer"):
        trunk.pop()
    np.testing.assert_array_equal(trunk.predict(X), before)
    with pytest.raises(ValueError, match="the layer conv2d is in it already; a network has each layer once"):
        model.add(trunk)
    assert len(names(model)) == 6


def model_softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_a_softmax_behind_branches_is_joined_by_its_loss():
    inputs = Input((4,))
    x = Dense(4)(inputs)
    model = Model(inputs, Dense(3, activation="softmax")(layers.add([x, inputs])))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X[:, 0, :4, 0], np.arange(5) % 3, verbose=0)
    assert model._plan.softmax is model.layers[-1].activation  # type: ignore[attr-defined]
    np.testing.assert_allclose(model.predict(X[:, 0, :4, 0]).sum(axis=1), 1, rtol=1e-6)


def test_a_model_that_does_not_fit_leaves_the_other_as_it_was():
    model, other = residual(), Sequential([Input((9,)), Dense(4, name="add")])
    graph = dict(model._graph)
    with pytest.raises(ValueError, match="dense"):
        residual().add(Sequential([Input((9,)), Dense(2)]))
    with pytest.raises(ValueError, match="conv2d"):
        other.add(model)
    assert model._graph == graph and names(other) == ["add"] and list(other._graph) == other.layers


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_frozen_layers_stay_and_the_others_learn_as_before(backend):
    free, half = (residual(seed=2) for _ in range(2))
    half.get_layer("conv2d").trainable = False
    for model in (free, half):
        model.compile(SGD(0.1), LOGITS, backend=backend)
        model.train_on_batch(X, np.arange(5) % 3)
    start = residual(seed=2).get_weights()
    for number, (ours, theirs, first) in enumerate(zip(half.get_weights(), free.get_weights(), start, strict=True)):
        np.testing.assert_array_equal(ours, first if number < 2 else theirs)
        assert (theirs != first).any()


def test_the_way_back_leaves_out_what_nobody_learns_from():
    """Two pooled copies of the images meet in a convolution, beside one that learns: its gradients alone go down."""
    inputs = Input((6, 6, 1))
    learned = Conv2D(2, 3, padding="same")(inputs)
    smooth = layers.Add()([layers.AveragePooling2D(3, 1, "same")(inputs), layers.MaxPooling2D(3, 1, "same")(inputs)])
    outputs = Dense(3)(Flatten()(layers.Concatenate()([learned, Conv2D(2, 1)(smooth), smooth])))
    model = Model(inputs, outputs, seed=3)
    for backend in ("literal", "tuned"):
        model.compile(SGD(0.0), LOGITS, backend=backend)
        model.train_on_batch(X, np.arange(5) % 3)
        kinds = [type(stage).__name__ for stage in model._plan.trained]
        assert "AveragePooling2D" not in kinds and "MaxPooling2D" not in kinds and "Border" not in kinds
        assert not any(stage.kept.wanted for stage in model._plan.stages if isinstance(stage, Keep | Take)
                       and stage.kept.shape == (None, 6, 6, 1))  # fmt: skip


MERGING: list[Any] = [
    layers.Add, layers.Average, layers.Multiply, layers.Maximum, layers.Minimum, layers.Concatenate,
]  # fmt: skip
ONE_BY_ONE: list[Any] = [
    lambda: Conv2D(2, 3, padding="same"), lambda: Conv2D(3, 1, activation="tanh"), layers.BatchNormalization,
    lambda: layers.AveragePooling2D(3, 1, "same"), lambda: layers.Rescaling(0.5, 0.25), layers.Sigmoid,
    lambda: layers.MaxPooling2D(2, 1, "same"), lambda: Conv2D(2, 3, padding="same", trainable=False),
]  # fmt: skip


def at_random(seed):
    """Layers that take from any that came before, the images among them."""
    random = np.random.default_rng(seed)
    inputs = Input((4, 4, 2))
    made: list[Any] = [inputs]
    for _ in range(12):
        x = made[random.integers(len(made))]
        if random.random() < 0.4:
            alike = [y for y in made if y.shape == x.shape]
            several = [x, *(alike[random.integers(len(alike))] for _ in range(random.integers(1, 3)))]
            made.append(MERGING[random.integers(len(MERGING))]()(several))
        else:
            made.append(ONE_BY_ONE[random.integers(len(ONE_BY_ONE))]()(x))
    x = layers.Concatenate()([made[-1], *(made[number] for number in random.permutation(len(made))[:4])])
    return Model(inputs, Dense(3)(layers.GlobalAveragePooling2D()(x)), dtype="float64", seed=seed)


@pytest.mark.parametrize("seed", range(20))
def test_the_gradients_of_networks_at_random_are_their_slopes(seed):
    """One step of plain descent at a rate of 1 takes away the gradient; and the loss says what it is."""
    random = np.random.default_rng(100 + seed)
    x, y = random.standard_normal((3, 4, 4, 2)), np.arange(3)
    steps = []
    for backend in ("literal", "tuned"):
        model = at_random(seed)
        model.compile(SGD(1.0), LOGITS, backend=backend)
        learned = model.learned()[1]
        before = np.array(learned)
        model.train_on_batch(x, y)
        steps.append(before - learned)
    np.testing.assert_allclose(steps[0], steps[1], rtol=1e-9, atol=1e-12)
    model = at_random(seed)
    model.compile(SGD(0.0), LOGITS, backend="literal")
    learned = model.learned()[1]
    for place in random.permutation(learned.size)[:25]:
        slopes = []
        for nudge in (1e-5, -1e-5):
            learned[place] += nudge
            slopes.append(model.train_on_batch(x, y) / (2 * nudge))  # as in training: batch normalisation by the batch
            learned[place] -= nudge
        np.testing.assert_allclose(steps[0][place], sum(slopes), rtol=1e-5, atol=1e-8)


def test_arithmetic_is_the_layers_that_do_it():
    inputs = Input((3,))
    summed = Dense(3, use_bias=False, kernel_initializer="ones")(inputs)
    x = np.array([[1.0, -2.0, 4.0]], np.float32)
    y = np.full((1, 3), 3.0, np.float32)
    for outputs, expected in (
        (summed + inputs, y + x), (summed - inputs, y - x), (summed * inputs, y * x), (inputs / 4, x / 4),
        (inputs * 2, 2 * x), (2 * inputs, 2 * x), (inputs + 1, x + 1), (1 + inputs, x + 1), (inputs - 1, x - 1),
        (1 - inputs, 1 - x), (-inputs, -x), (np.float32(0.5) * inputs, x / 2),
    ):  # fmt: skip
        np.testing.assert_array_equal(Model(inputs, outputs).predict(x), expected)


def test_a_cell_sees_along_every_branch():
    inputs = Input((20, 20, 1))
    near = Conv2D(1, 3, padding="same")(inputs)
    far = Conv2D(1, 5, padding="same", dilation_rate=2)(inputs)
    model = Model(inputs, layers.Conv2D(1, 1)(layers.concatenate([near, far])), seed=1)
    assert plot.receptive_field(model, "conv2d", (10, 10)) == ((9, 12), (9, 12))
    assert plot.receptive_field(model, "conv2d_2", (10, 10)) == ((6, 15), (6, 15))
    model.compile("sgd", "mse")
    from loopnet.plot.receptive import sensitivity

    moved = sensitivity(model, "conv2d_2", (10, 10), np.random.default_rng(0).random((2, 20, 20, 1)))
    seen = np.argwhere(moved > 0)
    assert (seen.min(axis=0).tolist(), seen.max(axis=0).tolist()) == ([6, 6], [14, 14])


def test_the_picture_has_a_line_for_each_shortcut():
    figure = plot.plot_architecture(residual())
    (panel,) = figure.axes
    arrows = [text for text in panel.texts if text.get_text() == ""]
    assert len(arrows) == 6 + 1  # along the boxes, and one below them


def test_a_description_from_a_stranger_is_refused():
    text = json.loads(residual().to_json())
    for takes in (["conv2d", "nobody"], ["conv2d"], ["conv2d", None], "conv2d", [["conv2d"]]):
        next(one for one in text["config"]["layers"] if one["name"] == "add")["takes"] = takes
        with pytest.raises(ValueError, match="from_config: damaged architecture"):
            models.model_from_json(json.dumps(text))
