"""What comes in from outside an image that is moved, turned or scaled: by hand, and as Keras has it."""

from pathlib import Path

import numba
import numpy as np
import pytest
from golden import warped as asked

from loopnet.kernels.augment import inside
from loopnet.layers import Dense, Flatten, Input, RandomRotation, RandomTranslation, RandomZoom
from loopnet.layers.augmentation import FILLS
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS, get_ops

with np.load(Path(__file__).parent / "golden/warped.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)

SEEN = {
    "constant": ".....abcd.....",
    "nearest": "aaaaaabcdddddd",
    "reflect": "ddcbaabcddcbaa",
    "wrap": "dabcdabcdabcda",
}


@pytest.mark.parametrize("fill_mode", FILLS)
def test_what_is_seen_around_four_pixels(fill_mode):
    places = [inside(place, 4, FILLS[fill_mode]) for place in range(-5, 9)]
    assert "".join("abcd."[place] for place in places) == SEEN[fill_mode]
    around_one = [inside(place, 1, FILLS[fill_mode]) for place in (-7, 0, 7)]
    assert around_one == ([-1, 0, -1] if fill_mode == "constant" else [0, 0, 0])


def warped(x, flow, fill_mode, backend="literal"):
    ops = get_ops(backend).rung_for(("warp",), (4,))
    y = ops.pack(np.full_like(x, np.nan))
    ops.warp(ops.pack(x), ops.pack(flow), y, FILLS[fill_mode])
    return ops.to_host(y, x.shape)


BY_HAND = {
    1.5: {"constant": [30, 20, 0], "nearest": [30, 40, 40], "reflect": [30, 40, 30], "wrap": [30, 25, 15]},
    -7.5: {"constant": [0, 0, 0], "nearest": [10, 10, 10], "reflect": [15, 10, 15], "wrap": [30, 25, 15]},
}
"""How far pixels 10, 20 and 40 are moved: what is seen then, each the mean of two."""


@pytest.mark.parametrize("fill_mode", FILLS)
@pytest.mark.parametrize("shift", BY_HAND)
def test_neighbours_mix_across_the_edge(shift, fill_mode):
    row = np.array([10, 20, 40], np.float32)
    for axis, shape in ((1, (1, 1, 3, 1)), (0, (1, 3, 1, 1))):
        flow = np.zeros((1, 2, *shape[1:3]), np.float32)
        flow[:, axis] = shift
        assert warped(row.reshape(shape), flow, fill_mode).ravel().tolist() == BY_HAND[shift][fill_mode]


@pytest.mark.parametrize("name", asked.TRANSFORMS)
@pytest.mark.parametrize("fill_mode", asked.FILLS)
def test_keras_sees_the_same(fill_mode, name):
    x, (a, b, c, d, e, f) = asked.images(), asked.TRANSFORMS[name]
    i, j = np.indices(x.shape[1:3])
    flow = np.stack([d * j + e * i + f - i, a * j + b * i + c - j])[np.newaxis].astype(np.float32)
    np.testing.assert_allclose(warped(x, flow, fill_mode), GOLDEN[f"{fill_mode}/{name}"], atol=2e-6)


def shown(layer, x, backend="literal"):
    layer.build(x.shape[1:])
    layer.needs_input_gradient = False
    layer.bind(get_ops(backend), x.dtype)
    return layer.ops.to_host(layer.forward(layer.ops.pack(x), training=True), x.shape)


@pytest.mark.parametrize("fill_mode", FILLS)
def test_any_rung_and_number_of_threads_shows_the_same_bits(fill_mode):
    x = np.random.default_rng(0).uniform(size=(5, 6, 7, 2)).astype(np.float32)
    expected = shown(RandomRotation(0.5, fill_mode, seed=1), x)
    for backend in CPU_BACKENDS:
        np.testing.assert_array_equal(shown(RandomRotation(0.5, fill_mode, seed=1), x, backend), expected)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        np.testing.assert_array_equal(shown(RandomRotation(0.5, fill_mode, seed=1), x, "parallel"), expected)
    finally:
        numba.set_num_threads(before)


@pytest.mark.parametrize(
    "make",
    [
        lambda **how: RandomTranslation(0.9, 0.9, **how),
        lambda **how: RandomRotation(0.5, **how),
        lambda **how: RandomZoom(0.9, **how),
    ],
)
def test_a_white_image_stays_white_unless_black_is_asked_for(make):
    x = np.ones((9, 6, 6, 1), np.float32)
    for how in ({}, {"fill_mode": "nearest"}, {"fill_mode": "wrap"}):
        np.testing.assert_allclose(shown(make(seed=1, **how), x), x, atol=1e-6)
    assert shown(make(seed=1, fill_mode="constant"), x).min() == 0
    assert make().fill_mode == "reflect"  # as in Keras


def test_files_keep_it(tmp_path):
    """Those of earlier versions say "constant", and it stays so."""
    layers = [RandomZoom(0.1, fill_mode="constant"), RandomRotation(0.1, "wrap"), RandomTranslation(0.1, 0.1)]
    model = Sequential([Input((6, 6, 1)), *layers, Flatten(), Dense(2)])
    model.save(tmp_path / "model.safetensors")
    read = Sequential.load(tmp_path / "model.safetensors").layers[:3]
    assert [layer.config()["fill_mode"] for layer in read] == ["constant", "wrap", "reflect"]
