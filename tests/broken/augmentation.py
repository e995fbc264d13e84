"""Distortions of images gone wrong."""

import numpy as np

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
def nearest_pixel_only(ops, x, flow, y):
    """Rounds to a whole pixel where it ought to mix four."""
    ops.warp(x, np.round(flow), y)


@breaks("distort", "warp")
def flow_turned_back(ops, x, flow, y):
    """Moves everything the opposite way."""
    ops.warp(x, -flow, y)


@breaks("distort", "cutout")
def square_one_too_small(ops, x, y, size, key, step):
    """The hidden square lacks a row and a column."""
    ops.cutout(x, y, size - 1, key, step)
