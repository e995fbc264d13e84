"""Dense layers for few images: sums in registers, and runs along the units, must come to what the textbook says."""

import numpy as np
import pytest
from cases import Dense
from checks import check_against_oracle, check_broken_numbers_stay_visible
from ways import note_calls

from loopnet.kernels.tuned import dense, few_images
from loopnet.kernels.tuned.registers import vector
from loopnet.ops import get_ops

TUNED = get_ops("tuned")
TILE = len(few_images.TILE)

REGISTERS, ALONG_IMAGES, ALONG_UNITS = "registers", "along images", "along units"


@pytest.fixture
def ways(monkeypatch):
    """How forward, backward_weights and backward_input went, in this order."""
    kernels = [
        (few_images, "sums_in_registers", REGISTERS),
        (few_images, "transpose_gradients", ALONG_UNITS),
        (dense, "dense_backward_weights", ALONG_IMAGES),
        (dense, "dense_backward_input", ALONG_IMAGES),
        (dense, "dense_forward", "forward"),
    ]
    return note_calls(monkeypatch, kernels)


IN_REGISTERS = [  # images, inputs, units
    (16, 32, 32), (32, 64, 48), (64, 64, 64),  # whole vectors and tiles
    (20, 33, 21), (28, 30, 29), (36, 37, 43), (60, 90, 61),  # that overlap
    (16, 16, 16), (16, 19, 17),
]  # fmt: skip

ALONG_THE_UNITS = [(1, 5, 64), (3, 1, 72), (4, 7, 64), (32, 40, 64), (29, 9, 80), (33, 4, 128), (64, 3, 136)]

ALONG_THE_IMAGES = [(68, 80, 136), (100, 130, 120), (128, 70, 10), (5, 3, 2), (64, 9, 7)]


def layer(sizes):
    return Dense(str(sizes), *sizes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [*IN_REGISTERS, *ALONG_THE_UNITS, *ALONG_THE_IMAGES], ids=str)
def test_random_numbers_come_to_what_the_oracle_says(sizes, dtype):
    check_against_oracle(TUNED, "dense", layer(sizes), dtype)


@pytest.mark.parametrize("sizes", [(20, 33, 21), (32, 40, 64), (3, 2, 72)], ids=str)
def test_a_number_that_is_not_finite_shows_where_the_oracle_shows_it(sizes):
    check_broken_numbers_stay_visible(TUNED, "dense", layer(sizes), "float32")


def go(ways, sizes):
    """The ways of the three passes, in float32."""
    ways.clear()
    check_against_oracle(TUNED, "dense", layer(sizes), "float32")
    return list(ways)


@pytest.mark.parametrize("sizes", IN_REGISTERS, ids=str)
def test_short_rows_and_long_sums_go_by_registers(ways, sizes):
    went = go(ways, sizes)
    assert went.count(REGISTERS) == 2 and "forward" not in went[:1], went


@pytest.mark.parametrize("sizes", ALONG_THE_UNITS, ids=str)
def test_many_units_of_few_images_are_run_along(ways, sizes):
    assert ALONG_UNITS in go(ways, sizes)


@pytest.mark.parametrize("sizes", ALONG_THE_IMAGES, ids=str)
def test_many_images_or_short_sums_go_along_the_images(ways, sizes):
    assert go(ways, sizes) == ["forward", ALONG_IMAGES, ALONG_IMAGES]


def test_small_whole_numbers_come_to_exactly_the_same():
    random = np.random.default_rng(0)
    numbers = len(vector(np.dtype("float32")))
    images, inputs, units = numbers + 4, 70, 8 * TILE
    x, w, b, dy = (
        random.integers(-3, 4, shape).astype("float32")
        for shape in ((inputs, images), (inputs, units), (units,), (units, images))
    )
    y, dx, dw, db = (np.full(shape, np.nan, "float32") for shape in (dy.shape, x.shape, w.shape, b.shape))
    TUNED.dense_forward(x, w, b, y)
    TUNED.dense_backward_input(dy, w, dx)
    TUNED.dense_backward_weights(dy, x, dw, db)
    np.testing.assert_array_equal(y, w.T @ x + b[:, np.newaxis])
    np.testing.assert_array_equal(dx, w @ dy)
    np.testing.assert_array_equal(dw, x @ dy.T)
    np.testing.assert_array_equal(db, dy.sum(axis=1))


def test_two_layers_do_not_mix_their_gradients():
    """They transpose them into the same memory."""
    random = np.random.default_rng(0)
    layers = [
        [random.standard_normal(shape).astype("float32") for shape in ((units, 8), (5, 8), (5, units), (units,))]
        for units in (72, 64, 128)
    ]
    ready = [TUNED.dense_backward_weights.made_ready(*arrays) for arrays in layers]  # type: ignore[attr-defined]
    for call in [*ready, *reversed(ready)]:
        call()
    for dy, x, dw, db in layers:
        np.testing.assert_allclose(dw, x @ dy.T, rtol=0, atol=1e-5)
        np.testing.assert_allclose(db, dy.sum(axis=1), rtol=0, atol=1e-5)
