"""The weights' gradient from each lane's winner leaves products with 0 out; where those are not 0, it must not."""

import numpy as np
import pytest
from checks.rung import poison, tensor
from ways import decide_anew

from loopnet import get_ops
from loopnet.kernels.tuned import choice_winners, registers, winners_in_lanes

EVERY_WINNER = np.arange(5, dtype=np.int8)  # four places in a window, and none


def layer(window=5, channels=3, filters=6, images=48, size=None, dtype="float32", whole=False):
    """What goes back through a layer: numbers of ``dtype``, or small whole ones; all places win, in all lanes."""
    random = np.random.default_rng(window * filters + images)
    height, width = size or (window + 6, window + 4)
    pooled = ((height - window + 1) // 2, (width - window + 1) // 2)

    def draw(*shape):
        return (random.integers(-3, 4, shape) if whole else random.standard_normal(shape)).astype(dtype)

    return {
        "x": draw(images, height, width, channels),
        "dy": draw(images, *pooled, filters),
        "winner": random.choice(EVERY_WINNER, (images, *pooled, filters)),
        "window": window,
    }


def kernel(given):
    """dw and db by ``choice_winners.py``'s way."""
    ops, x, dy = get_ops("tuned"), given["x"], given["dy"]
    assert ops.conv2d_relu_pool_backward_weights
    dw = poison((given["window"], given["window"], x.shape[3], dy.shape[3]), dy.dtype)
    db = poison((dy.shape[3],), dy.dtype)
    arrays = (tensor(ops, given[name]) for name in ("dy", "winner", "x"))
    ops.conv2d_relu_pool_backward_weights(*arrays, dw, db)
    return dw, db


def by_hand(given):
    """The same, winner by winner, in float64."""
    x, dy, window = given["x"].astype(float), given["dy"].astype(float), given["window"]
    dw, db = np.zeros((window, window, x.shape[3], dy.shape[3])), np.zeros(dy.shape[3])
    for (n, i, j, k), winner in np.ndenumerate(given["winner"]):
        if winner != 4:
            row, col = 2 * i + winner // 2, 2 * j + winner % 2
            dw[:, :, :, k] += dy[n, i, j, k] * x[n, row : row + window, col : col + window]
            db[k] += dy[n, i, j, k]
    return dw, db


@pytest.fixture
def picked(monkeypatch):
    """Whether each call of the operation took its numbers from the winners in lanes."""
    answers, make = [], choice_winners.in_lanes_way

    def noted(*sizes):
        way = make(*sizes)

        def run(*arrays):
            def ready():
                other_way = way is None or way(*arrays)()
                answers.append(not other_way)
                return other_way

            return ready

        return run

    decide_anew(monkeypatch)
    monkeypatch.setattr(registers, "AVX512", True)  # so on any processor
    monkeypatch.setattr(choice_winners, "in_lanes_way", noted)
    return answers


@pytest.mark.parametrize(
    "sizes",
    [
        {}, {"filters": 8}, {"filters": 5}, {"filters": 1, "channels": 1}, {"images": 16}, {"images": 31},
        {"window": 1}, {"window": 2}, {"window": 3, "filters": 12}, {"window": 4}, {"window": 6},
        {"size": (8, 9)}, {"size": (6, 7)}, {"dtype": "float64"}, {"dtype": "float64", "images": 8, "window": 3},
    ],
    ids=str,
)  # fmt: skip
def test_sums_over_the_winners(sizes, picked):
    given = layer(**sizes)
    tolerance = 1e-4 if given["x"].dtype == np.float32 else 1e-12
    for got, expected in zip(kernel(given), by_hand(given), strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * max(1, abs(expected).max()))
    assert picked == [True]


def test_whole_numbers_come_out_exact(picked):
    given = layer(whole=True)
    for got, expected in zip(kernel(given), by_hand(given), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert picked == [True]


@pytest.mark.parametrize("sizes", [{"window": 7}, {"images": 5}, {"images": 36}], ids=str)
def test_wide_windows_and_odd_lanes_go_the_long_way(sizes, picked):
    given = layer(**sizes)
    for got, expected in zip(kernel(given), by_hand(given), strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * abs(expected).max())
    assert picked == [False]


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_pixel_that_is_not_finite_shows_wherever_it_is_multiplied_with_zero(number, where, picked):
    given = layer(size=(11, 9), images=32)  # rows 0 to 10 and columns 0 to 8: every pixel is seen by some window
    given["x"].flat[0 if where == "first" else -1] = number
    dw, db = kernel(given)
    assert picked == [False]
    tap, channel = ((0, 0), 0) if where == "first" else ((4, 4), -1)
    assert not np.isfinite(dw[(*tap, channel)]).any()  # of all filters, the others have 0 * infinity
    assert np.isfinite(db).all()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_stays_in_its_filter(number, picked):
    given = layer()
    given["dy"][3, 1, 1, 2], given["winner"][3, 1, 1, 2] = number, 3
    dw, db = kernel(given)
    assert picked == [True]
    assert not np.isfinite(dw[..., 2]).any() and not np.isfinite(db[2])
    others = [k for k in range(6) if k != 2]
    assert np.isfinite(dw[..., others]).all() and np.isfinite(db[others]).all()


def test_a_gradient_of_a_window_that_is_switched_off_counts_nothing():
    given = layer()
    given["winner"][:] = winners_in_lanes.DEAD
    given["dy"][:] = np.nan
    dw, db = kernel(given)
    assert not dw.any() and not db.any()
