"""What weights add to the loss by being large, and its gradient."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, on_host, plain, poison

FACTORS = {"l1": (0.25, 0.0), "l2": (0.0, 0.375), "both": (0.125, 0.5)}
SHARE = 1024


def draw_penalty(size: int, dtype: str) -> Arrays:
    """Every seventh weight is 0, where |w| has a corner."""
    given = draw(size, dtype, w=(size,), dw=(size,))
    given["w"][6::7] = 0
    return given


def run_penalty(ops: Ops, size: int, given: Arrays) -> Arrays:
    dtype = given["w"].dtype
    answers: Arrays = {}
    for label, factors in FACTORS.items():
        l1, l2 = (dtype.type(factor) for factor in factors)
        w, dw = plain(ops, given["w"]), plain(ops, given["dw"])
        penalty = plain(ops, poison((-(-size // SHARE),), dtype))
        ops.weight_penalty_forward(w, penalty, l1, l2)
        ops.weight_penalty_backward(w, dw, l1, l2)
        answers |= {f"{label} penalty": on_host(penalty), f"{label} dw": on_host(dw)}
    return answers


def expect_penalty(size: int, given: Arrays) -> Arrays:
    answers: Arrays = {}
    for label, (l1, l2) in FACTORS.items():
        shares = [oracle.weight_penalty(given["w"][at : at + SHARE], l1, l2) for at in range(0, size, SHARE)]
        answers[f"{label} penalty"] = np.array([penalty for penalty, _ in shares])
        answers[f"{label} dw"] = given["dw"] + np.concatenate([gradient for _, gradient in shares])
    return answers
