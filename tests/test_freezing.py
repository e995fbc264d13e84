"""Layers that do not learn: ``trainable = False``, as transfer learning has it."""

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest

import loopnet
from loopnet import callbacks, losses, optimizers, regularizers
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, RandomTranslation
from loopnet.model import Sequential
from loopnet.models import load_model

rng = np.random.default_rng(0)
X, Y = rng.random((16, 10, 10, 1), np.float32), rng.integers(0, 3, 16)
LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)


def features():
    return [
        Conv2D(4, 3, activation="relu"), MaxPooling2D(), Conv2D(5, 3, activation="relu"), MaxPooling2D(), Flatten(),
    ]  # fmt: skip


def head():
    return [Dense(6, activation="tanh"), Dropout(0.25), Dense(3)]


def network(*more, seed=1):
    return Sequential([Input((10, 10, 1)), *features(), *head(), *more], seed=seed)


def assert_same(arrays, others):
    for a, b in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(a, b)


# ---- against Keras

OF_KERAS = {  # frozen: losses of four steps, loss after them, the sums of w, b, gamma, beta, w, b, w, b
    (1, 3): (
        (1.2042067, 1.1584576, 1.1203554, 1.1006851), 1.0883206,
        (0.243611, -0.153036, -0.701813, -0.695396, 0.687683, -0.378796, -0.699867, -0.491833),
    ),
    (0, 1): (
        (2.0044699, 1.8266435, 1.7027395, 1.5806503), 1.4745429,
        (-0.034246, -0.062987, -0.701813, -0.695396, 1.068999, -0.469576, -0.699867, -0.491833),
    ),
    (0, 1, 2, 3): (
        (1.2042067, 1.1609168, 1.1258328, 1.1112049), 1.1077434,
        (-0.034246, -0.062987, -0.701813, -0.695396, 0.687683, -0.378796, -0.699867, -0.491834),
    ),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["literal", "tuned"])
@pytest.mark.parametrize("frozen", OF_KERAS)
def test_what_keras_trains_is_trained(frozen, backend):
    """The numbers are those of Keras 3.15.1 (on PyTorch) from the same weights: a frozen layer below those that learn,
    and one above, through which the gradient goes; a frozen batch normalisation, in inference mode; a frozen layer with
    a regulariser, which counts no more.
    """
    model = Sequential([
        Input((6, 6, 1)), Conv2D(2, 3, activation="relu"), BatchNormalization(), Flatten(),
        Dense(4, activation="tanh", kernel_regularizer=regularizers.L2(0.05)), Dense(3),
    ])  # fmt: skip
    n = np.arange(8)[:, np.newaxis]
    x = np.sin(n * np.arange(1, 37) * 0.37).reshape(8, 6, 6, 1).astype(np.float32)
    weights = [
        (np.cos(np.arange(w.size) * 1.3 + i).reshape(w.shape) / 2).astype(np.float32)
        for i, w in enumerate(model.get_weights())
    ]
    weights[5] = np.array([0.5, 0.8], np.float32)
    model.set_weights(weights)
    for at in frozen:
        model.layers[at].trainable = False
    model.compile(optimizers.SGD(0.5, momentum=0.5), LOGITS, backend=backend)
    steps, after, sums = OF_KERAS[frozen]
    np.testing.assert_allclose([model.train_on_batch(x, np.arange(8) % 3) for _ in range(4)], steps, rtol=1e-5)
    assert model.evaluate(x, np.arange(8) % 3, verbose=0) == pytest.approx(after, rel=1e-5)
    learned = model.get_weights()
    np.testing.assert_allclose([w.sum() for w in learned[:4] + learned[6:]], sums, atol=2e-5)
    for at, (first, last) in enumerate([(0, 2), (2, 6), (0, 0), (6, 8), (8, 10)]):
        if at in frozen:
            assert_same(learned[first:last], weights[first:last])
    assert len(model.losses) == (3 not in frozen)


