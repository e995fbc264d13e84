"""Steps that are repeated without asking the layers come to the same bits, and are not when anything has changed."""

from copy import deepcopy
from threading import Event, Thread

import numpy as np
import pytest
from ways import note_calls

from loopnet import Input, Sequential, layers, regularizers
from loopnet.kernels.tuned import conv2d
from loopnet.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from loopnet.optimizers import SGD, Adam
from loopnet.replay import Replay

random = np.random.default_rng(0)
IMAGES, LABELS = random.random((70, 12, 12, 1), np.float32), random.integers(10, size=70)

NETWORKS = {
    "fused": lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10)],
    "two convolutions": lambda: [
        Conv2D(4, 3, padding="same", activation="relu"), Conv2D(3, 3), layers.ReLU(), MaxPooling2D(3),
        Flatten(), Dense(12, activation="relu"), Dense(10),
    ],
    "strided": lambda: [Conv2D(4, 3, strides=2, activation="relu"), Flatten(), Dense(10)],
    "dropout": lambda: [
        Dropout(0.1), Conv2D(4, 3, activation="tanh"), layers.AveragePooling2D(), Dropout(0.25, seed=5), Conv2D(3, 3),
        layers.GlobalAveragePooling2D(), layers.Activation("sigmoid"), Dropout(0.0), Dense(10),
    ],
    "dense": lambda: [Flatten(), Dense(12, activation="relu"), Dense(10, activation="softmax")],
}  # fmt: skip


def compiled(name="fused", optimizer="adam", own=None, backend="tuned", **others):
    own = NETWORKS[name]() if own is None else own
    model = Sequential([Input((12, 12, 1)), *own], seed=0)
    loss = "sparse_categorical_crossentropy"
    if not isinstance(getattr(model.layers[-1], "activation", None), layers.Softmax):
        model.add(layers.Softmax())
    model.compile(optimizer, loss, backend=backend, **others)
    return model


def by_layers(model):
    """The model, which from now on asks its layers in every step."""
    assert isinstance(model._replay, Replay)
    model._step = model._replay = None
    return model


@pytest.fixture
def asked(monkeypatch):
    """How often dense layers were asked to run forward."""
    calls, forward = [], Dense.linear_forward

    def noted(self, x):
        calls.append(self.name)
        return forward(self, x)

    monkeypatch.setattr(Dense, "linear_forward", noted)
    return calls


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("optimizer", [lambda: Adam(0.01), lambda: SGD(0.1, momentum=0.9, clipnorm=0.5)])
def test_fit_comes_to_the_same_bits(name, optimizer):
    """Whole batches of 16, one of what is left over, images held out, and weights put in from outside in between."""
    results = []
    for prepare in (lambda model: model, by_layers):
        model = prepare(compiled(name, optimizer(), metrics=["accuracy"]))
        histories = []
        for _ in range(2):
            history = model.fit(IMAGES, LABELS, batch_size=16, epochs=2, validation_split=0.2, verbose=0)
            histories.append(history.history)
            model._values[...] *= np.float32(0.9)
        results.append((histories, model.get_weights(), model.predict(IMAGES, batch_size=7)))
    (again, weights, outputs), (anew, right_weights, right_outputs) = results
    assert again == anew
    for got, right in zip([*weights, outputs], [*right_weights, right_outputs], strict=True):
        np.testing.assert_array_equal(got, right)


def test_the_third_step_on_the_same_memory_asks_no_layer(asked):
    model = compiled()
    for _ in range(5):
        model.train_on_batch(IMAGES[:16], LABELS[:16])
    assert len(asked) == 2
    asked.clear()
    for _ in range(5):
        model.predict_on_batch(IMAGES[:16])
    assert len(asked) == 2


def test_another_thread_listens_for_itself(asked):
    """Kernels have scratch for each thread of Python: two of them may train at once."""
    model = compiled()

    def train():
        for _ in range(5):
            model.train_on_batch(IMAGES[:16], LABELS[:16])

    def train_and_stay():  # since the next thread may get the number of one that has gone
        train()
        trained.set()
        leave.wait(60)

    train()
    asked.clear()
    leave, threads = Event(), []
    for _ in range(2):
        trained = Event()
        threads.append(Thread(target=train_and_stay))
        threads[-1].start()
        assert trained.wait(60)
    leave.set()
    for thread in threads:
        thread.join()
    assert len(asked) == 2


@pytest.mark.parametrize("layer", [0, 2])
@pytest.mark.parametrize("number", [np.inf, np.nan])
def test_a_number_that_is_not_finite_reaches_what_it_reaches_by_the_layers(layer, number, monkeypatch):
    """In kernels that leave out products, which the textbook's have to take the place of."""
    textbook = note_calls(monkeypatch, [(conv2d, "conv2d_backward_input", "textbook")])
    results = []
    for prepare in (lambda model: model, by_layers):
        own = [Conv2D(6, 5, padding="same", activation="relu"), MaxPooling2D()]
        own += [Conv2D(16, 5, activation="relu"), MaxPooling2D()]
        model = prepare(compiled(own=[*own, Flatten(), Dense(10)]))
        for _ in range(4):
            model.train_on_batch(IMAGES[:32], LABELS[:32])
        assert not textbook
        model.layers[layer].w.value[0, 0, 0, 0] = number
        model.train_on_batch(IMAGES[:32], LABELS[:32])
        assert textbook
        textbook.clear()
        results.append([*model.get_weights(), model.predict(IMAGES[:32])])
    for got, right in zip(*results, strict=True):
        np.testing.assert_array_equal(got, right)


