"""Small networks trained on the CUDA rungs in Numba's simulator; ``test_cuda_simulator.py`` runs this file."""

import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from timetable import take_turns

import loopnet
from loopnet.callbacks import LambdaCallback
from loopnet.cuda import device
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from loopnet.model import Sequential
from loopnet.ops import CUDA_BACKENDS
from loopnet.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Nadam, RMSprop
from loopnet.regularizers import L1L2

take_turns()

every_rung = pytest.mark.parametrize("backend", [name for name in CUDA_BACKENDS if name != "cuda_fused"])


def lenet(last=None):
    """LeNet-5 in small: two convolutions with pooling, two dense layers."""
    return [
        Input((8, 8, 1)),
        Conv2D(2, 3, activation="relu", padding="same"), MaxPooling2D(),
        Conv2D(3, 3, activation="relu"), MaxPooling2D(),
        Flatten(), Dense(5, activation="relu"), Dense(3, activation=last),
    ]  # fmt: skip


def plenty():
    """Layers that keep numbers of their own between batches. Biases before a normalisation would have no gradient."""
    return [
        Input((5, 4)), Flatten(), Dense(4, use_bias=False), BatchNormalization(), Dropout(0.3),
        Dense(3, activation="softmax"),
    ]  # fmt: skip


def compiled(layers, backend, optimizer="adam", metrics=(), from_logits=True):
    model = Sequential(layers, seed=6)  # no unit dead, no two outputs close
    loss = loopnet.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    model.compile(optimizer, loss, metrics=list(metrics), backend=backend)
    return model


def images(count, shape=(8, 8, 1)):
    random = np.random.default_rng(count)
    return random.standard_normal((count, *shape)).astype(np.float32), np.arange(count) % 3


