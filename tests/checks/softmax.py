"""Softmax, its cross-entropy, and its derivative by itself."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, generator, poison, tensor


def draw_softmax(shape: tuple[int, int], dtype: str) -> Arrays:
    """Probabilities that matter; but the first two images' logits lie so far apart that exp overflows, in double
    precision too, unless the largest is taken off first: the last of the one, the first of the other. Their targets
    agree, so that their losses are next to 0 and the tolerance is that of the other images.
    """
    random, classes = generator(shape), shape[1]
    logits = 3 * random.standard_normal(shape)
    truth = random.integers(classes, size=shape[0])
    logits[:1], truth[:1] = np.linspace(0, 2000, classes), classes - 1
    logits[1:2], truth[1:2] = np.linspace(1000, -1000, classes), 0
    targets = np.eye(classes)[truth]
    targets[2:3] = random.uniform(size=classes)  # a bit of everything, and no 1 in sum
    arrays = {"logits": logits, "targets": targets, "weight": random.uniform(size=shape[0])}
    return {name: array.astype(dtype) for name, array in arrays.items()}


def run_softmax(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    dtype = given["logits"].dtype
    logits, targets, weight = (tensor(ops, given[name]) for name in ("logits", "targets", "weight"))
    probabilities, dlogits = (tensor(ops, poison(shape, dtype)) for _ in range(2))
    losses = tensor(ops, poison(shape[:1], dtype))
    ops.softmax_forward(logits, probabilities)
    ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
    return {
        "probabilities": ops.to_host(probabilities, shape),
        "losses": ops.to_host(losses, shape[:1]),
        "dlogits": ops.to_host(dlogits, shape),
    }


def expect_softmax(shape: tuple[int, int], given: Arrays) -> Arrays:
    losses, dlogits = oracle.softmax_cross_entropy(given["logits"], given["targets"], given["weight"])
    return {"probabilities": oracle.softmax(given["logits"]), "losses": losses, "dlogits": dlogits}


def draw_softmax_backward(shape: tuple[int, int], dtype: str) -> Arrays:
    given = draw(("backward", shape), dtype, logits=shape, dy=shape)
    return {"probabilities": oracle.softmax(given["logits"]).astype(dtype), "dy": given["dy"]}


def run_softmax_backward(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    ops = ops.rung_for(("softmax_backward",), (2,))
    dx = tensor(ops, poison(shape, given["dy"].dtype))
    ops.softmax_backward(tensor(ops, given["dy"]), tensor(ops, given["probabilities"]), dx)
    return {"dx": ops.to_host(dx, shape)}


def expect_softmax_backward(shape: tuple[int, int], given: Arrays) -> Arrays:
    return {"dx": oracle.softmax_backward(given["dy"], given["probabilities"])}


def draw_log_softmax(shape: tuple[int, int], dtype: str) -> Arrays:
    """The softmax's, some far apart, and more that are not, which the way back starts from."""
    return {"far": draw_softmax(shape, dtype)["logits"], **draw(("log", shape), dtype, logits=shape, dy=shape)}


def run_log_softmax(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    dtype = given["dy"].dtype
    y = tensor(ops, oracle.log_softmax(given["logits"]).astype(dtype))
    logarithms, dx = (tensor(ops, poison(shape, dtype)) for _ in range(2))
    ops.log_softmax_forward(tensor(ops, given["far"]), logarithms)
    ops.log_softmax_backward(tensor(ops, given["dy"]), y, dx)
    return {"logarithms": ops.to_host(logarithms, shape), "dx": ops.to_host(dx, shape)}


def expect_log_softmax(shape: tuple[int, int], given: Arrays) -> Arrays:
    dx = oracle.log_softmax_backward(given["dy"], given["logits"])
    return {"logarithms": oracle.log_softmax(given["far"]), "dx": dx}
