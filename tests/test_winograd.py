"""Fewer products must come to the same: exactly where that can be asked, and wherever a number is not finite."""

import numpy as np
import oracle
import pytest
from checks.rung import poison, tensor
from ways import note_calls

from loopnet import get_ops
from loopnet.kernels.tuned import choice_winograd, conv2d, conv2d_relu_pool, pooling_tile, registers, winograd

WIDTHS = [3, 5]
KINDS = ["pooled", "plain"]


def layer(images=16, size=(10, 10), window_height=5, width=5, channels=6, filters=8, dtype="float32"):
    random = np.random.default_rng(images + filters)
    x = random.standard_normal((images, *size, channels))
    w = random.standard_normal((window_height, width, channels, filters))
    arrays = {"x": x, "w": w, "b": random.standard_normal(filters)}
    return {name: array.astype(dtype) for name, array in arrays.items()}


def sizes_of(given):
    """Rows and columns of the convolution's outputs."""
    (_, height, width, _), (window_height, window_width, *_) = given["x"].shape, given["w"].shape
    return height - window_height + 1, width - window_width + 1


def forward(kind, given):
    """The outputs, and the winners where there are any."""
    ops, (height, width) = get_ops("tuned"), sizes_of(given)
    assert ops.conv2d_relu_pool_forward
    if kind == "pooled":
        height, width = height // 2, width // 2
    shape = (len(given["x"]), height, width, given["w"].shape[3])
    y, winner = tensor(ops, poison(shape, given["x"].dtype)), tensor(ops, poison(shape, np.int8))
    if kind == "pooled":
        ops.conv2d_relu_pool_forward(tensor(ops, given["x"]), given["w"], given["b"], y, winner)
    else:
        ops.conv2d_forward(tensor(ops, given["x"]), given["w"], given["b"], y, (1, 1), (0, 0))
    return ops.to_host(y, shape), ops.to_host(winner, shape)


