"""Where branches of a network meet."""

import numpy as np
import oracle
from cases import Join

from loopnet.ops import Ops

from .rung import Arrays, draw, poison, tensor

FOLDS = ("add", "subtract", "multiply", "maximum", "minimum")


def draw_merge(shape: tuple[int, ...], dtype: str) -> Arrays:
    """In steps of a half, so that some numbers are equal."""
    given = draw(shape, dtype, x=shape, other=shape, dy=shape)
    return {name: np.round(2 * array) / 2 if name != "dy" else array for name, array in given.items()}


def run_merge(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    """Into memory of their own, both ways round, and into that of what they read, as they may."""
    ops = ops.rung_for((*FOLDS, "to_the_larger"), (len(shape),))
    answers: Arrays = {}
    for name in FOLDS:
        x, other = tensor(ops, given["x"]), tensor(ops, given["other"])
        y, turned = (tensor(ops, poison(shape, given["x"].dtype)) for _ in range(2))
        fold = getattr(ops, name)
        fold(x, other, y)
        fold(other, x, turned)
        fold(x, other, x)
        x_again = tensor(ops, given["x"])
        fold(x_again, other, other)
        arrays = {name: y, f"{name} turned": turned, f"{name} in x": x, f"{name} in other": other}
        answers |= {key: ops.to_host(array, shape) for key, array in arrays.items()}
    x, other, dy = (tensor(ops, given[name]) for name in ("x", "other", "dy"))
    dx, dother = (tensor(ops, poison(shape, given["x"].dtype)) for _ in range(2))
    ops.to_the_larger(dy, x, other, dx)
    ops.to_the_larger(dy, other, x, dother)
    ops.to_the_larger(dy, x, other, dy)
    arrays = {"dx": dx, "dother": dother, "dx in place": dy}
    return {**answers, **{name: ops.to_host(array, shape) for name, array in arrays.items()}}


def expect_merge(shape: tuple[int, ...], given: Arrays) -> Arrays:
    x, other, dy = given["x"], given["other"], given["dy"]
    answers: Arrays = {}
    for name, y in oracle.merge(x, other).items():
        answers |= {name: y, f"{name} turned": oracle.merge(other, x)[name]}
        answers |= {f"{name} in x": y, f"{name} in other": y}
    dx = oracle.to_the_larger(dy, x, other)
    return {**answers, "dx": dx, "dother": oracle.to_the_larger(dy, other, x), "dx in place": dx}


def draw_join(case: Join, dtype: str) -> Arrays:
    """The parts, the first of them called x; and dy, which is to be cut into as many."""
    shapes = {_name(number): shape for number, shape in enumerate(case.shapes)}
    return draw(case, dtype, **shapes, dy=case.whole)


def run_join(ops: Ops, case: Join, given: Arrays) -> Arrays:
    """The first part once more when all are there, so that one that reaches into the next is seen."""
    ops = ops.rung_for(("concatenate", "cut_out"), (len(case.whole),))
    dtype = given["x"].dtype
    y, dy = tensor(ops, poison(case.whole, dtype)), tensor(ops, given["dy"])
    answers: Arrays = {}
    starts = np.cumsum([0, *case.parts])
    for number in (*range(len(case.parts)), 0):
        part = tensor(ops, given[_name(number)])
        ops.concatenate(part, y, case.axis, int(starts[number]))
        dx = tensor(ops, poison(case.shapes[number], dtype))
        ops.cut_out(dy, dx, case.axis, int(starts[number]))
        answers[f"d{_name(number)}"] = ops.to_host(dx, case.shapes[number])
    return {**answers, "y": ops.to_host(y, case.whole)}


def expect_join(case: Join, given: Arrays) -> Arrays:
    parts = np.split(given["dy"], np.cumsum(case.parts)[:-1], axis=case.axis)
    y = np.concatenate([given[_name(number)] for number in range(len(case.parts))], axis=case.axis)
    return {"y": y, **{f"d{_name(number)}": part for number, part in enumerate(parts)}}


def _name(number: int) -> str:
    return f"x{number}" if number else "x"
