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


@breaks(FUSED, "conv2d_relu_pool_backward")
def fused_later_layer_sees_the_neighbour_image(ops, dy, winner, x, *rest):
    """The gradients of one image meet the pixels of the one before it."""
    ops.conv2d_relu_pool_backward(dy, winner, np.roll(x, 1, axis=-1), *rest)


@breaks(FUSED, "conv2d_relu_pool_backward")
def fused_later_layer_deals_to_the_wrong_winner(ops, dy, winner, *rest):
    """Upper right and lower left are mistaken for each other."""
    ops.conv2d_relu_pool_backward(dy, np.array([0, 2, 1, 3, 4], np.int8)[winner], *rest)


@breaks(FUSED, "conv2d_relu_pool_backward")
def fused_later_layer_wakes_the_dead(ops, dy, winner, *rest):
    """Units that ReLU switched off send gradients back all the same."""
    ops.conv2d_relu_pool_backward(dy, np.minimum(winner, np.int8(3)), *rest)


@spoils(FUSED, "conv2d_relu_pool_backward", output=5)
def fused_dx_last_row_unwritten(dx, before):
    """The loop over rows ends one early."""
    dx[:, :, -1] = before[:, :, -1]


@spoils(FUSED, "conv2d_relu_pool_backward", output=5)
def fused_dx_off_in_the_fifth_digit(dx, before):
    """All gradients are too large by a hundred thousandth."""
    dx *= 1 + 1e-5


@spoils(FUSED, "conv2d_relu_pool_backward", output=6)
def fused_later_dw_last_tap_unwritten(dw, before):
    """The loops over the window end one early, and its last place gets no gradient."""
    dw[-1, -1] = before[-1, -1]


@spoils(FUSED, "conv2d_relu_pool_backward", output=7)
def fused_later_db_last_filter_unwritten(db, before):
    """The loop over filters ends one early."""
    db[-1] = before[-1]


@spoils(FUSED, "pad_images", output=1)
def fused_frame_without_its_last_row(framed, before):
    """The zeros below the images are not written."""
    framed[:, :, -1] = before[:, :, -1]


@breaks(FUSED, "pad_images")
def fused_frame_with_rows_and_columns_mistaken(ops, x, framed, pad):
    """As many zeros above as there should be to the left."""
    ops.pad_images(x, framed, pad[::-1])


@breaks(FUSED, "crop_images")
def fused_crop_off_by_one(ops, framed, x, pad):
    """What is cut out lies one row too low."""
    ops.crop_images(framed, x, (pad[0] + 1, pad[1]))


@spoils(FUSED, "crop_images", output=1)
def fused_crop_last_channel_unwritten(x, before):
    """The loop over channels ends one early."""
    x[:, -1] = before[:, -1]
