"""RandomCrop: where its windows lie, Keras's pictures for the same corner, and what it shows when it only looks."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest
from golden import adjusted as asked

import loopnet
from loopnet.layers import CenterCrop, Conv2D, Dense, Flatten, Input, RandomCrop, Rescaling
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops

with np.load(Path(__file__).parent / "golden/adjusted.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)

X = asked.images({})


def shown(layer, x=X, backend="literal", training=True):
    layer.build(x.shape[1:])
    layer.needs_input_gradient = False
    layer.bind(get_ops(backend), np.dtype("float32"))
    return layer.ops.to_host(layer.forward(layer.ops.pack(x), training), (len(x), *layer.output_shape[1:]))


@pytest.mark.parametrize("name", asked.CROPS)
def test_keras_s_pictures_for_the_same_corner(name, monkeypatch):
    arguments, corner = asked.CROPS[name]
    layer = RandomCrop(**arguments)
    drawn = SimpleNamespace(integers=lambda high, size: np.broadcast_to(corner, size))
    monkeypatch.setattr(layer, "chance", lambda: drawn)
    np.testing.assert_array_equal(shown(layer), GOLDEN[name])


@pytest.mark.parametrize("name", asked.LOOKS)
def test_looking_it_shows_what_keras_documents(name):
    """The largest window in proportion, resized; in training, too, where the image is too small."""
    height, width = asked.LOOKS[name]
    layer = RandomCrop(height, width)
    np.testing.assert_allclose(shown(layer, training=False), GOLDEN[name], rtol=1e-5)
    if height > X.shape[1] or width > X.shape[2]:
        np.testing.assert_array_equal(shown(layer), shown(layer, training=False))
        np.testing.assert_array_equal(shown(layer), CenterCrop(height, width)(X))


def test_every_place_is_as_likely_as_another():
    """Each picture is a window to the bit; images of one batch are seen at different places."""
    x = np.arange(3000 * 20, dtype=np.float32).reshape(3000, 5, 4, 1)
    y = shown(RandomCrop(3, 3, seed=1), x)
    corners = [divmod(int(picture[0, 0, 0]) % 20, 4) for picture in y]
    for image, picture, (top, left) in zip(x, y, corners, strict=True):
        np.testing.assert_array_equal(picture, image[top : top + 3, left : left + 3])
    often = Counter(corners)
    assert set(often) == {(top, left) for top in range(3) for left in range(2)}
    assert all(400 < count < 600 for count in often.values())  # 500 each; 5 standard deviations


def test_what_fits_along_one_axis_moves_along_the_other():
    x = np.arange(50 * 20, dtype=np.float32).reshape(50, 5, 4, 1)
    y = shown(RandomCrop(3, 4, seed=1), x)
    assert {int(picture[0, 0, 0]) % 20 for picture in y} == {0, 4, 8}


def test_every_backend_and_any_number_of_threads_shows_the_same_pictures():
    pictures, before = [], numba.get_num_threads()
    for backend in BACKENDS:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            pictures.append(shown(RandomCrop(3, 2, seed=3), backend=backend).tobytes())
    numba.set_num_threads(before)
    assert len(set(pictures)) == 1 and shown(RandomCrop(3, 2, seed=4)).tobytes() != pictures[0]


def test_channels_first_are_the_same_pictures():
    turned = X.transpose(0, 3, 1, 2).copy()
    for training in (True, False):
        y = shown(RandomCrop(3, 4, seed=5, data_format="channels_first"), turned, training=training)
        np.testing.assert_array_equal(y.transpose(0, 2, 3, 1), shown(RandomCrop(3, 4, seed=5), training=training))


def test_called_on_numbers():
    layer = RandomCrop(3, 3, seed=1)
    calls = [layer(X, training=True) for _ in range(4)]
    assert calls[0].shape == (4, 3, 3, 3) and len({y.tobytes() for y in calls}) > 1
    np.testing.assert_array_equal(layer(X, training=False), shown(RandomCrop(3, 3), training=False))


@pytest.mark.parametrize("backend", ["parallel", "tuned"])
def test_in_a_network_that_travels(backend, tmp_path):
    weights = []
    for _ in range(2):
        stack = [Input((6, 5, 3)), RandomCrop(4, 4), Rescaling(1 / 255), Conv2D(2, 3), Flatten(), Dense(2)]
        model = loopnet.Sequential(stack, seed=4)
        model.compile("sgd", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
        model.fit(X, np.arange(4) % 2, batch_size=2, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)  # the model's seed fixes the pictures, too
    model.save(tmp_path / "model.safetensors")
    again = loopnet.Sequential.load(tmp_path / "model.safetensors", backend=backend)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    copy = loopnet.models.model_from_json(model.to_json())
    assert [layer.config() for layer in copy.layers] == [layer.config() for layer in model.layers]


@pytest.mark.parametrize(("make", "message"), [
    (lambda: RandomCrop(0, 3), "^RandomCrop: height: expected a positive integer, given 0"),
    (lambda: RandomCrop(3, 3, data_format="NHWC"), "expected data_format 'channels_last' or 'channels_first'"),
    (lambda: RandomCrop(3, 3, name="part").build((4, 4)), "^part: expected input of shape .batch, height, width, chan"),
])  # fmt: skip
def test_what_makes_no_sense_says_so(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_it_stands_before_what_learns():
    model = loopnet.Sequential([Input((6, 6, 1)), Conv2D(2, 3), RandomCrop(3, 3, name="part"), Flatten(), Dense(2)])
    with pytest.raises(ValueError, match="part: it has no gradient; put it before the first layer that learns"):
        model.compile("sgd", "mse")
