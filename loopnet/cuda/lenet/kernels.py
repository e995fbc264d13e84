"""The two launches of a training step of LeNet-5: a block for each image, then a thread for each parameter."""

import math
from functools import cache
from typing import Any

import numpy as np

from ..device import SIMULATED, cuda
from ..frozen import frozen, natural
from ..tiled.windows import INLINE
from .phases import (
    B3,
    B4,
    B5,
    CONVOLUTIONS,
    D3,
    D4,
    D5,
    LEFT_BEHIND,
    NAMES,
    PARAMETERS,
    THREADS,
    TURNED,
    TURNED4,
    W3,
    W4,
    W5,
    X3,
    X4,
    X5,
    conv1_backward_weights,
    conv1_backward_weights_parts,
    conv1_relu_pool,
    conv2_backward_input,
    conv2_backward_weights,
    conv2_relu_pool,
    dense1_backward_to_conv2,
    dense1_parts,
    dense1_relu,
    dense2_backward,
    dense2_parts,
    dense2_relu,
    dense3,
    dense3_backward,
    dense3_parts,
    leave_behind,
    load,
    softmax_cross_entropy,
)

BOUNDS = {} if SIMULATED else {"launch_bounds": THREADS}


def _forward_backward(x, targets, weight, values, turned, losses, logits, shares, left, step):
    """Block n owns image n: row n of losses, logits, shares (its gradients of the convolutions) and left (what the
    dense layers' gradients are made of). step counts the launches.
    """
    image = cuda.shared.array(1024, np.float32)
    w = cuda.shared.array(CONVOLUTIONS, np.float32)
    p1 = cuda.shared.array(1176, np.float32)
    won1 = cuda.shared.array(1176, np.int8)
    p2 = cuda.shared.array(400, np.float32)
    won2 = cuda.shared.array(400, np.int8)
    dz2 = cuda.shared.array(5184, np.float32)
    h1 = cuda.shared.array(120, np.float32)
    h2 = cuda.shared.array(84, np.float32)
    z = cuda.shared.array(10, np.float32)
    d1 = cuda.shared.array(120, np.float32)
    d2 = cuda.shared.array(84, np.float32)
    d3 = cuda.shared.array(10, np.float32)
    parts = cuda.shared.array(480, np.float32)
    me, n = natural(cuda.threadIdx.x), natural(cuda.blockIdx.x)
    if me == 0 and n == 0:
        step[0] += 1

    load(me, x, n, values, image, w, dz2)
    cuda.syncthreads()
    conv1_relu_pool(me, image, w, p1, won1)
    cuda.syncthreads()
    conv2_relu_pool(me, p1, w, p2, won2)
    cuda.syncthreads()
    dense1_parts(me, p2, values, parts)
    cuda.syncthreads()
    dense1_relu(me, parts, values, h1)
    cuda.syncthreads()
    dense2_parts(me, h1, values, parts)
    cuda.syncthreads()
    dense2_relu(me, parts, values, h2)
    cuda.syncthreads()
    dense3_parts(me, h2, values, parts)
    cuda.syncthreads()
    dense3(me, parts, values, z)
    cuda.syncthreads()
    softmax_cross_entropy(me, z, targets, weight, n, losses, logits, d3)
    cuda.syncthreads()
    dense3_backward(me, d3, values, h2, d2)
    cuda.syncthreads()
    dense2_backward(me, d2, turned, h1, d1)
    cuda.syncthreads()
    dense1_backward_to_conv2(me, d1, turned, won2, dz2)
    leave_behind(me, p2, h1, h2, d1, d2, d3, left, n)
    cuda.syncthreads()
    conv2_backward_weights(me, dz2, won2, p1, shares, n)
    cuda.syncthreads()
    conv2_backward_input(me, dz2, w, won1, p1)
    cuda.syncthreads()
    conv1_backward_weights_parts(me, p1, won1, image, parts)
    cuda.syncthreads()
    conv1_backward_weights(me, parts, shares, n)


forward_backward: Any = cuda.jit(frozen(_forward_backward, NAMES), **BOUNDS)


