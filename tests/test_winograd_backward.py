"""The input's gradient with six products for ten: the winners' share in the pixels that they saw, and nothing else."""

import numpy as np
import pytest
from checks.rung import poison, tensor
from ways import note_calls

from loopnet import get_ops
from loopnet.kernels.tuned import choice_winograd, conv2d, registers, winograd_backward

EVERY_WINNER = np.arange(5, dtype=np.int8)  # four places in a window, and none
WINDOW_WIDTH = 5


def layer(images=16, pooled=(3, 2), odd=(0, 0), window_height=5, channels=6, filters=8, dtype="float32", whole=False):
    """odd: a row or a column of outputs that pooling leaves out."""
    random = np.random.default_rng(images + filters + channels)

    def draw(*shape):
        return (random.integers(-3, 4, shape) if whole else random.standard_normal(shape)).astype(dtype)

    height, width = 2 * pooled[0] + odd[0] + window_height - 1, 2 * pooled[1] + odd[1] + WINDOW_WIDTH - 1
    return {
        "x": draw(images, height, width, channels),
        "w": draw(window_height, WINDOW_WIDTH, channels, filters),
        "dy": draw(images, *pooled, filters),
        "winner": random.choice(EVERY_WINNER, (images, *pooled, filters)),
    }


def backward(given):
    """dx, dw and db."""
    ops, (images, height, width, _) = get_ops("tuned"), given["x"].shape
    window_height, _, _, filters = given["w"].shape
    assert ops.conv2d_relu_pool_backward
    dtype = given["x"].dtype
    outputs = (images, height - window_height + 1, width - WINDOW_WIDTH + 1, filters)
    dx, dz = tensor(ops, poison(given["x"].shape, dtype)), tensor(ops, poison(outputs, dtype))
    dw, db = poison(given["w"].shape, dtype), poison((filters,), dtype)
    dy, winner, x = (tensor(ops, given[name]) for name in ("dy", "winner", "x"))
    ops.conv2d_relu_pool_backward(dy, winner, x, given["w"], dz, dx, dw, db)
    return ops.to_host(dx, given["x"].shape), dw, db


def by_hand(given):
    """dx, winner by winner, in float64."""
    dx, w = np.zeros(given["x"].shape), given["w"].astype(float)
    for (n, i, j, k), winner in np.ndenumerate(given["winner"]):
        if winner != 4:
            row, col = 2 * i + winner // 2, 2 * j + winner % 2
            dx[n, row : row + len(w), col : col + WINDOW_WIDTH] += given["dy"][n, i, j, k] * w[:, :, :, k]
    return dx


@pytest.fixture
def ways(monkeypatch):
    """Which kernels ran: "winograd", "textbook"."""
    kernels = [
        (winograd_backward, "conv2d_relu_pool_backward_input", "winograd"),
        (conv2d, "conv2d_backward_input", "textbook"),
    ]
    monkeypatch.setattr(registers, "VECTORS", 32)  # so on any processor
    return note_calls(monkeypatch, kernels)


@pytest.fixture
def textbook(monkeypatch):
    def answers(given):
        with monkeypatch.context() as patch:
            patch.setattr(choice_winograd, "WORTH_IT", {})
            return backward(given)

    return answers


SHAPES = [
    {}, {"images": 32}, {"images": 128}, {"images": 48}, {"odd": (1, 0)}, {"odd": (0, 1)}, {"odd": (1, 1)},
    {"pooled": (1, 1)}, {"pooled": (5, 1)}, {"pooled": (1, 4), "odd": (1, 1)},
    {"channels": 3}, {"channels": 4}, {"channels": 10}, {"channels": 22}, {"filters": 6}, {"filters": 31},
    {"window_height": 1, "filters": 31}, {"window_height": 2, "filters": 15}, {"window_height": 4, "odd": (1, 0)},
    {"window_height": 8}, {"dtype": "float64"}, {"dtype": "float64", "images": 8, "odd": (1, 1)},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_reach_the_pixels_that_the_winners_saw(ways, shape):
    given = layer(**shape)
    tolerance = 2e-4 if given["x"].dtype == np.float32 else 1e-12
    np.testing.assert_allclose(backward(given)[0], by_hand(given), rtol=0, atol=tolerance)
    assert ways == ["winograd"]


@pytest.mark.parametrize("shape", [{}, {"images": 64, "odd": (1, 1), "filters": 20}], ids=str)
def test_small_whole_numbers_come_to_exactly_the_same(ways, shape):
    given = layer(whole=True, **shape)
    np.testing.assert_array_equal(backward(given)[0], by_hand(given))
    assert ways == ["winograd"]


@pytest.mark.parametrize("name", ["dy", "w"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_number_that_is_not_finite_shows_where_the_textbook_shows_it(textbook, ways, name, number, where):
    given = layer()
    position = 0 if where == "first" else -1
    given[name].flat[position], given["winner"].flat[position] = number, 1
    for got, same in zip(backward(given), textbook(given), strict=True):
        np.testing.assert_array_equal(got, same)
    assert ways == ["winograd", "textbook", "textbook"]


def test_what_did_not_win_is_not_looked_at(ways):
    given = layer()
    given["dy"].flat[0], given["winner"].flat[0] = np.nan, 4
    np.testing.assert_allclose(backward(given)[0], by_hand(given), rtol=0, atol=2e-4)
    assert ways == ["winograd"]


def test_gradients_too_large_to_be_multiplied_by_24_go_the_textbook_s_way(textbook, ways):
    given = layer()
    given["dy"].flat[0], given["winner"].flat[0] = 3e37, 0
    dx, same_dx = backward(given)[0], textbook(given)[0]
    assert ways == ["winograd", "textbook", "textbook"]
    assert np.isfinite(dx).all() and abs(dx).max() > 1e37
    np.testing.assert_array_equal(dx, same_dx)


@pytest.mark.parametrize("shape", [{"images": 20}, {"channels": 2}, {"channels": 11}, {"filters": 5}], ids=str)
def test_few_images_channels_or_filters_go_the_textbook_s_way(ways, shape):
    given = layer(**shape)
    np.testing.assert_allclose(backward(given)[0], by_hand(given), rtol=0, atol=2e-4)
    assert ways == ["textbook"]
