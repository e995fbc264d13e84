"""Random contrast and brightness: Keras's pictures for the same numbers, how the numbers fall, and what is refused."""

from pathlib import Path

import numba
import numpy as np
import pytest
from golden import adjusted as asked

import loopnet
from loopnet import layers
from loopnet.layers import Conv2D, Dense, Flatten, Input, RandomBrightness, RandomContrast, Rescaling
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops

with np.load(Path(__file__).parent / "golden/adjusted.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)


def built(layer, shape=(6, 5, 3), backend="literal"):
    layer.build(shape)
    layer.needs_input_gradient = False
    layer.bind(get_ops(backend), np.dtype("float32"))
    return layer


@pytest.mark.parametrize("name", asked.COLOURS)
def test_keras_s_pictures_for_the_same_numbers(name, monkeypatch):
    cls, arguments, numbers = asked.COLOURS[name]
    layer, x = built(getattr(layers, cls)(**arguments)), asked.images(arguments)
    low, high = layer.value_range
    scale = high - low if cls == "RandomBrightness" else 1
    monkeypatch.setattr(layer, "_drawn", lambda x, least, most: scale * np.array(numbers, np.float32))
    np.testing.assert_allclose(layer.forward(x, training=True), GOLDEN[name], rtol=0, atol=2e-6 * high)
    assert (GOLDEN[name] == low).any() and (GOLDEN[name] == high).any()  # some of it was cut off


def drawn_by(layer, count=3000):
    """What is drawn for one image after another: from an image of a half dark and a half bright."""
    x = np.tile(np.array([-1, 1], np.float32).reshape(1, 1, 2, 1), (count, 1, 1, 1))
    y = built(layer, (1, 2, 1)).forward(x, training=True)
    return (y[:, 0, 1, 0] - y[:, 0, 0, 0]) / 2, y.mean(axis=(1, 2, 3))


@pytest.mark.parametrize(("layer", "least", "most"), [
    (RandomContrast(0.25, (-9, 9), seed=1), 0.75, 1.25),
    (RandomContrast((0.5, 0.25), (-9, 9), seed=2), 0.5, 1.25),
    (RandomContrast([0, 1.0], (-9, 9), seed=3), 1, 2),
    (RandomBrightness(0.25, (-8, 8), seed=1), -4, 4),
    (RandomBrightness(-0.25, (-8, 8), seed=1), -4, 4),
    (RandomBrightness((0.25, -0.125), (-8, 8), seed=2), -2, 4),
    (RandomBrightness([0.125, 0.25], (-8, 8), seed=3), 2, 4),
])  # fmt: skip
def test_numbers_fall_evenly_between_their_limits(layer, least, most):
    contrasts, means = drawn_by(layer)
    drawn, other = (contrasts, means) if isinstance(layer, RandomContrast) else (means, contrasts - 1)
    wide = most - least
    assert least - 1e-5 <= drawn.min() < least + 0.01 * wide and most - 0.01 * wide < drawn.max() <= most + 1e-5
    assert abs(drawn.mean() - (least + most) / 2) < 0.03 * wide and abs(drawn.std() - wide / 12**0.5) < 0.02 * wide
    np.testing.assert_allclose(other, 0, atol=1e-6)  # the one changes no brightness, the other no contrast


@pytest.mark.parametrize("make", [RandomContrast, RandomBrightness])
def test_every_backend_and_any_number_of_threads_shows_the_same_pictures(make):
    x, shown, before = asked.images({}), [], numba.get_num_threads()
    for backend in BACKENDS:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            layer = built(make(0.5, seed=3), backend=backend)
            shown.append(layer.ops.to_host(layer.forward(layer.ops.pack(x), training=True), x.shape))
    numba.set_num_threads(before)
    assert all(y.tobytes() == shown[0].tobytes() for y in shown) and not np.array_equal(shown[0], x)
    assert layer.forward(x) is x  # nothing happens when looking


@pytest.mark.parametrize("backend", ["parallel", "tuned"])
def test_in_a_network_that_travels(backend, tmp_path):
    x, y = asked.images({}), np.arange(4) % 2
    weights = []
    for _ in range(2):
        model = loopnet.Sequential([
            Input((6, 5, 3)), RandomContrast(0.2), RandomBrightness((-0.1, 0.2)), Rescaling(1 / 255), Conv2D(2, 3),
            Flatten(), Dense(2),
        ], seed=4)  # fmt: skip
        model.compile("sgd", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
        model.fit(x, y, batch_size=2, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)  # the model's seed fixes the pictures, too
    model.save(tmp_path / "model.safetensors")
    again = loopnet.Sequential.load(tmp_path / "model.safetensors", backend=backend)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    copy = loopnet.models.model_from_json(model.to_json())
    assert [repr(layer).replace("[", "(").replace("]", ")") for layer in copy.layers] == [
        repr(layer) for layer in model.layers
    ]




@pytest.mark.parametrize(("make", "message"), [
    (lambda: RandomContrast(1.5), "RandomContrast: expected factor as a number from 0 to 1, or a pair of them, given"),
    (lambda: RandomContrast(-0.1), "expected factor as a number from 0 to 1"),
    (lambda: RandomContrast((0.1, 0.2, 0.3)), "expected factor as a number from 0 to 1, or a pair of them"),
    (lambda: RandomContrast("strong", name="c"), "c: factor: expected a number, given 'strong'"),
    (lambda: RandomBrightness(float("nan")), "RandomBrightness: factor: expected a finite number, given nan"),
    (lambda: RandomBrightness((-1.5, 1)), "expected factor as a number from -1 to 1, or a pair of them"),
    (lambda: RandomBrightness(0.5, 255), "expected value_range as a pair, given 255"),
    (lambda: RandomBrightness(0.5, (1, 0)), "expected value_range from low to high, given (1, 0)"),
    (lambda: RandomContrast(0.5, ("a", 1)), "RandomContrast: value_range: expected a number, given 'a'"),
    (lambda: RandomContrast(0.5).build((4,)), "expected input of shape (batch, height, width, channels)"),
])  # fmt: skip
def test_what_makes_no_sense_says_so(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)


def test_they_stand_before_what_learns():
    model = loopnet.Sequential([Input((6, 6, 1)), Conv2D(2, 3), RandomContrast(0.1, name="c"), Flatten(), Dense(2)])
    with pytest.raises(ValueError, match="c: it has no gradient; put it before the first layer that learns"):
        model.compile("sgd", "mse")