def assert_alike(got, want, tolerance=2e-5):
    assert [a.shape for a in got] == [a.shape for a in want]
    for ours, theirs in zip(got, want, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


@every_rung
def test_a_network_learns_as_on_the_cpu(backend):
    """The same shuffles, losses, metrics and weights; the last batch is smaller, and so is the validation's."""
    x, y = images(7)
    runs = {}
    for name in (backend, "literal"):
        model = compiled(lenet(), name, metrics=["accuracy"])
        runs[name] = model.fit(x, y, batch_size=2, epochs=2, verbose=0, validation_split=0.45), model
    (ours, model), (theirs, twin) = runs[backend], runs["literal"]
    assert ours.history.keys() == theirs.history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert_alike([np.array(v) for v in ours.history.values()], [np.array(v) for v in theirs.history.values()])
    assert_alike(model.get_weights(), twin.get_weights())
    assert_alike([model.predict(x)], [twin.predict(x)])


@every_rung
@pytest.mark.parametrize("optimizer", [
    SGD(0.1, momentum=0.9, nesterov=True), RMSprop(0.01), Adam(0.01), AdamW(0.01), Nadam(0.01), Adamax(0.01),
    Adagrad(0.1), Adadelta(1.0), SGD(0.1, clipvalue=0.02), SGD(0.1, clipnorm=0.1), Adam(0.01, global_clipnorm=0.1),
    Adam(0.01, weight_decay=0.1),
], ids=lambda one: "-".join([one.name, *(key for key in one.config() if "clip" in key or "decay" in key)]))  # fmt: skip
def test_optimizers(backend, optimizer):
    x, y = images(4, (5, 4))
    trained = []
    for name in (backend, "literal"):
        model = compiled(plenty(), name, loopnet.optimizers.get(optimizer.config()), from_logits=False)
        losses = [model.train_on_batch(x, y) for _ in range(3)]
        trained.append([*model.get_weights(), np.array(losses)])
    assert_alike(*trained)


@every_rung
def test_weights_that_pay_for_their_size(backend, looks):
    """Batch by batch, and fetched with the losses at the end; 2,000 weights are two shares."""
    x, y = images(5, (40, 5))
    runs = []
    for name in (backend, "literal"):
        stack = [
            Input((40, 5)), Flatten(), Dense(10, "tanh", kernel_regularizer="l2", bias_regularizer="l1"),
            Dense(3, kernel_regularizer=L1L2(0.01, 0.02)),
        ]  # fmt: skip
        model = compiled(stack, name, "sgd")
        weight = np.array([1.0, 0.0, 2.0, 0.5, 1.0])
        del looks[:]
        history = model.fit(x, y, batch_size=2, epochs=1, verbose=0, sample_weight=weight, terminate_on_nan=False)
        fetched = list(looks)
        loss = model.evaluate(x, y, batch_size=3, verbose=0)
        runs.append([*model.get_weights(), np.array([*history.history["loss"], loss]), np.array(model.losses)])
        assert fetched == ([(5,), (3, 4)] if name == backend else [])
    assert_alike(*runs)


@every_rung
def test_weighted_images(backend):
    x, y = images(5, (5, 4))
    histories = []
    for name in (backend, "literal"):
        model = compiled([Input((5, 4)), Flatten(), Dense(3)], name, "sgd", metrics=["accuracy"])
        weight = np.array([1.0, 0.0, 2.0, 0.5, 1.0])
        history = model.fit(x, y, batch_size=2, epochs=2, verbose=0, sample_weight=weight)
        histories.append([np.array(values) for values in history.history.values()])
    assert_alike(*histories)


@every_rung
def test_images_as_outputs(backend):
    """Their metrics see images again, fetched at the end."""
    x, _ = images(4, (4, 3, 1))
    runs = []
    for name in (backend, "literal"):
        model = Sequential([Input((4, 3, 1)), Conv2D(2, 3, padding="same")], seed=6)
        model.compile("sgd", "mse", metrics=["mae", "accuracy"], backend=name)
        history = model.fit(x, np.repeat(x, 2, axis=-1), batch_size=3, epochs=2, verbose=0)
        runs.append([*model.get_weights(), *map(np.array, history.history.values()), model.predict(x)])
    assert_alike(*runs)


@every_rung
def test_metrics_that_want_probabilities(backend):
    """They see the softmax of the logits, batch by batch, as on the CPU."""
    x, y = images(5, (5, 4))
    answers = []
    for name in (backend, "literal"):
        model = compiled([Input((5, 4)), Flatten(), Dense(3, "softmax")], name, "sgd", ["mae"], from_logits=False)
        answers.append([np.array(model.evaluate(x, y, batch_size=2, verbose=0))])
    assert_alike(*answers)


# Weights, in and out.


@every_rung
def test_weights_come_and_go(backend, tmp_path):
    x, y = images(3)
    model = compiled(lenet(), backend)
    model.train_on_batch(x, y)
    weights = model.get_weights()
    assert all(type(w) is np.ndarray for w in weights)
    assert all(type(w.numpy()) is np.ndarray for w in [*model.weights, *model.layers[0].weights])

    model.save(tmp_path / "model.safetensors")
    for name in (backend, "tuned"):
        again = Sequential.load(tmp_path / "model.safetensors", backend=name)
        assert_alike(again.get_weights(), weights, tolerance=0)
        assert_alike([again.predict(x)], [model.predict(x)])

    model.set_weights([w + 1 for w in weights])
    assert_alike(model.get_weights(), [w + 1 for w in weights], tolerance=0)


@every_rung
def test_a_model_changes_rungs_and_goes_on(backend):
    """To the GPU and back with its weights, and from a file with its optimiser's memory too."""
    x, y = images(3, (5, 4))
    model = compiled([Input((5, 4)), Flatten(), Dense(3)], "literal", "sgd")
    twin = compiled([Input((5, 4)), Flatten(), Dense(3)], "literal", "sgd")
    for name in ("literal", backend, "tuned"):
        model.compile("sgd", model.loss, backend=name)
        model.train_on_batch(x, y)
        twin.train_on_batch(x, y)
    assert_alike(model.get_weights(), twin.get_weights())


@every_rung
def test_training_goes_on_after_loading(backend, tmp_path):
    x, y = images(3, (5, 4))
    whole, first = (compiled([Input((5, 4)), Flatten(), Dense(3)], backend, "adam") for _ in range(2))
    for _ in range(4):
        whole.train_on_batch(x, y)
    for _ in range(2):
        first.train_on_batch(x, y)
    first.save(tmp_path / "model.safetensors")
    second = Sequential.load(tmp_path / "model.safetensors", backend=backend)
    for _ in range(2):
        second.train_on_batch(x, y)
    assert_alike(second.get_weights(), whole.get_weights(), tolerance=0)


# The host looks at the device when somebody asks, and not before.


@pytest.fixture
def looks(monkeypatch):
    """How often the host has fetched something from the device."""
    from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

    counted, fetch = [], FakeCUDAArray.copy_to_host

    def fetching(self, *arguments, **options):
        counted.append(self.shape)
        return fetch(self, *arguments, **options)

    monkeypatch.setattr(FakeCUDAArray, "copy_to_host", fetching)
    return counted


@every_rung
def test_an_epoch_is_not_looked_into(backend, looks):
    """Six batches, and two fetches at the end: all losses, all outputs. The guard against NaN, which looks now and then
    by the clock, is left out.
    """


    def told(batch, logs):
        assert len(looks) == 0

    x, y = images(6, (5, 4))
    model = compiled([Input((5, 4)), Flatten(), Dense(3)], backend, "sgd", metrics=["accuracy"])
    listener = LambdaCallback(on_train_batch_end=told)
    model.fit(x, y, batch_size=1, epochs=1, verbose=0, terminate_on_nan=False, callbacks=[listener])
    assert looks == [(6,), (6, 3)]


@every_rung
def test_predictions_are_fetched_once(backend, looks):
    x, _ = images(5, (5, 4))
    model = compiled([Input((5, 4)), Flatten(), Dense(3)], backend, "sgd")
    answers = model.predict(x, batch_size=2)
    assert looks == [(5, 3)]
    twin = compiled([Input((5, 4)), Flatten(), Dense(3)], "literal", "sgd")
    assert_alike([answers], [twin.predict(x)])


@every_rung
def test_logs_are_those_of_their_batch_whenever_they_are_read(backend, looks):
    x, y = images(5, (5, 4))
    at_once: list[Any] = []
    later: list[Any] = []
    for name, kept, read in ((backend, later, lambda logs: logs), ("literal", at_once, dict)):
        model = compiled([Input((5, 4)), Flatten(), Dense(3)], name, "sgd", metrics=["accuracy"])

        def listen(batch, logs, kept=kept, read=read):
            kept.append(read(logs))

        model.fit(x, y, batch_size=2, epochs=1, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=listen)])
    assert [list(logs) for logs in later] == [["loss", "accuracy"]] * 3
    for ours, theirs in zip(later, at_once, strict=True):
        assert dict(ours) == pytest.approx(theirs, rel=1e-5) and list(ours) == list(theirs)