@cuda.jit
def turn(values, turned):
    """turned from values: the weights of the two large dense layers, each (outputs, inputs)."""
    for t in range(cuda.grid(1), TURNED, cuda.gridsize(1)):
        if t < TURNED4:
            turned[t] = values[W3 + t % 400 * 120 + t // 400]
        else:
            turned[t] = values[W4 + (t - TURNED4) % 120 * 84 + (t - TURNED4) // 120]


# How each optimiser moves parameter i by its gradient g; first and second are its memory. See
# loopnet/kernels/optimizer.py for the formulas.


def _sgd(MOMENTUM, NESTEROV):
    def move(i, g, values, first, second, rate, step):
        first[i] = MOMENTUM * first[i] - rate * g
        if NESTEROV:
            values[i] += MOMENTUM * first[i] - rate * g
        else:
            values[i] += first[i]

    return move


def _rmsprop(RHO, EPSILON):
    ONE = np.float32(1)

    def move(i, g, values, first, second, rate, step):
        first[i] = RHO * first[i] + (ONE - RHO) * g * g
        values[i] -= rate * g / math.sqrt(first[i] + EPSILON)

    return move


def _adam(BETA1, BETA2, EPSILON, DECAY=0):
    ONE, DECAY = np.float32(1), np.float32(DECAY)
    LOG1, LOG2 = (np.float32(math.log(beta)) if beta > 0 else np.float32(-np.inf) for beta in (BETA1, BETA2))

    def move(i, g, values, first, second, rate, step):
        first[i] = BETA1 * first[i] + (ONE - BETA1) * g
        second[i] = BETA2 * second[i] + (ONE - BETA2) * g * g
        correction1 = -math.expm1(np.float32(step) * LOG1)  # 1 - beta**step, without losing digits to the 1
        correction2 = -math.expm1(np.float32(step) * LOG2)
        values[i] -= rate * DECAY * values[i]
        values[i] -= rate * (first[i] / correction1) / (math.sqrt(second[i] / correction2) + EPSILON)

    return move


MOVES: dict[str, Any] = {"SGD": _sgd, "RMSprop": _rmsprop, "Adam": _adam, "AdamW": _adam}


@cache
def update(optimizer: str, constants: tuple[Any, ...]) -> Any:
    """The kernel ``update_all(shares, left, batch, values, turned, first, second, rate, step)`` for an optimiser of
    that name: one thread owns a parameter, or several in a smaller grid. It adds up the batch's gradients in order,
    and moves.
    """
    names: dict[str, Any] = {}
    move = cuda.jit(frozen(MOVES[optimizer](*constants), names), device=True, **INLINE)
    names["move"] = move

    def update_all(shares, left, batch, values, turned, first, second, rate, step):
        for turn in range(cuda.grid(1), PARAMETERS, cuda.gridsize(1)):
            t = natural(turn)
            g = np.float32(0)
            if t < W3:
                for n in range(batch):
                    g += shares[natural(n * CONVOLUTIONS + t)]
            else:
                if t < W4:
                    inputs, d, units, e, bias = X3, D3, 120, t - W3, t >= B3
                elif t < W5:
                    inputs, d, units, e, bias = X4, D4, 84, t - W4, t >= B4
                else:
                    inputs, d, units, e, bias = X5, D5, 10, t - W5, t >= B5
                c, k = e // units, e % units
                if bias:
                    for n in range(batch):
                        g += left[natural(n * LEFT_BEHIND + d + k)]
                else:
                    for n in range(batch):
                        at = n * LEFT_BEHIND
                        g += left[natural(at + inputs + c)] * left[natural(at + d + k)]
            move(t, g, values, first, second, rate[0], step[0])
            if W3 <= t < B3:
                turned[natural((t - W3) % 120 * 400 + (t - W3) // 120)] = values[t]
            elif W4 <= t < B4:
                turned[natural(TURNED4 + (t - W4) % 84 * 120 + (t - W4) // 84)] = values[t]

    return cuda.jit(frozen(update_all, names))
