"""Every rung, and the oracle, against values that PyTorch worked out (golden/make_golden.py)."""

import numpy as np
import pytest
from checks import DTYPES, OPERATIONS, assert_close, is_tried
from golden.check import FILES, check_against_golden, check_lenet5, golden, golden_case
from golden.lenet import SHAPES, STEPS, initial_weights

from loopnet.lenet import lenet5
from loopnet.ops import BACKENDS, get_ops

ALL = [(operation, number) for operation in FILES for number in range(len(OPERATIONS[operation].cases))]


@pytest.mark.parametrize("operation, number", ALL)
def test_oracle(operation, number):
    """The oracle has two judges: the rungs, and PyTorch."""
    case, arrays = OPERATIONS[operation].cases[number], golden_case(operation, number)
    want = OPERATIONS[operation].expect(case, arrays)
    assert_close({name: arrays[name] for name in want}, want, 1e-13, "float64")


@pytest.mark.parametrize("operation", FILES)
def test_there_are_golden_values_for_every_case(operation):
    numbers = {int(key.split("/")[0]) for key in golden(FILES[operation])}
    assert numbers == set(range(len(OPERATIONS[operation].cases)))


@pytest.mark.parametrize("backend, operation, number, dtype", [
    (backend, operation, number, dtype)
    for backend in BACKENDS
    for operation, number in ALL
    for dtype in DTYPES
    if is_tried(get_ops(backend), OPERATIONS[operation].cases[number], dtype)
])  # fmt: skip
def test_operations(backend, operation, number, dtype):
    check_against_golden(get_ops(backend), operation, number, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "python"])
@pytest.mark.parametrize("images", STEPS)
def test_lenet5(backend, dtype, images):
    check_lenet5(get_ops(backend), dtype, images)


@pytest.mark.parametrize("dtype", DTYPES)
def test_lenet5_in_plain_python(dtype):
    """One image and two steps: a million turns of Python's loops in each."""
    check_lenet5(get_ops("python"), dtype, images=1)


def test_the_golden_run_is_a_lesson():
    """A loss that hardly moved would agree with a network that does not learn."""
    for dtype in DTYPES:
        losses = golden("lenet5")[f"{dtype}/32/losses"]
        assert len(losses) == 20
        assert losses[0] > 2 * losses[-1]


def test_golden_weights_fit_lenet5():
    assert [w.shape for w in lenet5().get_weights()] == SHAPES
    weights = initial_weights()
    assert sum(w.size for w in weights) == 61706
    # the streams of RandomState are frozen; if these move, NumPy broke its promise and all losses would be
    # off
    np.testing.assert_array_equal(weights[0][0, 0, 0, :2], np.array([0.022014365, 0.09683782], np.float32))
