"""Every rung, and the oracle, against values that PyTorch worked out (golden/make_golden.py)."""

import numpy as np
import pytest
from checks import DTYPES, OPERATIONS, assert_close, is_tried
from golden import layers
from golden.check import FILES, check_against_golden, check_layer, check_lenet5, golden, golden_case
from golden.lenet import SHAPES, STEPS, initial_weights

from loopnet.layers import LAYERS as LOOPNET_LAYERS
from loopnet.lenet import lenet5
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops

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


LAYERS = [
    pytest.param(number, id=f"{number}-{name}-{'-'.join(f'{key}={value}' for key, value in arguments.items())}")
    for number, (name, arguments, _) in enumerate(layers.LAYERS)
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("number", LAYERS)
def test_layers(backend, number, dtype):
    check_layer(get_ops(backend), number, dtype)


def test_every_layer_that_keras_has_too_is_among_them():
    ours = {name for name in LOOPNET_LAYERS if not name.startswith(("Lp", "Random"))}
    ours -= {"Layer", "InputLayer", "Dropout"}
    ours -= {"SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "GaussianNoise"}  # chance
    ours -= {"Subsampling2D", "SparseConv2D", "RBF", "ScaledTanh"}  # of 1998, and not in Keras
    ours -= {"Sigmoid", "Tanh", "Softplus", "SELU", "SiLU", "GELU", "BoundedReLU"}  # in Keras an Activation("sigmoid")
    ours -= {"HardSigmoid", "Softsign", "Exponential", "Mish", "HardSiLU", "LogSoftmax"}
    assert ours - {"Rescaling"} <= {name for name, _, _ in layers.LAYERS}


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
