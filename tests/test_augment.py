"""Augmentation as a layer: what it asks of the kernels, when it does nothing, and that chance repeats itself."""

from typing import Any

import numba
import numpy as np
import pytest

from loopnet.kernels.augment import CONSTANT
from loopnet.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    RandomDistortion,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from loopnet.layers.augmentation import gaussian
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops

EVERYTHING: dict[str, Any] = {
    "shift": 2, "rotation": 20, "zoom": 0.2, "shear": 0.2, "elastic": 10, "sigma": 2, "cutout": 3,
}  # fmt: skip


def images(count=5, size=12):
    return np.random.default_rng(0).uniform(size=(count, size, size, 1)).astype(np.float32)


def built(layer, backend="literal", shape=(12, 12, 1)):
    layer.build(shape)
    layer.needs_input_gradient = False
    layer.bind(get_ops(backend), np.dtype("float32"))
    return layer


def shown(layer, x=None, backend="literal", times=1):
    """What comes out in training, the last of so many times."""
    built(layer, backend)
    x = images() if x is None else x
    for _ in range(times):
        y = layer.forward(layer.ops.pack(x), training=True)
    return layer.ops.to_host(y, x.shape)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_shows_the_same_pictures(backend):
    expected = shown(RandomDistortion(**EVERYTHING, seed=1))
    np.testing.assert_array_equal(shown(RandomDistortion(**EVERYTHING, seed=1), backend=backend), expected)


@pytest.mark.skipif(numba.get_num_threads() < 2, reason="one core only")
def test_any_number_of_threads_shows_the_same_pictures():
    before, answers = numba.get_num_threads(), []
    for threads in (1, 2):
        numba.set_num_threads(threads)
        answers.append(shown(RandomDistortion(**EVERYTHING, seed=1), backend="parallel"))
    numba.set_num_threads(before)
    np.testing.assert_array_equal(*answers)


def test_every_time_and_every_image_another_picture():
    same = np.repeat(images(1), 4, axis=0)
    first, second = (shown(RandomDistortion(**EVERYTHING, seed=1), same, times=times) for times in (1, 2))
    pictures = [picture.tobytes() for picture in (*first, *second)]
    assert len(set(pictures)) == 8
    assert not np.array_equal(first, shown(RandomDistortion(**EVERYTHING, seed=2), same))


def test_limits_of_zero_change_nothing():
    np.testing.assert_array_equal(shown(RandomDistortion()), images())


def test_nothing_happens_when_looking():
    layer = built(RandomDistortion(**EVERYTHING, seed=1))
    x = images()
    assert layer.forward(x, training=False) is x


def test_a_shift_by_whole_pixels_only_moves(monkeypatch):
    """And what comes in from outside is 0."""
    x = images(1)
    layer = built(RandomDistortion(shift=3, seed=0))
    flow = np.zeros((1, 2, 12, 12), np.float32)
    flow[:, 0], flow[:, 1] = 2, -1
    y = np.empty_like(x)
    layer.ops.warp(x, flow, y, CONSTANT)
    np.testing.assert_array_equal(y[:, :10, 1:], x[:, 2:, :11])
    assert not y[:, 10:].any() and not y[:, :, :1].any()


def flow_of(layer, count=2000, shape=(9, 9, 1)):
    """What the affine kernel writes for many images: (images, 2, height, width)."""
    built(layer, shape=shape)
    layer.forward(np.zeros((count, *shape), np.float32), training=True)
    return np.asarray(layer._room["flow"][1], np.float64)


def test_a_shift_is_even_up_to_its_limit():
    flow = flow_of(RandomDistortion(shift=(2.0, 0.5), seed=3))
    assert np.ptp(flow, axis=(2, 3)).max() == 0  # all pixels of an image alike
    for axis, limit in enumerate((2.0, 0.5)):
        moved = flow[:, axis, 0, 0]
        assert 0.98 * limit < moved.max() <= limit and -limit <= moved.min() < -0.98 * limit
        assert abs(moved.mean()) < 0.05 * limit and abs(moved.std() - limit / 3**0.5) < 0.03 * limit


