"""The parts of LeNet-5 of 1998: trainable subsampling, a table of connections, and RBF units with their loss."""

import numpy as np
import oracle
from cases import Subsample, Table

from loopnet.ops import Ops

from .layer import run_layer
from .rung import Arrays, draw, generator, on_host, plain, poison, tensor


def draw_subsample(case: Subsample, dtype: str) -> Arrays:
    batch, height, width, channels = case.x
    y = (batch, height // case.window[0], width // case.window[1], channels)
    return draw(case, dtype, x=case.x, w=(channels,), b=(channels,), dy=y)


def run_subsample(ops: Ops, case: Subsample, given: Arrays) -> Arrays:
    return run_layer(ops, "subsample", given, case.window)


def expect_subsample(case: Subsample, given: Arrays) -> Arrays:
    x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
    answers = oracle.subsample(x, w, b, dy, case.window)
    return dict(zip(("y", "dx", "dw", "db"), answers, strict=True))


def draw_table(case: Table, dtype: str) -> Arrays:
    pairs = np.array([(c, k) for k, seen in enumerate(case.seen) for c in seen])
    full = (*case.window, case.channels, len(case.seen))
    return {**draw(case, dtype, w=(*case.window, len(pairs)), dfull=full), "connections": pairs}


def run_table(ops: Ops, case: Table, given: Arrays) -> Arrays:
    dtype, pairs = given["w"].dtype, plain(ops, given["connections"])
    full, dw = plain(ops, poison(given["dfull"].shape, dtype)), plain(ops, poison(given["w"].shape, dtype))
    ops.spread_taps(plain(ops, given["w"]), pairs, full)
    ops.collect_taps(plain(ops, given["dfull"]), pairs, dw)
    return {"full": on_host(full), "dw": on_host(dw)}


def expect_table(case: Table, given: Arrays) -> Arrays:
    channel, number = given["connections"].T
    full = np.zeros(given["dfull"].shape)
    full[:, :, channel, number] = given["w"]
    return {"full": full, "dw": given["dfull"][:, :, channel, number]}


RUBBISH = {"near": (1, 0.5), "far": (1, 300.0), "exp underflows": (500, 3000.0)}
"""How much further away all centres are than drawn, and the rubbish class: one that matters, one that does not, and one
behind outputs so low that exp is 0 for most of them, in double precision too, unless the largest is taken off first.
"""


def draw_rbf(case: tuple[int, int, int], dtype: str) -> Arrays:
    batch, inputs, units = case
    given = draw(case, dtype, x=(batch, inputs), centres=(units, inputs), dy=(batch, units), outputs=(batch, units))
    targets = np.eye(units, dtype=dtype)[generator(case).integers(units, size=batch)]
    targets[2:3] = generator(case).uniform(size=units)  # a bit of everything, and no 1 in sum
    weight = generator(case).uniform(size=batch).astype(dtype)
    weight[1::3] = 0
    return {**given, "outputs": -4 * given["outputs"] ** 2, "targets": targets, "weight": weight}


def run_rbf(ops: Ops, case: tuple[int, int, int], given: Arrays) -> Arrays:
    """The units, and their loss."""
    dtype, of_units = given["x"].dtype, given["dy"].shape
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    centres = plain(ops, given["centres"])
    y, dx = tensor(ops, poison(of_units, dtype)), tensor(ops, poison(given["x"].shape, dtype))
    ops.rbf_forward(x, centres, y)
    ops.rbf_backward(dy, x, centres, dx)
    answers = {"y": ops.to_host(y, of_units), "dx": ops.to_host(dx, given["x"].shape)}
    targets, weight = tensor(ops, given["targets"]), tensor(ops, given["weight"])
    for name, (scale, rubbish) in RUBBISH.items():
        outputs = tensor(ops, scale * given["outputs"])
        losses, gradient = tensor(ops, poison(of_units[:1], dtype)), tensor(ops, poison(of_units, dtype))
        ops.maximum_a_posteriori(outputs, targets, weight, losses, gradient, dtype.type(rubbish))
        answers[f"losses, {name}"] = ops.to_host(losses, of_units[:1])
        answers[f"gradient, {name}"] = ops.to_host(gradient, of_units)
    return answers


def expect_rbf(case: tuple[int, int, int], given: Arrays) -> Arrays:
    y, dx = oracle.rbf(given["x"], given["centres"], given["dy"])
    answers: Arrays = {"y": y, "dx": dx}
    for name, (scale, rubbish) in RUBBISH.items():
        pair = oracle.maximum_a_posteriori(scale * given["outputs"], given["targets"], given["weight"], rubbish)
        answers[f"losses, {name}"], answers[f"gradient, {name}"] = pair
    return answers