@every_rung
def test_logs_read_halfway_do_not_disturb_the_sums(backend):
    x, y = images(7, (5, 4))
    histories = []
    for read_at in ((), (1,), (0, 1, 2, 3)):

        def read(batch, logs, read_at=read_at):
            return batch in read_at and logs["loss"]

        model = compiled([Input((5, 4)), Flatten(), Dense(3)], backend, "sgd", metrics=["accuracy"])
        listener = LambdaCallback(on_train_batch_end=read)
        histories.append(model.fit(x, y, batch_size=2, epochs=2, verbose=0, callbacks=[listener]).history)
    assert histories[0] == histories[1] == histories[2]


@every_rung
def test_an_optimizer_fits_its_model(backend):
    """On a GPU, too, nothing would stop a step that is longer than the optimiser's memory."""
    x, y = images(3, (5, 4))
    model = compiled([Input((5, 4)), Flatten(), Dense(3)], backend, "adam")
    model.train_on_batch(x, y)
    with pytest.raises(ValueError, match="this optimizer belongs to the variables of another model"):
        compiled([Input((5, 4)), Flatten(), Dense(7), Dense(3)], backend, model.optimizer)
    model.add(Dense(4))
    model.train_on_batch(x, y)
    assert [len(vector) for vector in model.optimizer.state.values()] == [79, 79]


# Errors that need a device.


def test_too_little_memory(monkeypatch):
    def full(*arguments):
        raise RuntimeError("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")

    monkeypatch.setattr(device.cuda, "device_array", full)
    monkeypatch.setattr(device.cuda, "to_device", full)
    context = SimpleNamespace(get_memory_info=lambda: (3 * 2**20, 2**30))
    monkeypatch.setattr(device.cuda, "current_context", lambda: context)
    zeros = np.zeros((512, 1024), np.float32)
    for ask in (lambda: device.empty((512, 1024), np.float32), lambda: device.asarray(zeros)):
        with pytest.raises(device.DeviceError, match=r"2\.0 MiB wanted, 3\.0 MiB of 1,024\.0 MiB free.*batch_size"):
            ask()


def test_other_errors_are_left_alone(monkeypatch):
    def broken(*arguments):
        raise RuntimeError("something else")

    monkeypatch.setattr(device.cuda, "device_array", broken)
    with pytest.raises(RuntimeError, match="something else"):
        device.empty((2,))


def test_a_launch_of_too_many_threads_is_refused():
    from loopnet.cuda.literal.activation import relu_forward

    class Huge:
        shape, size, ndim, dtype = (2**31,), 2**31, 1, np.dtype("float32")

        def reshape(self, *shape):
            return self

    with pytest.raises(ValueError, match=r"relu_forward: at most 2,147,483,647 elements at once, given 2,147,483,648"):
        relu_forward(Huge(), Huge())


def test_this_is_the_simulator():
    assert device.SIMULATED and os.environ["NUMBA_ENABLE_CUDASIM"] == "1"


@every_rung
def test_pieces_give_the_same_bits_as_arrays(backend):
    """Nobody knows how many images there will be: each batch is fetched by itself, penalties, weights and all."""
    x, y = images(10, (4,))
    counts = np.linspace(0.5, 2, 10)
    pieces = [(x[:4], y[:4], counts[:4]), (x[4:8], y[4:8], counts[4:8]), (x[8:], y[8:], counts[8:])]

    def net():
        return compiled([Input((4,)), Dense(3, kernel_regularizer=L1L2(0.01, 0.01))], backend, metrics=["accuracy"])

    of_arrays, of_pieces = net(), net()
    one = of_arrays.fit(x, y, 4, 2, verbose=0, shuffle=False, sample_weight=counts)
    other = of_pieces.fit((piece for piece in pieces * 2), steps_per_epoch=3, epochs=2, verbose=0)
    for got, want in zip(of_pieces.get_weights(), of_arrays.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)
    assert one.history == other.history
    np.testing.assert_array_equal(of_pieces.predict(iter(pieces)), of_arrays.predict(x, 4))
