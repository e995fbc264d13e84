"""One loop over all terms of a sum, in tiles of four outputs by a few filters, must come to what the textbook says."""

import numpy as np
import pytest
from pooled import compare, expected, forward, layer
from ways import note_calls

from loopnet.kernels.tuned import choice_rows, conv2d_relu_pool, pooling_tile, registers


@pytest.fixture
def ways(monkeypatch):
    """Which kernels ran: "tiles", "rows"."""
    kernels = [
        (pooling_tile, "conv2d_relu_pool_forward", "tiles"),
        (conv2d_relu_pool, "conv2d_relu_pool_forward", "rows"),
    ]
    monkeypatch.setattr(registers, "AVX512", True)  # so on any processor
    return note_calls(monkeypatch, kernels)


@pytest.fixture
def along_rows(monkeypatch):
    """The answers of the kernel that runs along rows."""

    def answers(given):
        with monkeypatch.context() as patch:
            patch.setattr(choice_rows, "WASTE", 0)
            return forward(given)

    return answers


SHAPES = [
    {}, *({"images": images} for images in (16, 27, 56, 100, 130)),  # lanes: 32; 16, 28, 56, 52, 44
    *({"filters": filters} for filters in (1, 2, 3, 5, 6, 7, 8, 9, 11, 13, 16, 20)),
    {"window": (1, 1), "channels": 1}, {"window": (1, 4)}, {"window": (4, 1)}, {"window": (7, 2)}, {"window": (5, 5)},
    {"window": (5, 5), "channels": 1, "filters": 6, "size": (32, 32)}, {"channels": 1}, {"channels": 17},
    {"size": (4, 4)}, {"size": (5, 4)}, {"size": (4, 21)}, {"size": (11, 8)}, {"size": (10, 9)},
    {"dtype": "float64"}, {"dtype": "float64", "images": 8}, {"dtype": "float64", "filters": 7, "images": 36},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_random_numbers_come_to_the_same(ways, shape):
    given = layer(**shape)
    y, winner = forward(given)
    assert ways == ["tiles"]
    compare(given, y, winner)


@pytest.mark.parametrize("shape", [{"images": 48}, {"images": 100, "filters": 7}, {"channels": 20}], ids=str)
def test_small_whole_numbers_come_to_exactly_the_same(along_rows, ways, shape):
    given = {name: np.round(2 * array) for name, array in layer(**shape).items()}
    (y, winner), (same_y, same_winner) = forward(given), along_rows(given)
    assert ways == ["tiles", "rows"]
    np.testing.assert_array_equal(y, expected(given)[0])
    np.testing.assert_array_equal(y, same_y)
    np.testing.assert_array_equal(winner, same_winner)  # though there are ties among the outputs of a window


@pytest.mark.parametrize("name", ["x", "w", "b"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_number_that_is_not_finite_shows_where_the_textbook_shows_it(along_rows, ways, name, number, where):
    given = layer()
    given[name].flat[0 if where == "first" else -1] = number
    (y, winner), (same_y, same_winner) = forward(given), along_rows(given)
    assert ways == ["tiles", "rows"]
    assert np.isfinite(y).any() and (not np.isfinite(y).all() or number == -np.inf)  # ReLU lets no -inf through
    np.testing.assert_allclose(y, same_y, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(winner[~np.isfinite(y)], same_winner[~np.isfinite(y)])


@pytest.mark.parametrize("at", range(4))
def test_nan_wins_wherever_it_stands(at):
    given = layer(window=(1, 1), channels=1, size=(2, 2))
    given["x"][:, at // 2, at % 2] = np.nan
    y, winner = forward(given)
    assert np.isnan(y).all() and (winner == at).all()


@pytest.mark.parametrize("images", [4, 12, 20, 24, 36])
def test_lanes_that_fill_no_vectors_go_along_rows(ways, images):
    given = layer(images)
    np.testing.assert_allclose(forward(given)[0], expected(given)[0], rtol=0, atol=1e-5)
    assert ways == ["rows"]


def test_a_processor_with_fewer_or_shorter_registers_goes_along_rows(ways, monkeypatch):
    monkeypatch.setattr(registers, "AVX512", False)
    given = layer()
    np.testing.assert_allclose(forward(given)[0], expected(given)[0], rtol=0, atol=1e-5)
    assert ways == ["rows"]
