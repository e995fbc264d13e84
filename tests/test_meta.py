"""Who checks the checks? Kernels broken on purpose, one fault each; the suite must object to every one.

A break is a function from a working rung to the broken kernel. Most call the right kernel and spoil its
arguments or its answer, which is what a slip in a loop amounts to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import OPERATIONS, check_everything, check_same_bits_as_python, operations_of
from golden.check import check_against_golden, check_lenet5
from gradients import Trial

from loopnet.layers import Conv2D, Dense, MaxPooling2D
from loopnet.ops import OPERATIONS as KERNELS
from loopnet.ops import Ops, get_ops

# name -> operation of checks.OPERATIONS, field of Ops, function from a working rung to the broken kernel
BREAKS: dict[str, tuple[str, str, Callable[[Ops], Callable[..., None]]]] = {}


def breaks(operation, field):
    def register(make):
        BREAKS[make.__name__] = operation, field, make
        return make

    return register


def spoiling(operation, field, name, output, spoil):
    """Register the right kernel, after which `spoil` gets argument number `output` and its old content."""

    def make(ops):
        def kernel(*arguments):
            before = arguments[output].copy()
            getattr(ops, field)(*arguments)
            spoil(arguments[output], before)

        return kernel

    BREAKS[name] = operation, field, make


def set_to(place, value):
    def spoil(array, before):
        array[place] = value

    return spoil


def keep(place):
    """As if the loop had stopped before `place`: what was in the array stays there."""

    def spoil(array, before):
        array[place] = before[place]

    return spoil


def scale(factor):
    def spoil(array, before):
        array *= factor

    return spoil


def add_to_before(array, before):
    array += before


# Convolution


@breaks("conv2d", "conv2d_forward")
def flipped_filter(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x, w[::-1, ::-1].copy(), b, y, stride, pad)

    return kernel


@breaks("conv2d", "conv2d_forward")
def padding_off_by_one(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x, w, b, y, stride, (pad[0] + 1, pad[1]))

    return kernel


@breaks("conv2d", "conv2d_forward")
def padding_axes_swapped(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x, w, b, y, stride, pad[::-1])

    return kernel


@breaks("conv2d", "conv2d_forward")
def stride_axes_swapped(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x, w, b, y, stride[::-1], pad)

    return kernel


@breaks("conv2d", "conv2d_forward")
def bias_forgotten(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x, w, np.zeros_like(b), y, stride, pad)

    return kernel


@breaks("conv2d", "conv2d_forward")
def channels_reversed(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x, w[:, :, ::-1].copy(), b, y, stride, pad)

    return kernel


@breaks("conv2d", "conv2d_forward")
def image_in_half_precision(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(x.astype(np.float16).astype(x.dtype), w, b, y, stride, pad)

    return kernel


@breaks("conv2d", "conv2d_forward")
def nan_in_the_image_taken_for_zero(ops):
    def kernel(x, w, b, y, stride, pad):
        ops.conv2d_forward(np.nan_to_num(x, posinf=np.inf, neginf=-np.inf), w, b, y, stride, pad)

    return kernel


spoiling("conv2d", "conv2d_forward", "last_row_unwritten", 3, keep(np.s_[:, -1]))
spoiling("conv2d", "conv2d_forward", "last_column_unwritten", 3, keep(np.s_[:, :, -1]))
spoiling("conv2d", "conv2d_forward", "last_image_unwritten", 3, keep(np.s_[-1]))
spoiling("conv2d", "conv2d_forward", "last_filter_unwritten", 3, keep(np.s_[..., -1]))
spoiling("conv2d", "conv2d_forward", "one_nan", 3, set_to(np.s_[0, 0, 0, 0], np.nan))
spoiling("conv2d", "conv2d_forward", "all_nan", 3, set_to(np.s_[:], np.nan))
spoiling("conv2d", "conv2d_forward", "one_zero", 3, set_to(np.s_[-1, -1, -1, -1], 0))
spoiling("conv2d", "conv2d_forward", "adds_to_what_was_there", 3, add_to_before)
spoiling("conv2d", "conv2d_forward", "off_in_the_fifth_digit", 3, scale(1 + 1e-5))


@breaks("conv2d", "conv2d_backward_input")
def filter_flipped_on_the_way_back(ops):
    def kernel(dy, w, dx, stride, pad):
        ops.conv2d_backward_input(dy, w[::-1, ::-1].copy(), dx, stride, pad)

    return kernel


@breaks("conv2d", "conv2d_backward_input")
def padding_off_by_one_on_the_way_back(ops):
    def kernel(dy, w, dx, stride, pad):
        ops.conv2d_backward_input(dy, w, dx, stride, (pad[0], pad[1] - 1))

    return kernel


spoiling("conv2d", "conv2d_backward_input", "dx_last_row_unwritten", 2, keep(np.s_[:, -1]))
spoiling("conv2d", "conv2d_backward_input", "dx_adds_to_what_was_there", 2, add_to_before)
spoiling("conv2d", "conv2d_backward_input", "dx_wrong_sign", 2, scale(-1))


@breaks("conv2d", "conv2d_backward_weights")
def padding_off_by_one_for_weights(ops):
    def kernel(dy, x, dw, db, stride, pad):
        ops.conv2d_backward_weights(dy, x, dw, db, stride, (pad[0] + 1, pad[1]))

    return kernel


spoiling("conv2d", "conv2d_backward_weights", "db_forgotten", 3, keep(np.s_[:]))
spoiling("conv2d", "conv2d_backward_weights", "db_zero", 3, set_to(np.s_[:], 0))
spoiling("conv2d", "conv2d_backward_weights", "dw_last_tap_unwritten", 2, keep(np.s_[-1, -1]))
spoiling("conv2d", "conv2d_backward_weights", "dw_averaged_twice", 2, scale(0.5))


# Pooling


@breaks("pool", "max_pool2d_forward")
def pool_starts_at_zero(ops):
    """The article's printed defect."""

    def kernel(x, y, winner, window, stride, pad):
        ops.max_pool2d_forward(x, y, winner, window, stride, pad)
        np.maximum(y, 0, out=y)

    return kernel


