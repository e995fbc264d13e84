"""Convolutions of images and volumes gone wrong."""

import numpy as np

from .table import breaks, spoils


@breaks("conv2d", "conv2d_forward")
def flipped_filter(ops, x, w, b, y, stride, pad):
    """The filter is turned by half a turn: convolution as mathematics has it, and not what networks call so."""
    ops.conv2d_forward(x, w[::-1, ::-1].copy(), b, y, stride, pad)


@breaks("conv2d", "conv2d_forward")
def padding_off_by_one(ops, x, w, b, y, stride, pad):
    """One row of zeros too many at the top: every window stands a pixel too high."""
    ops.conv2d_forward(x, w, b, y, stride, (pad[0] + 1, pad[1]))


@breaks("conv2d", "conv2d_forward")
def padding_axes_swapped(ops, x, w, b, y, stride, pad):
    """The zeros at the top and those at the left change places."""
    ops.conv2d_forward(x, w, b, y, stride, pad[::-1])


@breaks("conv2d", "conv2d_forward")
def stride_axes_swapped(ops, x, w, b, y, stride, pad):
    """Steps down are as wide as steps to the right ought to be, and the other way round."""
    ops.conv2d_forward(x, w, b, y, stride[::-1], pad)


@breaks("conv2d", "conv2d_forward")
def bias_forgotten(ops, x, w, b, y, stride, pad):
    """Sums start at 0 and not at the bias."""
    ops.conv2d_forward(x, w, np.zeros_like(b), y, stride, pad)


@breaks("conv2d", "conv2d_forward")
def channels_reversed(ops, x, w, b, y, stride, pad):
    """The first channel meets the weights of the last."""
    ops.conv2d_forward(x, w[:, :, ::-1].copy(), b, y, stride, pad)


@breaks("conv2d", "conv2d_forward")
def image_in_half_precision(ops, x, w, b, y, stride, pad):
    """The image passes through float16 on its way, and keeps three digits."""
    ops.conv2d_forward(x.astype(np.float16).astype(x.dtype), w, b, y, stride, pad)


@breaks("conv2d", "conv2d_forward")
def nan_in_the_image_taken_for_zero(ops, x, w, b, y, stride, pad):
    """A broken pixel goes unnoticed."""
    ops.conv2d_forward(np.nan_to_num(x, posinf=np.inf, neginf=-np.inf), w, b, y, stride, pad)


@spoils("conv2d", "conv2d_forward", output=3)
def last_row_unwritten(y, before):
    """The loop over output rows ends one early; what was in memory there stays."""
    y[:, -1] = before[:, -1]


@spoils("conv2d", "conv2d_forward", output=3)
def last_column_unwritten(y, before):
    """The loop over output columns ends one early."""
    y[:, :, -1] = before[:, :, -1]


@spoils("conv2d", "conv2d_forward", output=3)
def last_image_unwritten(y, before):
    """The loop over images ends one early."""
    y[-1] = before[-1]


@spoils("conv2d", "conv2d_forward", output=3)
def last_filter_unwritten(y, before):
    """The loop over filters ends one early."""
    y[..., -1] = before[..., -1]


@spoils("conv2d", "conv2d_forward", output=3)
def one_nan(y, before):
    """A single output is NaN."""
    y[0, 0, 0, 0] = np.nan


@spoils("conv2d", "conv2d_forward", output=3)
def all_nan(y, before):
    """Every output is NaN, which compares as "not too far off" with anything."""
    y[:] = np.nan


@spoils("conv2d", "conv2d_forward", output=3)
def one_zero(y, before):
    """The very last output is 0, as where memory was cleared and not written."""
    y[-1, -1, -1, -1] = 0


@spoils("conv2d", "conv2d_forward", output=3)
def adds_to_what_was_there(y, before):
    """Outputs are added to the last batch's instead of taking their place."""
    y += before


@spoils("conv2d", "conv2d_forward", output=3)
def off_in_the_fifth_digit(y, before):
    """All outputs are too large by a hundred thousandth."""
    y *= 1 + 1e-5


@breaks("conv2d", "conv2d_backward_input")
def filter_flipped_on_the_way_back(ops, dy, w, dx, stride, pad):
    """The gradient of a tap goes to the pixel that lies opposite in the window."""
    ops.conv2d_backward_input(dy, w[::-1, ::-1].copy(), dx, stride, pad)


