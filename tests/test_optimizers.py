"""Optimisers and schedules: their steps, whose parameters they step, and how they go on; Keras's and PyTorch's answers
are in golden.
"""

import copy
from collections.abc import Callable

import numpy as np
import pytest
from golden.check import golden
from small_networks import LOGITS, X, Y, assert_same_weights, each_rung, network, small

from loopnet import optimizers, schedules
from loopnet.callbacks import BackupAndRestore
from loopnet.layers import Dense, Input
from loopnet.model import Sequential
from loopnet.ops import get_ops
from loopnet.optimizers import SGD

GOLDEN = golden("training")


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
    "sgd that decays": lambda: SGD(0.1, momentum=0.9, weight_decay=0.3),
    "rmsprop that decays": lambda: optimizers.RMSprop(0.01, weight_decay=0.3),
    "adamax that decays": lambda: optimizers.Adamax(0.01, weight_decay=0.3),
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


EVERY_OPTIMIZER: dict[str, Callable[[], optimizers.Optimizer]] = {
    "sgd": lambda: SGD(0.1, momentum=0.9), "rmsprop": optimizers.RMSprop, "adam": optimizers.Adam,
    "adamw": optimizers.AdamW, "nadam": optimizers.Nadam, "adamax": optimizers.Adamax,
    "adagrad": optimizers.Adagrad, "adadelta": optimizers.Adadelta,
}  # fmt: skip


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


def test_adam_that_decays_walks_as_adamw():
    """One is a loop of its own; PyTorch's answers are in golden."""
    ops, optimizer = get_ops("literal"), optimizers.Adam(0.01, weight_decay=0.3)
    w = GOLDEN["adamw/before"].copy()
    optimizer.bind(ops, w.size, np.dtype(float))
    for gradient in GOLDEN["adamw/gradients"]:
        optimizer.step(ops, w, gradient.copy())
    np.testing.assert_allclose(w, GOLDEN["adamw/after"], rtol=1e-12)
