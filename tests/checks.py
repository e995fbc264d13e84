"""The suite's checks of one rung, as functions that take its `ops`.

test_kernels.py and test_golden.py apply them to every rung; test_meta.py applies them to kernels broken on
purpose, to see that they object. Each operation is one row of OPERATIONS: its table of cases, how to draw
inputs, how to run the kernels on a rung, and what the oracle expects. Inputs and answers are plain NumPy
arrays in dictionaries.
"""

import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import oracle
from cases import (
    CONV,
    CONV3D,
    DENSE,
    DISTORT,
    DROPOUT,
    ELEMENTWISE,
    FUSED,
    NORMALIZATION,
    PADDING,
    PARAMETERS,
    POOL,
    POOL3D,
    RBF,
    SOFTMAX,
    SUBSAMPLE,
    TABLES,
    TURNS,
    Conv,
    Conv3D,
    Dense,
    Distort,
    Drop,
    Frame,
    Fused,
    Pool,
    Pool3D,
    Subsample,
    Table,
    Turn,
)

from loopnet.ops import Ops, get_ops
from loopnet.shapes import turned

Arrays = dict[str, np.ndarray]

DTYPES = ("float32", "float64")

# Rungs that run the textbook's source must answer as Python does, to the bit.
SAME_BITS_AS_PYTHON = ("literal", "parallel")

# How far from the oracle a rung may be, as a share of the largest number in the array. One line for each
# new rung. The tuned rung adds up in another order and in more, shorter sums, which is no less exact.
TOLERANCE = {
    "python": {"float32": 2e-6, "float64": 2e-14},
    "literal": {"float32": 2e-6, "float64": 2e-14},
    "parallel": {"float32": 2e-6, "float64": 2e-14},
    "tuned": {"float32": 2e-6, "float64": 2e-14},
    # A GPU's exp, log and pow are off by a few units in the last place, and work in the arrays' own dtype.
    "cuda_literal": {"float32": 4e-6, "float64": 4e-14},
    "cuda": {"float32": 4e-6, "float64": 4e-14},
}


# Into a rung's memory and back. What has one row for each image is a tensor, laid out as the rung likes;
# weights, their gradients and the optimiser's vectors are plain arrays. Outputs start as NaN (or -7), so
# that an element which a kernel forgets cannot pass for a zero.


def tensor(ops: Ops, array: np.ndarray) -> Any:
    return ops.pack(array)


def plain(ops: Ops, array: np.ndarray) -> Any:
    return ops.asarray(array.copy())


def poison(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else -7, dtype)


def on_host(array: Any) -> np.ndarray:
    """A plain array of a rung as a NumPy array."""
    return np.asarray(array)


# Drawing inputs: standard normal numbers, the same for a case on every rung, rounded to the dtype afterwards.


def generator(case: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(case).encode()))


def draw(case: Any, dtype: str, **shapes: tuple[int, ...]) -> Arrays:
    random = generator(case)
    return {name: random.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def draw_conv2d(case: Conv, dtype: str) -> Arrays:
    w, y = (*case.window, case.x[3], case.filters), (case.x[0], *case.out, case.filters)
    return draw(case, dtype, x=case.x, w=w, b=(case.filters,), dy=y)


def run_conv2d(ops: Ops, case: Conv, given: Arrays) -> Arrays:
    dtype, geometry = given["x"].dtype, (case.stride, case.pad)
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    w, b = plain(ops, given["w"]), plain(ops, given["b"])

    y, dx = tensor(ops, poison(given["dy"].shape, dtype)), tensor(ops, poison(case.x, dtype))
    dw, db = plain(ops, poison(given["w"].shape, dtype)), plain(ops, poison(given["b"].shape, dtype))
    ops.conv2d_forward(x, w, b, y, *geometry)
    ops.conv2d_backward_input(dy, w, dx, *geometry)
    ops.conv2d_backward_weights(dy, x, dw, db, *geometry)
    return {
        "y": ops.to_host(y, given["dy"].shape),
        "dx": ops.to_host(dx, case.x),
        "dw": on_host(dw),
        "db": on_host(db),
    }


def expect_conv2d(case: Conv, given: Arrays) -> Arrays:
    x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
    dw, db = oracle.conv2d_backward_weights(dy, x, case.window, case.stride, case.pad)
    return {
        "y": oracle.conv2d_forward(x, w, b, case.stride, case.pad, case.out),
        "dx": oracle.conv2d_backward_input(dy, w, case.x, case.stride, case.pad),
        "dw": dw,
        "db": db,
    }


def draw_pool(case: Pool, dtype: str) -> Arrays:
    """Mostly negative, in steps of a half, so that windows without a positive number and ties are common."""
    given = draw(case, dtype, x=case.x, dy=(case.x[0], *case.out, case.x[3]))
    return {"x": np.round(2 * given["x"] - 2) / 2, "dy": given["dy"]}


def run_pool(ops: Ops, case: Pool, given: Arrays) -> Arrays:
    dtype, geometry = given["x"].dtype, (case.window, case.stride, case.pad)
    shape = given["dy"].shape
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])

    y, winner = tensor(ops, poison(shape, dtype)), tensor(ops, poison(shape, np.int32))
    dx = tensor(ops, poison(case.x, dtype))
    ops.max_pool2d_forward(x, y, winner, *geometry)
    ops.max_pool2d_backward(dy, winner, dx, *geometry)
    return {
        "y": ops.to_host(y, shape),
        "winner": ops.to_host(winner, shape),
        "dx": ops.to_host(dx, case.x),
    }


