"""One step of each optimizer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, on_host, plain


def draw_optimizer(size: int, dtype: str) -> Arrays:
    """Epsilon is so large that nobody can leave it out, or put it elsewhere, unseen."""
    given = draw(size, dtype, w=(size,), dw=(size,), velocity=(size,), m=(size,), v=(size,), moved=(size,))
    constants = {"lr": 0.01, "momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "rho": 0.9, "epsilon": 0.125, "decay": 0.4}
    for squares in ("v", "moved"):
        given[squares] **= 2
    return {**given, **{name: np.array(value, dtype) for name, value in constants.items()}}


def run_optimizer(ops: Ops, size: int, given: Arrays) -> Arrays:
    scalar = given["w"].dtype.type
    lr, momentum, beta1, beta2, rho, epsilon, decay = (
        scalar(given[name]) for name in ("lr", "momentum", "beta1", "beta2", "rho", "epsilon", "decay")
    )
    answers = {}

    def step(update: Callable[..., None], label: str, state: tuple[str, ...], *constants: Any) -> None:
        w, dw = plain(ops, given["w"]), plain(ops, given["dw"])
        memory = [plain(ops, given[name]) for name in state]
        update(w, dw, *memory, *constants)
        for name, array in zip(("w", *state), (w, *memory), strict=True):
            answers[f"{label} {name}"] = on_host(array)

    step(ops.sgd_update, "sgd", ("velocity",), lr, scalar(0), False)
    step(ops.sgd_update, "momentum", ("velocity",), lr, momentum, False)
    step(ops.sgd_update, "nesterov", ("velocity",), lr, momentum, True)
    step(ops.rmsprop_update, "rmsprop", ("v",), lr, rho, epsilon)
    corrections = [scalar(1 - float(beta) ** 3) for beta in (beta1, beta2)]
    step(ops.adam_update, "adam", ("m", "v"), lr, beta1, beta2, epsilon, *corrections)
    step(ops.adamw_update, "adamw", ("m", "v"), lr, beta1, beta2, epsilon, *corrections, decay)
    shares = [beta1 * (1 - 0.96**t / 2) for t in (1, 2, 3, 4)]
    ahead = scalar(shares[3] / (1 - np.prod(shares))), scalar((1 - shares[2]) / (1 - np.prod(shares[:3])))
    step(ops.nadam_update, "nadam", ("m", "v"), lr, beta1, beta2, epsilon, *ahead, corrections[1])
    step(ops.adamax_update, "adamax", ("m", "v"), lr, beta1, beta2, epsilon, corrections[0])
    step(ops.adagrad_update, "adagrad", ("v",), lr, epsilon)
    step(ops.adadelta_update, "adadelta", ("v", "moved"), lr, rho, epsilon)
    return answers


def expect_optimizer(size: int, given: Arrays) -> Arrays:
    w, dw, velocity, m, v, moved = (given[name] for name in ("w", "dw", "velocity", "m", "v", "moved"))
    lr, momentum, beta1, beta2, rho, epsilon, decay = (
        float(given[name]) for name in ("lr", "momentum", "beta1", "beta2", "rho", "epsilon", "decay")
    )
    answers: Arrays = {}
    answers["sgd w"], answers["sgd velocity"] = oracle.sgd(w, dw, velocity, lr, 0.0, False)
    answers["momentum w"], answers["momentum velocity"] = oracle.sgd(w, dw, velocity, lr, momentum, False)
    answers["nesterov w"], answers["nesterov velocity"] = oracle.sgd(w, dw, velocity, lr, momentum, True)
    answers["rmsprop w"], answers["rmsprop v"] = oracle.rmsprop(w, dw, v, lr, rho, epsilon)
    adam = oracle.adam(w, dw, m, v, lr, beta1, beta2, epsilon, step=3)
    answers["adam w"], answers["adam m"], answers["adam v"] = adam
    adamw = oracle.adamw(w, dw, m, v, lr, beta1, beta2, epsilon, step=3, decay=decay)
    answers["adamw w"], answers["adamw m"], answers["adamw v"] = adamw
    nadam = oracle.nadam(w, dw, m, v, lr, beta1, beta2, epsilon, step=3)
    answers["nadam w"], answers["nadam m"], answers["nadam v"] = nadam
    adamax = oracle.adamax(w, dw, m, v, lr, beta1, beta2, epsilon, step=3)
    answers["adamax w"], answers["adamax m"], answers["adamax v"] = adamax
    answers["adagrad w"], answers["adagrad v"] = oracle.adagrad(w, dw, v, lr, epsilon)
    adadelta = oracle.adadelta(w, dw, v, moved, lr, rho, epsilon)
    answers["adadelta w"], answers["adadelta v"], answers["adadelta moved"] = adadelta
    return answers
