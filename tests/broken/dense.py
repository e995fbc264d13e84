"""Dense layers gone wrong."""

import numpy as np

from .table import breaks, spoils


@breaks("dense", "dense_forward")
def dense_bias_forgotten(ops, x, w, b, y):
    """Sums start at 0 and not at the bias."""
    ops.dense_forward(x, w, np.zeros_like(b), y)


@spoils("dense", "dense_forward", output=3)
def dense_last_image_unwritten(y, before):
    """The loop over images ends one early."""
    y[-1] = before[-1]


@spoils("dense", "dense_backward_input", output=2)
def dense_wrong_sign(dx, before):
    """The gradient points uphill where it ought to point down."""
    dx *= -1


@spoils("dense", "dense_backward_input", output=2)
def dense_dx_last_input_unwritten(dx, before):
    """The loop over inputs ends one early."""
    dx[:, -1] = before[:, -1]


@spoils("dense", "dense_backward_weights", output=3)
def dense_db_forgotten(db, before):
    """Nobody writes the bias's gradient."""
    db[:] = before


@spoils("dense", "dense_backward_weights", output=2)
def dense_dw_adds_to_what_was_there(dw, before):
    """Gradients are added to those of the last batch."""
    dw += before


@spoils("dense", "dense_backward_weights", output=2)
def dense_dw_off_in_the_fifth_digit(dw, before):
    """All gradients are too large by a hundred thousandth."""
    dw *= 1 + 1e-5
