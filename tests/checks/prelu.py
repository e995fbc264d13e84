"""PReLU, with slopes on both sides of 0."""

import numpy as np
import oracle
from cases import Slopes

from loopnet.ops import Ops

from .rung import Arrays, draw, on_host, plain, poison, tensor


def draw_prelu(case: Slopes, dtype: str) -> Arrays:
    """In steps of a half, so that there are zeros among the inputs."""
    given = draw(case, dtype, x=case.x, dy=case.x, alpha=case.alpha)
    return {**given, "x": np.round(4 * given["x"]) / 2}


def run_prelu(ops: Ops, case: Slopes, given: Arrays) -> Arrays:
    ops = ops.rung_for(("prelu_forward", "prelu_backward_input", "prelu_backward_weights"), (5,))
    dtype, alpha = given["x"].dtype, plain(ops, given["alpha"])
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    y, dx = (tensor(ops, poison(case.x, dtype)) for _ in range(2))
    dalpha = plain(ops, poison(case.alpha, dtype))
    ops.prelu_forward(x, alpha, y)
    ops.prelu_backward_weights(dy, x, dalpha)
    ops.prelu_backward_input(dy, x, alpha, dx)
    return {"y": ops.to_host(y, case.x), "dx": ops.to_host(dx, case.x), "dalpha": on_host(dalpha)}


def expect_prelu(case: Slopes, given: Arrays) -> Arrays:
    y, dx, dalpha = oracle.prelu(given["x"], given["dy"], given["alpha"])
    return {"y": y, "dx": dx, "dalpha": dalpha}
