"""The loss, and what an optimiser does with a gradient."""

from typing import Any

import numpy as np

from .. import reference
from ..exercise import Case, Exercise
from ..reference import numbers
from ..words import beside, number, table
from .network import f32

# ---- the loss


def _loss_case(logits: np.ndarray, answers: np.ndarray, weight: np.ndarray, what: str) -> Case:
    targets = np.eye(logits.shape[1], dtype=f32)[answers]
    losses, dlogits = reference.softmax_cross_entropy(logits, targets, weight)
    share = weight[:, None]
    with np.errstate(all="ignore"):
        e = np.exp(logits)
        naive = e / e.sum(1, keepdims=True)
        overflow = -np.log(naive[np.arange(len(answers)), answers])
    p = dlogits / share + targets
    wrong: dict[str, dict[str, np.ndarray]] = {
        "the losses are weighted: only dlogits is": {"losses": losses * weight},
        "the sign of the loss is turned": {"losses": -losses},
        "log to the base 2: the natural logarithm is meant": {"losses": losses / f32(np.log(2))},
        "the targets are not subtracted from the probabilities": {"losses": losses, "dlogits": share * p},
        "dlogits is not weighted": {"losses": losses, "dlogits": dlogits / share},
        "the sign of dlogits is turned": {"losses": losses, "dlogits": -dlogits},
        "the slope of softmax by itself, p * (1 - p)": {"losses": losses, "dlogits": share * p * (1 - p)},
    }
    if not np.isfinite(overflow).all():
        wrong = {"exp overflows for large logits: subtract the row's largest first": {"losses": overflow}, **wrong}

    def behind(name: str, at: tuple[int, ...]) -> str:
        row = beside((f"logits[{at[0]}, :]", table([logits[at[0]]])), (f"targets[{at[0]}, :]", table([targets[at[0]]])))
        return f"{row}\nweight[{at[0]}] is {number(weight[at[0]])}"

    arguments = {"logits": logits, "targets": targets, "weight": weight, "losses": None, "dlogits": None}
    return Case(what, arguments, {"losses": losses, "dlogits": dlogits}, wrong, behind, tolerance=2e-5)


def _loss_cases(random: np.random.Generator) -> list[Case]:
    def draw(batch: int, classes: int, what: str, scale: float = 1.0, shift: float = 0.0) -> Case:
        logits = numbers(random, batch, classes) * f32(scale) + f32(shift)
        answers = random.integers(0, classes, batch)
        weight = (random.integers(1, 5, batch) / 16).astype(f32)  # never 1
        return _loss_case(logits, answers, weight, what)

    example = np.array([[2, 1, 0.25], [0, 0.5, -1]], f32)
    classes = int(random.integers(4, 11))
    return [
        _loss_case(example, np.array([0, 2]), np.array([0.5, 0.5], f32), "the example"),
        draw(2, 3, "logits 2x3"),
        draw(4, classes, f"logits 4x{classes}"),
        draw(3, 5, "logits of two thousand", shift=2000),
        draw(3, 4, "logits far below 0", shift=-2000),
        draw(3, 6, "logits far apart", scale=1000),
    ]


# ---- optimisers


def _sgd_case(random: np.random.Generator, count: int, momentum: float, nesterov: bool, what: str = "") -> Case:
    w, dw, velocity = (numbers(random, count) for _ in range(3))
    rate, m = f32(0.25), f32(momentum)
    v = m * velocity - rate * dw
    right = w + (m * v - rate * dw if nesterov else v)
    wrong: dict[str, dict[str, np.ndarray]] = {
        "momentum is left out: every step starts from rest": {"w": w - rate * dw},
        "it climbs: the step goes against the gradient": {"w": w - v},
        "w moves by the velocity of the step before": {"w": w + velocity},
        "the learning rate is left out": {"w": w + m * velocity - dw},
        "the old velocity is added whole, not times momentum": {"w": w + velocity - rate * dw},
        "velocity is not kept: it is as it was before the step": {"w": right, "velocity": velocity},
    }
    if nesterov:
        wrong["nesterov is ignored: that is plain momentum"] = {"w": w + v, "velocity": v}
    else:
        wrong["it always takes Nesterov's step, even if nesterov is False"] = {"w": w + m * v - rate * dw}

    def behind(name: str, at: tuple[int, ...]) -> str:
        return f"before: w {number(w[at])}, dw {number(dw[at])}, velocity {number(velocity[at])}"

    arguments = {
        "w": w, "dw": dw, "velocity": velocity, "learning_rate": rate, "momentum": m, "nesterov": nesterov,
    }  # fmt: skip
    plain = f"{count} parameters, learning rate 0.25, momentum {momentum:g}" + (", Nesterov" if nesterov else "")
    return Case(what or plain, arguments, {"w": right, "velocity": v}, wrong, behind, tolerance=1e-5)


