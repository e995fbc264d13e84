"""Dense layers."""

import oracle
from cases import Dense

from loopnet.ops import Ops

from .layer import run_layer
from .rung import Arrays, draw


def draw_dense(case: Dense, dtype: str) -> Arrays:
    x, y = (case.batch, case.inputs), (case.batch, case.units)
    return draw(case, dtype, x=x, w=(case.inputs, case.units), b=(case.units,), dy=y)


def run_dense(ops: Ops, case: Dense, given: Arrays) -> Arrays:
    return run_layer(ops, "dense", given)


def expect_dense(case: Dense, given: Arrays) -> Arrays:
    dw, db = oracle.dense_backward_weights(given["dy"], given["x"])
    return {
        "y": oracle.dense_forward(given["x"], given["w"], given["b"]),
        "dx": oracle.dense_backward_input(given["dy"], given["w"]),
        "dw": dw,
        "db": db,
    }
