"""What is asked of a rung: the oracle's answers, Python's bits, and that broken numbers stay visible."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import oracle
from cases import Conv, Conv3D

from loopnet.ops import Ops, get_ops

from .compare import TOLERANCE, assert_close, assert_same_bits
from .rung import Arrays
from .softmax import draw_log_softmax, draw_softmax
from .table import KEEPS_NAN, OPERATIONS


def run(ops: Ops, operation: str, case: Any, given: Arrays) -> Arrays:
    """The rung's answers; without the warnings that plain Python prints where an input is NaN or infinite."""
    with np.errstate(all="ignore"):
        return OPERATIONS[operation].run(ops, case, given)


def check_against_oracle(
    ops: Ops, operation: str, case: Any, dtype: str, spoil: Callable[[Arrays, Any], Arrays] | None = None
) -> None:
    """The rung's answers are the oracle's, on drawn inputs that `spoil` may have changed."""
    given = OPERATIONS[operation].draw(case, dtype)
    if spoil:
        given = spoil(given, case)
    with np.errstate(all="ignore"):
        want = OPERATIONS[operation].expect(case, given)
    assert_close(run(ops, operation, case, given), want, TOLERANCE[ops.name][dtype], dtype)


@cache
def answers_of_python(operation: str, case: Any, dtype: str) -> Arrays:
    return run(get_ops("python"), operation, case, OPERATIONS[operation].draw(case, dtype))


def check_same_bits_as_python(ops: Ops, operation: str, case: Any, dtype: str) -> None:
    given = OPERATIONS[operation].draw(case, dtype)
    assert_same_bits(run(ops, operation, case, given), answers_of_python(operation, case, dtype))


def with_broken_numbers(given: Arrays, case: Any) -> Arrays:
    """Two NaN side by side, infinity and minus infinity in the image; one NaN in the gradient that comes back.

    A convolution's NaN comes back to a window that lies inside the image. Over padding, a rung that stores
    the zeros multiplies NaN by them and one that skips them does not; both are right.
    """
    given = {name: array.copy() for name, array in given.items()}
    x, dy = given["x"].reshape(-1), given["dy"].reshape(-1)
    for place, value in zip((x.size // 2, x.size // 5, x.size - 1), (np.nan, np.inf, -np.inf), strict=True):
        x[place] = value
    x[min(x.size // 2 + given["x"].shape[-1], x.size - 1)] = np.nan  # the next pixel, or the last
    if not isinstance(case, Conv | Conv3D):
        dy[dy.size // 3] = np.nan
        return given
    covers = oracle.spread(case.window, case.dilation if isinstance(case, Conv3D) else (1, 1))
    for output in np.ndindex(case.out):
        starts = [stop * case.stride[a] - case.pad[a] for a, stop in enumerate(output)]
        if all(0 <= start <= case.x[1 + a] - covers[a] for a, start in enumerate(starts)):
            given["dy"][(0, *output, 0)] = np.nan
            break
    return given


def check_broken_numbers_stay_visible(ops: Ops, operation: str, case: Any, dtype: str) -> None:
    """A NaN or infinity reaches the outputs that depend on it and no other."""
    check_against_oracle(ops, operation, case, dtype, with_broken_numbers)


def check_broken_logits_stay_visible(ops: Ops, dtype: str) -> None:
    """An image whose logits hold a NaN has NaN for a loss, wherever it stands, and the others do not."""
    for place in range(3):
        given = draw_softmax((3, 3), dtype)
        given["logits"][1, place] = np.nan
        answers = run(ops, "softmax", (3, 3), given)
        assert np.isnan(answers["losses"]).tolist() == [False, True, False]
        for name in ("probabilities", "dlogits"):
            assert np.isnan(answers[name][1]).all() and np.isfinite(answers[name][[0, 2]]).all(), name
        given = draw_log_softmax((3, 3), dtype)
        given["far"][1, place] = np.nan
        hidden = np.isnan(run(ops, "log_softmax", (3, 3), given)["logarithms"])
        assert hidden[1].all() and not hidden[[0, 2]].any()
        check_broken_outputs_reach_their_losses(ops, "losses", (3, 3), ("logits", "probabilities"), place, dtype)
        check_broken_outputs_reach_their_losses(ops, "rbf", (3, 5, 3), ("outputs",), place, dtype)


def check_broken_outputs_reach_their_losses(
    ops: Ops, operation: str, case: Any, outputs: tuple[str, ...], place: int, dtype: str
) -> None:
    """The same of the other losses; and an image of weight 0 has no gradient, however broken it is."""
    given = OPERATIONS[operation].draw(case, dtype)
    given["weight"][1] = 0
    for name in outputs:
        given[name][1, place] = np.nan
    for name, array in run(ops, operation, case, given).items():
        if "losses" in name:
            assert np.isnan(array).tolist() == [False, True, False], name
        if "gradient" in name:
            assert np.isfinite(array).all() and not array[1].any(), name


def check_everything(ops: Ops, operations: tuple[str, ...], dtype: str = "float32") -> None:
    """All cases against the oracle, and the broken numbers: what a broken kernel is expected to fail."""
    for operation in operations:
        for case in OPERATIONS[operation].cases:
            check_against_oracle(ops, operation, case, dtype)
    for operation in set(KEEPS_NAN).intersection(operations):
        for case in OPERATIONS[operation].cases:
            check_broken_numbers_stay_visible(ops, operation, case, dtype)
    if {"softmax", "losses", "rbf"}.intersection(operations):
        check_broken_logits_stay_visible(ops, dtype)
