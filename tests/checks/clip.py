"""Gradients made smaller, by value and by norm."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, on_host, plain, poison

SHARE = 1024


def draw_clip(size: int, dtype: str) -> Arrays:
    """A norm of 4, and within limits: of numbers half of them, of norms one."""
    given = draw(size, dtype, dw=(size,))
    given["dw"] *= 4 / np.linalg.norm(given["dw"])
    given["value"] = np.array(np.median(np.abs(given["dw"])), dtype)
    return given | {"short": np.array(0.5, dtype), "long": np.array(5, dtype)}


def run_clip(ops: Ops, size: int, given: Arrays) -> Arrays:
    dtype = given["dw"].dtype
    dw = plain(ops, given["dw"])
    ops.clip_by_value(dw, dtype.type(given["value"]))
    answers = {"by value": on_host(dw)}
    for name in ("short", "long"):
        dw, squares = plain(ops, given["dw"]), plain(ops, poison((-(-size // SHARE),), dtype))
        ops.sum_of_squares(dw, squares)
        ops.clip_by_norm(dw, squares, dtype.type(given[name]))
        answers |= {f"{name} squares": on_host(squares), f"{name} dw": on_host(dw)}
    return answers


def expect_clip(size: int, given: Arrays) -> Arrays:
    dw = given["dw"]
    squares = np.add.reduceat(dw.astype(np.float64) ** 2, np.arange(0, size, SHARE))
    answers: Arrays = {"by value": oracle.clip_by_value(dw, float(given["value"]))}
    for name in ("short", "long"):
        answers |= {f"{name} squares": squares, f"{name} dw": oracle.clip_by_norm(dw, float(given[name]))}
    return answers
