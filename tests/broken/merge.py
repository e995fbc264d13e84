"""Where branches meet, gone wrong."""

import numpy as np

from .table import breaks, spoils


@breaks("merge", "add")
def add_takes_one_of_them_twice(ops, a, b, y):
    """A slip of the pen: a + a."""
    ops.add(a, a, y)


@spoils("merge", "add", output=2)
def add_last_number_unwritten(y, before):
    """The loop ends one early."""
    y.reshape(-1)[-1] = before.reshape(-1)[-1]


@breaks("merge", "subtract")
def subtract_the_other_way_round(ops, a, b, y):
    """b - a."""
    ops.subtract(b, a, y)


@breaks("merge", "multiply")
def multiply_clears_before_it_reads(ops, a, b, y):
    """Which y may be a or b does not survive."""
    y[...] = 0
    ops.multiply(a, b, y)


@breaks("merge", "maximum")
def maximum_swallows_nan(ops, a, b, y):
    """Asks whether a is the larger, which NaN is not, and takes b."""
    y[...] = np.where(a > b, a, b)


@breaks("merge", "minimum")
def minimum_swallows_nan(ops, a, b, y):
    """The number, where there is one beside NaN."""
    np.fmin(a, b, out=y)


@breaks("merge", "minimum")
def minimum_of_magnitudes(ops, a, b, y):
    """Which of the two is nearer to 0."""
    y[...] = np.where(np.abs(a) < np.abs(b), a, b)


@breaks("merge", "to_the_larger")
def ties_pay_twice(ops, dy, a, b, da):
    """Where the two are equal, each gets all of the gradient."""
    da[...] = np.where(a < b, 0, dy)


@breaks("merge", "to_the_larger")
def ties_go_to_the_first(ops, dy, a, b, da):
    """As though it had been decided which of two equal numbers is the larger."""
    da[...] = np.where(a > b, dy, 0)


@breaks("merge", "to_the_larger")
def to_the_larger_clears_before_it_reads(ops, dy, a, b, da):
    """Which da may be dy does not survive."""
    da[...] = 0
    ops.to_the_larger(dy, a, b, da)


@breaks("concatenate", "concatenate")
def concatenate_always_at_the_start(ops, x, y, axis, at):
    """Each part where the first belongs."""
    ops.concatenate(x, y, axis, 0)


@breaks("concatenate", "concatenate")
def concatenate_behind_all_rows(ops, x, y, axis, at):
    """One part behind the other, as if there were but one row."""
    start = at * (y.size // y.shape[axis])
    y.reshape(-1)[start : start + x.size] = x.reshape(-1)


@breaks("concatenate", "concatenate")
def concatenate_fills_the_row(ops, x, y, axis, at):
    """Goes on with its last number to the end of the row, and over the parts that stand there."""
    ops.concatenate(x, y, axis, at)
    rows, last = np.moveaxis(y, axis, 0), np.moveaxis(x, axis, 0)[-1]
    rows[at + x.shape[axis] :] = last


@breaks("concatenate", "cut_out")
def cut_out_one_too_far(ops, y, x, axis, at):
    """Begins one behind the first, if there is room."""
    ops.cut_out(y, x, axis, min(at + 1, y.shape[axis] - x.shape[axis]))


@spoils("concatenate", "cut_out", output=1)
def cut_out_last_image_unwritten(x, before):
    """The loop over rows ends one early."""
    x[-1] = before[-1]


@breaks("concatenate", "cut_out")
def cut_out_takes_nan_for_zero(ops, y, x, axis, at):
    """A gradient that is broken looks like none."""
    ops.cut_out(np.nan_to_num(y), x, axis, at)
