"""Backward from the winners alone leaves products with 0 out; where those are not 0, it must not."""

import numpy as np
import pytest
from checks.rung import poison, tensor

from loopnet import get_ops
from loopnet.kernels.tuned import winners
from loopnet.kernels.tuned.choice_winners import LONG, MANY

IMAGES, SIZE, WINDOW, POOLED = 5, 9, 5, 2  # the lanes for images are more than five: some are empty


def random_numbers(channels, filters):
    """A batch on its way back through a layer."""
    random = np.random.default_rng(0)
    shapes = {
        "dy": (IMAGES, POOLED, POOLED, filters),
        "x": (IMAGES, SIZE, SIZE, channels),
        "w": (WINDOW, WINDOW, channels, filters),
    }
    return {name: random.standard_normal(shape).astype("float32") for name, shape in shapes.items()}


@pytest.fixture
def given():
    """As wide as it takes for the winners to be picked out."""
    return random_numbers(LONG // WINDOW, MANY)


def backward(given, in_one):
    """dx, dw and db, by the one operation or by the three that it stands for; the winners are the same for all."""
    ops = get_ops("tuned")
    assert ops.conv2d_relu_pool_forward and ops.conv2d_relu_pool_backward and ops.relu_pool_backward
    dy, x, w = tensor(ops, given["dy"]), tensor(ops, given["x"]), given["w"]
    y, winner = tensor(ops, poison(given["dy"].shape, "float32")), tensor(ops, poison(given["dy"].shape, np.int8))
    dz = tensor(ops, poison((IMAGES, SIZE - WINDOW + 1, SIZE - WINDOW + 1, w.shape[3]), "float32"))
    dx, dw = tensor(ops, poison(given["x"].shape, "float32")), poison(w.shape, "float32")
    db = np.zeros_like(w[0, 0, 0])
    clean = random_numbers(*w.shape[2:])
    ops.conv2d_relu_pool_forward(tensor(ops, clean["x"]), clean["w"], db, y, winner)
    if in_one:
        ops.conv2d_relu_pool_backward(dy, winner, x, w, dz, dx, dw, db)
    else:
        ops.relu_pool_backward(dy, winner, dz)
        ops.conv2d_backward_weights(dz, x, dw, db, (1, 1), (0, 0))
        ops.conv2d_backward_input(dz, w, dx, (1, 1), (0, 0))
    return ops.to_host(dx, given["x"].shape), dw, db


@pytest.fixture
def by_winners(monkeypatch):
    """How often the kernels of winners.py ran to the end."""
    calls, add_shares = [], winners.add_shares

    def counted(*arguments):
        calls.append(1)
        add_shares(*arguments)

    monkeypatch.setattr(winners, "add_shares", counted)
    return calls


def test_finite_numbers_go_the_short_way(given, by_winners):
    in_one, apart = backward(given, True), backward(given, False)
    assert len(by_winners) == 1
    for a, b in zip(in_one, apart, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["dy", "x", "w"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_number_that_is_not_finite_shows_as_it_would_in_the_long_way(given, by_winners, name, number, where):
    given[name].flat[0 if where == "first" else -1] = number
    in_one, apart = backward(given, True), backward(given, False)
    assert not by_winners
    for a, b in zip(in_one, apart, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not all(np.isfinite(a).all() for a in in_one) or name == "dy"  # it may have met a unit that is switched off


@pytest.mark.parametrize(("channels", "filters"), [(LONG // WINDOW - 1, MANY), (12, MANY - 1)])
def test_short_rows_and_few_filters_go_the_long_way(by_winners, channels, filters):
    given = random_numbers(channels, filters)
    in_one, apart = backward(given, True), backward(given, False)
    assert not by_winners
    for a, b in zip(in_one, apart, strict=True):
        np.testing.assert_array_equal(a, b)
