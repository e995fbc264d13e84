"""The table: for each operation its cases, how to draw inputs, how to run it on a rung, and what the oracle expects.

Inputs and answers are plain NumPy arrays in dictionaries.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import cases
from cases import Conv, Fused

from loopnet.ops import Ops

from . import (
    activation,
    augmentation,
    clip,
    conv,
    dense,
    dropout,
    fused,
    lenet1998,
    loss,
    merge,
    moves,
    normalization,
    optimizer,
    penalty,
    pool,
    prelu,
    softmax,
)
from .rung import Arrays


class Operation(NamedTuple):
    cases: list[Any]
    draw: Callable[..., Arrays]
    run: Callable[..., Arrays]
    expect: Callable[..., Arrays]


OPERATIONS = {
    "conv2d": Operation(cases.CONV, conv.draw_conv2d, conv.run_conv2d, conv.expect_conv2d),
    "pool": Operation(cases.POOL, pool.draw_pool, pool.run_pool, pool.expect_pool),
    "average_pool": Operation(cases.POOL, pool.draw_pool, pool.run_average_pool, pool.expect_average_pool),
    "conv3d": Operation(cases.CONV3D, conv.draw_conv3d, conv.run_conv3d, conv.expect_conv3d),
    "max_pool3d": Operation(cases.POOL3D, pool.draw_pool3d, pool.run_pool3d("max"), pool.expect_max_pool3d),
    "average_pool3d": Operation(cases.POOL3D, pool.draw_pool3d, pool.run_pool3d("average"), pool.expect_average_pool3d),
    "lp_pool3d": Operation(cases.POOL3D, pool.draw_pool3d, pool.run_pool3d("lp"), pool.expect_lp_pool3d),
    "zero_pad": Operation(cases.PADDING, moves.draw_zero_pad, moves.run_zero_pad, moves.expect_zero_pad),
    "upsample": Operation(cases.UPSAMPLE, moves.draw_upsample, moves.run_upsample, moves.expect_upsample),
    "resize": Operation(cases.RESIZE, moves.draw_resize, moves.run_resize, moves.expect_resize),
    "batch_norm": Operation(
        cases.NORMALIZATION,
        normalization.draw_batch_norm,
        normalization.run_batch_norm,
        normalization.expect_batch_norm,
    ),
    "dropout": Operation(cases.DROPOUT, dropout.draw_dropout, dropout.run_dropout, dropout.expect_dropout),
    "channel_dropout": Operation(
        cases.CHANNEL_DROPOUT, dropout.draw_dropout, dropout.run_channel_dropout, dropout.expect_channel_dropout
    ),
    "gaussian": Operation(cases.NOISE, dropout.draw_gaussian, dropout.run_gaussian, dropout.expect_gaussian),
    "distort": Operation(
        cases.DISTORT, augmentation.draw_distort, augmentation.run_distort, augmentation.expect_distort
    ),
    "colours": Operation(
        cases.COLOURS, augmentation.draw_colours, augmentation.run_colours, augmentation.expect_colours
    ),
    "crop": Operation(cases.CROPS, augmentation.draw_crops, augmentation.run_crops, augmentation.expect_crops),
    "subsample": Operation(
        cases.SUBSAMPLE, lenet1998.draw_subsample, lenet1998.run_subsample, lenet1998.expect_subsample
    ),
    "connections": Operation(cases.TABLES, lenet1998.draw_table, lenet1998.run_table, lenet1998.expect_table),
    "rbf": Operation(cases.RBF, lenet1998.draw_rbf, lenet1998.run_rbf, lenet1998.expect_rbf),
    "rescale": Operation(cases.ELEMENTWISE, activation.draw_relu, moves.run_rescale, moves.expect_rescale),
    "turn": Operation(cases.TURNS, moves.draw_turn, moves.run_turn, moves.expect_turn),
    "merge": Operation(cases.MERGED, merge.draw_merge, merge.run_merge, merge.expect_merge),
    "concatenate": Operation(cases.JOINS, merge.draw_join, merge.run_join, merge.expect_join),
    "dense": Operation(cases.DENSE, dense.draw_dense, dense.run_dense, dense.expect_dense),
    "relu": Operation(cases.ELEMENTWISE, activation.draw_relu, activation.run_relu, activation.expect_relu),
    "activations": Operation(
        cases.ELEMENTWISE, activation.draw_relu, activation.run_activations, activation.expect_activations
    ),
    "prelu": Operation(cases.SLOPES, prelu.draw_prelu, prelu.run_prelu, prelu.expect_prelu),
    "softmax_backward": Operation(
        cases.SOFTMAX, softmax.draw_softmax_backward, softmax.run_softmax_backward, softmax.expect_softmax_backward
    ),
    "softmax": Operation(cases.SOFTMAX, softmax.draw_softmax, softmax.run_softmax, softmax.expect_softmax),
    "log_softmax": Operation(
        cases.SOFTMAX, softmax.draw_log_softmax, softmax.run_log_softmax, softmax.expect_log_softmax
    ),
    "losses": Operation(cases.SOFTMAX, loss.draw_losses, loss.run_losses, loss.expect_losses),
    "optimizer": Operation(
        cases.PARAMETERS, optimizer.draw_optimizer, optimizer.run_optimizer, optimizer.expect_optimizer
    ),
    "weight penalty": Operation(cases.PENALIZED, penalty.draw_penalty, penalty.run_penalty, penalty.expect_penalty),
    "clip": Operation(cases.PENALIZED, clip.draw_clip, clip.run_clip, clip.expect_clip),
    "moves": Operation(cases.ELEMENTWISE, moves.draw_moves, moves.run_moves, moves.expect_moves),
    "conv2d, relu, pool": Operation(cases.FUSED, fused.draw_fused, fused.run_fused, fused.expect_fused),
}

DTYPES = ("float32", "float64")

# Operations in which a NaN or an infinity must stay visible.
KEEPS_NAN = (
    "conv2d", "conv3d", "pool", "dense", "relu", "conv2d, relu, pool", "activations", "max_pool3d", "average_pool3d",
    "average_pool",
    "subsample", "merge", "concatenate", "prelu",
)  # fmt: skip


def is_offered(ops: Ops, operation: str) -> bool:
    """Whether the rung has the operation; only the fused one is optional."""
    return operation != "conv2d, relu, pool" or ops.conv2d_relu_pool_forward is not None


def operations_of(ops: Ops) -> tuple[str, ...]:
    return tuple(operation for operation in OPERATIONS if is_offered(ops, operation))


def is_tried(ops: Ops, case: Any, dtype: str) -> bool:
    """The tuned rung compiles a convolution anew, for seconds, for each width of window and dtype: in float64, which
    is there for the gradient checks, windows of two, three and five columns must do.
    """
    if ops.name != "tuned" or dtype != "float64" or not isinstance(case, Conv | Fused):
        return True
    return case.window[1] in (2, 3, 5)