@pytest.mark.parametrize("layer, degrees", [
    (RandomDistortion(rotation=30, seed=1), 30), (RandomRotation(0.125, seed=1), 45),
])  # fmt: skip
def test_a_rotation_keeps_distances(layer, degrees):
    flow = flow_of(layer)
    middle = np.indices((9, 9)) - 4.0
    places = middle + flow
    np.testing.assert_allclose(np.hypot(*np.moveaxis(places, 1, 0)), np.hypot(*middle)[None].repeat(2000, 0), atol=1e-5)
    angle = np.degrees(np.arctan2(places[:, 0, 4, 8], places[:, 1, 4, 8]))
    assert 0.98 * degrees < np.abs(angle).max() <= degrees + 1e-3 and abs(angle.mean()) < 0.05 * degrees


def test_a_zoom_scales_both_axes():
    flow = flow_of(RandomZoom(0.25, seed=1))
    scale = (np.indices((9, 9)) - 4.0 + flow)[:, 0, 8, 0] / 4
    assert 1.24 < scale.max() <= 1.25 and 0.75 <= scale.min() < 0.76
    np.testing.assert_allclose(flow[:, 0, 8, 4], flow[:, 1, 4, 8], atol=1e-6)


def test_a_shear_moves_rows_against_each_other():
    flow = flow_of(RandomDistortion(shear=0.5, seed=1))
    assert np.abs(flow[:, 1]).max() < 1e-6  # columns stay; rows move with the distance from the middle column
    np.testing.assert_allclose(flow[:, 0, 3, 8], -flow[:, 0, 3, 0], atol=1e-6)
    assert 0.49 < np.abs(flow[:, 0, 0, 8] / 4).max() <= 0.5


def test_keras_counts_in_fractions_of_the_image():
    layer = RandomTranslation(0.5, 0.25)
    layer.build((8, 12, 1))
    assert layer.shift == (4.0, 3.0)


def test_elastic_steps_are_smooth_and_average_out():
    layer = built(RandomDistortion(elastic=34, sigma=4, seed=1), "parallel", (32, 32, 1))
    layer.forward(np.zeros((200, 32, 32, 1), np.float32), training=True)
    flow = np.asarray(layer._room["flow"][1], np.float64)
    inner = flow[:, :, 12:20, 12:20]
    # even noise has a variance of 1/3, and a Gaussian keeps sum(taps ** 2) of it along each axis
    expected = 34 * (1 / 3) ** 0.5 * (gaussian(4) ** 2).sum()
    assert abs(inner.std() / expected - 1) < 0.1 and abs(inner.mean()) < 0.1 * expected
    assert np.abs(np.diff(inner, axis=-1)).mean() < 0.25 * inner.std()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("mode", "mirror"),
    [
        ("horizontal", np.s_[:, ::-1]),
        ("vertical", np.s_[::-1]),
        ("horizontal_and_vertical", np.s_[::-1, ::-1]),
    ],
)
def test_a_flip_mirrors_half_of_the_images(mode, mirror, backend):
    x = np.random.default_rng(0).uniform(size=(200, 4, 5, 2)).astype(np.float32)
    layer = built(RandomFlip(mode, seed=1), backend, (4, 5, 2))
    shows = []
    for _ in range(2):
        y = layer.ops.to_host(layer.forward(layer.ops.pack(x), training=True), x.shape)
        flipped = np.array([np.array_equal(b, a[mirror]) for a, b in zip(x, y, strict=True)])
        assert all(np.array_equal(a, b) for a, b in zip(x[~flipped], y[~flipped], strict=True))  # to the bit
        assert 70 < flipped.sum() < 130  # 4 standard deviations
        shows.append(flipped)
    assert (shows[0] != shows[1]).sum() > 70
    np.testing.assert_array_equal(layer.forward(x), x)  # in training only


