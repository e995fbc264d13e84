"""Convolution of images and of volumes."""

import oracle
from cases import Conv, Conv3D

from loopnet.ops import Ops

from .layer import run_layer
from .rung import Arrays, draw


def draw_conv2d(case: Conv, dtype: str) -> Arrays:
    w, y = (*case.window, case.x[3], case.filters), (case.x[0], *case.out, case.filters)
    return draw(case, dtype, x=case.x, w=w, b=(case.filters,), dy=y)


def run_conv2d(ops: Ops, case: Conv, given: Arrays) -> Arrays:
    return run_layer(ops, "conv2d", given, case.stride, case.pad)


def expect_conv2d(case: Conv, given: Arrays) -> Arrays:
    x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
    dw, db = oracle.conv2d_backward_weights(dy, x, case.window, case.stride, case.pad)
    return {
        "y": oracle.conv2d_forward(x, w, b, case.stride, case.pad, case.out),
        "dx": oracle.conv2d_backward_input(dy, w, case.x, case.stride, case.pad),
        "dw": dw,
        "db": db,
    }


def draw_conv3d(case: Conv3D, dtype: str) -> Arrays:
    w, y = (*case.window, case.x[4] // case.groups, case.filters), (case.x[0], *case.out, case.filters)
    return draw(case, dtype, x=case.x, w=w, b=(case.filters,), dy=y)


def run_conv3d(ops: Ops, case: Conv3D, given: Arrays) -> Arrays:
    """A rung with a layout of its own may lack it, and then the plain one beneath it answers, as for the layers."""
    ops = ops.rung_for(("conv3d_forward", "conv3d_backward_input", "conv3d_backward_weights"), (5,))
    return run_layer(ops, "conv3d", given, case.stride, case.dilation, case.pad)


def expect_conv3d(case: Conv3D, given: Arrays) -> Arrays:
    x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
    answers = oracle.conv3d(x, w, b, dy, case.stride, case.dilation, case.pad, case.groups)
    return dict(zip(("y", "dx", "dw", "db"), answers, strict=True))
