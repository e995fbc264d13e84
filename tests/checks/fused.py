"""Convolution, ReLU and pooling in one, as some rungs have it."""

import numpy as np
import oracle
from cases import Fused

from loopnet.ops import Ops

from .rung import Arrays, draw, plain, poison, tensor


def draw_fused(case: Fused, dtype: str) -> Arrays:
    """Numbers in steps of a half, so that sums are exact: windows with ties and windows without a positive output are
    common, and no rounding decides who wins.
    """
    y = (case.x[0], *case.out, case.filters)
    given = draw(case, dtype, x=case.x, w=(*case.window, case.x[3], case.filters), b=(case.filters,), dy=y)
    given["b"] -= 1  # about half of the units are dead
    return {name: array if name == "dy" else np.round(2 * array) / 2 for name, array in given.items()}


def run_fused(ops: Ops, case: Fused, given: Arrays) -> Arrays:
    """Without the winners: how they are written down is the rung's own affair. dw and db come twice: as in a first
    layer, and as in any other, where dx is asked for too.
    """
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
    answers = {"y": ops.to_host(y, shape), "dz": ops.to_host(dz, conv_shape), "dw": np.array(dw), "db": np.array(db)}

    dx, dw, db = tensor(ops, poison(case.x, dtype)), plain(ops, poison(given["w"].shape, dtype)), np.array(db)
    if ops.conv2d_relu_pool_backward is not None:
        db = plain(ops, poison(given["b"].shape, dtype))
        dz = tensor(ops, poison(conv_shape, dtype))
        ops.conv2d_relu_pool_backward(dy, winner, x, w, dz, dx, dw, db)
    else:
        dw = answers["dw"]
        ops.conv2d_backward_input(dz, w, dx, (1, 1), (0, 0))
    framed_shape = framed_shape_of(case)
    framed, cropped = tensor(ops, poison(framed_shape, dtype)), tensor(ops, poison(case.x, dtype))
    if ops.pad_images is not None and ops.crop_images is not None:
        ops.pad_images(x, framed, PAD)
        ops.crop_images(framed, cropped, PAD)
        answers |= {"framed x": ops.to_host(framed, framed_shape), "x again": ops.to_host(cropped, case.x)}
    else:
        answers |= frame(case, given)
    later = {"dx": ops.to_host(dx, case.x), "dw of a later layer": np.array(dw), "db of a later layer": np.array(db)}
    return {**answers, **later}


PAD = (2, 1)
"""Zeros above and to the left of the images; as many and one more are below and to the right."""


def framed_shape_of(case: Fused) -> tuple[int, ...]:
    return case.x[0], case.x[1] + 2 * PAD[0] + 1, case.x[2] + 2 * PAD[1] + 1, case.x[3]


def frame(case: Fused, given: Arrays) -> Arrays:
    framed = np.zeros(framed_shape_of(case), given["x"].dtype)
    framed[:, PAD[0] : -PAD[0] - 1, PAD[1] : -PAD[1] - 1] = given["x"]
    return {"framed x": framed, "x again": given["x"]}


def expect_fused(case: Fused, given: Arrays) -> Arrays:
    """The three layers one after the other; back through pooling and ReLU to the convolution's outputs and weights."""
    pooling = (2, 2), (2, 2), (0, 0)
    z = oracle.conv2d_forward(given["x"], given["w"], given["b"], (1, 1), (0, 0), case.conv_out)
    rectified = oracle.relu_forward(z)
    y, winner = oracle.max_pool2d_forward(rectified, *pooling, case.out)
    dz = oracle.max_pool2d_backward(given["dy"], winner, z.shape, *pooling)
    dz = oracle.relu_backward(dz, rectified)
    dw, db = oracle.conv2d_backward_weights(dz, given["x"], case.window, (1, 1), (0, 0))
    dx = oracle.conv2d_backward_input(dz, given["w"], given["x"].shape, (1, 1), (0, 0))
    later = {"dx": dx, "dw of a later layer": dw, "db of a later layer": db}
    return {"y": y, "dz": dz, "dw": dw, "db": db, **later, **frame(case, given)}
