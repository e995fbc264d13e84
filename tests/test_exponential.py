"""Activations whose exponential is written out: the same float32 numbers as by the C library's double precision."""

import math
from typing import Any

import numba
import numpy as np
import pytest

from loopnet.kernels.activation import AMPLITUDE, SLOPE
from loopnet.kernels.tuned import exponential
from loopnet.layers import Activation, Dense, Input
from loopnet.model import Sequential
from loopnet.ops import get_ops


def sigmoid(x):
    small = np.exp(-abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


ONE = np.float32(1)
RIGHT: dict[str, Any] = {
    "tanh": (np.tanh, ()),
    "scaled_tanh": (lambda x: AMPLITUDE * np.tanh(SLOPE * x), ()),
    "sigmoid": (sigmoid, ()),
    "elu": (lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x), (ONE, ONE)),
}
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 3.4e38, -3.4e38, 88.8, -88.8, -103.0, -104.0, -110.0]


def run(function, x, rung="tuned"):
    y = np.full(x.shape, np.nan, x.dtype)
    getattr(get_ops(rung), f"{function}_forward")(x, y, *RIGHT[function][1])
    return y


@pytest.mark.parametrize("function", RIGHT)
def test_numbers_of_all_sizes(function):
    """Every 9,973rd float32 there is: at most the last bit is another, and hardly ever."""
    x = np.arange(0, 2**32, 9973, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = np.concatenate([x[np.isfinite(x)], np.linspace(-20, 20, 100_001, dtype=np.float32)])
    with np.errstate(under="ignore"):
        right = RIGHT[function][0](x.astype(np.float64)).astype(np.float32)
    got = run(function, x)
    np.testing.assert_array_max_ulp(got, right, maxulp=1)
    assert np.count_nonzero(got != right) <= 1e-5 * x.size
    np.testing.assert_array_equal(np.signbit(got), np.signbit(right))


@pytest.mark.parametrize("function", RIGHT)
def test_limits_and_nan(function):
    x = np.array(SPECIAL, np.float32)
    np.testing.assert_array_equal(run(function, x), run(function, x, "literal"))


@pytest.mark.parametrize("function", RIGHT)
@pytest.mark.parametrize("size", [1, 7, 16, 17, 4999, 5001])
def test_arrays_of_all_lengths_whatever_the_threads(function, size):
    x = np.random.default_rng(size).normal(0, 3, size).astype(np.float32)
    right = run(function, x, "literal")
    before = numba.get_num_threads()
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            np.testing.assert_array_max_ulp(run(function, x), right, maxulp=1)
    finally:
        numba.set_num_threads(before)


def test_what_is_carried_along_keeps_its_digits():
    """exp(t) - 1 to twelve digits near 0, and to ten at the far ends."""
    compiled = numba.njit(lambda t: exponential.exponential_less_1(t))
    for t in (1e-300, 1e-20, 1e-9, 1e-3, 0.5, 1.0, 10.0):
        for sign in (1, -1):
            assert math.isclose(compiled(sign * t), math.expm1(sign * t), rel_tol=1e-12)
    assert math.isclose(compiled(exponential.FAR), math.expm1(exponential.FAR), rel_tol=1e-10)
    assert exponential.FAR > -math.log(np.finfo(np.float32).smallest_subnormal) + math.log(2)


@pytest.mark.parametrize("function", RIGHT)
def test_double_precision_is_the_textbook_s(function):
    x = np.random.default_rng(0).normal(0, 3, 100)
    arguments = (np.float64(1), np.float64(1)) if function == "elu" else ()
    got, right = np.empty_like(x), np.empty_like(x)
    getattr(get_ops("tuned"), f"{function}_forward")(x, got, *arguments)
    getattr(get_ops("literal"), f"{function}_forward")(x, right, *arguments)
    np.testing.assert_array_equal(got, right)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_steps_are_repeated_with_it_too(activation):
    """The same losses as by the literal rung, step after step, on one batch."""
    random = np.random.default_rng(0)
    x, y = random.random((8, 5), np.float32), random.integers(0, 3, 8)

    def losses(backend):
        layers = [Input((5,)), Dense(4, activation=activation), Dense(4), Activation(activation), Dense(3)]
        model = Sequential([*layers, Activation("softmax")], seed=0)
        model.compile("sgd", "sparse_categorical_crossentropy", backend=backend)
        return model, [model.train_on_batch(x, y) for _ in range(6)]

    (model, tuned), (_, literal) = losses("tuned"), losses("literal")
    assert model._replay is not None and model._replay._noted is not None
    np.testing.assert_allclose(tuned, literal, rtol=1e-6)
