"""Images brought to one size: by hand, in a network, sent round. Keras's numbers are in golden/layers.py."""

import numpy as np
import pytest

import loopnet
from loopnet import layers
from loopnet.layers import CenterCrop, Conv2D, Dense, Flatten, Input, Resizing

X = np.random.default_rng(0).uniform(0, 255, (6, 9, 7, 2)).astype(np.float32)


def row(*numbers):
    """One image of one row and one channel."""
    return np.array(numbers, np.float32).reshape(1, 1, -1, 1)


@pytest.mark.parametrize(("how", "given", "expected"), [
    ("bilinear", (0, 4), (0, 1, 3, 4)),
    ("nearest", (0, 4), (0, 0, 4, 4)),
    ("bilinear", (0, 1, 6, 3), (0.5, 4.5)),
    ("nearest", (0, 1, 6, 3), (1, 3)),  # half-way between two: the latter
    ("bilinear", (5, 1, 9, 2, 3, 8), (1, 3)),  # on the pixel: the others do not count, an image is not smoothed
    ("nearest", (1, 2, 3), (1, 1, 2, 3, 3)),
    ("bilinear", (7,), (7, 7, 7)),
])  # fmt: skip
def test_by_hand(how, given, expected):
    """Along rows and along columns."""
    x, count = row(*given), len(expected)
    np.testing.assert_array_equal(Resizing(1, count, how)(x).ravel(), expected)
    np.testing.assert_array_equal(Resizing(count, 1, how)(x.swapaxes(1, 2)).ravel(), expected)


def test_gradients_by_hand():
    """Each new pixel tells the old ones that it is mixed from, each for its share."""
    layer = Resizing(1, 4)
    layer.build((1, 2, 1))
    layer.bind(loopnet.get_ops("literal"), np.dtype("float32"))
    np.testing.assert_array_equal(layer.backward(row(1, 10, 100, 1000)).ravel(), [1 + 7.5 + 25, 2.5 + 75 + 1000])


def test_what_has_the_right_size_passes_as_it_is():
    layer = Resizing(9, 7)
    layer.build((9, 7, 2))
    layer.bind(loopnet.get_ops("literal"), np.dtype("float32"))
    assert layer.forward(X) is X and layer.operations() == ()


def test_the_middle_by_hand():
    """Of an odd rest the larger half lies behind; a smaller image is cut to proportion, and made larger."""
    x = np.arange(5 * 6, dtype=np.float32).reshape(1, 5, 6, 1)
    np.testing.assert_array_equal(CenterCrop(2, 3)(x)[0, ..., 0], [[7, 8, 9], [13, 14, 15]])
    np.testing.assert_array_equal(CenterCrop(5, 6)(x), x)
    np.testing.assert_allclose(CenterCrop(10, 2)(x), Resizing(10, 2)(x[:, :, 2:3]), rtol=1e-6)


def test_called_on_whole_numbers_as_in_the_listings():
    images = np.arange(2 * 6 * 6 * 3).reshape(2, 6, 6, 3).astype(np.uint8)
    preprocessing = loopnet.Sequential([Resizing(3, 3), layers.Rescaling(1 / 255)])
    answers = preprocessing(images)
    assert answers.dtype == np.float32 and answers.shape == (2, 3, 3, 3)
    want = images.reshape(2, 3, 2, 3, 2, 3).mean(axis=(2, 4)) / 255  # half the size: the mean of four
    np.testing.assert_allclose(answers, want, rtol=1e-6)


@pytest.mark.parametrize("backend", ["parallel", "tuned"])
def test_in_a_network_that_travels(backend, tmp_path):
    """At the door and among layers that learn."""
    model = loopnet.Sequential([
        Input((9, 7, 2)), Resizing(8, 8, crop_to_aspect_ratio=True), Conv2D(3, 3, activation="relu"),
        CenterCrop(5, 7),
        Resizing(4, 5, "nearest"), Resizing(7, 3), Flatten(), Dense(3),
    ], seed=1)  # fmt: skip
    model.compile("sgd", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    before = model.get_weights()
    model.fit(X / 255, np.arange(6) % 3, epochs=1, verbose=0)
    assert (model.get_weights()[0] != before[0]).any()
    model.save(tmp_path / "model.safetensors")
    again = loopnet.Sequential.load(tmp_path / "model.safetensors", backend=backend)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for copy in (loopnet.models.model_from_json(model.to_json()), loopnet.models.clone_model(model)):
        assert [layer.config() for layer in copy.layers] == [layer.config() for layer in model.layers]
