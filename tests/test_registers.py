"""A processor with fewer or shorter registers gets other tiles from ``choice.py``, and the same answers."""

import numpy as np
import oracle
import pytest
from checks.rung import poison, tensor
from ways import decide_anew, note_calls

from loopnet import get_ops
from loopnet.kernels.tuned import (
    choice_rows,
    choice_winners,
    choice_winograd,
    pooling_tile,
    registers,
    winners,
    winners_in_lanes,
    winograd,
    winograd_backward,
)
from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.model import Sequential


def few_registers(monkeypatch, few=True):
    """As without AVX-512, which is as with AVX2, or as with it: on any processor."""
    decide_anew(monkeypatch)
    monkeypatch.setattr(registers, "AVX512", not few)
    monkeypatch.setattr(registers, "VECTORS", 8 if few else 32)
    monkeypatch.setattr(registers, "HALVES", few)


@pytest.fixture
def ways(monkeypatch):
    """As without AVX-512. How many filters, or channels, Winograd's way took at a time."""
    kernels = [
        (pooling_tile, "conv2d_relu_pool_forward", "tiles"),
        (winners_in_lanes, "weights_from_winners", "winners in lanes"),
        (winograd, "conv2d_relu_pool_forward", "winograd"),
        (winograd, "conv2d_forward", "winograd"),
        (winograd_backward, "conv2d_relu_pool_backward_input", "winograd"),
    ]
    few_registers(monkeypatch)
    return note_calls(monkeypatch, kernels)


