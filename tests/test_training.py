"""What trains a network: losses, weights of images, optimisers, schedules, metrics; Keras's answers are in golden."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gradients import TOLERANCE, central_differences, relative_error

from loopnet import losses, metrics, optimizers, schedules, utils
from loopnet.callbacks import BackupAndRestore
from loopnet.layers import Dense, Input, ReLU, Softmax
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops
from loopnet.optimizers import SGD

with np.load(Path(__file__).parent / "golden/training.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)

LOSSES = {
    "categorical": losses.CategoricalCrossentropy(),
    "categorical smoothed": losses.CategoricalCrossentropy(label_smoothing=0.2),
    "categorical logits": losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
    "binary": losses.BinaryCrossentropy(),
    "binary logits": losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2),
    "squared": losses.MeanSquaredError(),
    "absolute": losses.MeanAbsoluteError(),
    "huber": losses.Huber(0.5),
    "hinge": losses.Hinge(),
    "squared hinge": losses.SquaredHinge(),
    "log cosh": losses.LogCosh(),
    "divergence": losses.KLDivergence(),
    "poisson": losses.Poisson(),
    "percentage": losses.MeanAbsolutePercentageError(),
    "logarithmic": losses.MeanSquaredLogarithmicError(),
    "cosine": losses.CosineSimilarity(),
    "categorical hinge": losses.CategoricalHinge(),
}
OF_NUMBERS = (
    "squared", "absolute", "huber", "hinge", "squared hinge", "log cosh", "percentage", "logarithmic", "cosine",
    "categorical hinge",
)  # fmt: skip

each_rung = pytest.mark.parametrize("backend", BACKENDS)


def run_loss(loss, backend, outputs, labels, weight):
    """(losses, gradient) on a rung, in float64."""
    ops, shape = get_ops(backend), outputs.shape
    of_images, gradient = ops.empty(shape[:1], np.dtype(float)), ops.empty(shape, np.dtype(float))
    targets = loss.smooth(loss.encode(labels, shape[1]))
    loss.on_batch(ops, ops.pack(outputs), ops.pack(targets), ops.pack(weight), of_images, gradient)
    return ops.to_host(of_images, shape[:1]), ops.to_host(gradient, shape)


@each_rung
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_are_keras_s(backend, name):
    outputs = GOLDEN["logits" if "logits" in name or name in OF_NUMBERS else "probabilities"]
    got = run_loss(LOSSES[name], backend, outputs, GOLDEN["targets"], GOLDEN["weight"])
    for values, what in zip(got, ("losses", "gradient"), strict=True):
        # Keras takes some of its means in float32, whatever it is told
        np.testing.assert_allclose(values, GOLDEN[f"{name}/{what}"], rtol=2e-7, atol=1e-12, err_msg=what)


@each_rung
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_of_losses_are_differences(backend, name):
    random = np.random.default_rng(1)
    outputs, labels = random.uniform(0.1, 0.9, size=(3, 4)), np.eye(4)[[0, 2, 2]]
    weight = random.uniform(size=3)
    _, gradient = run_loss(LOSSES[name], backend, outputs, labels, weight)
    numeric = central_differences(lambda: run_loss(LOSSES[name], backend, outputs, labels, weight)[0] @ weight, outputs)
    assert relative_error(gradient, numeric) < TOLERANCE


@each_rung
def test_an_image_of_weight_0_passes_no_gradient_even_without_probabilities(backend):
    """As the empty lanes of a block: after a ReLU all outputs can be 0, and 0 / 0 is no probability."""
    for name in LOSSES:
        values, gradient = run_loss(LOSSES[name], backend, np.zeros((1, 4)), np.eye(4)[:1], np.zeros(1))
        assert not gradient.any(), name


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        ("binary_crossentropy", [[0.5, 2]], "numbers 0 to 1, given 0.5 to 2"),
        ("binary_crossentropy", [0, 1], r"shape \(None, 2\), given \(2,\)"),
        ("mse", [[np.nan, 1]], "finite"),
        ("mean_squared_error", [["a", "b"]], "expected numbers"),
    ],
)
def test_labels_that_cannot_be(loss, labels, message):
    with pytest.raises(ValueError, match=message):
        losses.get(loss).encode(labels, 2)


@pytest.mark.parametrize(("labels", "rows"), [([False, True], [[1, 0], [0, 1]]), ([[True], [True]], [[0, 1], [0, 1]])])
def test_false_is_class_0_and_true_class_1(labels, rows):
    """As in Keras."""
    assert losses.get("sparse_categorical_crossentropy").encode(np.array(labels), 2).tolist() == rows
    assert utils.to_categorical(np.array(labels)).tolist() == rows
    with pytest.raises(ValueError, match="expected class numbers 0 to 0, given .* to 1"):
        losses.get("sparse_categorical_crossentropy").encode(np.array(labels), 1)


def test_losses_and_metrics_by_keras_s_short_names():
    for name in ("bce", "BCE"):
        assert type(losses.get(name)) is losses.BinaryCrossentropy
    for given in ("mae", "MAE", "mean_absolute_error", losses.mae, losses.mean_absolute_error):
        assert type(losses.get(given)) is losses.MeanAbsoluteError
    for given in ("huber", losses.huber):
        assert losses.get(given).config() == {"name": "Huber", "delta": 1.0}
    for name, expected in (("MAE", metrics.MeanAbsoluteError), ("MSE", metrics.MeanSquaredError)):
        assert type(metrics.get(name)) is expected and metrics.get(name).name == name  # as in Keras's history
    for name in ("bce", "BCE"):
        assert isinstance(metrics.get(name), metrics.BinaryCrossentropy)


def test_wrong_losses():
    with pytest.raises(ValueError, match="unknown loss 'squares'; expected one of categorical_crossentropy"):
        losses.get("squares")
    with pytest.raises(NotImplementedError, match="tversky is not in loopnet: the losses are cross-entropies"):
        losses.get("tversky")
    with pytest.raises(ValueError, match="expected a name or an object of loopnet.losses, given <class 'float'>"):
        losses.get(float)
    with pytest.raises(ValueError, match="label_smoothing: expected at least 0 and below 1"):
        losses.CategoricalCrossentropy(label_smoothing=1)


# ---- how a loss meets the end of a network


def small(*last, seed=0, units=3):
    return Sequential([Input((5,)), Dense(units), *last], dtype="float64", seed=seed)


X = np.random.default_rng(2).standard_normal((7, 5))
Y = np.array([0, 1, 2, 0, 1, 2, 1])


def test_softmax_and_loss_together_are_the_loss_from_logits():
    probabilities, logits = small(Softmax()), small()
    probabilities.compile(SGD(0.1), "sparse_categorical_crossentropy")
    logits.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True))
    assert probabilities.train_on_batch(X, Y) == logits.train_on_batch(X, Y)
    for a, b in zip(probabilities.get_weights(), logits.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert probabilities.loss is not None and not probabilities.loss.from_logits  # as asked for, and as saved


@each_rung
def test_other_outputs_are_taken_for_probabilities_as_in_keras(backend):
    """After a ReLU, say: divided by their sum, and clipped."""
    model = small(ReLU())
    model.compile(SGD(0.1), "sparse_categorical_crossentropy", backend=backend)
    model.set_weights([np.abs(w) + 0.1 for w in model.get_weights()])
    x = np.abs(X)
    p = model.predict(x)
    expected = -np.log((p / p.sum(axis=1, keepdims=True))[np.arange(7), Y]).mean()
    first = model.evaluate(x, Y, verbose=0)
    assert first == pytest.approx(expected, rel=1e-10)
    for _ in range(20):
        model.train_on_batch(x, Y)
    assert np.isfinite(last := model.evaluate(x, Y, verbose=0)) and last < first


def test_weighted_sums_are_no_probabilities_and_probabilities_no_logits():
    small().compile("sgd", "mse")
    for loss in ("sparse_categorical_crossentropy", "binary_crossentropy"):
        with pytest.raises(ValueError, match="dense: .* expects probabilities, given logits; end in activation"):
            small().compile("sgd", loss)
    with pytest.raises(ValueError, match="expects logits, given probabilities"):
        small(Softmax()).compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))


@each_rung
def test_squared_error_of_probabilities_is_evaluated_after_the_softmax(backend):
    model = small(Softmax())
    model.compile("sgd", "mse", backend=backend)
    labels = np.eye(3)[Y]
    expected = ((model.predict(X) - labels) ** 2).mean()
    assert model.evaluate(X, labels, verbose=0) == pytest.approx(expected, rel=1e-10)


@each_rung
@pytest.mark.parametrize(
    "loss", ["mse", "mae", losses.Huber(0.5), "hinge", "log_cosh", losses.BinaryCrossentropy(from_logits=True)]
)
def test_one_output_learns(backend, loss):
    model = small(units=1)
    model.compile(SGD(0.1), loss, metrics=["accuracy", "mae"], backend=backend)
    labels = (X[:, 0] > 0).astype(float)
    first = model.train_on_batch(X, labels)
    for _ in range(300):
        last = model.train_on_batch(X, labels)
    assert last[0] < first[0] / 2 and last[1] == 1


# ---- weights of images and classes


@each_rung
def test_weights_are_repetitions(backend):
    """An image of weight 2 counts as if it stood there twice."""
    weighted, repeated = small(), small()
    for model in (weighted, repeated):
        model.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    weights = np.array([2, 0, 1, 1, 2, 1, 0])
    order = np.repeat(np.arange(7), weights)
    assert order.size == 7
    loss = weighted.train_on_batch(X, Y, sample_weight=weights)
    assert loss == pytest.approx(repeated.train_on_batch(X[order], Y[order]), rel=1e-12)
    for a, b in zip(weighted.get_weights(), repeated.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    assert weighted.evaluate(X, Y, 3, 0, weights) == pytest.approx(weighted.evaluate(X[order], Y[order], 3, 0))


def test_class_weight_is_the_weight_of_its_images():
    by_class, by_image = small(seed=3), small(seed=3)
    for model in (by_class, by_image):
        model.compile(SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True))
    options = {"batch_size": 3, "epochs": 2, "verbose": 0, "validation_split": 0.3}
    a = by_class.fit(X, Y, class_weight={1: 5.0}, **options)
    b = by_image.fit(X, Y, sample_weight=np.where(Y == 1, 5.0, 1.0), **options)
    assert a.history["loss"] == b.history["loss"]
    # the images held out carry their weights too in sample_weight's case, and in class_weight's as well
    assert a.history["val_loss"] == b.history["val_loss"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_weight": np.ones(3)}, r"expected sample_weight of shape \(7,\), given \(3,\)"),
        ({"sample_weight": -np.ones(7)}, "finite weights, at least 0"),
        ({"class_weight": {3: 1.0}}, "expected classes 0 to 2, given 3"),
        ({"class_weight": {0: "a"}}, "class_weight: class 0: expected a number, given 'a'"),
        ({"class_weight": "balanced"}, "expected a dictionary, as in {0: 1.0, 1: 2.5}, given 'balanced'$"),
        ({"class_weight": np.ones(3)}, r"given a ndarray; make one with dict\(enumerate\(class_weight\)\)"),
        ({"class_weight": [1, 1, 1]}, "expected a dictionary, .*, given a list; make one"),
        ({"class_weight": {0: 1.0}, "sample_weight": np.ones(7)}, "given both"),
    ],
)
def test_weights_that_cannot_be(options, message):
    model = small(Softmax())
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, verbose=0, **options)


# ---- optimisers and schedules


@each_rung
def test_adamw_walks_as_pytorch_s(backend):
    ops = get_ops(backend)
    optimizer = optimizers.AdamW(0.01, weight_decay=0.3)
    w = ops.asarray(GOLDEN["adamw/before"].copy())
    optimizer.bind(ops, w.size, np.dtype(float))
    for gradient in GOLDEN["adamw/gradients"]:
        optimizer.step(ops, w, ops.asarray(gradient.copy()))
    np.testing.assert_allclose(np.asarray(w), GOLDEN["adamw/after"], rtol=1e-12)


WALKS: dict[str, Callable[[], optimizers.Optimizer]] = {
    "nadam": optimizers.Nadam, "adamax": optimizers.Adamax, "adagrad": optimizers.Adagrad,
    "adadelta": optimizers.Adadelta, "adadelta of old": lambda: optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-4),
    "clipvalue": lambda: SGD(0.1, clipvalue=0.5), "clipnorm": lambda: SGD(0.1, clipnorm=1),
    "global_clipnorm": lambda: SGD(0.1, global_clipnorm=1.5),
}  # fmt: skip


@each_rung
@pytest.mark.parametrize("name", WALKS)
def test_optimisers_walk_as_keras_s(backend, name):
    """Weights of two arrays, of 3 and 4. Halfway they go on in another optimiser, from what the first remembered."""
    ops, before, gradients = get_ops(backend), GOLDEN["walk/before"], GOLDEN["walk/gradients"]
    optimizer, w = WALKS[name](), ops.asarray(before.copy())
    optimizer.bind(ops, w.size, np.dtype(float), sizes=[3, 4])
    for i, gradient in enumerate(gradients):
        if i == len(gradients) // 2:
            second = optimizers.get(optimizer.config())
            second.iterations = optimizer.iterations
            second.bind(ops, w.size, np.dtype(float), optimizer.state, sizes=[3, 4])
            optimizer = second
        optimizer.step(ops, w, ops.asarray(gradient.copy()))
    # Keras takes some of its norms in float32, whatever it is told
    tolerance = 1e-6 if "clipnorm" in name else 1e-11
    walked = GOLDEN[f"walk/{name}"] - before
    np.testing.assert_allclose(np.asarray(w) - before, walked, rtol=tolerance, atol=tolerance * np.abs(walked).max())


def test_nadam_s_momentum_after_a_long_time():
    """The product of all momenta, which Keras keeps and multiplies on, follows from the number of steps."""
    product = 1.0
    for step in range(1, 3001):
        product *= 0.999 * (1 - 0.5 * 0.96**step)
        if step in (1, 2, 999, 1000, 1001, 3000):
            assert optimizers._momenta(0.999, step) == pytest.approx(product, rel=1e-10)


@pytest.mark.parametrize("clip", optimizers.clipping.NAMES)
def test_a_network_s_gradients_are_clipped_array_by_array_or_all_together(clip):
    """By hand from the gradients of a twin; 1,200 weights are two shares, and the sums have no order but one."""
    x = np.random.default_rng(0).standard_normal((6, 200))
    steps = {}
    for backend in ("literal", "parallel", "tuned"):
        model, twin = (
            Sequential([Input((200,)), Dense(6, activation="tanh"), Dense(3)], seed=2, dtype="float64") for _ in "ab"
        )
        model.compile(optimizers.get({"name": "SGD", "learning_rate": 1, clip: 0.01}), LOGITS, backend=backend)
        twin.compile(SGD(1), LOGITS, backend=backend)
        before = model.get_weights()
        for each in (model, twin):
            each.train_on_batch(x, np.arange(6) % 3)
        gradients = [w - after for w, after in zip(before, twin.get_weights(), strict=True)]
        if clip == "clipvalue":
            expected = [gradient.clip(-0.01, 0.01) for gradient in gradients]
        elif clip == "clipnorm":
            expected = [gradient * min(1, 0.01 / np.linalg.norm(gradient)) for gradient in gradients]
        else:
            norm = np.linalg.norm(np.concatenate([gradient.reshape(-1) for gradient in gradients]))
            expected = [gradient * 0.01 / norm for gradient in gradients]
        steps[backend] = [w - after for w, after in zip(before, model.get_weights(), strict=True)]
        for step, want in zip(steps[backend], expected, strict=True):
            np.testing.assert_allclose(step, want, rtol=1e-9, atol=1e-15)
    for ours, theirs in zip(steps["literal"], steps["parallel"], strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "make",
    [
        optimizers.Nadam, optimizers.Adamax, optimizers.Adagrad, lambda: optimizers.Adadelta(1.0),
        lambda: optimizers.Adam(clipnorm=0.01), lambda: optimizers.RMSprop(clipvalue=1e-3),
    ],
)  # fmt: skip
def test_training_goes_on_from_a_file_bit_for_bit(make, tmp_path):
    whole, cut, resumed, fresh = (network(5) for _ in range(4))
    for model in (whole, cut, resumed, fresh):
        model.compile(make(), LOGITS)
    whole.fit(X, Y, epochs=4, shuffle=False, verbose=0)
    backup = BackupAndRestore(tmp_path / "run", delete_checkpoint=False)
    cut.fit(X, Y, epochs=2, shuffle=False, verbose=0, callbacks=[backup])
    resumed.fit(X, Y, epochs=4, shuffle=False, verbose=0, callbacks=[BackupAndRestore(tmp_path / "run")])
    assert_same_weights(resumed, whole)
    cut.save(tmp_path / "model.safetensors")
    again = Sequential.load(tmp_path / "model.safetensors")
    again.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert again.optimizer is not None and cut.optimizer is not None
    assert again.optimizer.config() == cut.optimizer.config()
    assert_same_weights(again, whole)
    fresh.set_weights(cut.get_weights())  # which alone do not do it
    fresh.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert any((a != b).any() for a, b in zip(fresh.get_weights(), whole.get_weights(), strict=True))


SCHEDULES = {
    "exponential": schedules.ExponentialDecay(0.1, 10, 0.5),
    "staircase": schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True),
    "cosine": schedules.CosineDecay(0.1, 20, alpha=0.1),
    "warmup": schedules.CosineDecay(0.01, 20, warmup_target=0.1, warmup_steps=10),
    "piecewise": schedules.PiecewiseConstantDecay([7, 20], [0.1, 0.01, 0.001]),
    "inverse time": schedules.InverseTimeDecay(0.1, 10, 0.5),
    "inverse staircase": schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
    "polynomial": schedules.PolynomialDecay(0.1, 20, 0.01, power=2.0),
    "polynomial cycles": schedules.PolynomialDecay(0.1, 10, 0.01, power=0.5, cycle=True),
    "restarts": schedules.CosineDecayRestarts(0.1, 8, t_mul=1.5, m_mul=0.5, alpha=0.1),
    "restarts alike": schedules.CosineDecayRestarts(0.1, 8, t_mul=1.0),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_keras_s(name):
    rates = [SCHEDULES[name](int(step)) for step in GOLDEN["steps"]]
    np.testing.assert_allclose(rates, GOLDEN[f"schedule/{name}"], rtol=1e-6, atol=1e-9)
    again = schedules.get(SCHEDULES[name].config())
    assert [again(int(step)) for step in GOLDEN["steps"]] == rates


def test_a_schedule_sets_the_rate_of_each_step_and_is_saved(tmp_path):
    rates = schedules.PiecewiseConstantDecay([0, 1], [1.0, 0.5, 0.25])
    optimizer, ops = SGD(rates), get_ops("literal")
    w, gradient = np.zeros(1), np.ones(1)
    optimizer.bind(ops, 1, np.dtype(float))
    walked = []
    for _ in range(4):
        optimizer.step(ops, w, gradient)
        walked.append(w[0])
    assert walked == [-1.0, -1.5, -1.75, -2.0]
    assert optimizer.learning_rate == 0.25
    optimizer.learning_rate = 0.125  # and can be taken over by hand
    assert optimizer.config()["learning_rate"] == 0.125

    model = small()
    model.compile(SGD(rates), "mse")
    model.train_on_batch(X, np.eye(3)[Y])
    model.save(tmp_path / "model.safetensors")
    loaded = Sequential.load(tmp_path / "model.safetensors")
    assert loaded.optimizer is not None and loaded.optimizer.learning_rate == 0.5
    assert model.optimizer is not None and loaded.optimizer.config() == model.optimizer.config()


def test_wrong_rates():
    for rate in (-1, float("nan"), "fast"):
        with pytest.raises(ValueError, match="SGD: expected a learning_rate of at least 0"):
            SGD(rate)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rising boundaries and one value more"):
        schedules.PiecewiseConstantDecay([5, 3], [1, 2, 3])
    with pytest.raises(ValueError, match=r"expected an object: Adam\(\)"):
        optimizers.get(optimizers.Adam)


# ---- an optimiser and whose parameters it steps: its loops do not look how long its vectors are


def network(width):
    return Sequential([Input((5,)), Dense(width, activation="relu"), Dense(3)], seed=1)


LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)
EVERY_OPTIMIZER: dict[str, Callable[[], optimizers.Optimizer]] = {
    "sgd": lambda: SGD(0.1, momentum=0.9), "rmsprop": optimizers.RMSprop, "adam": optimizers.Adam,
    "adamw": optimizers.AdamW, "nadam": optimizers.Nadam, "adamax": optimizers.Adamax,
    "adagrad": optimizers.Adagrad, "adadelta": optimizers.Adadelta,
}  # fmt: skip


def assert_same_weights(a, b):
    for ours, theirs in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
@each_rung
def test_a_step_of_another_size_is_refused_before_its_loop_runs(backend, name):
    ops, optimizer = get_ops(backend), EVERY_OPTIMIZER[name]()
    w, gradient = ops.asarray(np.ones(8)), ops.asarray(np.ones(8))
    with pytest.raises(ValueError, match="bound to 0 parameters, given 8"):
        optimizer.step(ops, w, gradient)
    optimizer.bind(ops, 5, np.dtype(float))
    with pytest.raises(ValueError, match="bound to 5 parameters, given 8"):
        optimizer.step(ops, w, gradient)
    with pytest.raises(ValueError, match=r"expected shape \(8,\), given \(5,\)"):
        optimizer.bind(ops, 8, np.dtype(float), optimizer.state)
    assert np.asarray(w).tolist() == [1] * 8 and optimizer.iterations == 0


@pytest.mark.parametrize("width", [5, 40])  # of the same size it would not crash: it would go on with another's moments
@each_rung
def test_an_optimizer_that_has_trained_one_model_trains_no_other(backend, width):
    optimizer, first, second = optimizers.Adam(), network(5), network(width)
    first.compile(optimizer, LOGITS, backend=backend)
    first.fit(X, Y, verbose=0)
    state = {slot: np.array(vector) for slot, vector in optimizer.state.items()}
    with pytest.raises(ValueError, match=r"Adam: this optimizer belongs to .* another model.*make a new one"):
        second.compile(optimizer, LOGITS, backend=backend)
    assert second.optimizer is None and second.loss is None
    waits = Sequential([Dense(3)])  # for the shape of its input
    with pytest.raises(ValueError, match="another model"):
        waits.compile(optimizer, LOGITS, backend=backend)
    for slot, vector in state.items():
        np.testing.assert_array_equal(optimizer.state[slot], vector)
    first.fit(X, Y, verbose=0)
    assert optimizer.iterations == 2
    second.compile(optimizers.Adam(), LOGITS, backend=backend)
    second.fit(X, Y, verbose=0)


@pytest.mark.parametrize("width", [5, 40])
def test_until_its_first_step_an_optimizer_may_change_hands(width, tmp_path):
    """A cell of a notebook is run twice: the first model is forgotten, or was only looked at."""
    optimizer, first, second, alone = SGD(0.1, momentum=0.9), network(5), network(width), network(width)
    first.compile(optimizer, LOGITS)
    second.compile(optimizer, LOGITS)
    first.set_weights(first.get_weights())  # which binds again
    second.fit(X, Y, epochs=2, verbose=0)
    alone.compile(SGD(0.1, momentum=0.9), LOGITS)
    alone.fit(X, Y, epochs=2, verbose=0)
    assert_same_weights(second, alone)

    weights = first.get_weights()
    for train in (first.fit, first.train_on_batch):
        with pytest.raises(ValueError, match="another model"):
            train(X, Y)
    first.set_weights(weights)
    first.predict(X)
    first.save(tmp_path / "model.safetensors")  # without what the optimiser knows of the other's variables
    assert Sequential.load(tmp_path / "model.safetensors").optimizer is None
    second.fit(X, Y, verbose=0)
    first.compile("sgd", LOGITS)
    first.fit(X, Y, verbose=0)


@pytest.mark.parametrize("epochs", [0, 2])
@each_rung
def test_a_model_that_grows_after_compile_trains_with_a_fresh_state(backend, epochs, tmp_path):
    model = Sequential([Input((5,)), Dense(5, activation="relu")], seed=3)
    model.compile("adam", "mse", backend=backend)
    if epochs:
        model.fit(X, np.ones((len(X), 5)), epochs=epochs, verbose=0)
    model.add(Dense(300, activation="relu"))
    model.add(Dense(1))
    twin = Sequential([Input((5,)), Dense(5, activation="relu"), Dense(300, activation="relu"), Dense(1)])
    twin.set_weights(model.get_weights())
    twin.compile("adam", "mse", backend=backend)
    model.save(tmp_path / "grown.safetensors")  # before anyone has asked for its numbers
    loaded = Sequential.load(tmp_path / "grown.safetensors", backend)
    for each in (model, twin, loaded):
        each.fit(X, Y, epochs=2, shuffle=False, verbose=0)
        assert each.optimizer is not None
        assert {slot: len(v) for slot, v in each.optimizer.state.items()} == dict.fromkeys(("m", "v"), 2131)
        assert each.optimizer.iterations == 2
    assert_same_weights(model, twin)
    assert_same_weights(loaded, twin)


def test_the_same_model_compiled_again_goes_on_with_its_optimizer():
    whole, cut = network(5), network(5)
    for model in (whole, cut):
        model.compile("adam", LOGITS, backend="literal")
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert cut.optimizer is not None
    cut.compile(cut.optimizer, LOGITS, metrics=["accuracy"], backend="literal")
    for model in (whole, cut):
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert_same_weights(whole, cut)


def test_a_model_and_its_copy_share_no_optimizer():
    model = network(5)
    model.compile("adam", LOGITS, backend="literal")
    model.fit(X, Y, verbose=0)
    before, other = model.get_weights(), copy.deepcopy(model)
    assert other.optimizer is not None and model.optimizer is not None
    other.compile(other.optimizer, LOGITS, backend="literal")
    other.fit(X, Y, verbose=0)
    assert other.optimizer.iterations == 2 and model.optimizer.iterations == 1
    for ours, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, now)


# ---- metrics


def test_metrics_by_hand():
    outputs, targets = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]), np.array([[0.0, 0, 1], [1, 0, 0]])
    assert metrics.CategoricalAccuracy().of_each(outputs, targets).tolist() == [False, True]
    assert metrics.TopKCategoricalAccuracy(k=2).of_each(outputs, targets).tolist() == [True, True]
    assert metrics.TopKCategoricalAccuracy(k=1).of_each(outputs, targets).tolist() == [False, True]
    np.testing.assert_allclose(metrics.MeanAbsoluteError().of_each(outputs, targets), [1.6 / 3, 1 / 3])
    squared = metrics.MeanSquaredError().of_each(outputs, targets)
    np.testing.assert_allclose(squared, [(0.01 + 0.49 + 0.64) / 3, 0.38 / 3])
    np.testing.assert_allclose(metrics.BinaryAccuracy().of_each(outputs, targets), [1 / 3, 2 / 3])
    np.testing.assert_allclose(metrics.BinaryAccuracy(0.25).of_each(outputs, targets), [1 / 3, 2 / 3])


class Through(Sequential):
    """A network that answers what it is given, so that what metrics say of it can be counted by hand."""

    def __init__(self, outputs, last=None):
        super().__init__([Input((outputs,)), Dense(outputs, use_bias=False, activation=last)], dtype="float64")
        self.set_weights([np.eye(outputs)])


PLACES = np.eye(3)[[0, 1, 2, 0]]
NEAR = np.array([[0.6, 0.2, 0.2], [0.4, 0.3, 0.3], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])  # right, wrong, right, wrong


# Keras 3.15 gives the same numbers, but for the logits, which it compares with 0.5: 0.5 there
@pytest.mark.parametrize(
    ("outputs", "labels", "loss", "expected"),
    [
        ([[20.0], [30], [0.3]], [20, 30, 50], "mse", 0.0),  # as near as can be, but no answer to a yes or no
        ([[0.9], [-0.9], [0.4], [0.7]], [1, -1, 1, -1], "mse", 0.25),  # -1 is never met
        ([[0.9], [0.2], [0.5], [0.7]], [1.0, 0, 1, 0.0], "mse", 0.5),
        ([[0.9], [-0.2], [0.4], [-0.7]], [1, 0, 1, 1], losses.BinaryCrossentropy(from_logits=True), 0.75),
        (NEAR, PLACES, losses.BinaryCrossentropy(from_logits=True), 0.5),  # of single outputs 7 in 12
        (NEAR, PLACES, "mse", 0.5),
        (NEAR, [0, 1, 2, 0], LOGITS, 0.5),
        (NEAR, [[0], [1], [2], [0]], LOGITS, 0.5),
    ],
)
def test_accuracy_is_the_one_that_suits_the_outputs(outputs, labels, loss, expected):
    model = Through(np.shape(outputs)[1])
    model.compile("sgd", loss, metrics=["accuracy", "Accuracy", "acc"])
    logs = model.evaluate(np.array(outputs), np.array(labels), batch_size=3, verbose=0, return_dict=True)
    assert logs.pop("loss") > 0
    assert logs == dict.fromkeys(("accuracy", "Accuracy", "acc"), expected)


def test_accuracy_of_probabilities_and_its_names():
    model = Through(1, "sigmoid")
    model.compile("sgd", "binary_crossentropy", metrics=["ACC", "BinaryAccuracy", "binary_accuracy"])
    logs = model.evaluate(np.array([[0.1], [-0.1], [3], [-3]]), [1, 0, 0, 0], verbose=0, return_dict=True)
    assert logs == {"loss": logs["loss"], "ACC": 0.75, "BinaryAccuracy": 0.75, "binary_accuracy": 0.75}
    assert metrics.SparseCategoricalAccuracy(name="right", dtype=None).name == "right"
    with pytest.raises(NotImplementedError, match="SparseCategoricalAccuracy: dtype is not in loopnet"):
        metrics.SparseCategoricalAccuracy(dtype="float16")


def test_the_second_metric_of_a_name_is_numbered():
    def accuracy(y_true, y_pred):
        return y_pred[:, 0]

    model = Through(3)
    model.compile("sgd", LOGITS, metrics=["accuracy", accuracy, accuracy, "mae"])
    logs = model.evaluate(NEAR, [0, 1, 2, 0], verbose=0, return_dict=True)
    names = ["loss", "accuracy", "accuracy_1", "accuracy_2", "mae"]
    assert list(logs) == names == model.metrics_names
    assert [logs[name] for name in names[1:4]] == pytest.approx([0.5, 0.35, 0.35])


@pytest.mark.parametrize(
    ("labels", "loss", "outputs", "dtype"),
    [
        ([0, 1, 2, 0, 1], LOGITS, 3, "int64"),
        ([[0], [1], [2], [0], [1]], LOGITS, 3, "int64"),
        (np.eye(3, dtype="float32")[[0, 1, 2, 0, 1]], "mse", 3, "float64"),  # the model's
        ([0, 1, 1, 0, 1], "mse", 1, "int64"),
        (np.array([0, 1, 1, 0, 1], "uint8")[:, None], "mse", 1, "uint8"),
        (np.array([0, 1, 1, 0, 1], bool), "mse", 1, "bool"),
    ],
)
def test_a_function_is_called_with_the_labels_as_they_were_given(labels, loss, outputs, dtype):
    seen = []

    def largest(y_true, y_pred):
        seen.append((y_true, y_pred))
        return y_pred.max(axis=1)

    x = np.random.default_rng(3).standard_normal((5, outputs))
    model = Through(outputs)
    model.compile("sgd", loss, metrics=[largest])
    model.fit(x, labels, batch_size=2, shuffle=False, validation_split=0.4, verbose=0)
    for images, (y_true, y_pred) in zip(([0, 1], [2], [3, 4]), seen, strict=True):
        assert y_true.dtype == dtype and y_pred.dtype == "float64"
        np.testing.assert_array_equal(y_true, np.asarray(labels)[images])
        assert y_pred.shape == (len(images), outputs)
    seen.clear()
    model.evaluate(x, labels, verbose=0)
    np.testing.assert_array_equal(seen[0][1], model.predict(x))


# Keras 3.15 gives the same numbers for these functions
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda t, p: p[:, 0], (1 + 2 + 3 + 4 + 9) / 5),  # a number an image: the mean of the images
        (lambda t, p: p[:, 0].mean(), (1.5 + 3.5 + 9) / 3),  # a number a batch: the mean of the batches
        (lambda t, p: float(p.sum()), (3 + 7 + 9) / 3),
        (lambda t, p: np.concatenate([p, p + 1], axis=1), 19 / 5 + 0.5),
        (lambda t, p: p[:, 0] > 2, 3 / 5),
        (lambda t, p: t[:, 0] - p[:, 0], -19 / 5),
    ],
)
def test_what_a_function_returns_is_averaged_as_in_keras(function, expected):
    model = Through(1)
    model.compile("sgd", "mse", metrics=[function, "mae"])
    x = np.array([[1.0], [2], [3], [4], [9]])
    logs = model.evaluate(x, np.zeros((5, 1)), batch_size=2, verbose=0, return_dict=True)
    assert logs["lambda"] == pytest.approx(expected) and logs["mae"] == pytest.approx(19 / 5)


def test_a_function_sees_labels_out_of_the_list_they_came_in():
    """Keras's models take lists of inputs and of labels."""
    seen = []

    def largest(y_true, y_pred):
        seen.append(y_true)
        return y_pred.max(axis=1)

    model = Sequential([Input((2,)), Dense(3)], seed=0)
    model.compile("sgd", LOGITS, metrics=[largest])
    model.fit([np.ones((4, 2))], [np.array([0, 1, 2, 0])], batch_size=4, shuffle=False, verbose=0)
    assert [labels.tolist() for labels in seen] == [[0, 1, 2, 0]]