# ---- transfer


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_a_transfer_between_digits(backend):
    """Keras's mnist_transfer_cnn.py in small: what one task has taught the convolutions serves the next."""

    def never(*arguments):
        raise AssertionError("nothing below the lowest layer that learns goes backward")

    bottom, top = features(), head()
    model: Any = Sequential([Input((10, 10, 1)), RandomTranslation(0.1, 0.1), *bottom, *top], seed=1)
    model.compile("adam", LOGITS, metrics=["accuracy"], backend=backend)
    model.fit(X, Y, epochs=2, verbose=0)
    for layer in bottom:
        layer.trainable = False
    before, iterations = model.get_weights(), model.optimizer.iterations
    ops = loopnet.get_ops(backend)
    down = (
        "conv2d_backward_weights", "conv2d_relu_pool_backward_weights", "conv2d_relu_pool_backward",
        "relu_pool_backward", "conv2d_backward_input",
    )  # fmt: skip
    forbidden: dict[str, Any] = {name: never for name in down if getattr(ops, name) is not None}
    ops = dataclasses.replace(ops, **forbidden)
    model.compile("adam", LOGITS, metrics=["accuracy"], backend=ops)
    assert iterations > 0 and model.optimizer.iterations == 0
    model.fit(X, (Y + 1) % 3, epochs=2, verbose=0)
    after = model.get_weights()
    assert_same(before[:4], after[:4])
    assert all((a != b).any() for a, b in zip(before[4:], after[4:], strict=True))
    assert [w.shape for w in model.trainable_weights] == [w.shape for w in after[4:]]
    assert [w.shape for w in bottom[2].non_trainable_weights] == [w.shape for w in bottom[2].weights]
    assert bottom[2].trainable_weights == [] == top[0].non_trainable_weights
    lines: list[str] = []
    model.summary(print_fn=lines.append, show_trainable=True)
    counts = [sum(w.size for w in after[a:b]) for a, b in ((4, None), (0, 4))]
    assert lines[-2:] == [f"Trainable params: {counts[0]:,}", f"Non-trainable params: {counts[1]:,}"]
    rows = [f"{line} " for line in lines if "(Conv2D)" in line or "(Dense)" in line]
    assert [" N " in row for row in rows] == [True, True, False, False]
    for layer in bottom:
        layer.trainable = True
    model.compile("sgd", LOGITS)  # fine-tuning
    with pytest.raises(AssertionError, match="nothing below"):
        model.compile("sgd", LOGITS, backend=ops)
        model.train_on_batch(X, Y)