def _sgd_cases(random: np.random.Generator) -> list[Case]:
    return [
        _sgd_case(np.random.default_rng(0), 3, 0.5, False, "the example"),
        _sgd_case(random, 3, 0.5, False),
        _sgd_case(random, int(random.integers(5, 12)), 0.75, False),
        _sgd_case(random, 4, 0.0, False),
        _sgd_case(random, 6, 0.5, True),
    ]


def _adam_case(random: np.random.Generator, count: int, step: int, what: str = "") -> Case:
    w, dw = numbers(random, count), numbers(random, count)
    first = step == 1
    m = np.zeros(count, f32) if first else numbers(random, count)
    v = np.zeros(count, f32) if first else numbers(random, count) ** 2
    b1, b2, rate, epsilon = 0.9, 0.99, 0.125, 1e-3
    c1, c2 = 1 - b1**step, 1 - b2**step
    m1, v1 = b1 * m + (1 - b1) * dw, b2 * v + (1 - b2) * dw.astype(float) ** 2

    def moved(up: Any, down: Any, epsilon: float = epsilon) -> np.ndarray:
        return (w - rate * up / (down + epsilon)).astype(f32)

    right = moved(m1 / c1, np.sqrt(v1 / c2))
    wrong: dict[str, dict[str, np.ndarray]] = {
        "the two corrections are left out": {"w": moved(m1, np.sqrt(v1))},
        "the square root is left out": {"w": moved(m1 / c1, v1 / c2)},
        "epsilon stands under the root; it is added to the root": {"w": moved(m1 / c1, np.sqrt(v1 / c2 + epsilon), 0)},
        "epsilon is left out": {"w": moved(m1 / c1, np.sqrt(v1 / c2), 0)},
        "v is not corrected": {"w": moved(m1 / c1, np.sqrt(v1))},
        "m is not corrected": {"w": moved(m1, np.sqrt(v1 / c2))},
        "it climbs: the step goes against the gradient": {"w": (2 * w - right).astype(f32)},
        "w moves by the m and v of the step before": {"w": moved(m / c1, np.sqrt(v / c2))},
        "v keeps dw, not its square": {"v": (b2 * v + (1 - b2) * dw).astype(f32)},
        "v keeps the absolute value of dw, not its square": {"v": (b2 * v + (1 - b2) * np.abs(dw)).astype(f32)},
        "m is not kept: it is as it was before the step": {"w": right, "m": m},
    }

    def behind(name: str, at: tuple[int, ...]) -> str:
        return f"before: w {number(w[at])}, dw {number(dw[at])}, m {number(m[at])}, v {number(v[at])}"

    scalars = {
        "learning_rate": rate,
        "beta1": b1,
        "beta2": b2,
        "epsilon": epsilon,
        "correction1": c1,
        "correction2": c2,
    }
    arguments = {"w": w, "dw": dw, "m": m, "v": v, **{name: f32(value) for name, value in scalars.items()}}
    expected = {"w": right, "m": m1.astype(f32), "v": v1.astype(f32)}
    return Case(what or f"{count} parameters, step {step}", arguments, expected, wrong, behind, tolerance=2e-5)


def _adam_cases(random: np.random.Generator) -> list[Case]:
    return [
        _adam_case(np.random.default_rng(0), 3, 1, "the example, the first step"),
        _adam_case(random, 3, 1),
        _adam_case(random, int(random.integers(5, 12)), 2),
        _adam_case(random, 4, 10),
    ]


EXERCISES = (
    Exercise(
        "softmax_cross_entropy", "the loss and its gradient, safe for large logits", _loss_cases, 6,
        operation="softmax_cross_entropy",
    ),
    Exercise("sgd_update", "a step downhill, with momentum", _sgd_cases, 6, operation="sgd_update"),
    Exercise("adam_update", "Adam's step", _adam_cases, 6, operation="adam_update"),
)  # fmt: skip