def expect_pool(case: Pool, given: Arrays) -> Arrays:
    y, winner = oracle.max_pool2d_forward(given["x"], case.window, case.stride, case.pad, case.out)
    dx = oracle.max_pool2d_backward(given["dy"], winner, case.x, case.window, case.stride, case.pad)
    return {"y": y, "winner": winner.astype(np.int32), "dx": dx}


# Operations over volumes. A rung with a layout of its own may lack them, and then the plain one beneath it
# answers, as it does for the layers.


def draw_conv3d(case: Conv3D, dtype: str) -> Arrays:
    w, y = (*case.window, case.x[4] // case.groups, case.filters), (case.x[0], *case.out, case.filters)
    return draw(case, dtype, x=case.x, w=w, b=(case.filters,), dy=y)


def run_conv3d(ops: Ops, case: Conv3D, given: Arrays) -> Arrays:
    ops = ops.rung_for(("conv3d_forward", "conv3d_backward_input", "conv3d_backward_weights"), (5,))
    dtype, geometry = given["x"].dtype, (case.stride, case.dilation, case.pad)
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    w, b = plain(ops, given["w"]), plain(ops, given["b"])

    y, dx = tensor(ops, poison(given["dy"].shape, dtype)), tensor(ops, poison(case.x, dtype))
    dw, db = plain(ops, poison(given["w"].shape, dtype)), plain(ops, poison(given["b"].shape, dtype))
    ops.conv3d_forward(x, w, b, y, *geometry)
    ops.conv3d_backward_input(dy, w, dx, *geometry)
    ops.conv3d_backward_weights(dy, x, dw, db, *geometry)
    return {
        "y": ops.to_host(y, given["dy"].shape),
        "dx": ops.to_host(dx, case.x),
        "dw": on_host(dw),
        "db": on_host(db),
    }


def expect_conv3d(case: Conv3D, given: Arrays) -> Arrays:
    x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
    answers = oracle.conv3d(x, w, b, dy, case.stride, case.dilation, case.pad, case.groups)
    return dict(zip(("y", "dx", "dw", "db"), answers, strict=True))


def draw_pool3d(case: Pool3D, dtype: str) -> Arrays:
    given = draw(case, dtype, x=case.x, dy=(case.x[0], *case.out, case.x[4]))
    return {"x": np.round(2 * given["x"] - 2) / 2, "dy": given["dy"]}


def run_pool3d(kind: str) -> Callable[..., Arrays]:
    names = f"{kind}_pool3d_forward", f"{kind}_pool3d_backward"

    def run(ops: Ops, case: Pool3D, given: Arrays) -> Arrays:
        ops = ops.rung_for(names, (5,))
        dtype, geometry = given["x"].dtype, (case.window, case.stride, case.pad)
        shape = given["dy"].shape
        x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
        y, dx = tensor(ops, poison(shape, dtype)), tensor(ops, poison(case.x, dtype))
        answers = {}
        if kind == "max":
            winner = tensor(ops, poison(shape, np.int32))
            ops.max_pool3d_forward(x, y, winner, *geometry)
            ops.max_pool3d_backward(dy, winner, dx, *geometry)
            answers["winner"] = ops.to_host(winner, shape)
        elif kind == "average":
            ops.average_pool3d_forward(x, y, *geometry)
            ops.average_pool3d_backward(dy, dx, *geometry)
        else:
            ops.lp_pool3d_forward(x, y, *geometry, case.norm)
            ops.lp_pool3d_backward(dy, x, y, dx, *geometry, case.norm)
        return {**answers, "y": ops.to_host(y, shape), "dx": ops.to_host(dx, case.x)}

    return run


def expect_max_pool3d(case: Pool3D, given: Arrays) -> Arrays:
    y, winner, dx = oracle.max_pool3d(given["x"], given["dy"], case.window, case.stride, case.pad)
    return {"y": y, "winner": winner.astype(np.int32), "dx": dx}


def expect_average_pool3d(case: Pool3D, given: Arrays) -> Arrays:
    y, dx = oracle.average_pool3d(given["x"], given["dy"], case.window, case.stride, case.pad)
    return {"y": y, "dx": dx}


def expect_lp_pool3d(case: Pool3D, given: Arrays) -> Arrays:
    y, dx = oracle.lp_pool3d(given["x"], given["dy"], case.window, case.stride, case.pad, case.norm)
    return {"y": y, "dx": dx}


def draw_zero_pad(case: Frame, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.x, dy=(case.x[0], *case.out, case.x[4]))


def run_zero_pad(ops: Ops, case: Frame, given: Arrays) -> Arrays:
    ops = ops.rung_for(("zero_pad_forward", "zero_pad_backward"), (5,))
    dtype, shape = given["x"].dtype, given["dy"].shape
    y, dx = tensor(ops, poison(shape, dtype)), tensor(ops, poison(case.x, dtype))
    ops.zero_pad_forward(tensor(ops, given["x"]), y, case.pad)
    ops.zero_pad_backward(tensor(ops, given["dy"]), dx, case.pad)
    return {"y": ops.to_host(y, shape), "dx": ops.to_host(dx, case.x)}


def expect_zero_pad(case: Frame, given: Arrays) -> Arrays:
    inside = tuple(slice(before, before + size) for before, size in zip(case.pad, case.x[1:4], strict=True))
    return {"y": oracle.zero_pad(given["x"], case.pad, case.out), "dx": given["dy"][:, inside[0], inside[1], inside[2]]}


def draw_batch_norm(shape: tuple[int, ...], dtype: str) -> Arrays:
    channels = shape[-1:]
    given = draw(shape, dtype, x=shape, dy=shape, gamma=channels, beta=channels, moving=channels)
    return {**given, "x": given["x"] * 3 + 5}  # far from normal


def run_batch_norm(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    names = ("batch_norm_statistics", "batch_norm_forward", "batch_norm_backward_weights", "batch_norm_backward_input")
    ops = ops.rung_for(names, (len(shape),))
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


def draw_dropout(case: Drop, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.shape)


def run_dropout(ops: Ops, case: Drop, given: Arrays) -> Arrays:
    ops = ops.rung_for(("dropout",), (len(case.shape),))
    y = tensor(ops, poison(case.shape, given["x"].dtype))
    ops.dropout(tensor(ops, given["x"]), y, case.rate, case.key, case.step)
    return {"y": ops.to_host(y, case.shape)}


def expect_dropout(case: Drop, given: Arrays) -> Arrays:
    return {"y": oracle.dropout(given["x"], case.rate, case.key, case.step)}


def draw_distort(case: Distort, dtype: str) -> Arrays:
    given = draw(case, dtype, x=case.x, flow=(case.x[0], 2, *case.x[1:3]), taps=(case.taps,))
    return {**given, "flow": 2 * given["flow"]}  # some of it out of the image


def run_distort(ops: Ops, case: Distort, given: Arrays) -> Arrays:
    """Each of the four by itself, on the same inputs."""
    ops = ops.rung_for(("affine_flow", "elastic_flow", "warp", "cutout"), (4,))
    dtype, drawn = given["x"].dtype, (case.key, case.step)
    x, flow, shape = tensor(ops, given["x"]), tensor(ops, given["flow"]), given["flow"].shape
    affine, elastic = tensor(ops, poison(shape, dtype)), tensor(ops, given["flow"])
    noise, smooth = (tensor(ops, poison(shape, dtype)) for _ in range(2))
    warped, hidden = (tensor(ops, poison(case.x, dtype)) for _ in range(2))
    ops.affine_flow(affine, case.shift, case.rotation, case.zoom, case.shear, *drawn)
    ops.elastic_flow(noise, smooth, elastic, plain(ops, given["taps"]), dtype.type(case.alpha), *drawn)
    ops.warp(x, flow, warped)
    ops.cutout(x, hidden, case.size, *drawn)
    flows = {"affine": ops.to_host(affine, shape), "elastic": ops.to_host(elastic, shape)}
    return {**flows, "warped": ops.to_host(warped, case.x), "hidden": ops.to_host(hidden, case.x)}


def expect_distort(case: Distort, given: Arrays) -> Arrays:
    drawn = (case.key, case.step)
    limits = case.shift, case.rotation, case.zoom, case.shear
    return {
        "affine": oracle.affine_flow(case.x, *limits, *drawn),
        "elastic": oracle.elastic_flow(given["flow"], given["taps"], case.alpha, *drawn),
        "warped": oracle.warp(given["x"], given["flow"]),
        "hidden": oracle.cutout(given["x"], case.size, *drawn),
    }


def draw_subsample(case: Subsample, dtype: str) -> Arrays:
    batch, height, width, channels = case.x
    y = (batch, height // case.window[0], width // case.window[1], channels)
    return draw(case, dtype, x=case.x, w=(channels,), b=(channels,), dy=y)


def run_subsample(ops: Ops, case: Subsample, given: Arrays) -> Arrays:
    dtype, shape = given["x"].dtype, given["dy"].shape
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    w, b = plain(ops, given["w"]), plain(ops, given["b"])
    y, dx = tensor(ops, poison(shape, dtype)), tensor(ops, poison(case.x, dtype))
    dw, db = (plain(ops, poison(given["w"].shape, dtype)) for _ in range(2))
    ops.subsample_forward(x, w, b, y, case.window)
    ops.subsample_backward_input(dy, w, dx, case.window)
    ops.subsample_backward_weights(dy, x, dw, db, case.window)
    return {"y": ops.to_host(y, shape), "dx": ops.to_host(dx, case.x), "dw": on_host(dw), "db": on_host(db)}


def expect_subsample(case: Subsample, given: Arrays) -> Arrays:
    x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
    answers = oracle.subsample(x, w, b, dy, case.window)
    return dict(zip(("y", "dx", "dw", "db"), answers, strict=True))


def draw_table(case: Table, dtype: str) -> Arrays:
    pairs = np.array([(c, k) for k, seen in enumerate(case.seen) for c in seen])
    full = (*case.window, case.channels, len(case.seen))
    return {**draw(case, dtype, w=(*case.window, len(pairs)), dfull=full), "connections": pairs}


def run_table(ops: Ops, case: Table, given: Arrays) -> Arrays:
    dtype, pairs = given["w"].dtype, plain(ops, given["connections"])
    full, dw = plain(ops, poison(given["dfull"].shape, dtype)), plain(ops, poison(given["w"].shape, dtype))
    ops.spread_taps(plain(ops, given["w"]), pairs, full)
    ops.collect_taps(plain(ops, given["dfull"]), pairs, dw)
    return {"full": on_host(full), "dw": on_host(dw)}


def expect_table(case: Table, given: Arrays) -> Arrays:
    channel, number = given["connections"].T
    full = np.zeros(given["dfull"].shape)
    full[:, :, channel, number] = given["w"]
    return {"full": full, "dw": given["dfull"][:, :, channel, number]}


def draw_rbf(case: tuple[int, int, int], dtype: str) -> Arrays:
    batch, inputs, units = case
    given = draw(case, dtype, x=(batch, inputs), centres=(units, inputs), dy=(batch, units), outputs=(batch, units))
    targets = np.eye(units, dtype=dtype)[generator(case).integers(units, size=batch)]
    weight = generator(case).uniform(size=batch).astype(dtype)
    weight[1::3] = 0
    return {**given, "outputs": -40 * given["outputs"] ** 2, "targets": targets, "weight": weight}


def run_rbf(ops: Ops, case: tuple[int, int, int], given: Arrays) -> Arrays:
    """The units, and their loss: with a rubbish class that matters, and with one that does not."""
    dtype, of_units = given["x"].dtype, given["dy"].shape
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    centres = plain(ops, given["centres"])
    y, dx = tensor(ops, poison(of_units, dtype)), tensor(ops, poison(given["x"].shape, dtype))
    ops.rbf_forward(x, centres, y)
    ops.rbf_backward(dy, x, centres, dx)
    answers = {"y": ops.to_host(y, of_units), "dx": ops.to_host(dx, given["x"].shape)}
    outputs, targets, weight = (tensor(ops, given[name]) for name in ("outputs", "targets", "weight"))
    for rubbish in (0.5, 300.0):
        losses, gradient = tensor(ops, poison(of_units[:1], dtype)), tensor(ops, poison(of_units, dtype))
        ops.maximum_a_posteriori(outputs, targets, weight, losses, gradient, dtype.type(rubbish))
        answers[f"losses, {rubbish}"] = ops.to_host(losses, of_units[:1])
        answers[f"gradient, {rubbish}"] = ops.to_host(gradient, of_units)
    return answers


def expect_rbf(case: tuple[int, int, int], given: Arrays) -> Arrays:
    y, dx = oracle.rbf(given["x"], given["centres"], given["dy"])
    answers: Arrays = {"y": y, "dx": dx}
    for rubbish in (0.5, 300.0):
        pair = oracle.maximum_a_posteriori(given["outputs"], given["targets"], given["weight"], rubbish)
        answers[f"losses, {rubbish}"], answers[f"gradient, {rubbish}"] = pair
    return answers


def run_rescale(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    x, dtype = tensor(ops, given["x"]), given["x"].dtype
    y = tensor(ops, poison(shape, dtype))
    ops.rescale(x, y, dtype.type(1.275), dtype.type(-0.1))
    return {"y": ops.to_host(y, shape)}


def expect_rescale(shape: tuple[int, ...], given: Arrays) -> Arrays:
    scale, offset = (float(given["x"].dtype.type(value)) for value in (1.275, -0.1))
    return {"y": scale * given["x"].astype(np.float64) + offset}


def draw_turn(case: Turn, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.shape)


def run_turn(ops: Ops, case: Turn, given: Arrays) -> Arrays:
    """Axes turned; and all numbers of an image in one row, in the order they are stored."""
    ops = ops.rung_for(("permute", "reshape"), (len(case.shape),))
    sizes = tuple(case.shape[1 + a] for a in case.axes)
    result, flat = (case.shape[0], *sizes), (case.shape[0], int(np.prod(case.shape[1:])))
    x, dtype = tensor(ops, given["x"]), given["x"].dtype
    y, row = tensor(ops, poison(result, dtype)), tensor(ops, poison(flat, dtype))
    ops.permute(x, y, *turned(case.shape[1:], case.axes))
    ops.reshape(x, row)
    return {"turned": ops.to_host(y, result), "reshaped": ops.to_host(row, flat)}


def expect_turn(case: Turn, given: Arrays) -> Arrays:
    x = given["x"]
    return {"turned": x.transpose(0, *(1 + a for a in case.axes)), "reshaped": np.stack([image.ravel() for image in x])}


def draw_fused(case: Fused, dtype: str) -> Arrays:
    """Numbers in steps of a half, so that sums are exact: windows with ties and windows without a positive output are
    common, and no rounding decides who wins.
    """
    y = (case.x[0], *case.out, case.filters)
    given = draw(case, dtype, x=case.x, w=(*case.window, case.x[3], case.filters), b=(case.filters,), dy=y)
    given["b"] -= 1  # about half of the units are dead
    return {name: array if name == "dy" else np.round(2 * array) / 2 for name, array in given.items()}


def run_fused(ops: Ops, case: Fused, given: Arrays) -> Arrays:
    """Without the winners: how they are written down is the rung's own affair."""
    assert ops.conv2d_relu_pool_forward is not None and ops.relu_pool_backward is not None
    shape, conv_shape, dtype = given["dy"].shape, (case.x[0], *case.conv_out, case.filters), given["x"].dtype
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    w, b = plain(ops, given["w"]), plain(ops, given["b"])

    y, winner = tensor(ops, poison(shape, dtype)), tensor(ops, poison(shape, np.int8))
    dz = tensor(ops, poison(conv_shape, dtype))
    dw, db = plain(ops, poison(given["w"].shape, dtype)), plain(ops, poison(given["b"].shape, dtype))
    ops.conv2d_relu_pool_forward(x, w, b, y, winner)
    ops.relu_pool_backward(dy, winner, dz)
    if ops.conv2d_relu_pool_backward_weights is not None:
        ops.conv2d_relu_pool_backward_weights(dy, winner, x, dw, db)
    else:
        ops.conv2d_backward_weights(dz, x, dw, db, (1, 1), (0, 0))
    return {"y": ops.to_host(y, shape), "dz": ops.to_host(dz, conv_shape), "dw": np.array(dw), "db": np.array(db)}


def expect_fused(case: Fused, given: Arrays) -> Arrays:
    """The three layers one after the other; back through pooling and ReLU to the convolution's outputs and weights."""
    pooling = (2, 2), (2, 2), (0, 0)
    z = oracle.conv2d_forward(given["x"], given["w"], given["b"], (1, 1), (0, 0), case.conv_out)
    rectified = oracle.relu_forward(z)
    y, winner = oracle.max_pool2d_forward(rectified, *pooling, case.out)
    dz = oracle.max_pool2d_backward(given["dy"], winner, z.shape, *pooling)
    dz = oracle.relu_backward(dz, rectified)
    dw, db = oracle.conv2d_backward_weights(dz, given["x"], case.window, (1, 1), (0, 0))
    return {"y": y, "dz": dz, "dw": dw, "db": db}


def draw_dense(case: Dense, dtype: str) -> Arrays:
    x, y = (case.batch, case.inputs), (case.batch, case.units)
    return draw(case, dtype, x=x, w=(case.inputs, case.units), b=(case.units,), dy=y)


def run_dense(ops: Ops, case: Dense, given: Arrays) -> Arrays:
    dtype = given["x"].dtype
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    w, b = plain(ops, given["w"]), plain(ops, given["b"])

    y, dx = tensor(ops, poison(given["dy"].shape, dtype)), tensor(ops, poison(given["x"].shape, dtype))
    dw, db = plain(ops, poison(given["w"].shape, dtype)), plain(ops, poison(given["b"].shape, dtype))
    ops.dense_forward(x, w, b, y)
    ops.dense_backward_input(dy, w, dx)
    ops.dense_backward_weights(dy, x, dw, db)
    return {
        "y": ops.to_host(y, given["dy"].shape),
        "dx": ops.to_host(dx, given["x"].shape),
        "dw": on_host(dw),
        "db": on_host(db),
    }


def expect_dense(case: Dense, given: Arrays) -> Arrays:
    dw, db = oracle.dense_backward_weights(given["dy"], given["x"])
    return {
        "y": oracle.dense_forward(given["x"], given["w"], given["b"]),
        "dx": oracle.dense_backward_input(given["dy"], given["w"]),
        "dw": dw,
        "db": db,
    }


def draw_relu(shape: tuple[int, ...], dtype: str) -> Arrays:
    """In steps of a half, so that the corner at 0 is among the inputs."""
    given = draw(shape, dtype, x=shape, dy=shape)
    return {"x": np.round(2 * given["x"]) / 2, "dy": given["dy"]}


def run_relu(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    """Into memory of their own, and in place, as a rung that saves memory may do."""
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    y, dx = (tensor(ops, poison(shape, given["x"].dtype)) for _ in range(2))
    ops.relu_forward(x, y)
    ops.relu_backward(dy, y, dx)
    ops.relu_forward(x, x)
    ops.relu_backward(dy, y, dy)
    arrays = {"y": y, "dx": dx, "y in place": x, "dx in place": dy}
    return {name: ops.to_host(array, shape) for name, array in arrays.items()}


def expect_relu(shape: tuple[int, ...], given: Arrays) -> Arrays:
    y = oracle.relu_forward(given["x"])
    dx = oracle.relu_backward(given["dy"], y)
    return {"y": y, "dx": dx, "y in place": y, "dx in place": dx}


SLOPE = 0.125  # of leaky_relu; exact in every dtype


def run_activations(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    answers: Arrays = {}
    dtype = given["x"].dtype
    for name in ("leaky_relu", "sigmoid", "tanh", "scaled_tanh", "softplus"):
        constants = (dtype.type(SLOPE),) if name == "leaky_relu" else ()
        x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
        y, dx = (tensor(ops, poison(shape, dtype)) for _ in range(2))
        getattr(ops, f"{name}_forward")(x, y, *constants)
        getattr(ops, f"{name}_backward")(dy, y, dx, *constants)
        answers |= {f"{name} y": ops.to_host(y, shape), f"{name} dx": ops.to_host(dx, shape)}
    return answers


def expect_activations(shape: tuple[int, ...], given: Arrays) -> Arrays:
    answers: Arrays = {}
    for name, (y, dx) in oracle.activations(given["x"], given["dy"], SLOPE).items():
        answers |= {f"{name} y": y, f"{name} dx": dx}
    return answers


def draw_softmax_backward(shape: tuple[int, int], dtype: str) -> Arrays:
    given = draw(("backward", shape), dtype, logits=shape, dy=shape)
    return {"probabilities": oracle.softmax(given["logits"]).astype(dtype), "dy": given["dy"]}


def run_softmax_backward(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    ops = ops.rung_for(("softmax_backward",), (2,))
    dx = tensor(ops, poison(shape, given["dy"].dtype))
    ops.softmax_backward(tensor(ops, given["dy"]), tensor(ops, given["probabilities"]), dx)
    return {"dx": ops.to_host(dx, shape)}


def expect_softmax_backward(shape: tuple[int, int], given: Arrays) -> Arrays:
    return {"dx": oracle.softmax_backward(given["dy"], given["probabilities"])}


def draw_softmax(shape: tuple[int, int], dtype: str) -> Arrays:
    """Logits far enough apart that a softmax without the largest one taken off would overflow in float32."""
    random = generator(shape)
    logits = (40 * random.standard_normal(shape)).astype(dtype)
    targets = np.eye(shape[1])[random.integers(shape[1], size=shape[0])].astype(dtype)
    return {"logits": logits, "targets": targets, "weight": random.uniform(size=shape[0]).astype(dtype)}


def run_softmax(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    dtype = given["logits"].dtype
    logits, targets, weight = (tensor(ops, given[name]) for name in ("logits", "targets", "weight"))
    probabilities, dlogits = (tensor(ops, poison(shape, dtype)) for _ in range(2))
    losses = tensor(ops, poison(shape[:1], dtype))
    ops.softmax_forward(logits, probabilities)
    ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
    return {
        "probabilities": ops.to_host(probabilities, shape),
        "losses": ops.to_host(losses, shape[:1]),
        "dlogits": ops.to_host(dlogits, shape),
    }


def expect_softmax(shape: tuple[int, int], given: Arrays) -> Arrays:
    losses, dlogits = oracle.softmax_cross_entropy(given["logits"], given["targets"], given["weight"])
    return {"probabilities": oracle.softmax(given["logits"]), "losses": losses, "dlogits": dlogits}


# The losses beside the softmax's. Some probabilities are 0 or 1, and some images have no say.
LOSSES = {
    "cross_entropy": "probabilities",
    "sigmoid_cross_entropy": "logits",
    "binary_cross_entropy": "probabilities",
    "mean_squared_error": "logits",
}


def draw_losses(shape: tuple[int, int], dtype: str) -> Arrays:
    random = generator(shape)
    probabilities = random.dirichlet(np.ones(shape[1]), size=shape[0]) * random.uniform(0.5, 1, size=(shape[0], 1))
    probabilities[::3, 0] = 0
    probabilities[1::4, -1] = 1
    probabilities[(probabilities == 0).all(axis=1)] = 0.5
    targets = random.dirichlet(np.ones(shape[1]), size=shape[0])
    weight = random.uniform(size=shape[0])
    weight[2::5] = 0
    arrays = {"logits": 20 * random.standard_normal(shape), "probabilities": probabilities}
    return {name: a.astype(dtype) for name, a in {**arrays, "targets": targets, "weight": weight}.items()}


def run_losses(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    dtype = given["logits"].dtype
    answers = {}
    for name, kind in LOSSES.items():
        outputs, targets, weight = (tensor(ops, given[which]) for which in (kind, "targets", "weight"))
        gradient, losses = tensor(ops, poison(shape, dtype)), tensor(ops, poison(shape[:1], dtype))
        getattr(ops, name)(outputs, targets, weight, losses, gradient)
        answers[f"{name} losses"] = ops.to_host(losses, shape[:1])
        answers[f"{name} gradient"] = ops.to_host(gradient, shape)
    return answers


def expect_losses(shape: tuple[int, int], given: Arrays) -> Arrays:
    answers: Arrays = {}
    for name, kind in LOSSES.items():
        pair = getattr(oracle, name)(given[kind], given["targets"], given["weight"])
        answers[f"{name} losses"], answers[f"{name} gradient"] = pair
    return answers


# Learning rate, momentum, betas, rho, epsilon: rounded to the dtype before anyone uses them, as ours and
# the oracle's answers would otherwise differ by the rounding of the constants alone.


def draw_optimizer(size: int, dtype: str) -> Arrays:
    given = draw(size, dtype, w=(size,), dw=(size,), velocity=(size,), m=(size,), v=(size,))
    constants = {"lr": 0.01, "momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "rho": 0.9, "epsilon": 1e-7, "decay": 0.4}
    given["v"] **= 2
    return {**given, **{name: np.array(value, dtype) for name, value in constants.items()}}


def run_optimizer(ops: Ops, size: int, given: Arrays) -> Arrays:
    scalar = given["w"].dtype.type
    lr, momentum, beta1, beta2, rho, epsilon, decay = (
        scalar(given[name]) for name in ("lr", "momentum", "beta1", "beta2", "rho", "epsilon", "decay")
    )
    answers = {}

    def step(update: Callable[..., None], label: str, state: tuple[str, ...], *constants: Any) -> None:
        w, dw = plain(ops, given["w"]), plain(ops, given["dw"])
        memory = [plain(ops, given[name]) for name in state]
        update(w, dw, *memory, *constants)
        for name, array in zip(("w", *state), (w, *memory), strict=True):
            answers[f"{label} {name}"] = on_host(array)

    step(ops.sgd_update, "sgd", ("velocity",), lr, scalar(0), False)
    step(ops.sgd_update, "momentum", ("velocity",), lr, momentum, False)
    step(ops.sgd_update, "nesterov", ("velocity",), lr, momentum, True)
    step(ops.rmsprop_update, "rmsprop", ("v",), lr, rho, epsilon)
    corrections = [scalar(1 - float(beta) ** 3) for beta in (beta1, beta2)]
    step(ops.adam_update, "adam", ("m", "v"), lr, beta1, beta2, epsilon, *corrections)
    step(ops.adamw_update, "adamw", ("m", "v"), lr, beta1, beta2, epsilon, *corrections, decay)
    return answers


def expect_optimizer(size: int, given: Arrays) -> Arrays:
    w, dw, velocity, m, v = (given[name] for name in ("w", "dw", "velocity", "m", "v"))
    lr, momentum, beta1, beta2, rho, epsilon, decay = (
        float(given[name]) for name in ("lr", "momentum", "beta1", "beta2", "rho", "epsilon", "decay")
    )
    answers: Arrays = {}
    answers["sgd w"], answers["sgd velocity"] = oracle.sgd(w, dw, velocity, lr, 0.0, False)
    answers["momentum w"], answers["momentum velocity"] = oracle.sgd(w, dw, velocity, lr, momentum, False)
    answers["nesterov w"], answers["nesterov velocity"] = oracle.sgd(w, dw, velocity, lr, momentum, True)
    answers["rmsprop w"], answers["rmsprop v"] = oracle.rmsprop(w, dw, v, lr, rho, epsilon)
    adam = oracle.adam(w, dw, m, v, lr, beta1, beta2, epsilon, step=3)
    answers["adam w"], answers["adam m"], answers["adam v"] = adam
    adamw = oracle.adamw(w, dw, m, v, lr, beta1, beta2, epsilon, step=3, decay=decay)
    answers["adamw w"], answers["adamw m"], answers["adamw v"] = adamw
    return answers


def draw_moves(shape: tuple[int, ...], dtype: str) -> Arrays:
    """For the operations that only move numbers: gather, and flatten where there is something to flatten."""
    order = generator(shape).integers(shape[0], size=shape[0] + 2)
    return {**draw(shape, dtype, x=shape), "order": order}


def run_moves(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    dtype, picked = given["x"].dtype, (len(given["order"]), *shape[1:])
    batch = tensor(ops, poison(picked, dtype))
    ops.gather(plain(ops, given["x"]), plain(ops, given["order"]), batch)
    answers = {"gathered": ops.to_host(batch, picked)}
    if len(shape) == 4:
        flat = (shape[0], int(np.prod(shape[1:])))
        y, dx = tensor(ops, poison(flat, dtype)), tensor(ops, poison(shape, dtype))
        ops.flatten_forward(tensor(ops, given["x"]), y)
        ops.flatten_backward(y, dx)
        answers |= {"flat": ops.to_host(y, flat), "unflattened": ops.to_host(dx, shape)}
    return answers


def expect_moves(shape: tuple[int, ...], given: Arrays) -> Arrays:
    answers = {"gathered": given["x"][given["order"]]}
    if len(shape) == 4:
        answers["flat"] = np.stack([image.ravel() for image in given["x"]])
        answers["unflattened"] = given["x"]
    return answers


class Operation(NamedTuple):
    cases: list[Any]
    draw: Callable[..., Arrays]
    run: Callable[..., Arrays]
    expect: Callable[..., Arrays]


OPERATIONS = {
    "conv2d": Operation(CONV, draw_conv2d, run_conv2d, expect_conv2d),
    "pool": Operation(POOL, draw_pool, run_pool, expect_pool),
    "conv3d": Operation(CONV3D, draw_conv3d, run_conv3d, expect_conv3d),
    "max_pool3d": Operation(POOL3D, draw_pool3d, run_pool3d("max"), expect_max_pool3d),
    "average_pool3d": Operation(POOL3D, draw_pool3d, run_pool3d("average"), expect_average_pool3d),
    "lp_pool3d": Operation(POOL3D, draw_pool3d, run_pool3d("lp"), expect_lp_pool3d),
    "zero_pad": Operation(PADDING, draw_zero_pad, run_zero_pad, expect_zero_pad),
    "batch_norm": Operation(NORMALIZATION, draw_batch_norm, run_batch_norm, expect_batch_norm),
    "dropout": Operation(DROPOUT, draw_dropout, run_dropout, expect_dropout),
    "distort": Operation(DISTORT, draw_distort, run_distort, expect_distort),
    "subsample": Operation(SUBSAMPLE, draw_subsample, run_subsample, expect_subsample),
    "connections": Operation(TABLES, draw_table, run_table, expect_table),
    "rbf": Operation(RBF, draw_rbf, run_rbf, expect_rbf),
    "rescale": Operation(ELEMENTWISE, draw_relu, run_rescale, expect_rescale),
    "turn": Operation(TURNS, draw_turn, run_turn, expect_turn),
    "dense": Operation(DENSE, draw_dense, run_dense, expect_dense),
    "relu": Operation(ELEMENTWISE, draw_relu, run_relu, expect_relu),
    "activations": Operation(ELEMENTWISE, draw_relu, run_activations, expect_activations),
    "softmax_backward": Operation(SOFTMAX, draw_softmax_backward, run_softmax_backward, expect_softmax_backward),
    "softmax": Operation(SOFTMAX, draw_softmax, run_softmax, expect_softmax),
    "losses": Operation(SOFTMAX, draw_losses, run_losses, expect_losses),
    "optimizer": Operation(PARAMETERS, draw_optimizer, run_optimizer, expect_optimizer),
    "moves": Operation(ELEMENTWISE, draw_moves, run_moves, expect_moves),
    "conv2d, relu, pool": Operation(FUSED, draw_fused, run_fused, expect_fused),
}

# Operations in which a NaN or an infinity must stay visible.
KEEPS_NAN = (
    "conv2d", "pool", "dense", "relu", "conv2d, relu, pool", "activations", "max_pool3d", "average_pool3d",
    "subsample",
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


def run(ops: Ops, operation: str, case: Any, given: Arrays) -> Arrays:
    """The rung's answers; without the warnings that plain Python prints where an input is NaN or infinite."""
    with np.errstate(all="ignore"):
        return OPERATIONS[operation].run(ops, case, given)


def assert_close(got: Arrays, want: Arrays, tolerance: float, dtype: str) -> None:
    """Every array present, of the right dtype and shape, off by at most `tolerance` times its largest number.

    NaN and infinities must stand exactly where the expected array has them.
    """
    assert got.keys() == want.keys()
    for name, expected in want.items():
        array = got[name]
        right_dtype = expected.dtype if expected.dtype.kind == "i" else dtype
        assert array.dtype == right_dtype, f"{name}: {array.dtype}, expected {right_dtype}"
        assert array.shape == expected.shape, f"{name}: shape {array.shape}, expected {expected.shape}"
        finite = np.abs(expected[np.isfinite(expected)])
        allowed = tolerance * finite.max() if finite.size else 0.0
        np.testing.assert_allclose(array, expected, rtol=0, atol=allowed, equal_nan=True, err_msg=name)


def assert_same_bits(got: Arrays, want: Arrays) -> None:
    """Equal to the last bit, the sign of zero included; NaN equals NaN whatever its sign and payload."""
    assert got.keys() == want.keys()
    for name, expected in want.items():
        array = got[name]
        assert array.dtype == expected.dtype and array.shape == expected.shape, name
        different = array.view(f"u{array.itemsize}") != expected.view(f"u{expected.itemsize}")
        different &= ~((array != array) & (expected != expected))
        assert not different.any(), f"{name} differs at {np.argwhere(different)[:5].tolist()}"


def check_against_oracle(
    ops: Ops, operation: str, case: Any, dtype: str, spoil: Callable[[Arrays, Any], Arrays] | None = None
) -> None:
    """The rung's answers are the oracle's, on drawn inputs that `spoil` may have changed."""
    given = OPERATIONS[operation].draw(case, dtype)
    if spoil:
        given = spoil(given, case)
    with np.errstate(all="ignore"):
        want = OPERATIONS[operation].expect(case, given)
    assert_close(run(ops, operation, case, given), want, TOLERANCE[ops.name][dtype], dtype)


@cache
def answers_of_python(operation: str, case: Any, dtype: str) -> Arrays:
    return run(get_ops("python"), operation, case, OPERATIONS[operation].draw(case, dtype))


def check_same_bits_as_python(ops: Ops, operation: str, case: Any, dtype: str) -> None:
    given = OPERATIONS[operation].draw(case, dtype)
    assert_same_bits(run(ops, operation, case, given), answers_of_python(operation, case, dtype))


def with_broken_numbers(given: Arrays, case: Any) -> Arrays:
    """NaN, infinity and minus infinity at three places of the image; one NaN in the gradient that comes back.

    A convolution's NaN comes back to a window that lies inside the image. Over padding, a rung that stores
    the zeros multiplies NaN by them and one that skips them does not; both are right.
    """
    given = {name: array.copy() for name, array in given.items()}
    x, dy = given["x"].reshape(-1), given["dy"].reshape(-1)
    for place, value in zip((x.size // 2, x.size // 5, x.size - 1), (np.nan, np.inf, -np.inf), strict=True):
        x[place] = value
    if not isinstance(case, Conv):
        dy[dy.size // 3] = np.nan
    for i, j in np.ndindex(case.out) if isinstance(case, Conv) else ():
        starts = [stop * case.stride[a] - case.pad[a] for a, stop in enumerate((i, j))]
        if all(0 <= start <= case.x[1 + a] - case.window[a] for a, start in enumerate(starts)):
            given["dy"][0, i, j, 0] = np.nan
            break
    return given


def check_broken_numbers_stay_visible(ops: Ops, operation: str, case: Any, dtype: str) -> None:
    """A NaN or infinity reaches the outputs that depend on it and no other."""
    check_against_oracle(ops, operation, case, dtype, with_broken_numbers)


def check_broken_logits_stay_visible(ops: Ops, dtype: str) -> None:
    """An image whose logits hold a NaN has NaN for a loss, wherever it stands, and the others do not."""
    for place in range(3):
        given = draw_softmax((3, 3), dtype)
        given["logits"][1, place] = np.nan
        answers = run(ops, "softmax", (3, 3), given)
        assert np.isnan(answers["losses"]).tolist() == [False, True, False]
        for name in ("probabilities", "dlogits"):
            assert np.isnan(answers[name][1]).all() and np.isfinite(answers[name][[0, 2]]).all(), name


def check_everything(ops: Ops, operations: tuple[str, ...], dtype: str = "float32") -> None:
    """All cases against the oracle, and the broken numbers: what a broken kernel is expected to fail."""
    for operation in operations:
        for case in OPERATIONS[operation].cases:
            check_against_oracle(ops, operation, case, dtype)
    for operation in set(KEEPS_NAN).intersection(operations):
        for case in OPERATIONS[operation].cases:
            check_broken_numbers_stay_visible(ops, operation, case, dtype)
    if "softmax" in operations:
        check_broken_logits_stay_visible(ops, dtype)
