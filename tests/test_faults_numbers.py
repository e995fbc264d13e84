"""Broken numbers and odd arrays at the model's door: named, or handled like their plain twins."""

from collections import UserDict

import numpy as np
import pytest
from tally import fault

import loopnet
from loopnet import callbacks, layers, losses
from loopnet.cli import main
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS

NAN = "numbers: NaN or infinity in training"
DOOR = "numbers: odd arrays and labels at the door"
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((12, 8, 8, 1)).astype(np.float32), np.arange(12) % 3


def network(backend: str = "literal", rate: float = 0.1) -> Sequential:
    model = Sequential(
        [layers.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten(),
         layers.Dense(4, activation="relu"), layers.Dense(3)],
        seed=0,
    )  # fmt: skip
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loopnet.optimizers.SGD(rate), loss, metrics=["accuracy"], backend=backend)
    return model


def cause_of(model: Sequential, **options) -> str:
    """Why the training of two epochs ended, as fit's own watch says it."""
    watch = callbacks.TerminateOnNaN()
    with np.errstate(all="ignore"):
        history = model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[watch], **options)
    assert watch.cause is not None and "\n" not in watch.cause
    assert len(history.epoch) <= 1 or "epoch 2" in watch.cause
    return watch.cause


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("at", "name"), [(0, "conv2d/w"), (3, "dense/b"), (4, "dense_1/w")])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_broken_weight_is_named(backend, at, name, value):
    model = network(backend)
    weights = model.get_weights()
    weights[at].reshape(-1)[0] = value
    model.set_weights(weights)
    with fault(NAN):
        cause = cause_of(model)
        assert "epoch 1, " in cause or cause.startswith("epoch 1;")
        assert f"1 of the {weights[at].size} numbers in {name} are NaN or infinite" in cause


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("at", "name"), [(0, "conv2d"), (2, "dense"), (4, "dense_1")])
def test_the_layer_where_numbers_overflow_is_named(backend, at, name):
    """Weights that are finite and too large: the layer that they are in is the first without finite outputs."""
    model = network(backend)
    weights = [np.abs(w) for w in model.get_weights()]  # positive, so that no two infinities cancel to NaN before
    weights[at] *= np.float32(1e38) / weights[at].max()
    model.set_weights(weights)
    images = np.full((12, 8, 8, 1), 1e3, np.float32)
    watch = callbacks.TerminateOnNaN()
    with fault(NAN), np.errstate(all="ignore"):
        model.fit(images, Y, batch_size=4, epochs=2, verbose=0, callbacks=[watch])
        assert watch.cause is not None
        assert watch.cause.startswith("epoch 1, batch 1: the loss is ")
        assert f"the outputs of {name} are the first that are not finite" in watch.cause


def diverging() -> Sequential:
    """Each step of gradient descent overshoots by more than it was off."""
    model = Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)], seed=0)
    model.compile(loopnet.optimizers.SGD(1.0), "mse", backend="literal")
    return model


def test_a_learning_rate_far_too_large_ends_with_a_cause(capsys):
    with fault(NAN), np.errstate(all="ignore"):
        history = diverging().fit(X, np.eye(3)[Y], batch_size=4, epochs=200, verbose=0)
        assert 1 < len(history.epoch) < 200
        printed = capsys.readouterr().out
        assert printed.startswith(f"epoch {len(history.epoch)}") and printed.count("\n") == 1
        assert "try a smaller learning rate" in printed


def test_the_watch_can_be_turned_off(capsys):
    with np.errstate(all="ignore"):
        history = diverging().fit(X, np.eye(3)[Y], batch_size=4, epochs=200, verbose=0, terminate_on_nan=False)
    assert len(history.epoch) == 200 and capsys.readouterr().out == ""


def test_train_ends_with_exit_code_2_and_writes_no_model(tmp_path, capsys):
    with fault(NAN), np.errstate(all="ignore"):
        options = f"--optimizer sgd --lr 1e30 --epochs 2 --batch-size 256 --backend literal --out {tmp_path / 'run'}"
        assert main(["train", *options.split()]) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("loopnet: error: epoch 1, batch ") and "smaller learning rate" in error
        assert not (tmp_path / "run").exists()


# ---- odd arrays


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (X[:0], "at least one image, given shape"),
        (np.where(np.arange(12)[:, None, None, None] == 7, np.nan, X), "NaN or infinity, first in image 7"),
        (np.where(np.arange(12)[:, None, None, None] == 3, np.inf, X), "NaN or infinity, first in image 3"),
        (X.astype(np.float64) * 1e300, "NaN or infinity"),  # finite, but not in float32
        (X.astype(complex), "expected numbers, given an array of complex128"),
        (X.astype(str), "expected numbers, given an array of <U"),
        (X.astype(object), "expected numbers, given an array of object"),
        (np.zeros((12, 8, 8, 1), "M8[s]"), "expected numbers, given an array of datetime64"),
        (np.zeros((12, 8, 8, 1), [("a", int)]), "expected numbers, given an array of "),
        (X[..., 0, 0], r"expected input of shape \(None, 8, 8, 1\), given \(12, 8\)$"),
        (X[..., None, None], r"expected input of shape \(None, 8, 8, 1\), given \(12, 8, 8, 1, 1, 1\)$"),
        (X[0], r"expected input of shape \(None, 8, 8, 1\), given \(8, 8, 1\); for one alone add an axis: x\[numpy"),
        ([X, X], r"expected input of shape \(None, 8, 8, 1\), given \(2, 12, 8, 8, 1\)"),
        (np.float32(3), r"expected input of shape \(None, 8, 8, 1\), given \(\)"),
        ([X[0], X[1][:4]], "given a ragged list"),
        ("images", "expected numbers, given an array of <U6"),
        (None, "expected numbers, given an array of object"),
        ({}, "expected numbers, given an array of object"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_odd_images_are_refused_by_name(odd, message):
    model = network()
    for call in (lambda: model.predict(odd), lambda: model.fit(odd, Y, verbose=0), lambda: model.evaluate(odd, Y)):
        with fault(DOOR), pytest.raises(ValueError, match=message) as error:
            call()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "twin",
    [
        lambda x: x.astype(np.float64),
        lambda x: x.astype(">f4"),
        lambda x: x.astype(">i2"),
        lambda x: x.astype(np.int64),
        lambda x: x.astype(np.float16),
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=2)[:, :, ::2],
        lambda x: x[::-1].copy()[::-1],
        lambda x: np.broadcast_to(x, (1, *x.shape))[0],
        lambda x: x.tolist(),
        lambda x: list(x),
        lambda x: memoryview(x),
        lambda x: _read_only(x),
    ],
)
def test_odd_images_answer_as_their_plain_twins(backend, twin):
    model, x = network(backend), np.round(3 * X)
    with fault(DOOR):
        np.testing.assert_array_equal(model.predict(twin(x)), model.predict(x))


