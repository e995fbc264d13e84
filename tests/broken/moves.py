"""What moves numbers, or frames and rescales them, gone wrong."""

import numpy as np

from .table import breaks, spoils


@spoils("zero_pad", "zero_pad_forward", output=1)
def frame_not_cleared(y, before):
    """The first plane of the frame keeps what was there."""
    y[:, 0] = before[:, 0]


@breaks("zero_pad", "zero_pad_backward")
def frame_cut_off_by_one(ops, dy, dx, pad):
    """Cuts the inside out a column too far to the left."""
    ops.zero_pad_backward(dy, dx, (pad[0], pad[1], max(pad[2] - 1, 0)))


@breaks("upsample", "upsample2d_forward")
def upsample_lays_whole_images_side_by_side(ops, x, y, size):
    """The remainder where the quotient belongs: the image again and again, and not each pixel."""
    y[...] = np.tile(x, (1, *size, 1))


@breaks("upsample", "upsample2d_backward")
def upsample_takes_the_mean_back(ops, dy, dx, size):
    """As if the copies had been shares: each told only its part."""
    ops.upsample2d_backward(dy, dx, size)
    dx /= size[0] * size[1]


@spoils("upsample", "upsample2d_backward", output=1)
def upsample_dx_not_cleared(dx, before):
    """Gradients are added to those of the last batch."""
    dx += before


@breaks("rescale", "rescale")
def offset_before_the_scale(ops, x, y, factor, offset):
    """Adds the offset first, so that it is scaled, too."""
    ops.rescale(x + offset, y, factor, 0 * offset)


@breaks("moves", "flatten_forward")
def flatten_as_pytorch_does(ops, x, y):
    """Channel by channel, and not pixel by pixel."""
    y[...] = np.moveaxis(x, -1, 1).reshape(y.shape)


@spoils("moves", "flatten_backward", output=1)
def unflatten_last_row_unwritten(dx, before):
    """The loop over rows ends one early."""
    dx[:, -1] = before[:, -1]


@breaks("moves", "gather")
def gather_ignores_the_order(ops, data, order, batch):
    """Takes the images as they lie, and shuffles nothing."""
    ops.gather(data, np.arange(len(order)) % len(data), batch)


@breaks("turn", "permute")
def permute_only_renames(ops, x, y, sizes, steps):
    """Gives the axes their new sizes and leaves the numbers where they are."""
    y[...] = x.reshape(y.shape)


@spoils("turn", "reshape", output=1)
def reshape_last_image_unwritten(y, before):
    """The loop over images ends one early."""
    y[-1] = before[-1]


@breaks("resize", "resize_nearest_forward")
def resize_from_the_corner(ops, x, y):
    """Floor of i * height / out_height: places count from a row's edge and not from its middle."""
    places = [np.arange(y.shape[a]) * x.shape[a] // y.shape[a] for a in (1, 2)]
    y[...] = x[:, places[0]][:, :, places[1]]


@breaks("resize", "resize_nearest_backward")
def resize_sends_back_one_of_several(ops, dy, dx):
    """Where several new pixels have read one, only some of them tell it: those that would be read on the way back."""
    ops.resize_nearest_forward(dy, dx)


@breaks("resize", "resize_bilinear_forward")
def resize_corners_to_corners(ops, x, y):
    """The first and last middles stay where they are: i * (height - 1) / (out_height - 1)."""
    taken = x
    for axis in (1, 2):
        place = np.linspace(0, x.shape[axis] - 1, y.shape[axis])
        before = np.floor(place).astype(int)
        share = (place - before).reshape([-1 if a == axis else 1 for a in range(4)])
        after = np.minimum(before + 1, x.shape[axis] - 1)
        taken = (1 - share) * taken.take(before, axis) + share * taken.take(after, axis)
    y[...] = taken


@breaks("resize", "resize_bilinear_forward")
def resize_takes_the_nearest(ops, x, y):
    """Does not mix."""
    ops.resize_nearest_forward(x, y)


@breaks("resize", "resize_bilinear_backward")
def resize_backward_is_resizing_back(ops, dy, dx):
    """The gradient as an image that is made small again."""
    ops.resize_bilinear_forward(dy, dx)


@spoils("resize", "resize_bilinear_backward", output=1)
def resize_dx_not_cleared(dx, before):
    """Gradients are added to those of the last batch."""
    dx += before
