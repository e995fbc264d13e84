"""Pooling: the largest and the mean of images; the largest, the mean and the norm of volumes."""

from collections.abc import Callable

import numpy as np
import oracle
from cases import Pool, Pool3D

from loopnet.layers.spatial import volume
from loopnet.ops import Ops

from .rung import Arrays, draw, poison, tensor


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


def run_average_pool(ops: Ops, case: Pool, given: Arrays) -> Arrays:
    """Images, which the loops for volumes take as volumes of one plane, and the tuned rung as they are."""
    dtype, shape = given["x"].dtype, given["dy"].shape
    geometry = (1, *case.window), (1, *case.stride), (0, *case.pad)
    x, dy, y, dx = (
        tensor(ops, array) for array in (given["x"], given["dy"], poison(shape, dtype), poison(case.x, dtype))
    )
    ops.average_pool3d_forward(volume(x), volume(y), *geometry)
    ops.average_pool3d_backward(volume(dy), volume(dx), *geometry)
    return {"y": ops.to_host(y, shape), "dx": ops.to_host(dx, case.x)}


def expect_average_pool(case: Pool, given: Arrays) -> Arrays:
    x, dy = (given[name][:, np.newaxis] for name in ("x", "dy"))
    y, dx = oracle.average_pool3d(x, dy, (1, *case.window), (1, *case.stride), (0, *case.pad))
    return {"y": y[:, 0], "dx": dx[:, 0]}


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
