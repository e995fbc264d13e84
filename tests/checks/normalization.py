"""Batch normalization: the statistics of a batch, forward, and back."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, on_host, plain, poison, tensor


def draw_batch_norm(shape: tuple[int, ...], dtype: str) -> Arrays:
    channels = shape[-1:]
    given = draw(shape, dtype, x=shape, dy=shape, gamma=channels, beta=channels, moving=channels)
    return {**given, "x": given["x"] * 3 + 15}  # its mean square is mostly its mean's square


def run_batch_norm(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    names = ("batch_norm_statistics", "batch_norm_forward", "batch_norm_backward_weights", "batch_norm_backward_input")
    ops = ops.rung_for(names, (len(shape),))
    if ops.images(tensor(ops, given["x"])) != len(given["x"]):  # see borders.WholeBatch
        ops = ops.plain or ops
    dtype, channels, epsilon = given["x"].dtype, shape[-1:], 1e-3
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    gamma, beta, moving = (plain(ops, given[name]) for name in ("gamma", "beta", "moving"))
    mean, variance, dgamma, dbeta = (plain(ops, poison(channels, dtype)) for _ in range(4))
    y, dx = (tensor(ops, poison(shape, dtype)) for _ in range(2))
    ops.batch_norm_statistics(x, mean, variance)
    ops.batch_norm_forward(x, mean, variance, gamma, beta, y, epsilon)
    ops.batch_norm_backward_weights(dy, x, mean, variance, dgamma, dbeta, epsilon)
    ops.batch_norm_backward_input(dy, x, mean, variance, gamma, dgamma, dbeta, dx, epsilon)
    ops.moving_average(moving, mean, dtype.type(0.25))
    vectors = {"mean": mean, "variance": variance, "dgamma": dgamma, "dbeta": dbeta, "moving": moving}
    return {
        **{name: on_host(vector) for name, vector in vectors.items()},
        "y": ops.to_host(y, shape),
        "dx": ops.to_host(dx, shape),
    }


def expect_batch_norm(shape: tuple[int, ...], given: Arrays) -> Arrays:
    x, gamma, beta, dy = (given[name] for name in ("x", "gamma", "beta", "dy"))
    answers = oracle.batch_norm(x, gamma, beta, dy, epsilon=1e-3)
    named = dict(zip(("mean", "variance", "y", "dgamma", "dbeta", "dx"), answers, strict=True))
    return {**named, "moving": 0.75 * given["moving"].astype(np.float64) + 0.25 * named["mean"]}