def expected(kind, given):
    height, width = sizes_of(given)
    y = oracle.conv2d_forward(given["x"], given["w"], given["b"], (1, 1), (0, 0), (height, width))
    if kind == "plain":
        return y
    pooled = (height // 2, width // 2)
    return oracle.max_pool2d_forward(oracle.relu_forward(y), (2, 2), (2, 2), (0, 0), pooled)[0]


@pytest.fixture
def ways(monkeypatch):
    """Which kernels ran: "winograd", "textbook"."""
    kernels = [
        (winograd, "conv2d_relu_pool_forward", "winograd"),
        (winograd, "conv2d_forward", "winograd"),
        (conv2d_relu_pool, "conv2d_relu_pool_forward", "textbook"),
        (pooling_tile, "conv2d_relu_pool_forward", "textbook"),
        (conv2d, "conv2d_forward", "textbook"),
    ]
    worth_it = {(width, pooled): choice_winograd.WORTH_IT[5, pooled] for width in WIDTHS for pooled in (True, False)}
    monkeypatch.setattr(choice_winograd, "WORTH_IT", worth_it)  # so for small layers, too
    monkeypatch.setattr(registers, "AVX512", True)  # and on any processor
    monkeypatch.setattr(registers, "VECTORS", 32)
    return note_calls(monkeypatch, kernels)


@pytest.fixture
def textbook(monkeypatch):
    """The answers of the kernels with six or ten products."""

    def answers(kind, given):
        with monkeypatch.context() as patch:
            patch.setattr(choice_winograd, "WORTH_IT", {})
            return forward(kind, given)

    return answers


SHAPES = [
    {}, {"images": 48}, {"images": 64, "channels": 7}, {"size": (9, 11)}, {"size": (6, 6)}, {"size": (7, 21)},
    {"filters": 3, "channels": 10}, {"filters": 9}, {"filters": 22}, {"images": 128, "filters": 16},
    {"window_height": 3, "channels": 10}, {"window_height": 1, "channels": 30}, {"window_height": 8, "channels": 4},
    {"channels": 40, "images": 32, "size": (16, 14)},
    {"dtype": "float64"}, {"dtype": "float64", "images": 8, "size": (8, 9)},
]  # fmt: skip
POOLED_SHAPES = [
    {"channels": 5}, {"images": 20}, {"images": 36}, {"images": 100}, {"images": 33, "size": (11, 8)},
    {"images": 52, "channels": 40}, {"images": 12, "dtype": "float64"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(kind, shape) for kind in KINDS for shape in SHAPES] + [("pooled", shape) for shape in POOLED_SHAPES],
    ids=str,
)
@pytest.mark.parametrize("width", WIDTHS)
def test_random_numbers_come_to_the_same(ways, kind, shape, width):
    """With lanes that vector registers divide; pooled, also with others."""
    given = layer(width=width, **{"channels": 10 if width == 3 else 6, **shape})
    y = expected(kind, given)
    tolerance = abs(y).max() * (5e-6 if given["x"].dtype == np.float32 else 1e-14)
    np.testing.assert_allclose(forward(kind, given)[0], y, rtol=0, atol=tolerance)
    assert ways == ["winograd"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("images", [16, 64])
@pytest.mark.parametrize("width", WIDTHS)
def test_small_whole_numbers_come_to_exactly_the_same(textbook, ways, kind, images, width):
    given = {name: np.round(2 * array) for name, array in layer(images, width=width, channels=16, filters=18).items()}
    (y, winner), (same_y, same_winner) = forward(kind, given), textbook(kind, given)
    assert ways == ["winograd", "textbook"]
    np.testing.assert_array_equal(y, same_y)
    np.testing.assert_array_equal(y, expected(kind, given))
    np.testing.assert_array_equal(winner, same_winner)  # though there are ties among the outputs of a window


@pytest.mark.parametrize("number", [1.0, 0.7, -0.1, 1 / 3])
@pytest.mark.parametrize("width", WIDTHS)
def test_where_all_pixels_are_alike_the_first_output_wins(textbook, ways, number, width):
    given = layer(width=width)
    given["x"][:] = number
    winner, same_winner = forward("pooled", given)[1], textbook("pooled", given)[1]
    assert ways == ["winograd", "textbook"]
    np.testing.assert_array_equal(winner, same_winner)
    assert set(np.unique(winner)) == {0, 4}  # or none, where ReLU switched the unit off


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x", "w", "b"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_number_that_is_not_finite_shows_where_the_textbook_shows_it(
    textbook, ways, kind, name, number, where, width
):
    given = layer(width=width)
    given[name].flat[0 if where == "first" else -1] = number
    (y, winner), (same_y, same_winner) = forward(kind, given), textbook(kind, given)
    assert ways == ["winograd", "textbook", "textbook"]
    np.testing.assert_array_equal(y, same_y)
    np.testing.assert_array_equal(winner, same_winner)
    assert np.isfinite(y).any() and (not np.isfinite(y).all() or number == -np.inf)  # ReLU lets no -inf through


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_numbers_too_large_to_be_added_up_go_the_textbook_s_way(textbook, ways, kind, width):
    given = layer(width=width)
    given["x"][:, 4, 4:7] = 2e38
    given["w"] /= 1000
    y, same_y = forward(kind, given)[0], textbook(kind, given)[0]
    assert ways == ["winograd", "textbook", "textbook"]
    assert np.isfinite(y).all() and y.max() > 1e35
    np.testing.assert_array_equal(y, same_y)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("pooled", {"images": 5}), ("pooled", {"channels": 4}), ("pooled", {"filters": 2}),
        ("pooled", {"filters": 11}), ("plain", {"images": 20}), ("plain", {"channels": 5}),
        ("plain", {"filters": 2}), ("plain", {"size": (5, 9)}), ("plain", {"size": (9, 5)}),
    ],
    ids=str,
)  # fmt: skip
def test_few_images_channels_filters_or_outputs_go_the_textbook_s_way(ways, kind, shape):
    given = layer(**shape)
    np.testing.assert_allclose(forward(kind, given)[0], expected(kind, given), rtol=0, atol=1e-4)
    assert ways == ["textbook"]


@pytest.mark.parametrize("kind", KINDS)
def test_windows_of_three_need_more_channels_and_filters(monkeypatch, kind):
    kernels = [(winograd, f"conv2d_{'relu_pool_' if kind == 'pooled' else ''}forward", "winograd")]
    ways = note_calls(monkeypatch, kernels)
    terms, filters = choice_winograd.WORTH_IT[3, kind == "pooled"]
    enough = {"window_height": 3, "width": 3, "channels": -(-terms // 3), "filters": filters}
    for shape in (enough, {**enough, "channels": (terms - 1) // 3}, {**enough, "filters": filters - 2}):
        given = layer(**shape)
        y = expected(kind, given)
        np.testing.assert_allclose(forward(kind, given)[0], y, rtol=0, atol=5e-6 * abs(y).max())
    assert ways == ["winograd"]