@breaks("pool", "max_pool2d_forward")
def pool_last_of_equals_wins(ops):
    def kernel(x, y, winner, window, stride, pad):
        batch, height, width, channels = x.shape
        ops.max_pool2d_forward(x, y, winner, window, stride, pad)
        for n, i, j, c in np.ndindex(y.shape):
            for r, s in np.ndindex(window):
                row, col = i * stride[0] + r - pad[0], j * stride[1] + s - pad[1]
                if 0 <= row < height and 0 <= col < width and x[n, row, col, c] == y[n, i, j, c]:
                    winner[n, i, j, c] = r * window[1] + s

    return kernel


@breaks("pool", "max_pool2d_forward")
def pool_swallows_nan(ops):
    def kernel(x, y, winner, window, stride, pad):
        lowest = np.where(np.isnan(x), np.array(-np.inf, x.dtype), x)
        ops.max_pool2d_forward(lowest, y, winner, window, stride, pad)

    return kernel


@breaks("pool", "max_pool2d_backward")
def pool_overlaps_overwrite(ops):
    """Assigns where it should add, so that a pixel that won twice is paid once."""

    def kernel(dy, winner, dx, window, stride, pad):
        dx[...] = 0
        for n, i, j, c in np.ndindex(dy.shape):
            r, s = divmod(int(winner[n, i, j, c]), window[1])
            dx[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c] = dy[n, i, j, c]

    return kernel


def one_place_back(winner, before):
    np.maximum(winner - 1, 0, out=winner)  # back and not further: compiled code would write beyond the image


spoiling("pool", "max_pool2d_forward", "pool_winner_off_by_one", 2, one_place_back)
spoiling("pool", "max_pool2d_forward", "pool_last_row_unwritten", 1, keep(np.s_[:, -1]))
spoiling("pool", "max_pool2d_forward", "pool_one_nan", 1, set_to(np.s_[0, 0, 0, 0], np.nan))
spoiling("pool", "max_pool2d_backward", "pool_dx_not_cleared", 2, add_to_before)