def test_eagerly_each_step_asks_the_layers(asked):
    model = compiled(run_eagerly=True)
    for _ in range(5):
        model.train_on_batch(IMAGES[:16], LABELS[:16])
    model.run_eagerly = False
    for _ in range(5):
        model.train_on_batch(IMAGES[:16], LABELS[:16])
    assert len(asked) == 5 + 2
    with pytest.raises(ValueError, match="compile: run_eagerly: expected True or False, given 'yes'"):
        compiled(run_eagerly="yes")


def test_while_a_debugger_looks_on_each_step_asks_the_layers(asked, monkeypatch):
    model = compiled()
    with monkeypatch.context() as patch:
        patch.setattr("sys.gettrace", lambda: print)
        for _ in range(5):
            model.train_on_batch(IMAGES[:16], LABELS[:16])
    assert len(asked) == 5


def test_each_batch_counts_though_no_layer_is_asked():
    """Of fifty batches of other images, every one by itself, as by the layers."""
    models = compiled(), by_layers(compiled())
    for start in range(50):
        losses = [model.train_on_batch(IMAGES[start : start + 16], LABELS[start : start + 16]) for model in models]
        assert losses[0] == losses[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.set_weights([np.full_like(w, 0.01) for w in model.get_weights()]),
        lambda model: model.layers[0].set_weights([np.full_like(w, 0.01) for w in model.layers[0].get_weights()]),
        lambda model: model.predict(IMAGES[:30], batch_size=30),
        lambda model: model.train_on_batch(IMAGES[:9], LABELS[:9]),
        lambda model: Sequential([Input((12, 12, 1)), *model.layers[:2]]).predict(IMAGES[:3]),
        lambda model: setattr(model.optimizer, "learning_rate", 0.2),
        lambda model: model.compile(SGD(0.3), "sparse_categorical_crossentropy"),
    ],
)
def test_whatever_happens_in_between(change):
    results = []
    for repeats in (True, False):
        model = compiled(optimizer=SGD(0.1))
        for step in range(8):
            if step == 4:
                change(model)
            if not repeats:
                model._ready()  # which binds it anew after some of the changes
                model._step = model._replay = None
            model.train_on_batch(IMAGES[:16], LABELS[:16])
        results.append(model.get_weights())
    for got, right in zip(*results, strict=True):
        np.testing.assert_array_equal(got, right)


def test_layers_show_what_they_have_computed_last_also_if_they_took_other_memory_in_between():
    model = compiled()
    for _ in range(4):
        model.train_on_batch(IMAGES[:16], LABELS[:16])
    dense = model.layers[3]
    dense.forward(np.ones((4 * 5 * 5, 40), np.float32))
    model.train_on_batch(IMAGES[:16], LABELS[:16])
    _, y = dense._room["y"]
    assert y.shape == (10, 16)
    expected = Sequential([Input((12, 12, 1)), *model.layers[:4]])
    before = np.array(y).T
    assert np.abs(before - expected.predict(IMAGES[:16])).max() < 0.1  # one step of Adam later


def test_a_copy_listens_anew():
    model = compiled()
    for _ in range(4):
        model.train_on_batch(IMAGES[:16], LABELS[:16])
    copy = deepcopy(model)
    before = model.get_weights()
    for _ in range(4):
        copy.train_on_batch(IMAGES[:16], LABELS[:16])
    for got, right in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, right)
    for _ in range(4):
        model.train_on_batch(IMAGES[:16], LABELS[:16])
    for got, right in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(got, right)


def test_a_step_that_fails_while_somebody_listens_leaves_the_layers_as_they_were(monkeypatch):
    model = compiled()
    model.train_on_batch(IMAGES[:16], LABELS[:16])

    def fails(*_):
        raise KeyboardInterrupt

    ops = model._ops
    with monkeypatch.context() as patch:
        patch.setattr(Dense, "linear_backward", fails)
        with pytest.raises(KeyboardInterrupt):
            model.train_on_batch(IMAGES[:16], LABELS[:16])
    assert model._ops is ops and all(layer.ops is ops for layer in model.layers) and model._step is model._replay
    model.train_on_batch(IMAGES[:16], LABELS[:16])


def test_dropout_draws_anew_in_every_step_and_follows_its_rate(asked):
    """A rate that is set in between, to nothing and back."""

    def losses(prepare):
        model = prepare(compiled(own=[Flatten(), Dropout(0.5, seed=1), Dense(10)]))
        found = []
        for rate in (0.5, 0.5, 0.5, 0.5, 0.9, 0.9, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5):
            model.layers[1].rate = rate
            found.append(model.train_on_batch(IMAGES[:16], LABELS[:16]))
        return found

    again = losses(lambda model: model)
    repeated = 13 - len(asked)
    assert again == losses(by_layers)
    assert repeated >= 6 and len(set(again)) == 13


class MyDense(Dense):
    pass


@pytest.mark.parametrize(
    ("own", "backend"),
    [
        ([layers.GaussianNoise(0.5), Flatten(), Dense(10)], "tuned"),
        ([layers.BatchNormalization(), Flatten(), Dense(10)], "tuned"),
        ([Flatten(), Dense(10, kernel_regularizer=regularizers.L2(0.1))], "tuned"),
        ([Flatten(), Dense(10, kernel_constraint="non_neg")], "tuned"),
        ([Flatten(), MyDense(10)], "tuned"),
        ([Flatten(), Dense(10)], "parallel"),
    ],
)
def test_other_networks_ask_their_layers(own, backend):
    assert compiled(own=own, backend=backend)._replay is None