def test_a_frozen_fused_stage_lets_the_gradient_through():
    """On ``tuned`` a convolution, ReLU and pooling are one loop, which writes the filters' gradient on its way."""
    results = []
    for backend in ("literal", "tuned"):
        model = network()
        model.layers[2].trainable = False
        before = model.get_weights()
        model.compile(optimizers.SGD(0.5), LOGITS, backend=backend)
        for _ in range(3):
            model.train_on_batch(X, Y)
        assert_same(model.layers[2].get_weights(), before[2:4])
        assert (model.get_weights()[0] != before[0]).any()
        results.append(model.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_nothing_learns_in_a_frozen_model():
    for backend in ("literal", "tuned"):
        model = network(BatchNormalization())
        model.trainable = False
        model.layers[-2].trainable = True  # as in Keras, the model's own word counts
        before = model.get_weights()
        model.compile("adam", LOGITS, backend=backend)
        model.fit(X, Y, epochs=1, verbose=0)
        assert_same(model.get_weights(), before)
        assert (model.trainable, model.trainable_weights) == (False, [])


# ---- when


def test_it_counts_from_the_next_compile_on():
    """Also in a GAN, whose discriminator learns by itself, and is frozen where it stands behind the generator."""
    generator = Sequential([Input((3,)), Dense(4, activation="tanh")], "generator", seed=1)
    discriminator = Sequential([Input((4,)), Dense(5, activation="tanh"), Dense(1, activation="sigmoid")], seed=2)
    discriminator.compile(optimizers.SGD(0.5), "binary_crossentropy")
    discriminator.trainable = False
    gan = Sequential([generator, discriminator])
    gan.compile(optimizers.Adam(0.1), "binary_crossentropy")
    noise, real, labels = rng.random((8, 3)), rng.random((8, 4)), np.arange(8) % 2
    weights = [gan.get_weights()]
    for model, x in ((discriminator, real), (gan, noise), (discriminator, real)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.train_on_batch(x, labels)
        weights.append(gan.get_weights())
    for step, learns in enumerate((False, True, False)):
        moved = [(a != b).any() for a, b in zip(*weights[step : step + 2], strict=True)]
        assert moved == [learns] * 2 + [not learns] * 4
    with pytest.warns(UserWarning, match=r"set since compile\(\), of dense, dense_1: it counts") as warned:
        discriminator.fit(real, labels, verbose=0)
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan.fit(noise, labels, verbose=0)


def test_what_an_optimiser_remembers_of_other_weights_is_forgotten():
    """Even where those that learn now are as many."""
    model: Any = Sequential([Input((3,)), Dense(3), Dense(3, trainable=False)])
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    x = rng.random((4, 3), np.float32)
    model.train_on_batch(x, x + 1)
    remembered = np.array(model.optimizer.state["velocity"])
    assert remembered.shape == (12,) and remembered.any()
    model.compile(model.optimizer, "mse")
    np.testing.assert_array_equal(model.optimizer.state["velocity"], remembered)
    model.layers[0].trainable, model.layers[1].trainable = False, True
    model.compile(model.optimizer, "mse")
    assert not model.optimizer.state["velocity"].any() and model.optimizer.iterations == 0


# ---- in files


@pytest.mark.parametrize("changed", [False, True])
def test_a_frozen_model_travels_and_goes_on(changed, tmp_path):
    model: Any = Sequential([Input((10, 10, 1)), *features(), Dense(3)])
    model.layers[0].trainable = False
    model.compile(optimizers.Adam(0.01), LOGITS)
    model.train_on_batch(X, Y)
    if changed:  # and not compiled again
        model.layers[0].trainable, model.layers[2].trainable = True, False
    model.save(tmp_path / "model")
    again: Any = load_model(tmp_path / "model")
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in model.layers]
    assert [layer.frozen for layer in again.layers] == [layer.frozen for layer in model.layers]
    assert again.layers[0].frozen
    for slot in ("m", "v"):
        np.testing.assert_array_equal(again.optimizer.state[slot], model.optimizer.state[slot])
    assert again.train_on_batch(X, Y) == pytest.approx(model.train_on_batch(X, Y), rel=1e-6)
    assert_same(again.get_weights(), model.get_weights())
    assert Dense(3, trainable=False).get_config()["trainable"] is False
    assert "trainable" not in Dense(3).get_config()  # files of models that learn are as they were
    model.trainable = False
    model.save(tmp_path / "model")
    assert not load_model(tmp_path / "model").trainable


def test_a_checkpoint_of_other_frozen_layers_is_refused(tmp_path):
    x = rng.random((4, 3), np.float32)
    model = Sequential([Input((3,)), Dense(3), Dense(3)])
    for frozen in (0, 1):
        for at, layer in enumerate(model.layers):
            layer.trainable = at != frozen
        model.compile("adam", "mse")
        for layer in model.layers:
            layer.trainable = True  # the architecture is the same in both
        backup = callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
        with pytest.warns(UserWarning, match="trainable has been set"):
            if frozen == 0:
                model.fit(x, x, verbose=0, callbacks=[backup])
            else:
                with pytest.raises(ValueError, match="of a training in which other layers were frozen"):
                    model.fit(x, x, verbose=0, callbacks=[backup])


def test_a_step_that_is_one_function_refuses_frozen_layers():
    ops = dataclasses.replace(loopnet.get_ops("literal"), name="cuda_fused", train_step=lambda *_: None)
    model = network()
    model.layers[0].trainable = False
    with pytest.raises(ValueError, match="'cuda_fused' trains all layers; given conv2d frozen, use backend 'cuda'"):
        model.compile("adam", LOGITS, backend=ops)
