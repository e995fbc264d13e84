"""JAX: one jitted step with its buffers donated, in five formulations of the convolution and the pooling.

XLA's convolutions on a CPU differ by a factor of four between layouts, and a convolution written out as patches times
matrix is sometimes faster than either. The trial decides.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..nets import Net, images, weights
from . import Program

FORMULATIONS = ["NHWC", "NCHW", "im2col", "NHWC, pooling by slices", "im2col, pooling by slices"]


def start(threads: int) -> None:
    pass  # XLA takes as many threads as the process may use cores


def variants(kind: str, batch: int) -> list[str]:
    return FORMULATIONS


def convolution(x: Any, w: Any, variant: str) -> Any:
    """At stride 1, without padding. w is (rows, columns, channels, filters)."""
    if "im2col" in variant:
        height, width = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1
        stops = [(r, s) for r in range(w.shape[0]) for s in range(w.shape[1])]
        patches = jnp.concatenate([x[:, r : r + height, s : s + width] for r, s in stops], axis=-1)
        return patches @ w.reshape(-1, w.shape[3])
    layout = ("NCHW", "HWIO", "NCHW") if "NCHW" in variant else ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=layout)


def pooling(x: Any, kind: str, variant: str) -> Any:
    if kind == "average":
        return sum_of_windows(x, variant) / 4
    if "slices" in variant:
        x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]  # a last row or column that pooling leaves out
        top = jnp.maximum(x[:, ::2, ::2], x[:, ::2, 1::2])
        return jnp.maximum(top, jnp.maximum(x[:, 1::2, ::2], x[:, 1::2, 1::2]))
    window = (1, 1, 2, 2) if "NCHW" in variant else (1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def sum_of_windows(x: Any, variant: str) -> Any:
    if "slices" in variant:
        x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
        return x[:, ::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, ::2] + x[:, 1::2, 1::2]
    window = (1, 1, 2, 2) if "NCHW" in variant else (1, 2, 2, 1)
    return lax.reduce_window(x, 0.0, lax.add, window, window, "VALID")


def logits_of(net: Net, parameters: list[Any], x: Any, variant: str) -> Any:
    given = iter(parameters)
    activation = jax.nn.relu if net.activation == "relu" else jnp.tanh
    for _ in net.filters:
        w, b = next(given), next(given)
        b = b[:, None, None] if "NCHW" in variant else b
        x = pooling(activation(convolution(x, w, variant) + b), net.pooling, variant)
    if "NCHW" in variant:
        x = x.transpose(0, 2, 3, 1)
    x = x.reshape(len(x), -1)
    for number in range(len(net.units)):
        x = x @ next(given) + next(given)
        if number < len(net.units) - 1:
            x = activation(x)
    return x


def build(net: Net, kind: str, batch: int, variant: str, threads: int) -> Program:
    pixels, labels = images(net, batch)
    x = jnp.asarray(pixels.transpose(0, 3, 1, 2) if "NCHW" in variant else pixels)
    parameters = [jnp.asarray(w) for w in weights(net)]
    if kind == "infer":
        forward = jax.jit(lambda x: logits_of(net, parameters, x, variant))
        compiled = forward.lower(x).compile()
        return Program(lambda: compiled(x), lambda y: y[0].tolist(), finish=lambda y: y.block_until_ready())

    step = jax.jit(step_of(net, variant), donate_argnums=0)
    truth = jnp.asarray(labels)
    state = (
        parameters,
        [jnp.zeros_like(p) for p in parameters],
        [jnp.zeros_like(p) for p in parameters],
        jnp.zeros(()),
    )

    def call() -> Any:
        nonlocal state
        state, loss = step(state, x, truth)
        return loss

    return Program(call, lambda loss: [float(loss)], finish=lambda loss: jax.block_until_ready((state, loss)))


def step_of(net: Net, variant: str) -> Any:
    beta1, beta2, epsilon = 0.9, 0.999, 1e-7
    rate = net.learning_rate

    def loss_of(parameters: Any, x: Any, labels: Any) -> Any:
        logp = jax.nn.log_softmax(logits_of(net, parameters, x, variant))
        return -jnp.mean(logp[jnp.arange(len(labels)), labels])

    def step(state: Any, x: Any, labels: Any) -> Any:
        parameters, m, v, count = state
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, labels)
        count = count + 1
        if net.optimizer == "adam":
            m = [beta1 * a + (1 - beta1) * g for a, g in zip(m, gradients, strict=True)]
            v = [beta2 * a + (1 - beta2) * g * g for a, g in zip(v, gradients, strict=True)]
            over1, over2 = 1 / (1 - beta1**count), 1 / (1 - beta2**count)
            moves = [a * over1 / (jnp.sqrt(b * over2) + epsilon) for a, b in zip(m, v, strict=True)]
        else:
            moves = gradients
        parameters = [p - rate * move for p, move in zip(parameters, moves, strict=True)]
        return (parameters, m, v, count), loss

    return step
