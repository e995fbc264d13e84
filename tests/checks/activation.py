"""ReLU, and the activations beside it."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, draw, poison, tensor


def draw_relu(shape: tuple[int, ...], dtype: str) -> Arrays:
    """In steps of a half, so that the corners at 0 and, where there are many, at -3 and 3 are among the inputs."""
    given = draw(shape, dtype, x=shape, dy=shape)
    return {"x": np.round(4 * given["x"]) / 2, "dy": given["dy"]}


def run_relu(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    """Into memory of their own, and in place, as a rung that saves memory may do."""
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    y, dx = (tensor(ops, poison(shape, given["x"].dtype)) for _ in range(2))
    ops.relu_forward(x, y)
    ops.relu_backward(dy, y, dx)
    ops.relu_forward(x, x)
    ops.relu_backward(dy, y, dy)
    arrays = {"y": y, "dx": dx, "y in place": x, "dx in place": dy}
    return {name: ops.to_host(array, shape) for name, array in arrays.items()}


def expect_relu(shape: tuple[int, ...], given: Arrays) -> Arrays:
    y = oracle.relu_forward(given["x"])
    dx = oracle.relu_backward(given["dy"], y)
    return {"y": y, "dx": dx, "y in place": y, "dx in place": dx}


CONSTANTS: dict[str, tuple[float, ...]] = {  # exact in every dtype
    "leaky_relu": (0.125,), "bounded_relu": (1.0, 0.125, 0.25), "elu": (1.25, 0.75),
}  # fmt: skip
GATED = "silu", "gelu", "mish", "hard_silu"
"""Those whose backward pass reads the input."""


def run_activations(ops: Ops, shape: tuple[int, ...], given: Arrays) -> Arrays:
    answers: Arrays = {}
    dtype = given["x"].dtype
    for name in (
        "leaky_relu", "sigmoid", "hard_sigmoid", "tanh", "scaled_tanh", "softsign", "softplus", "elu", "exponential",
        "bounded_relu", *GATED,
    ):  # fmt: skip
        constants = [dtype.type(constant) for constant in CONSTANTS.get(name, ())]
        x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
        y, dx = (tensor(ops, poison(shape, dtype)) for _ in range(2))
        getattr(ops, f"{name}_forward")(x, y, *constants)
        constants = constants[:2]  # what is below the threshold, the output says
        getattr(ops, f"{name}_backward")(dy, x if name in GATED else y, dx, *constants)
        answers |= {f"{name} y": ops.to_host(y, shape), f"{name} dx": ops.to_host(dx, shape)}
    return answers


def expect_activations(shape: tuple[int, ...], given: Arrays) -> Arrays:
    answers: Arrays = {}
    for name, (y, dx) in oracle.activations(given["x"], given["dy"], *sum(CONSTANTS.values(), ())).items():
        answers |= {f"{name} y": y, f"{name} dx": dx}
    return answers
