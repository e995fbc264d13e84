"""A single image, whose loops run along the filters, must come to what the textbook says."""

import numpy as np
import pytest
from pooled import compare, expected, forward, layer
from ways import note_calls

from loopnet.kernels.tuned import one_image


@pytest.fixture
def calls(monkeypatch):
    return note_calls(monkeypatch, [(one_image, "conv2d_relu_pool_forward", "one image")])


SHAPES = [
    {}, *({"filters": filters} for filters in (1, 6, 15, 16, 17, 33)), {"window": (1, 1), "channels": 1},
    {"window": (5, 5), "channels": 1, "size": (32, 32)}, {"window": (4, 2), "channels": 3}, {"window": (1, 7)},
    {"size": (4, 4)}, {"size": (11, 8)}, {"size": (8, 11)}, {"dtype": "float64"}, {"dtype": "float64", "filters": 9},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_random_numbers_come_to_the_same(calls, shape):
    given = layer(1, **shape)
    compare(given, *forward(given))
    assert calls == ["one image"]


def test_filters_that_another_layer_has_left_do_not_count():
    """Two layers of the same shapes share their memory."""
    first, second = layer(1, filters=6), layer(1, filters=6)
    second["w"] *= -1
    for given in (first, second, first):
        compare(given, *forward(given))


@pytest.mark.parametrize("filters", [4, 16])
def test_small_whole_numbers_come_to_exactly_the_same(filters):
    """As images among others: and there are ties among the outputs of a window."""
    given = {name: np.round(2 * array) for name, array in layer(33, filters=filters, channels=5).items()}
    y, winner = forward(given)
    np.testing.assert_array_equal(y, expected(given)[0])
    for n in (0, 20, 32):
        alone_y, alone_winner = forward({**given, "x": given["x"][n : n + 1]})
        np.testing.assert_array_equal(alone_y[0], y[n])
        np.testing.assert_array_equal(alone_winner[0], winner[n])


@pytest.mark.parametrize("name", ["x", "w", "b"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_shows_where_the_textbook_shows_it(name, number):
    """As in an image among others."""
    given = layer(33)
    given[name].flat[0] = number
    (y, winner), (alone_y, alone_winner) = forward(given), forward({**given, "x": given["x"][:1]})
    np.testing.assert_allclose(alone_y[0], y[0], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(alone_winner[0][~np.isfinite(y[0])], winner[0][~np.isfinite(y[0])])
    assert not np.isfinite(y[0]).all() or number == -np.inf  # ReLU lets no -inf through


@pytest.mark.parametrize("at", range(4))
def test_nan_wins_wherever_it_stands(at):
    given = layer(1, window=(1, 1), channels=1, size=(2, 2))
    given["x"][:, at // 2, at % 2] = np.nan
    y, winner = forward(given)
    assert np.isnan(y).all() and (winner == at).all()


def test_several_images_go_another_way(calls):
    forward(layer(2))
    assert calls == []
