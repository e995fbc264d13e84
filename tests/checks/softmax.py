"""Softmax, its cross-entropy, and its derivative by itself."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, generator, poison, tensor


def draw_softmax(shape: tuple[int, int], dtype: str) -> Arrays:
    """Logits far enough apart that a softmax without the largest one taken off would overflow in float32."""
    random = generator(shape)
    logits = (40 * random.standard_normal(shape)).astype(dtype)
    targets = np.eye(shape[1])[random.integers(shape[1], size=shape[0])].astype(dtype)
    return {"logits": logits, "targets": targets, "weight": random.uniform(size=shape[0]).astype(dtype)}


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
