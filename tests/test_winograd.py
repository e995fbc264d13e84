"""Six products for ten must come to the same: exactly where that can be asked, and wherever a number is not finite."""

import numpy as np
import oracle
import pytest
from checks.rung import poison, tensor

from loopnet import get_ops
from loopnet.kernels.tuned import table, winograd

IMAGES, SIZE, WINDOW, POOLED = 5, 10, 5, 3  # the lanes for images are more than five: some are empty
CHANNELS, FILTERS = table.WINOGRAD_CHANNELS, table.WINOGRAD_FILTERS


def random_numbers(channels=CHANNELS, filters=FILTERS, dtype="float32"):
    random = np.random.default_rng(0)
    x = random.standard_normal((IMAGES, SIZE, SIZE, channels))
    w, b = random.standard_normal((WINDOW, WINDOW, channels, filters)), random.standard_normal(filters)
    return {name: array.astype(dtype) for name, array in {"x": x, "w": w, "b": b}.items()}


def forward(given):
    """y and the winners."""
    ops = get_ops("tuned")
    assert ops.conv2d_relu_pool_forward
    shape = (IMAGES, POOLED, POOLED, given["w"].shape[3])
    y, winner = tensor(ops, poison(shape, given["x"].dtype)), tensor(ops, poison(shape, np.int8))
    ops.conv2d_relu_pool_forward(tensor(ops, given["x"]), given["w"], given["b"], y, winner)
    return ops.to_host(y, shape), ops.to_host(winner, shape)


def expected(given):
    y = oracle.conv2d_forward(given["x"], given["w"], given["b"], (1, 1), (0, 0), (SIZE - WINDOW + 1,) * 2)
    return oracle.max_pool2d_forward(oracle.relu_forward(y), (2, 2), (2, 2), (0, 0), (POOLED, POOLED))[0]


@pytest.fixture
def ways(monkeypatch):
    """Which kernels ran: "winograd", "textbook"."""
    ran = []

    def spy(module, name, way):
        kernel = getattr(module, name)

        def spied(*arguments):
            ran.append(way)
            kernel(*arguments)

        monkeypatch.setattr(module, name, spied)

    spy(winograd, "forward", "winograd")
    spy(table.conv2d_relu_pool, "conv2d_relu_pool_forward", "textbook")
    return ran


@pytest.fixture
def textbook(monkeypatch):
    """The answers of the kernel with ten products."""

    def answers(given):
        with monkeypatch.context() as patch:
            patch.setattr(table, "WINOGRAD_CHANNELS", np.inf)
            return forward(given)

    return answers


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-12)])
def test_random_numbers_come_to_the_same(ways, dtype, tolerance):
    given = random_numbers(dtype=dtype)
    np.testing.assert_allclose(forward(given)[0], expected(given), rtol=0, atol=tolerance)
    assert ways == ["winograd"]


def test_small_whole_numbers_come_to_exactly_the_same(textbook, ways):
    given = {name: np.round(2 * array) for name, array in random_numbers(16, 18).items()}
    (y, winner), (same_y, same_winner) = forward(given), textbook(given)
    assert ways == ["winograd", "textbook"]
    np.testing.assert_array_equal(y, same_y)
    np.testing.assert_array_equal(y, expected(given))
    np.testing.assert_array_equal(winner, same_winner)  # though there are ties among the outputs of a window


@pytest.mark.parametrize("number", [1.0, 0.7, -0.1, 1 / 3])
def test_where_all_pixels_are_alike_the_first_output_wins(textbook, ways, number):
    given = random_numbers()
    given["x"][:] = number
    winner, same_winner = forward(given)[1], textbook(given)[1]
    assert ways == ["winograd", "textbook"]
    np.testing.assert_array_equal(winner, same_winner)
    assert set(np.unique(winner)) == {0, 4}  # or none, where ReLU switched the unit off


@pytest.mark.parametrize("name", ["x", "w", "b"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_number_that_is_not_finite_shows_where_the_textbook_shows_it(textbook, ways, name, number, where):
    given = random_numbers()
    given[name].flat[0 if where == "first" else -1] = number
    (y, winner), (same_y, same_winner) = forward(given), textbook(given)
    assert ways == ["winograd", "textbook", "textbook"]
    np.testing.assert_array_equal(y, same_y)
    np.testing.assert_array_equal(winner, same_winner)
    assert np.isfinite(y).any() and (not np.isfinite(y).all() or number == -np.inf)  # ReLU lets no -inf through


def test_numbers_too_large_to_be_multiplied_by_four_go_the_textbook_s_way(textbook, ways):
    given = random_numbers()
    given["x"][:, 4, 4] = 2e38
    given["w"] /= 1000
    y, same_y = forward(given)[0], textbook(given)[0]
    assert ways == ["winograd", "textbook", "textbook"]
    assert np.isfinite(y).all() and y.max() > 1e35
    np.testing.assert_array_equal(y, same_y)


@pytest.mark.parametrize(("channels", "filters"), [(CHANNELS - 1, FILTERS), (CHANNELS, FILTERS - 1)])
def test_few_channels_or_filters_go_the_textbook_s_way(ways, channels, filters):
    given = random_numbers(channels, filters)
    np.testing.assert_allclose(forward(given)[0], expected(given), rtol=0, atol=1e-4)
    assert ways == ["textbook"]
