"""Distortions of images gone wrong."""

import numpy as np

from loopnet.kernels.augment import CONSTANT, REFLECT, WRAP

from .table import breaks


@breaks("distort", "affine_flow")
def turned_round_the_corner(ops, flow, shift, rotation, zoom, shear, key, step):
    """About the first pixel instead of the middle of the image."""
    ops.affine_flow(flow, shift, rotation, zoom, shear, key, step)
    flow -= flow[:, :, :1, :1]


@breaks("distort", "affine_flow")
def rows_and_columns_shift_alike(ops, flow, shift, *rest):
    """The limit for shifts to the side is the one for shifts up and down."""
    ops.affine_flow(flow, (shift[0], shift[0]), *rest)


@breaks("distort", "elastic_flow")
def field_not_smoothed(ops, noise, smooth, flow, taps, alpha, key, step):
    """Every pixel is thrown its own way: the Gaussian is one tap wide."""
    middle = np.zeros_like(taps)
    middle[taps.size // 2] = taps.sum()
    ops.elastic_flow(noise, smooth, flow, middle, alpha, key, step)


@breaks("distort", "elastic_flow")
def elastic_forgets_the_affine(ops, noise, smooth, flow, *rest):
    """Takes the place of the flow that is there instead of adding to it."""
    flow[...] = 0
    ops.elastic_flow(noise, smooth, flow, *rest)


@breaks("distort", "warp")
def nearest_pixel_only(ops, x, flow, y, fill_mode):
    """Rounds to a whole pixel where it ought to mix four."""
    ops.warp(x, np.round(flow), y, fill_mode)


@breaks("distort", "warp")
def flow_turned_back(ops, x, flow, y, fill_mode):
    """Moves everything the opposite way."""
    ops.warp(x, -flow, y, fill_mode)


@breaks("distort", "warp")
def black_outside(ops, x, flow, y, fill_mode):
    """What comes in from outside is 0, whatever was asked for."""
    ops.warp(x, flow, y, CONSTANT)


@breaks("distort", "warp")
def mirrors_and_wraps_exchanged(ops, x, flow, y, fill_mode):
    """One of the two in place of the other."""
    ops.warp(x, flow, y, {REFLECT: WRAP, WRAP: REFLECT}.get(fill_mode, fill_mode))


@breaks("distort", "warp")
def seam_not_mixed(ops, x, flow, y, fill_mode):
    """Wraps the place instead of the pixels: between the last column and the first there is the last alone."""
    if fill_mode == WRAP:
        place = np.indices(x.shape[1:3]) + flow
        last = np.array(x.shape[1:3])[:, None, None] - 1
        flow = (np.minimum(place % (last + 1), last) - np.indices(x.shape[1:3])).astype(flow.dtype)
    ops.warp(x, flow, y, fill_mode)


@breaks("distort", "cutout")
def square_one_too_small(ops, x, y, size, key, step):
    """The hidden square lacks a row and a column."""
    ops.cutout(x, y, size - 1, key, step)


@breaks("colours", "adjust_contrast")
def contrast_about_one_mean(ops, x, factors, means, y, low, high):
    """The mean of all channels, where each has its own."""
    mean, share = x.mean(axis=(1, 2, 3), keepdims=True), factors[:, None, None, None]
    y[...] = np.clip((x - mean) * share + mean, low, high)


@breaks("colours", "adjust_contrast")
def contrast_about_black(ops, x, factors, means, y, low, high):
    """Stretched from 0, which makes images brighter, too."""
    y[...] = np.clip(x * factors[:, None, None, None], low, high)


@breaks("colours", "adjust_contrast")
def contrast_goes_beyond_white(ops, x, factors, means, y, low, high):
    """Cut off at one end only."""
    ops.adjust_contrast(x, factors, means, y, low, high * 1000)


@breaks("colours", "adjust_brightness")
def brightness_of_the_first_image(ops, x, deltas, y, low, high):
    """One number for the whole batch."""
    ops.adjust_brightness(x, np.full_like(deltas, deltas[0]), y, low, high)


@breaks("colours", "adjust_brightness")
def brightness_comes_round(ops, x, deltas, y, low, high):
    """What goes beyond white begins at black again."""
    y[...] = low + (x + deltas[:, None, None, None] - low) % (high - low)


@breaks("crop", "crop_each")
def crop_where_the_first_image_is(ops, x, corners, y):
    """One corner for the whole batch."""
    ops.crop_each(x, np.repeat(corners[:1], len(corners), axis=0), y)


@breaks("crop", "crop_each")
def crop_takes_the_first_pixels(ops, x, corners, y):
    """The corner makes no difference."""
    ops.crop_each(x, corners * 0, y)