def lenet5(backend, dtype="float32", filters=16):
    layers = [
        Input((32, 32, 1)),
        Conv2D(6, 5, activation="relu"), MaxPooling2D(),
        Conv2D(filters, 5, activation="relu"), MaxPooling2D(),
        Flatten(), Dense(10),
    ]  # fmt: skip
    model = Sequential(layers, seed=0, dtype=dtype)
    model.compile("sgd", SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    return model


@pytest.mark.parametrize(("filters", "by_winograd"), [(16, ["winograd"] * 2), (15, ["winograd"])])
def test_a_step_of_lenet5(ways, filters, by_winograd):
    """Fifteen filters do not go by two; the six channels that their gradients go back to do."""
    random = np.random.default_rng(0)
    x, labels = random.standard_normal((32, 32, 32, 1)), random.integers(10, size=32)
    gradients = []
    for model in (lenet5("tuned", filters=filters), lenet5("literal", "float64", filters)):
        model.train_on_batch(x.astype(model.dtype), labels)
        gradients.append([np.array(p.grad) for layer in model.layers for p in layer.parameters])
    assert ways == by_winograd
    for got, right in zip(*gradients, strict=True):
        np.testing.assert_allclose(got, right, rtol=0, atol=2e-5 * max(1, abs(right).max()))


def test_two_filters_at_a_time():
    def at_a_time(vectors, filters):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(registers, "VECTORS", vectors)
            return len(choice_winograd.together(filters))

    assert [at_a_time(32, filters) for filters in (16, 6, 7, 11)] == [8, 6, 7, 1]
    assert [at_a_time(8, filters) for filters in (16, 6, 7, 11)] == [2, 2, 1, 1]


@pytest.mark.parametrize("filters", [5, 6])
@pytest.mark.parametrize("window", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("images", [32, 36, 3])
@pytest.mark.parametrize("few", [False, True])
def test_the_weights_gradient_of_every_window(monkeypatch, few, images, window, filters):
    """Vectors that fill the run or do not, registers for all filters of a tile or not."""
    few_registers(monkeypatch, few)
    random = np.random.default_rng(images)
    x = random.standard_normal((images, window + 4, window + 2, 2)).astype("float32")
    dy = random.standard_normal((images, 5, 3, filters)).astype("float32")
    ops, dw, db = get_ops("tuned"), poison((window, window, 2, filters), x.dtype), poison((filters,), x.dtype)
    ops.conv2d_backward_weights(tensor(ops, dy), tensor(ops, x), dw, db, (1, 1), (0, 0))
    expected = oracle.conv2d_backward_weights(dy, x, (window, window), (1, 1), (0, 0))
    for got, right in zip((dw, db), expected, strict=True):
        np.testing.assert_allclose(got, right, rtol=0, atol=1e-5 * abs(right).max())


@pytest.mark.parametrize(("window", "filters"), [(5, 4), (3, 6), (9, 1)])
def test_pooled_sums_of_half_vectors(monkeypatch, window, filters):
    """All sums of a tile wait for the next pooled row."""
    few_registers(monkeypatch)
    random = np.random.default_rng(7)
    x = random.standard_normal((32, window + 6, window + 5, 2)).astype("float32")  # 7 by 6 outputs: a row is left out
    dy = random.standard_normal((32, 3, 3, filters)).astype("float32")
    winner = random.integers(0, 5, size=dy.shape).astype(np.int8)
    dz = np.zeros((32, 7, 6, filters), "float32")
    for o in range(4):
        dz[:, o // 2 : 6 : 2, o % 2 : 6 : 2] = dy * (winner == o)
    ops, dw, db = get_ops("tuned"), poison((window, window, 2, filters), x.dtype), poison((filters,), x.dtype)
    assert ops.conv2d_relu_pool_backward_weights is not None
    ops.conv2d_relu_pool_backward_weights(tensor(ops, dy), tensor(ops, winner), tensor(ops, x), dw, db)
    expected = oracle.conv2d_backward_weights(dz, x, (window, window), (1, 1), (0, 0))
    for got, right in zip((dw, db), expected, strict=True):
        np.testing.assert_allclose(got, right, rtol=0, atol=1e-5 * abs(right).max())


@pytest.mark.parametrize(
    ("vectors", "window", "run", "filters", "numbers"),
    [
        (32, 5, 320, 4, 16), (32, 7, 320, 4, 16), (32, 9, 320, 3, 16), (32, 11, 320, 2, 16), (32, 40, 320, 1, 16),
        (32, 5, 328, 4, 1), (32, 1, 320, 4, 16),
        (8, 5, 320, 2, 8), (8, 5, 328, 2, 8), (8, 3, 320, 3, 8), (8, 4, 320, 3, 8), (8, 9, 320, 1, 8),
        (8, 14, 320, 1, 8), (8, 7, 320, 1, 16), (8, 40, 320, 1, 16),
        (8, 5, 324, 2, 1), (8, 3, 324, 4, 1), (8, 1, 320, 4, 16),
    ],
)  # fmt: skip
def test_sums_that_fit_in_registers(monkeypatch, vectors, window, run, filters, numbers):
    """Of twelve filters, all of whose divisors up to four may go together."""
    few_registers(monkeypatch, vectors == 8)
    sums = choice_rows.sums_that_collect((window, window, 1, 12), run, np.dtype("float32"))
    assert tuple(map(len, sums)) == (filters, numbers)


def test_numbers_of_eight_bytes_have_whole_vectors(monkeypatch):
    """Of which four would fill a register: so few rounds LLVM writes out."""
    few_registers(monkeypatch)
    assert tuple(map(len, choice_rows.sums_that_collect((5, 5, 1, 4), 320, np.dtype("float64")))) == (1, 8)


def test_few_sums_are_single_numbers():
    """Two sums of sixteen numbers are so little code that LLVM writes it out number by number."""
    assert choice_rows.sums_that_collect((2, 2, 1, 7), 320, np.dtype("float32")) == ((0,), (0,))


@pytest.mark.parametrize("vectors_at_a_time", [20, choice_winners.RUN, 6])
def test_winners_have_four_vectors_of_sums_or_more(vectors_at_a_time):
    """Three are so little code that LLVM writes them out number by number, at a fifth of the speed."""
    for run in range(choice_winners.LONG, 3000):
        rows, parts, room = winners.tiling(5, run, 16, vectors_at_a_time)
        assert room >= run and room % (16 * len(parts)) == 0
        assert len(rows) * len(parts) >= 4