# Volumes, sequences, frames


@breaks("conv3d", "conv3d_forward")
def dilation_ignored(ops):
    def kernel(x, w, b, y, stride, dilation, pad):
        ops.conv3d_forward(x, w, b, y, stride, (1, 1, 1), pad)

    return kernel


@breaks("conv3d", "conv3d_forward")
def groups_read_the_first_channels(ops):
    def kernel(x, w, b, y, stride, dilation, pad):
        first = np.tile(x[..., : w.shape[3]], x.shape[4] // w.shape[3])
        ops.conv3d_forward(first, w, b, y, stride, dilation, pad)

    return kernel


@breaks("conv3d", "conv3d_backward_input")
def groups_swapped_on_the_way_back(ops):
    def kernel(dy, w, dx, stride, dilation, pad):
        ops.conv3d_backward_input(dy[..., ::-1].copy(), w[..., ::-1].copy(), dx, stride, dilation, pad)

    return kernel


@breaks("conv3d", "conv3d_backward_weights")
def dilation_and_stride_swapped_for_weights(ops):
    def kernel(dy, x, dw, db, stride, dilation, pad):
        with_zeros = np.pad(x, [(0, 0), (9, 9), (9, 9), (9, 9), (0, 0)])
        frame = tuple(zeros + 9 for zeros in pad)
        ops.conv3d_backward_weights(dy, with_zeros, dw, db, dilation, stride, frame)

    return kernel


spoiling("conv3d", "conv3d_backward_weights", "db_of_volumes_forgotten", 3, keep(np.s_[:]))
spoiling("conv3d", "conv3d_forward", "conv3d_last_plane_unwritten", 3, keep(np.s_[:, -1]))


@breaks("max_pool3d", "max_pool3d_forward")
def max_pool3d_swallows_nan(ops):
    def kernel(x, y, winner, window, stride, pad):
        lowest = np.where(np.isnan(x), np.array(-np.inf, x.dtype), x)
        ops.max_pool3d_forward(lowest, y, winner, window, stride, pad)

    return kernel


@breaks("average_pool3d", "average_pool3d_forward")
def average_counts_the_padding(ops):
    def kernel(x, y, window, stride, pad):
        rest = [(y.shape[1 + a] - 1) * stride[a] + window[a] - pad[a] - x.shape[1 + a] for a in range(3)]
        frame = [(0, 0), *((pad[a], max(rest[a], 0)) for a in range(3)), (0, 0)]
        ops.average_pool3d_forward(np.pad(x, frame), y, window, stride, (0, 0, 0))

    return kernel


@breaks("lp_pool3d", "lp_pool3d_forward")
def norm_is_always_two(ops):
    def kernel(x, y, window, stride, pad, norm):
        ops.lp_pool3d_forward(x, y, window, stride, pad, 2.0)

    return kernel


@breaks("lp_pool3d", "lp_pool3d_backward")
def norm_forgets_the_sign(ops):
    def kernel(dy, x, y, dx, window, stride, pad, norm):
        ops.lp_pool3d_backward(dy, np.abs(x), y, dx, window, stride, pad, norm)

    return kernel


spoiling("max_pool3d", "max_pool3d_forward", "max_pool3d_winner_off_by_one", 2, one_place_back)
spoiling("max_pool3d", "max_pool3d_backward", "max_pool3d_dx_not_cleared", 2, add_to_before)
spoiling("average_pool3d", "average_pool3d_backward", "average_dx_not_cleared", 1, add_to_before)
spoiling("zero_pad", "zero_pad_forward", "frame_not_cleared", 1, keep(np.s_[:, 0]))


@breaks("zero_pad", "zero_pad_backward")
def frame_cut_off_by_one(ops):
    def kernel(dy, dx, pad):
        ops.zero_pad_backward(dy, dx, (pad[0], pad[1], max(pad[2] - 1, 0)))

    return kernel


# Normalisation, dropout


@breaks("batch_norm", "batch_norm_statistics")
def variance_of_a_sample(ops):
    """Divided by one less than the count, as PyTorch keeps it and Keras does not."""

    def kernel(x, mean, variance):
        ops.batch_norm_statistics(x, mean, variance)
        count = x.size // x.shape[-1]
        variance *= count / (count - 1)

    return kernel


@breaks("batch_norm", "batch_norm_forward")
def epsilon_beside_the_root(ops):
    def kernel(x, mean, variance, gamma, beta, y, epsilon):
        y[...] = gamma * (x - mean) / (np.sqrt(variance) + epsilon) + beta

    return kernel


@breaks("batch_norm", "batch_norm_backward_input")
def statistics_taken_for_constants(ops):
    def kernel(dy, x, mean, variance, gamma, dgamma, dbeta, dx, epsilon):
        dx[...] = gamma / np.sqrt(variance + epsilon) * dy

    return kernel


@breaks("batch_norm", "moving_average")
def moving_average_shares_swapped(ops):
    return lambda moving, latest, share: ops.moving_average(moving, latest, 1 - share)


spoiling("batch_norm", "batch_norm_backward_weights", "dbeta_forgotten", 5, keep(np.s_[:]))


@breaks("dropout", "dropout")
def the_rest_not_enlarged(ops):
    def kernel(x, y, rate, key, step):
        ops.dropout(x, y, rate, key, step)
        y *= 1 - rate

    return kernel


@breaks("dropout", "dropout")
def every_step_the_same_mask(ops):
    return lambda x, y, rate, key, step: ops.dropout(x, y, rate, key, 0)


@breaks("dropout", "dropout")
def kept_and_dropped_swapped(ops):
    def kernel(x, y, rate, key, step):
        ops.dropout(x, y, rate, key, step)
        y[...] = np.where(y == 0, x / (1 - rate), 0)

    return kernel


# Augmentation


@breaks("distort", "affine_flow")
def turned_round_the_corner(ops):
    """About the first pixel instead of the middle of the image."""

    def kernel(flow, shift, rotation, zoom, shear, key, step):
        ops.affine_flow(flow, shift, rotation, zoom, shear, key, step)
        flow -= flow[:, :, :1, :1]

    return kernel


@breaks("distort", "affine_flow")
def rows_and_columns_shift_alike(ops):
    return lambda flow, shift, *rest: ops.affine_flow(flow, (shift[0], shift[0]), *rest)


@breaks("distort", "elastic_flow")
def field_not_smoothed(ops):
    def kernel(noise, smooth, flow, taps, alpha, key, step):
        middle = np.zeros_like(taps)
        middle[taps.size // 2] = taps.sum()
        ops.elastic_flow(noise, smooth, flow, middle, alpha, key, step)

    return kernel


@breaks("distort", "elastic_flow")
def elastic_forgets_the_affine(ops):
    def kernel(noise, smooth, flow, *rest):
        flow[...] = 0
        ops.elastic_flow(noise, smooth, flow, *rest)

    return kernel


@breaks("distort", "warp")
def nearest_pixel_only(ops):
    return lambda x, flow, y: ops.warp(x, np.round(flow), y)


@breaks("distort", "warp")
def flow_turned_back(ops):
    return lambda x, flow, y: ops.warp(x, -flow, y)


@breaks("distort", "cutout")
def square_one_too_small(ops):
    return lambda x, y, size, key, step: ops.cutout(x, y, size - 1, key, step)


# LeNet-5 of 1998


@breaks("subsample", "subsample_forward")
def bias_squeezed_too(ops):
    return lambda x, w, b, y, window: ops.subsample_forward(x, w, w * b, y, window)


spoiling("subsample", "subsample_backward_input", "subsample_rest_not_cleared", 2, keep(np.s_[:, -1]))
spoiling("subsample", "subsample_backward_weights", "subsample_db_forgotten", 3, keep(np.s_[:]))
spoiling("subsample", "subsample_backward_weights", "subsample_dw_averaged", 2, scale(0.25))
spoiling("connections", "spread_taps", "no_connection_not_cleared", 2, keep(np.s_[..., -1, -1]))


@breaks("connections", "collect_taps")
def taps_of_the_neighbour(ops):
    return lambda dfull, connections, dw: ops.collect_taps(np.roll(dfull, 1, axis=2), connections, dw)


@breaks("connections", "spread_taps")
def channel_and_filter_swapped(ops):
    def kernel(w, connections, full):
        square = np.zeros((*w.shape[:2], 9, 9), w.dtype)
        ops.spread_taps(w, connections[:, ::-1].copy(), square)
        full[...] = square[:, :, : full.shape[2], : full.shape[3]]

    return kernel


spoiling("rbf", "rbf_forward", "rbf_the_farthest_wins", 2, scale(-1))
spoiling("rbf", "rbf_backward", "rbf_gradient_halved", 3, scale(0.5))


@breaks("rbf", "maximum_a_posteriori")
def rubbish_class_forgotten(ops):
    def kernel(outputs, targets, weight, losses, gradient, rubbish):
        ops.softmax_cross_entropy(outputs, targets, weight, losses, gradient)

    return kernel


@breaks("rbf", "maximum_a_posteriori")
def rubbish_of_the_other_sign(ops):
    return lambda *arguments: ops.maximum_a_posteriori(*arguments[:-1], -arguments[-1])


@breaks("rescale", "rescale")
def offset_before_the_scale(ops):
    return lambda x, y, factor, offset: ops.rescale(x + offset, y, factor, 0 * offset)


# Dense


@breaks("dense", "dense_forward")
def dense_bias_forgotten(ops):
    return lambda x, w, b, y: ops.dense_forward(x, w, np.zeros_like(b), y)


spoiling("dense", "dense_forward", "dense_last_image_unwritten", 3, keep(np.s_[-1]))
spoiling("dense", "dense_backward_input", "dense_wrong_sign", 2, scale(-1))
spoiling("dense", "dense_backward_input", "dense_dx_last_input_unwritten", 2, keep(np.s_[:, -1]))
spoiling("dense", "dense_backward_weights", "dense_db_forgotten", 3, keep(np.s_[:]))
spoiling("dense", "dense_backward_weights", "dense_dw_adds_to_what_was_there", 2, add_to_before)
spoiling("dense", "dense_backward_weights", "dense_dw_off_in_the_fifth_digit", 2, scale(1 + 1e-5))


# Convolution, ReLU and pooling in one. Only the tuned rung has it, and here images are in its own layout,
# [block][channel][row][column][lane].

FUSED = "conv2d, relu, pool"


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_without_bias(ops):
    return lambda x, w, b, y, winner: ops.conv2d_relu_pool_forward(x, w, np.zeros_like(b), y, winner)


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_swallows_nan(ops):
    def kernel(x, w, b, y, winner):
        ops.conv2d_relu_pool_forward(np.nan_to_num(x, posinf=np.inf, neginf=-np.inf), w, b, y, winner)

    return kernel


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_winners_of_the_neighbour_filter(ops):
    def kernel(x, w, b, y, winner):
        ops.conv2d_relu_pool_forward(x, w, b, y, winner)
        winner[:] = np.roll(winner, 1, axis=1)

    return kernel


@breaks(FUSED, "conv2d_relu_pool_forward")
def fused_dead_windows_alive(ops):
    """The windows are forgiven what ReLU took from them: a dead one gets the winner of its neighbour, or the first."""

    def kernel(x, w, b, y, winner):
        ops.conv2d_relu_pool_forward(x, w, b, y, winner)
        winner[y == 0] = winner[y > 0].min(initial=np.int8(4))

    return kernel


spoiling(FUSED, "conv2d_relu_pool_forward", "fused_last_row_unwritten", 3, keep(np.s_[:, :, -1]))
spoiling(FUSED, "conv2d_relu_pool_forward", "fused_last_column_unwritten", 3, keep(np.s_[:, :, :, -1]))
spoiling(FUSED, "conv2d_relu_pool_forward", "fused_last_filter_unwritten", 3, keep(np.s_[:, -1]))
spoiling(FUSED, "conv2d_relu_pool_forward", "fused_last_lane_wrong", 3, set_to(np.s_[..., -1], 0.5))


@breaks(FUSED, "relu_pool_backward")
def fused_gradients_of_the_neighbour_image(ops):
    return lambda dy, winner, dz: ops.relu_pool_backward(np.roll(dy, 1, axis=-1), winner, dz)


spoiling(FUSED, "relu_pool_backward", "fused_dz_not_cleared", 2, add_to_before)
spoiling(FUSED, "relu_pool_backward", "fused_dz_last_row_unwritten", 2, keep(np.s_[:, :, -1]))
spoiling(FUSED, "relu_pool_backward", "fused_dz_last_column_unwritten", 2, keep(np.s_[:, :, :, -1]))
spoiling(FUSED, "relu_pool_backward", "fused_dz_off_in_the_fifth_digit", 2, scale(1 + 1e-5))


@breaks(FUSED, "conv2d_relu_pool_backward_weights")
def fused_weights_see_the_neighbour_image(ops):
    return lambda dy, winner, x, *results: ops.conv2d_relu_pool_backward_weights(
        dy, winner, np.roll(x, 1, axis=-1), *results
    )


spoiling(FUSED, "conv2d_relu_pool_backward_weights", "fused_dw_added_to_before", 3, add_to_before)
spoiling(FUSED, "conv2d_relu_pool_backward_weights", "fused_dw_last_tap_unwritten", 3, keep(np.s_[-1, -1]))
spoiling(FUSED, "conv2d_relu_pool_backward_weights", "fused_dw_off_in_the_fifth_digit", 3, scale(1 + 1e-5))
spoiling(FUSED, "conv2d_relu_pool_backward_weights", "fused_db_last_filter_unwritten", 4, keep(np.s_[-1]))


# ReLU, softmax, moves, optimisers


@breaks("relu", "relu_forward")
def relu_swallows_nan(ops):
    def kernel(x, y):
        y[...] = np.where(x > 0, x, 0)

    return kernel


@breaks("relu", "relu_forward")
def relu_leaks(ops):
    def kernel(x, y):
        y[...] = np.where(x < 0, x / 100, x)

    return kernel


@breaks("relu", "relu_backward")
def relu_passes_at_zero(ops):
    def kernel(dy, y, dx):
        dx[...] = np.where(y < 0, 0, dy)

    return kernel


@breaks("relu", "relu_backward")
def relu_tests_the_gradient(ops):
    def kernel(dy, y, dx):
        dx[...] = np.where(dy < 0, 0, dy)

    return kernel


@breaks("activations", "leaky_relu_forward")
def leaky_relu_swallows_nan(ops):
    def kernel(x, y, slope):
        y[...] = np.where(x > 0, x, slope * np.nan_to_num(x))

    return kernel


@breaks("activations", "leaky_relu_backward")
def leaky_relu_passes_at_zero(ops):
    def kernel(dy, y, dx, slope):
        dx[...] = np.where(y < 0, slope * dy, dy)

    return kernel


@breaks("activations", "sigmoid_forward")
def sigmoid_overflows(ops):
    def kernel(x, y):
        with np.errstate(all="ignore"):
            y[...] = np.exp(x) / (1 + np.exp(x))  # NaN for infinity

    return kernel


@breaks("activations", "sigmoid_backward")
def sigmoid_derivative_of_the_input(ops):
    def kernel(dy, y, dx):
        s = 1 / (1 + np.exp(-y))
        dx[...] = dy * s * (1 - s)

    return kernel


@breaks("activations", "tanh_backward")
def tanh_derivative_without_square(ops):
    def kernel(dy, y, dx):
        dx[...] = dy * (1 - y)

    return kernel


@breaks("activations", "scaled_tanh_forward")
def tanh_not_scaled(ops):
    return lambda x, y: ops.tanh_forward(x, y)


@breaks("activations", "scaled_tanh_backward")
def scaled_tanh_derivative_of_tanh(ops):
    return lambda dy, y, dx: ops.tanh_backward(dy, y, dx)


@breaks("activations", "softplus_forward")
def softplus_overflows(ops):
    def kernel(x, y):
        with np.errstate(all="ignore"):
            y[...] = np.where(x > 2, np.log(np.exp(x) + 1) - np.log1p(np.exp(x)) * 1e-4, np.log1p(np.exp(x)))

    return kernel


@breaks("activations", "softplus_backward")
def softplus_derivative_is_one(ops):
    def kernel(dy, y, dx):
        dx[...] = dy

    return kernel


@breaks("softmax_backward", "softmax_backward")
def softmax_takes_probabilities_for_independent(ops):
    def kernel(dy, probabilities, dx):
        dx[...] = dy * probabilities * (1 - probabilities)

    return kernel


@breaks("softmax", "softmax_forward")
def softmax_overflows(ops):
    def kernel(logits, probabilities):
        with np.errstate(all="ignore"):
            powers = np.exp(logits)
            probabilities[...] = powers / powers.sum(axis=1, keepdims=True)

    return kernel


@breaks("softmax", "softmax_cross_entropy")
def loss_weighted_twice(ops):
    def kernel(logits, targets, weight, losses, dlogits):
        ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
        losses *= weight

    return kernel


@breaks("softmax", "softmax_cross_entropy")
def gradient_unweighted(ops):
    def kernel(logits, targets, weight, losses, dlogits):
        ops.softmax_cross_entropy(logits, targets, np.ones_like(weight), losses, dlogits)

    return kernel


@breaks("softmax", "softmax_cross_entropy")
def gradient_without_the_truth(ops):
    def kernel(logits, targets, weight, losses, dlogits):
        ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
        dlogits += weight[:, None] * targets

    return kernel


@breaks("softmax", "softmax_cross_entropy")
def loss_swallows_nan(ops):
    def kernel(logits, targets, weight, losses, dlogits):
        ops.softmax_cross_entropy(np.nan_to_num(logits), targets, weight, losses, dlogits)

    return kernel


@breaks("moves", "flatten_forward")
def flatten_as_pytorch_does(ops):
    def kernel(x, y):
        y[...] = np.moveaxis(x, -1, 1).reshape(y.shape)

    return kernel


@breaks("turn", "permute")
def permute_only_renames(ops):
    def kernel(x, y, sizes, steps):
        y[...] = x.reshape(y.shape)

    return kernel


spoiling("turn", "reshape", "reshape_last_image_unwritten", 1, keep(np.s_[-1]))
spoiling("activations", "tanh_forward", "tanh_off_in_the_fifth_digit", 1, scale(1 + 1e-5))


@breaks("moves", "gather")
def gather_ignores_the_order(ops):
    return lambda data, order, batch: ops.gather(data, np.arange(len(order)) % len(data), batch)


spoiling("moves", "flatten_backward", "unflatten_last_row_unwritten", 1, keep(np.s_[:, -1]))


@breaks("losses", "cross_entropy")
def probabilities_not_divided_by_their_sum(ops):
    def kernel(probabilities, targets, weight, losses, gradient):
        ops.cross_entropy(probabilities, targets, weight, losses, gradient)
        losses -= np.log(probabilities.sum(axis=1))

    return kernel


@breaks("losses", "binary_cross_entropy")
def gradient_where_it_is_clipped(ops):
    def kernel(p, targets, weight, losses, gradient):
        ops.binary_cross_entropy(p, targets, weight, losses, gradient)
        inside = np.clip(p, 1e-6, 1 - 1e-6)
        gradient[...] = weight[:, None] * (inside - targets) / (inside * (1 - inside)) / p.shape[1]

    return kernel


@breaks("losses", "sigmoid_cross_entropy")
def sum_over_outputs_instead_of_mean(ops):
    def kernel(logits, targets, weight, losses, gradient):
        ops.sigmoid_cross_entropy(logits, targets, weight, losses, gradient)
        losses *= logits.shape[1]

    return kernel


@breaks("losses", "mean_squared_error")
def squared_error_halved(ops):
    def kernel(outputs, targets, weight, losses, gradient):
        ops.mean_squared_error(outputs, targets, weight, losses, gradient)
        gradient /= 2

    return kernel


@breaks("optimizer", "adamw_update")
def decay_added_to_the_gradient(ops):
    """Adam with L2 regularisation, which is what AdamW is not."""

    def kernel(w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2, decay):
        ops.adam_update(w, dw + decay * w, m, v, lr, beta1, beta2, epsilon, correction1, correction2)

    return kernel


@breaks("optimizer", "sgd_update")
def sgd_forgets_its_velocity(ops):
    def kernel(w, dw, velocity, lr, momentum, nesterov):
        ops.sgd_update(w, dw, velocity.copy(), lr, momentum, nesterov)

    return kernel


@breaks("optimizer", "sgd_update")
def sgd_climbs(ops):
    return lambda w, dw, *rest: ops.sgd_update(w, -dw, *rest)


@breaks("optimizer", "sgd_update")
def nesterov_ignored(ops):
    return lambda w, dw, velocity, lr, momentum, _: ops.sgd_update(w, dw, velocity, lr, momentum, False)


@breaks("optimizer", "adam_update")
def adam_without_corrections(ops):
    def kernel(w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2):
        one = w.dtype.type(1)
        ops.adam_update(w, dw, m, v, lr, beta1, beta2, epsilon, one, one)

    return kernel


@breaks("optimizer", "adam_update")
def adam_betas_swapped(ops):
    def kernel(w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2):
        ops.adam_update(w, dw, m, v, lr, beta2, beta1, epsilon, correction1, correction2)

    return kernel


@breaks("optimizer", "rmsprop_update")
def rmsprop_leaves_the_last_parameter(ops):
    return lambda w, dw, v, lr, rho, epsilon: ops.rmsprop_update(w[:-1], dw[:-1], v[:-1], lr, rho, epsilon)


def broken(name, rung=None):
    """The rung with one kernel replaced, and the operation it belongs to.

    By default Python, which minds its arrays' bounds, or the tuned rung for what Python does not have.
    """
    operation, field, make = BREAKS[name]
    ops = get_ops(rung or ("tuned" if operation == FUSED else "python"))
    replaced: dict[str, Any] = {field: make(ops)}
    return replace(ops, **replaced), operation


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
    "gradient_unweighted", "adam_betas_swapped", "sgd_climbs",
])  # fmt: skip
def test_checks_object_on_the_tuned_rung_too(name):
    """The breaks that mean the same in any layout, within the tolerance of the rung that adds in another order."""
    ops, operation = broken(name, "tuned")
    with pytest.raises(AssertionError):
        check_everything(ops, (operation,))


def test_every_kernel_has_been_broken():
    assert {field for _, field, _ in BREAKS.values()} == set(KERNELS)


@pytest.mark.parametrize("operation, field, output", [
    ("conv2d", "conv2d_forward", 3),
    ("conv2d", "conv2d_backward_weights", 2),
    ("dense", "dense_backward_input", 2),
])  # fmt: skip
def test_the_last_bit_counts(operation, field, output):
    """Too little for the oracle's tolerance, and enough for the comparison with Python."""
    spoiling(operation, field, "last bit", output, lambda array, _: np.nextafter(array, np.inf, out=array))
    ops, _ = broken("last bit", "literal")
    del BREAKS["last bit"]
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
    "fused_winners_of_the_neighbour_filter", "fused_dz_off_in_the_fifth_digit",
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
