"""The tuned rung's layout, images side by side in lanes, seen from outside: no image is lost, none too many counts.

Also that nobody need know of it: weights move freely from rung to rung, and a model answers alike on all.
"""

import numpy as np
import pytest
from cases import BATCHES, CONV_OF_A_BATCH
from checks import TOLERANCE, assert_close, check_against_oracle, check_broken_numbers_stay_visible

from loopnet.kernels.tuned.lanes import split
from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.model import Sequential
from loopnet.ops import get_ops

TUNED = get_ops("tuned")


def test_split_has_a_lane_for_every_image():
    for batch in range(1, 2001):
        blocks, lanes = split(batch)
        assert blocks * lanes >= batch > (blocks - 1) * lanes, batch  # and no block is empty


def test_split_of_what_was_split_changes_nothing():
    """A layer asks for as many images as its input has lanes, and must get the same blocks."""
    for batch in range(1, 2001):
        blocks, lanes = split(batch)
        assert split(blocks * lanes) == (blocks, lanes), batch


@pytest.mark.parametrize("shape", [(), (7,), (2, 3, 4)])
@pytest.mark.parametrize("batch", BATCHES)
def test_to_host_unpacks_what_pack_packed(batch, shape):
    array = np.random.default_rng(batch).standard_normal((batch, *shape)).astype("float32")
    packed = TUNED.pack(array)
    assert np.array_equal(TUNED.to_host(packed, array.shape), array)
    blocks, lanes = split(batch)
    assert TUNED.images(packed) == blocks * lanes
    every_lane = TUNED.to_host(packed, (blocks * lanes, *shape))
    assert not every_lane[batch:].any()  # empty lanes are zero, not whatever was in memory


@pytest.mark.parametrize("case", CONV_OF_A_BATCH, ids=lambda case: case.name)
@pytest.mark.parametrize("batch", BATCHES)
def test_conv2d_of_any_batch(batch, case):
    case = case._replace(x=(batch, *case.x[1:]))
    check_against_oracle(TUNED, "conv2d", case, "float32")
    check_broken_numbers_stay_visible(TUNED, "conv2d", case, "float32")


def small_lenet(padding="valid"):
    """Fused and unfused convolutions, and rows and columns that pooling leaves out."""
    layers = [
        Input((13, 12, 2)),
        Conv2D(5, 3, activation="relu", padding=padding), MaxPooling2D(),
        Conv2D(6, 2, activation="relu"), MaxPooling2D(),
        Flatten(), Dense(7, activation="relu"), Dense(4),
    ]  # fmt: skip
    return Sequential(layers, seed=3)


def images(batch):
    random = np.random.default_rng(batch)
    return random.standard_normal((batch, 13, 12, 2)).astype("float32"), random.integers(4, size=batch)


def compiled(backend, padding="valid"):
    model = small_lenet(padding)
    model.compile("sgd", SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    return model


@pytest.mark.parametrize("batch", [1, 33, 101])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_empty_lanes_never_reach_a_gradient(padding, batch):
    """One step on a batch that leaves lanes empty; the literal rung has no lanes."""
    losses, gradients = [], []
    for backend in ("literal", "tuned"):
        model = compiled(backend, padding)
        losses.append(model.train_on_batch(*images(batch)))
        parameters = [p for layer in model.layers for p in layer.parameters]
        gradients.append({f"{i} {p.name}": np.array(p.grad) for i, p in enumerate(parameters)})
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert_close(gradients[1], gradients[0], 10 * TOLERANCE["tuned"]["float32"], "float32")


def test_what_an_empty_lane_holds_is_nobodys_business():
    """The lanes that one batch fills are full of its pixels when the next, smaller one leaves them empty."""
    fresh, used = compiled("tuned"), compiled("tuned")
    used.predict(100 * images(36)[0], batch_size=36)
    for model in (fresh, used):
        model.train_on_batch(*images(33))
    for a, b in zip(fresh.get_weights(), used.get_weights(), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_weights_move_freely(padding):
    """The same weights give the same predictions on every rung, in batches of any size."""
    x, _ = images(130)
    few = x[:2]
    origin = compiled("tuned", padding)
    origin.train_on_batch(*images(33))
    want = origin.predict(x, batch_size=130)
    scale = np.abs(want).max()
    for backend in ("python", "literal", "parallel", "tuned"):
        model = compiled(backend, padding)
        model.set_weights(origin.get_weights())
        for size in (1,) if backend == "python" else (1, 33, 128):
            got = model.predict(few if backend == "python" else x, batch_size=size)
            np.testing.assert_allclose(got, want[: len(got)], rtol=0, atol=2e-6 * scale, err_msg=f"{backend} {size}")


def test_flatten_is_in_kerass_order():
    """Row by row, pixel by pixel, channel by channel, also in lanes: what a dense layer's weights rely on."""
    x = np.arange(33 * 2 * 3 * 4, dtype="float32").reshape(33, 2, 3, 4)
    model = Sequential([Input((2, 3, 4)), Flatten()])
    model.compile(backend="tuned")
    assert np.array_equal(model.predict(x, batch_size=33), x.reshape(33, -1))
