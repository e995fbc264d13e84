"""The textbook loop of every operation: what the rungs "python", "literal" and "parallel" have in common.

An operation has the name of its loop. ``ops.py`` says which kernel runs for it on which rung.
"""

from typing import Any

from . import (
    activation,
    adjust,
    augment,
    batch,
    clip,
    connections,
    conv2d,
    conv3d,
    dense,
    dropout,
    gated,
    gaussian,
    loss,
    merge,
    normalization,
    optimizer,
    padding,
    penalty,
    pool,
    pool3d,
    prelu,
    rbf,
    rescale,
    reshape,
    resize,
    softmax,
    subsample,
    upsample,
)

TEXTBOOK: dict[str, Any] = {
    loop.__name__: loop
    for loop in (
        batch.gather,
        conv2d.conv2d_forward, conv2d.conv2d_backward_input, conv2d.conv2d_backward_weights,
        connections.spread_taps, connections.collect_taps,
        conv3d.conv3d_forward, conv3d.conv3d_backward_input, conv3d.conv3d_backward_weights,
        pool.max_pool2d_forward, pool.max_pool2d_backward,
        pool3d.max_pool3d_forward, pool3d.max_pool3d_backward, pool3d.average_pool3d_forward,
        pool3d.average_pool3d_backward, pool3d.lp_pool3d_forward, pool3d.lp_pool3d_backward,
        subsample.subsample_forward, subsample.subsample_backward_input, subsample.subsample_backward_weights,
        padding.zero_pad_forward, padding.zero_pad_backward,
        upsample.upsample2d_forward, upsample.upsample2d_backward,
        resize.resize_nearest_forward, resize.resize_nearest_backward, resize.resize_bilinear_forward,
        resize.resize_bilinear_backward,
        dense.dense_forward, dense.dense_backward_input, dense.dense_backward_weights,
        rbf.rbf_forward, rbf.rbf_backward,
        rescale.rescale,
        activation.relu_forward, activation.relu_backward, activation.leaky_relu_forward,
        activation.leaky_relu_backward, activation.bounded_relu_forward, activation.bounded_relu_backward,
        activation.sigmoid_forward, activation.sigmoid_backward, activation.hard_sigmoid_forward,
        activation.hard_sigmoid_backward, activation.tanh_forward, activation.tanh_backward,
        activation.scaled_tanh_forward, activation.scaled_tanh_backward, activation.softsign_forward,
        activation.softsign_backward, activation.softplus_forward, activation.softplus_backward, activation.elu_forward,
        activation.elu_backward, activation.exponential_forward, activation.exponential_backward,
        gated.silu_forward, gated.silu_backward, gated.gelu_forward, gated.gelu_backward, gated.mish_forward,
        gated.mish_backward, gated.hard_silu_forward, gated.hard_silu_backward,
        prelu.prelu_forward, prelu.prelu_backward_input, prelu.prelu_backward_weights,
        dropout.dropout, dropout.channel_dropout,
        gaussian.gaussian_noise, gaussian.gaussian_dropout,
        augment.affine_flow, augment.elastic_flow, augment.warp, augment.cutout, augment.crop_each,
        adjust.adjust_contrast, adjust.adjust_brightness,
        normalization.batch_norm_statistics, normalization.moving_average, normalization.batch_norm_forward,
        normalization.batch_norm_backward_weights, normalization.batch_norm_backward_input,
        reshape.flatten_forward, reshape.flatten_backward, reshape.reshape, reshape.permute,
        merge.add, merge.subtract, merge.multiply, merge.maximum, merge.minimum, merge.to_the_larger, merge.concatenate,
        merge.cut_out,
        softmax.softmax_forward, softmax.softmax_backward, softmax.log_softmax_forward, softmax.log_softmax_backward,
        softmax.softmax_cross_entropy,
        loss.cross_entropy, loss.sigmoid_cross_entropy, loss.binary_cross_entropy, loss.mean_squared_error,
        loss.mean_absolute_error, loss.huber, loss.hinge, loss.squared_hinge, loss.log_cosh, loss.kl_divergence,
        loss.poisson, loss.mean_absolute_percentage_error, loss.mean_squared_logarithmic_error, loss.cosine_similarity,
        loss.categorical_hinge,
        rbf.maximum_a_posteriori,
        penalty.weight_penalty_forward, penalty.weight_penalty_backward,
        clip.clip_by_value, clip.sum_of_squares, clip.clip_by_norm,
        optimizer.sgd_update, optimizer.rmsprop_update, optimizer.adam_update, optimizer.adamw_update,
        optimizer.nadam_update, optimizer.adamax_update, optimizer.adagrad_update, optimizer.adadelta_update,
    )
}  # fmt: skip
"""Operation: its loop, in plain Python."""

SINGLE_NUMBERS = {
    f"{function}_{way}"
    for function in (
        "relu", "leaky_relu", "bounded_relu", "sigmoid", "hard_sigmoid", "tanh", "scaled_tanh", "softsign", "softplus",
        "elu", "exponential", "silu", "gelu", "mish", "hard_silu",
    )
    for way in ("forward", "backward")
} | {"rescale", "add", "subtract", "multiply", "maximum", "minimum", "to_the_larger"}  # fmt: skip
"""Operations on single numbers, wherever they stand."""