def test_functions_and_their_names():
    def MyOwnMetric(y_true, y_pred):
        return None

    model = Through(1)
    model.compile("sgd", "mse", metrics=[MyOwnMetric])
    assert model.metrics_names == ["loss", "my_own_metric"]
    with pytest.raises(ValueError, match="metric my_own_metric: expected a number an image, or one .* given .*None"):
        model.evaluate(np.ones((2, 1)), np.ones(2), verbose=0)
    model = Through(3)
    model.compile("sgd", LOGITS, metrics=[lambda t, p: losses.sparse_categorical_crossentropy(t, p, from_logits=True)])
    logs = model.evaluate(NEAR, [0, 1, 2, 0], verbose=0, return_dict=True)
    assert logs["lambda"] == pytest.approx(logs["loss"])


def test_metrics_see_probabilities_and_labels_that_are_not_smoothed(tmp_path):
    seen = []

    def largest(y_true, y_pred):
        seen.append((y_pred, y_true))
        return y_pred.max(axis=1)

    model = small(Softmax())
    asked = ["accuracy", largest, metrics.TopKCategoricalAccuracy(k=2, name="top2"), "mae"]
    model.compile("sgd", losses.CategoricalCrossentropy(label_smoothing=0.3), metrics=asked)
    logs = model.evaluate(X, np.eye(3)[Y], verbose=0, return_dict=True)
    assert list(logs) == ["loss", "accuracy", "largest", "top2", "mae"]
    np.testing.assert_allclose(seen[0][0], model.predict(X))
    np.testing.assert_array_equal(seen[0][1], np.eye(3)[Y])

    model.save(tmp_path / "model.safetensors")  # a function of one's own cannot be saved, the rest is
    again = Sequential.load(tmp_path / "model.safetensors").evaluate(X, np.eye(3)[Y], verbose=0, return_dict=True)
    del logs["largest"]
    assert again == logs


def test_unknown_metrics():
    with pytest.raises(ValueError, match="unknown metric 'accurcy'; expected one of accuracy, categorical_accuracy"):
        small().compile("sgd", "mse", metrics=["accurcy"])
    with pytest.raises(NotImplementedError, match="f1 is not in loopnet: write a function"):
        small().compile("sgd", "mse", metrics=["f1"])
    with pytest.raises(ValueError, match="metrics: expected names, objects of .* given <class 'float'>"):
        metrics.get(float)


# ---- what a beginner sees


def test_evaluate_prints_one_line_unless_silent(capsys):
    model = small(Softmax())
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(X, Y)
    assert capsys.readouterr().out == f"loss {loss:.4f}  accuracy {accuracy:.4f}\n"
    model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, batch_size=None, verbose=2)
    assert capsys.readouterr().out.count("\n") in (1, 2)  # the second: loops are being compiled