def test_flips_are_those_of_the_seed():
    x = np.random.default_rng(0).uniform(size=(30, 4, 4, 1)).astype(np.float32)

    def first(seed, model_seed):
        model = Sequential([Input((4, 4, 1)), RandomFlip(seed=seed), Flatten(), Dense(1)], seed=model_seed)
        model.compile("sgd", "mse", backend="literal")
        return model.layers[0].forward(x, training=True).tobytes()

    assert first(None, 3) == first(None, 3) != first(None, 4)
    assert first(7, 3) == first(7, 4) != first(None, 3)


def test_a_gaussian_sums_to_one():
    for sigma in (0.3, 1, 4):
        assert gaussian(sigma).sum() == pytest.approx(1) and gaussian(sigma).argmax() == len(gaussian(sigma)) // 2


def test_cutout_hides_a_square():
    x = np.ones((300, 12, 12, 1), np.float32)
    hidden = 144 - shown(RandomDistortion(cutout=4, seed=1), x).sum(axis=(1, 2, 3))
    assert hidden.max() == 16 and hidden.min() == 4  # at a corner, a quarter of it; the middle is always inside


@pytest.mark.parametrize("backend", ["parallel", "tuned"])
def test_a_network_with_distortions_trains_and_travels(backend, tmp_path):
    def network():
        return Sequential([
            Input((12, 12, 1)), RandomTranslation(0.1, 0.1), RandomRotation(0.05), RandomZoom(0.1),
            RandomFlip("horizontal"), RandomDistortion(elastic=4, cutout=2),
            Conv2D(3, 3, activation="relu"), Flatten(), Dense(2),
        ], seed=4)  # fmt: skip

    from loopnet.losses import SparseCategoricalCrossentropy

    x, y = images(20), np.arange(20) % 2
    weights = []
    for _ in range(2):
        model = network()
        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), backend=backend)
        model.fit(x, y, batch_size=8, epochs=3, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)  # the model's seed fixes the pictures too
    np.testing.assert_array_equal(model.predict(x), model.predict(x))
    model.save(tmp_path / "model.safetensors")
    again = Sequential.load(tmp_path / "model.safetensors", backend=backend)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]


def odd(value: Any) -> Any:
    """What a type checker would not let pass."""
    return value


@pytest.mark.parametrize("make, message", [
    (lambda: RandomDistortion(shift=-1), "expected shift of at least 0, given -1"),
    (lambda: RandomDistortion(shift=odd((1, 2, 3))), "expected shift as a number or a pair"),
    (lambda: RandomDistortion(rotation=float("nan")), "expected rotation of at least 0"),
    (lambda: RandomDistortion(zoom=1), "expected zoom of at least 0 and below 1, given 1"),
    (lambda: RandomDistortion(sigma=0), "expected sigma above 0"),
    (lambda: RandomDistortion(cutout=odd(2.5)), "expected cutout as a whole number of pixels, given 2.5"),
    (lambda: RandomRotation(0.1, fill_mode="mirror"),
     "expected fill_mode as one of constant, nearest, reflect, wrap, given 'mirror'"),
    (lambda: RandomFlip("left"), "RandomFlip: expected mode 'horizontal', 'vertical' or 'horizontal_and_vertical'"),
    (lambda: RandomFlip(seed=odd("7")), "RandomFlip: seed: expected whole numbers, given ['7']"),
    (lambda: RandomZoom(0.1, 0.2), "width_factor is not in loopnet"),
    (lambda: RandomTranslation(odd("a"), 0.1), "expected height_factor of at least 0, given 'a'"),
    (lambda: Sequential([Input((4,)), RandomZoom(0.1)]), "expected input of shape (batch, height, width, channels)"),
])  # fmt: skip
def test_what_makes_no_sense_says_so(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)


def test_it_stands_before_what_learns():
    model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), RandomZoom(0.1, name="zoom"), Flatten(), Dense(2)])
    with pytest.raises(ValueError, match="zoom: it has no gradient; put it before the first layer that learns"):
        model.compile("sgd", "mean_squared_error")
    Sequential([Input((6, 6, 1)), Dropout(0.1), RandomZoom(0.1), Flatten(), Dense(2)]).compile("sgd", "mse")
