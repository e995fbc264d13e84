"""The losses beside the softmax's."""

import numpy as np
import oracle

from loopnet.ops import Ops

from .rung import Arrays, generator, poison, tensor

LOSSES = {
    "cross_entropy": "probabilities",
    "sigmoid_cross_entropy": "logits",
    "binary_cross_entropy": "probabilities",
    "mean_squared_error": "logits",
    "mean_absolute_error": "logits",
    "huber": "logits",
    "hinge": "logits",
    "squared_hinge": "logits",
    "log_cosh": "logits",
    "kl_divergence": "probabilities",
    "poisson": "probabilities",
    "mean_absolute_percentage_error": "logits",
    "mean_squared_logarithmic_error": "logits",
    "cosine_similarity": "logits",
    "categorical_hinge": "logits",
}
"""Each by the outputs that it takes."""

MORE = {"huber": 7.5}
"""The number that one takes beside them: some errors are smaller, some larger."""


def draw_losses(shape: tuple[int, int], dtype: str) -> Arrays:
    random = generator(shape)
    probabilities = random.dirichlet(np.ones(shape[1]), size=shape[0]) * random.uniform(0.5, 1, size=(shape[0], 1))
    probabilities[::3, 0] = 0
    probabilities[1::4, -1] = 1
    probabilities[(probabilities == 0).all(axis=1)] = 0.5
    targets = random.dirichlet(np.ones(shape[1]), size=shape[0])
    weight = random.uniform(size=shape[0])
    weight[2::5] = 0
    logits = 20 * random.standard_normal(shape)
    logits[::4, -1] = targets[::4, -1]  # no error at all
    arrays = {"logits": logits, "probabilities": probabilities}
    return {name: a.astype(dtype) for name, a in {**arrays, "targets": targets, "weight": weight}.items()}


def more(name: str, dtype: np.dtype) -> list[np.generic]:
    return [dtype.type(MORE[name])] if name in MORE else []


def run_losses(ops: Ops, shape: tuple[int, int], given: Arrays) -> Arrays:
    dtype = given["logits"].dtype
    answers = {}
    for name, kind in LOSSES.items():
        outputs, targets, weight = (tensor(ops, given[which]) for which in (kind, "targets", "weight"))
        gradient, losses = tensor(ops, poison(shape, dtype)), tensor(ops, poison(shape[:1], dtype))
        getattr(ops, name)(outputs, targets, weight, losses, gradient, *more(name, dtype))
        answers[f"{name} losses"] = ops.to_host(losses, shape[:1])
        answers[f"{name} gradient"] = ops.to_host(gradient, shape)
    return answers


def expect_losses(shape: tuple[int, int], given: Arrays) -> Arrays:
    answers: Arrays = {}
    for name, kind in LOSSES.items():
        pair = getattr(oracle, name)(given[kind], given["targets"], given["weight"], *more(name, np.dtype(float)))
        answers[f"{name} losses"], answers[f"{name} gradient"] = pair
    return answers
