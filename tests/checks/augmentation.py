"""Augmentation: the two flows, what moves pixels along them, and the square that hides some."""

import numpy as np
import oracle
from cases import Colours, Crops, Distort

from loopnet.layers.augmentation import FILLS
from loopnet.ops import Ops

from .rung import Arrays, draw, generator, plain, poison, tensor


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
    ops.warp(x, flow, warped, FILLS[case.fill_mode])
    ops.cutout(x, hidden, case.size, *drawn)
    flows = {"affine": ops.to_host(affine, shape), "elastic": ops.to_host(elastic, shape)}
    return {**flows, "warped": ops.to_host(warped, case.x), "hidden": ops.to_host(hidden, case.x)}


def expect_distort(case: Distort, given: Arrays) -> Arrays:
    drawn = (case.key, case.step)
    limits = case.shift, case.rotation, case.zoom, case.shear
    return {
        "affine": oracle.affine_flow(case.x, *limits, *drawn),
        "elastic": oracle.elastic_flow(given["flow"], given["taps"], case.alpha, *drawn),
        "warped": oracle.warp(given["x"], given["flow"], case.fill_mode),
        "hidden": oracle.cutout(given["x"], case.size, *drawn),
    }


def draw_colours(case: Colours, dtype: str) -> Arrays:
    """Factors and deltas on both sides of 0."""
    return draw(case, dtype, x=case.x, factors=case.x[:1], deltas=case.x[:1])


def run_colours(ops: Ops, case: Colours, given: Arrays) -> Arrays:
    """Into memory of their own, and in place."""
    ops = ops.rung_for(("adjust_contrast", "adjust_brightness"), (4,))
    dtype, answers = given["x"].dtype, {}
    ends = dtype.type(case.low), dtype.type(case.high)
    for where in ("", " in place"):
        for name, numbers in (("contrast", "factors"), ("brightness", "deltas")):
            x = tensor(ops, given["x"])
            y = x if where else tensor(ops, poison(case.x, dtype))
            means = [tensor(ops, poison((case.x[0], case.x[3]), dtype))] if name == "contrast" else []
            getattr(ops, f"adjust_{name}")(x, plain(ops, given[numbers]), *means, y, *ends)
            answers[name + where] = ops.to_host(y, case.x)
    return answers


def expect_colours(case: Colours, given: Arrays) -> Arrays:
    ends = case.low, case.high
    contrast = oracle.adjust_contrast(given["x"], given["factors"], *ends)
    brightness = oracle.adjust_brightness(given["x"], given["deltas"], *ends)
    return {name + where: y for where in ("", " in place") for name, y in
            (("contrast", contrast), ("brightness", brightness))}  # fmt: skip


def draw_crops(case: Crops, dtype: str) -> Arrays:
    spare = [whole - part + 1 for whole, part in zip(case.x[1:3], case.size, strict=True)]
    return {**draw(case, dtype, x=case.x), "corners": generator(case).integers(spare, size=(case.x[0], 2))}


def run_crops(ops: Ops, case: Crops, given: Arrays) -> Arrays:
    ops = ops.rung_for(("crop_each",), (4,))
    shape = (case.x[0], *case.size, case.x[3])
    y = tensor(ops, poison(shape, given["x"].dtype))
    ops.crop_each(tensor(ops, given["x"]), plain(ops, given["corners"]), y)
    return {"y": ops.to_host(y, shape)}


def expect_crops(case: Crops, given: Arrays) -> Arrays:
    height, width = case.size
    each = zip(given["x"], given["corners"].tolist(), strict=True)
    return {"y": np.stack([image[top : top + height, left : left + width] for image, (top, left) in each])}
