"""What moves numbers about without working on them: gather, flatten, turned axes, frames; and rescaling."""

import numpy as np
import oracle
from cases import Frame, Resize, Turn, Upsample

from loopnet.ops import Ops
from loopnet.shapes import turned

from .rung import Arrays, draw, generator, plain, poison, tensor


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


def draw_upsample(case: Upsample, dtype: str) -> Arrays:
    batch, height, width, channels = case.x
    return draw(case, dtype, x=case.x, dy=(batch, height * case.size[0], width * case.size[1], channels))


def run_upsample(ops: Ops, case: Upsample, given: Arrays) -> Arrays:
    ops = ops.rung_for(("upsample2d_forward", "upsample2d_backward"), (4,))
    dtype, shape = given["x"].dtype, given["dy"].shape
    y, dx = tensor(ops, poison(shape, dtype)), tensor(ops, poison(case.x, dtype))
    ops.upsample2d_forward(tensor(ops, given["x"]), y, case.size)
    ops.upsample2d_backward(tensor(ops, given["dy"]), dx, case.size)
    return {"y": ops.to_host(y, shape), "dx": ops.to_host(dx, case.x)}


def expect_upsample(case: Upsample, given: Arrays) -> Arrays:
    y, dx = oracle.upsample(given["x"], given["dy"], case.size)
    return {"y": y, "dx": dx}


RESIZES = tuple(f"resize_{how}_{way}" for how in ("nearest", "bilinear") for way in ("forward", "backward"))


def draw_resize(case: Resize, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.x, dy=(case.x[0], *case.size, case.x[3]))


def run_resize(ops: Ops, case: Resize, given: Arrays) -> Arrays:
    ops = ops.rung_for(RESIZES, (4,))
    dtype, shape = given["x"].dtype, given["dy"].shape
    answers: Arrays = {}
    for how in ("nearest", "bilinear"):
        y, dx = tensor(ops, poison(shape, dtype)), tensor(ops, poison(case.x, dtype))
        getattr(ops, f"resize_{how}_forward")(tensor(ops, given["x"]), y)
        getattr(ops, f"resize_{how}_backward")(tensor(ops, given["dy"]), dx)
        answers |= {f"{how} y": ops.to_host(y, shape), f"{how} dx": ops.to_host(dx, case.x)}
    return answers


def expect_resize(case: Resize, given: Arrays) -> Arrays:
    answers: Arrays = {}
    for how in ("nearest", "bilinear"):
        y, dx = oracle.resize(given["x"], given["dy"], how)
        answers |= {f"{how} y": y, f"{how} dx": dx}
    return answers


def run_rescale(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    x, dtype = tensor(ops, given["x"]), given["x"].dtype
    y = tensor(ops, poison(shape, dtype))
    ops.rescale(x, y, dtype.type(1.275), dtype.type(-0.1))
    return {"y": ops.to_host(y, shape)}


def expect_rescale(shape: tuple[int, ...], given: Arrays) -> Arrays:
    scale, offset = (float(given["x"].dtype.type(value)) for value in (1.275, -0.1))
    return {"y": scale * given["x"].astype(np.float64) + offset}