def _read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


def test_pixels_of_uint8_are_taken_as_they_are():
    model, x = network(), RANDOM.integers(0, 256, (5, 8, 8, 1), np.uint8)
    np.testing.assert_array_equal(model.predict(x), model.predict(x.astype(np.float32)))


SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)
ONE_HOT = losses.CategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        (SPARSE, Y.astype(str), "expected whole numbers 0 to 2, given <U"),
        (SPARSE, list("abcabcabcabc"), "expected whole numbers 0 to 2, given <U1 such as"),
        (SPARSE, Y.astype(object), "expected whole numbers 0 to 2, given object"),
        (SPARSE, Y + 0.5, "expected whole numbers 0 to 2, given float64"),
        (SPARSE, Y + np.nan, "expected whole numbers 0 to 2, given float64 such as"),
        (SPARSE, Y + 1, "expected class numbers 0 to 2, given 1 to 3"),  # more classes than outputs
        (SPARSE, Y - 1, "expected class numbers 0 to 2, given -1 to 1"),
        (SPARSE, Y[:, None] == [0, 1, 2], "for one-hot rows use categorical_crossentropy"),
        (SPARSE, Y[:5], "one label for each image, given 12 images and 5 labels"),
        (SPARSE, 3, r"expected class numbers of shape \(None,\), given \(\)"),
        (SPARSE, [[1], [2, 3]], "ragged"),
        (ONE_HOT, np.eye(4)[Y], r"one-hot rows of shape \(None, 3\), given \(12, 4\)"),
        (ONE_HOT, np.eye(3)[Y][:, :2], r"one-hot rows of shape \(None, 3\), given \(12, 2\)"),
        (ONE_HOT, np.eye(3)[Y].astype(str), "one-hot rows"),
        (ONE_HOT, Y, "for class numbers use sparse_categorical_crossentropy"),
        (ONE_HOT, np.eye(3)[Y] * np.nan, "finite, non-negative one-hot rows"),
        (ONE_HOT, -np.eye(3)[Y], "finite, non-negative one-hot rows"),
    ],
)
def test_odd_labels_are_refused_by_name(loss, labels, message):
    model = network()
    model.compile("sgd", loss, backend="literal")
    with fault(DOOR), pytest.raises(ValueError, match=message) as error:
        model.fit(X, labels, verbose=0)
    assert "\n" not in str(error.value)


LABELS = [
    lambda y: y.astype(np.uint8),
    lambda y: y.astype(">i4"),
    lambda y: y.astype(float),
    lambda y: y.tolist(),
    lambda y: y[:, None],
    lambda y: np.repeat(y, 2)[::2],
]


@pytest.mark.parametrize("twin", LABELS)
def test_odd_labels_train_as_their_plain_twins(twin):
    one, other = network(), network()
    with fault(DOOR):
        one.fit(X, Y, verbose=0)
        other.fit(X, twin(Y), verbose=0)
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (lambda w: w[:-1], "expected 6 arrays, given 5"),
        (lambda w: [*w[:-1], w[-1].astype(str)], "array 5: expected numbers, given an array of <U"),
        (lambda w: [*w[:-1], w[-1][:2]], r"array 5: expected shape \(3,\), given \(2,\)"),
        (lambda w: [*w[:-1], w[-1] + 1j], "array 5: expected numbers, given an array of complex"),
    ],
)
def test_odd_weights_are_refused_by_name(weights, message):
    model = network()
    before = model.get_weights()
    with fault(DOOR), pytest.raises(ValueError, match=message):
        model.set_weights(weights(model.get_weights()))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


# ---- where numbers must be waited for


def test_numbers_that_must_be_waited_for_are_read_a_few_times_a_second(monkeypatch):
    """On a GPU, to read the loss of a batch is to wait for it."""
    read: list[int] = []

    class WhenRead(UserDict):
        def __getitem__(self, key):
            read.append(self.data["batch"])
            return self.data[key]

    watch, clock = callbacks.TerminateOnNaN(), [10.0]
    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: clock[0])
    watch.model, watch.params = network(), {"batch_size": 4, "images": 10, "epochs": 1}
    watch.on_train_begin()
    watch.on_epoch_begin(0)
    for batch in range(10):
        watch.on_batch_end(batch, WhenRead(loss=0.5, batch=batch))
        clock[0] += 0.07
    assert read == [0, 3, 6, 9]
    assert not watch.cause
    watch.on_epoch_end(0, {"loss": np.nan})  # what was passed over is found at the end of the epoch
    assert str(watch.cause).startswith("epoch 1, batch 3: the loss is nan")
