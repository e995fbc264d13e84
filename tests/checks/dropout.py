"""Dropout."""

import oracle
from cases import Drop

from loopnet.ops import Ops

from .rung import Arrays, draw, poison, tensor


def draw_dropout(case: Drop, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.shape)


def run_dropout(ops: Ops, case: Drop, given: Arrays) -> Arrays:
    ops = ops.rung_for(("dropout",), (len(case.shape),))
    y = tensor(ops, poison(case.shape, given["x"].dtype))
    ops.dropout(tensor(ops, given["x"]), y, case.rate, case.key, case.step)
    return {"y": ops.to_host(y, case.shape)}


def expect_dropout(case: Drop, given: Arrays) -> Arrays:
    return {"y": oracle.dropout(given["x"], case.rate, case.key, case.step)}
