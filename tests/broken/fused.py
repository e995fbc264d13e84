"""Convolution, ReLU and pooling in one, gone wrong.

Only the tuned rung has it, and here images are in its own layout, [block][channel][row][column][lane].
"""

import numpy as np

from .table import FUSED, breaks, spoils


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_without_bias(ops, x, w, b, y, winner):
    """Sums start at 0 and not at the bias."""
    ops.conv2d_relu_pool_forward(x, w, np.zeros_like(b), y, winner)


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_swallows_nan(ops, x, w, b, y, winner):
    """A broken pixel goes unnoticed."""
    ops.conv2d_relu_pool_forward(np.nan_to_num(x, posinf=np.inf, neginf=-np.inf), w, b, y, winner)


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_winners_of_the_neighbour_filter(ops, x, w, b, y, winner):
    """Each filter notes down where the one before it had its largest."""
    ops.conv2d_relu_pool_forward(x, w, b, y, winner)
    winner[:] = np.roll(winner, 1, axis=1)


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_dead_windows_alive(ops, x, w, b, y, winner):
    """The windows are forgiven what ReLU took from them: a dead one gets the winner of its neighbour, or the first."""
    ops.conv2d_relu_pool_forward(x, w, b, y, winner)
    winner[y == 0] = winner[y > 0].min(initial=np.int8(4))


@spoils(FUSED, "conv2d_relu_pool_forward", output=3)
def fused_last_row_unwritten(y, before):
    """The loop over output rows ends one early."""
    y[:, :, -1] = before[:, :, -1]


@spoils(FUSED, "conv2d_relu_pool_forward", output=3)
def fused_last_column_unwritten(y, before):
    """The loop over output columns ends one early."""
    y[:, :, :, -1] = before[:, :, :, -1]


@spoils(FUSED, "conv2d_relu_pool_forward", output=3)
def fused_last_filter_unwritten(y, before):
    """The loop over filters ends one early."""
    y[:, -1] = before[:, -1]


@spoils(FUSED, "conv2d_relu_pool_forward", output=3)
def fused_last_lane_wrong(y, before):
    """The last of the images side by side gets something else."""
    y[..., -1] = 0.5


@breaks(FUSED, "relu_pool_backward")
def fused_gradients_of_the_neighbour_image(ops, dy, winner, dz):
    """Each image gets the gradients of the one before it."""
    ops.relu_pool_backward(np.roll(dy, 1, axis=-1), winner, dz)


@spoils(FUSED, "relu_pool_backward", output=2)
def fused_dz_not_cleared(dz, before):
    """Gradients are added to those of the last batch."""
    dz += before


@spoils(FUSED, "relu_pool_backward", output=2)
def fused_dz_last_row_unwritten(dz, before):
    """The loop over rows ends one early: a last odd one, which no window reaches, needs its 0."""
    dz[:, :, -1] = before[:, :, -1]


@spoils(FUSED, "relu_pool_backward", output=2)
def fused_dz_last_column_unwritten(dz, before):
    """The loop over columns ends one early."""
    dz[:, :, :, -1] = before[:, :, :, -1]


@spoils(FUSED, "relu_pool_backward", output=2)
def fused_dz_off_in_the_fifth_digit(dz, before):
    """All gradients are too large by a hundred thousandth."""
    dz *= 1 + 1e-5


@breaks(FUSED, "conv2d_relu_pool_backward_weights")
def fused_weights_see_the_neighbour_image(ops, dy, winner, x, dw, db, *rest):
    """The gradients of one image meet the pixels of the one before it."""
    ops.conv2d_relu_pool_backward_weights(dy, winner, np.roll(x, 1, axis=-1), dw, db, *rest)


@spoils(FUSED, "conv2d_relu_pool_backward_weights", output=3)
def fused_dw_added_to_before(dw, before):
    """Gradients are added to those of the last batch."""
    dw += before


@spoils(FUSED, "conv2d_relu_pool_backward_weights", output=3)
def fused_dw_last_tap_unwritten(dw, before):
    """The loops over the window end one early, and its last place gets no gradient."""
    dw[-1, -1] = before[-1, -1]


@spoils(FUSED, "conv2d_relu_pool_backward_weights", output=3)
def fused_dw_off_in_the_fifth_digit(dw, before):
    """All gradients are too large by a hundred thousandth."""
    dw *= 1 + 1e-5


@spoils(FUSED, "conv2d_relu_pool_backward_weights", output=4)
def fused_db_last_filter_unwritten(db, before):
    """The loop over filters ends one early."""
    db[-1] = before[-1]
