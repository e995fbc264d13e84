"""Who checks the checks? The suite must object to every kernel of broken/, and to no other."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from broken import BREAKS, broken
from checks import OPERATIONS, check_everything, check_same_bits_as_python, operations_of
from golden.check import check_against_golden, check_lenet5
from gradients import Trial

from loopnet.layers import Conv2D, Dense, MaxPooling2D
from loopnet.ops import OPERATIONS as KERNELS
from loopnet.ops import get_ops


@pytest.mark.parametrize("rung", ["python", "tuned"])
def test_the_checks_pass_an_intact_rung(rung):
    ops = get_ops(rung)
    check_everything(ops, operations_of(ops))


@pytest.mark.parametrize("name", BREAKS)
def test_checks_object_to(name):
    ops, operation = broken(name)
    with pytest.raises(AssertionError):
        check_everything(ops, (operation,))


@pytest.mark.parametrize("name", [
    "flipped_filter", "bias_forgotten", "channels_reversed", "off_in_the_fifth_digit", "one_nan", "all_nan",
    "adds_to_what_was_there", "nan_in_the_image_taken_for_zero", "image_in_half_precision",
    "filter_flipped_on_the_way_back", "dx_wrong_sign", "dx_adds_to_what_was_there", "db_forgotten",
    "dw_last_tap_unwritten", "dw_averaged_twice", "pool_dx_not_cleared", "pool_swallows_nan", "dense_bias_forgotten",
    "dense_wrong_sign", "dense_db_forgotten", "dense_dw_off_in_the_fifth_digit", "relu_leaks", "loss_swallows_nan",
    "gradient_unweighted", "adam_betas_swapped", "sgd_climbs", "add_takes_one_of_them_twice", "ties_pay_twice",
    "maximum_swallows_nan", "the_rest_not_enlarged", "every_step_the_same_mask", "kept_and_dropped_swapped",
    "dbeta_forgotten", "moving_average_shares_swapped",
])  # fmt: skip
def test_checks_object_on_the_tuned_rung_too(name):
    """The breaks that mean the same in any layout, within the tolerance of the rung that adds in another order."""
    ops, operation = broken(name, "tuned")
    with pytest.raises(AssertionError):
        check_everything(ops, (operation,))


def test_every_kernel_has_been_broken():
    assert {fault.field for fault in BREAKS.values()} == set(KERNELS)


@pytest.mark.parametrize("operation, field, output", [
    ("conv2d", "conv2d_forward", 3),
    ("conv2d", "conv2d_backward_weights", 2),
    ("dense", "dense_backward_input", 2),
])  # fmt: skip
def test_the_last_bit_counts(operation, field, output):
    """Too little for the oracle's tolerance, and enough for the comparison with Python."""

    def last_bits_up(*arguments):
        getattr(get_ops("literal"), field)(*arguments)
        np.nextafter(arguments[output], np.inf, out=arguments[output])

    replaced: dict[str, Any] = {field: last_bits_up}
    ops = replace(get_ops("literal"), **replaced)
    case = OPERATIONS[operation].cases[1]
    check_same_bits_as_python(get_ops("literal"), operation, case, "float32")
    with pytest.raises(AssertionError, match="differs"):
        check_same_bits_as_python(ops, operation, case, "float32")


@pytest.mark.parametrize("name", [
    "flipped_filter", "padding_off_by_one", "db_zero", "pool_starts_at_zero", "dense_wrong_sign",
])  # fmt: skip
def test_golden_values_object_to(name):
    ops, operation = broken(name)
    with pytest.raises(AssertionError):
        for number in range(len(OPERATIONS[operation].cases)):
            check_against_golden(ops, operation, number, "float32")


@pytest.mark.parametrize("name", [
    "flipped_filter", "db_zero", "pool_winner_off_by_one", "dense_wrong_sign", "relu_leaks",
    "gradient_unweighted", "flatten_as_pytorch_does", "adam_without_corrections", "fused_without_bias",
    "fused_winners_of_the_neighbour_filter", "fused_dw_off_in_the_fifth_digit", "fused_dx_off_in_the_fifth_digit",
    "fused_later_layer_deals_to_the_wrong_winner",
])  # fmt: skip
def test_lenet5_objects_to(name):
    with pytest.raises(AssertionError):
        rung = "tuned" if name.startswith("fused") else "literal"
        check_lenet5(broken(name, rung)[0], "float32", images=1 if name != "gradient_unweighted" else 32)


@pytest.mark.parametrize("name, make, shape", [
    ("filter_flipped_on_the_way_back", lambda: Conv2D(2, 3), (4, 5, 2)),
    ("padding_off_by_one_for_weights", lambda: Conv2D(2, 3, padding="same"), (4, 5, 2)),
    ("db_zero", lambda: Conv2D(2, 2), (3, 3, 1)),
    ("pool_overlaps_overwrite", lambda: MaxPooling2D(3, strides=1), (5, 5, 1)),
    ("dense_wrong_sign", lambda: Dense(3), (4,)),
    ("relu_tests_the_gradient", lambda: Dense(6, activation="relu"), (4,)),
])  # fmt: skip
def test_gradient_checks_object_to(name, make, shape):
    Trial(make(), shape, "python", np.random.default_rng(0)).check()
    with pytest.raises(AssertionError):
        Trial(make(), shape, broken(name)[0], np.random.default_rng(0)).check()