@breaks("conv2d", "conv2d_backward_input")
def padding_off_by_one_on_the_way_back(ops, dy, w, dx, stride, pad):
    """One column of zeros too few at the left: gradients arrive a pixel too far to the right."""
    ops.conv2d_backward_input(dy, w, dx, stride, (pad[0], pad[1] - 1))


@spoils("conv2d", "conv2d_backward_input", output=2)
def dx_last_row_unwritten(dx, before):
    """The loop over the image's rows ends one early."""
    dx[:, -1] = before[:, -1]


@spoils("conv2d", "conv2d_backward_input", output=2)
def dx_adds_to_what_was_there(dx, before):
    """Gradients are added to those of the last batch."""
    dx += before


@spoils("conv2d", "conv2d_backward_input", output=2)
def dx_wrong_sign(dx, before):
    """The gradient points uphill where it ought to point down."""
    dx *= -1


@breaks("conv2d", "conv2d_backward_weights")
def padding_off_by_one_for_weights(ops, dy, x, dw, db, stride, pad):
    """One row of zeros too many at the top: each weight is told about the pixel above its own."""
    ops.conv2d_backward_weights(dy, x, dw, db, stride, (pad[0] + 1, pad[1]))


@spoils("conv2d", "conv2d_backward_weights", output=3)
def db_forgotten(db, before):
    """Nobody writes the bias's gradient."""
    db[:] = before


@spoils("conv2d", "conv2d_backward_weights", output=3)
def db_zero(db, before):
    """The bias's gradient is cleared and never added to: biases would not learn."""
    db[:] = 0


@spoils("conv2d", "conv2d_backward_weights", output=2)
def dw_last_tap_unwritten(dw, before):
    """The loops over the window end one early, and its last place gets no gradient."""
    dw[-1, -1] = before[-1, -1]


@spoils("conv2d", "conv2d_backward_weights", output=2)
def dw_averaged_twice(dw, before):
    """Divided by the batch once more; with a larger learning rate nobody would notice."""
    dw *= 0.5


@breaks("conv3d", "conv3d_forward")
def dilation_ignored(ops, x, w, b, y, stride, dilation, pad):
    """The taps of a window lie side by side, whatever the dilation."""
    ops.conv3d_forward(x, w, b, y, stride, (1, 1, 1), pad)


@breaks("conv3d", "conv3d_forward")
def groups_read_the_first_channels(ops, x, w, b, y, stride, dilation, pad):
    """Every group sees the channels of the first."""
    first = np.tile(x[..., : w.shape[3]], x.shape[4] // w.shape[3])
    ops.conv3d_forward(first, w, b, y, stride, dilation, pad)


@breaks("conv3d", "conv3d_backward_input")
def groups_swapped_on_the_way_back(ops, dy, w, dx, stride, dilation, pad):
    """The last filters' gradients go to the first channels."""
    ops.conv3d_backward_input(dy[..., ::-1].copy(), w[..., ::-1].copy(), dx, stride, dilation, pad)


@breaks("conv3d", "conv3d_backward_weights")
def dilation_and_stride_swapped_for_weights(ops, dy, x, dw, db, stride, dilation, pad):
    """Windows stand as far apart as their taps ought to, and the other way round."""
    with_zeros = np.pad(x, [(0, 0), (9, 9), (9, 9), (9, 9), (0, 0)])  # room for whatever that reaches
    ops.conv3d_backward_weights(dy, with_zeros, dw, db, dilation, stride, tuple(zeros + 9 for zeros in pad))


@spoils("conv3d", "conv3d_backward_weights", output=3)
def db_of_volumes_forgotten(db, before):
    """Nobody writes the bias's gradient."""
    db[:] = before


@spoils("conv3d", "conv3d_forward", output=3)
def conv3d_last_plane_unwritten(y, before):
    """The loop over output planes ends one early."""
    y[:, -1] = before[:, -1]


@breaks("conv3d", "conv3d_forward")
def depth_is_not_padded(ops, x, w, b, y, stride, dilation, pad):
    """Planes are counted as if there were no zeros in front of the first."""
    ops.conv3d_forward(x, w, b, y, stride, dilation, (0, *pad[1:]))


@breaks("conv3d", "conv3d_forward")
def nan_in_the_volume_taken_for_zero(ops, x, w, b, y, stride, dilation, pad):
    """A broken voxel goes unnoticed."""
    ops.conv3d_forward(np.nan_to_num(x, posinf=np.inf, neginf=-np.inf), w, b, y, stride, dilation, pad)
