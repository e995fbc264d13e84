"""Dropout, of numbers and of channels, and Gaussian noise."""

import numpy as np
import oracle
from cases import Drop, Noise

from loopnet.ops import Ops

from .rung import Arrays, draw, poison, tensor


def draw_dropout(case: Drop, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.shape)


def run_dropout(ops: Ops, case: Drop, given: Arrays) -> Arrays:
    return {"y": _run(ops, "dropout", case, given)}


def _run(ops: Ops, kernel: str, case: Drop | Noise, given: Arrays) -> np.ndarray:
    ops = ops.rung_for((kernel,), (len(case.shape),))
    y = tensor(ops, poison(case.shape, given["x"].dtype))
    strength = case.rate if isinstance(case, Drop) else case.stddev
    getattr(ops, kernel)(tensor(ops, given["x"]), y, strength, case.key, case.step)
    return ops.to_host(y, case.shape)


def expect_dropout(case: Drop, given: Arrays) -> Arrays:
    return {"y": oracle.dropout(given["x"], case.rate, case.key, case.step)}


def run_channel_dropout(ops: Ops, case: Drop, given: Arrays) -> Arrays:
    return {"y": _run(ops, "channel_dropout", case, given)}


def expect_channel_dropout(case: Drop, given: Arrays) -> Arrays:
    return {"y": oracle.channel_dropout(given["x"], case.rate, case.key, case.step)}


def draw_gaussian(case: Noise, dtype: str) -> Arrays:
    return draw(case, dtype, x=case.shape)


def run_gaussian(ops: Ops, case: Noise, given: Arrays) -> Arrays:
    return {kind: _run(ops, f"gaussian_{kind}", case, given) for kind in ("noise", "dropout")}


def expect_gaussian(case: Noise, given: Arrays) -> Arrays:
    noise = case.stddev * oracle.normal(case.shape, case.key, case.step)
    return {"noise": given["x"] + noise, "dropout": given["x"] * (1 + noise)}
