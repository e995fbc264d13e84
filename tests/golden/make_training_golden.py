"""Make training.npz: what Keras and PyTorch answer about losses, optimisers and learning-rate schedules.

    KERAS_BACKEND=torch python tests/golden/make_training_golden.py

Keras 3.15 and PyTorch 2.13 wrote the committed file; the tests do not need them. Losses and schedules are Keras's,
gradients PyTorch's through Keras's own code. AdamW is PyTorch's: Keras puts epsilon elsewhere. Other optimisers and
clipping are Keras's.
"""

import os
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

keras.config.set_floatx("float64")  # before the losses are made, which remember it

STEPS = (0, 1, 7, 10, 19, 20, 25, 60)
SCHEDULES = {
    "exponential": keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5),
    "staircase": keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True),
    "cosine": keras.optimizers.schedules.CosineDecay(0.1, 20, alpha=0.1),
    "warmup": keras.optimizers.schedules.CosineDecay(0.01, 20, warmup_target=0.1, warmup_steps=10),
    "piecewise": keras.optimizers.schedules.PiecewiseConstantDecay([7, 20], [0.1, 0.01, 0.001]),
    "inverse time": keras.optimizers.schedules.InverseTimeDecay(0.1, 10, 0.5),
    "inverse staircase": keras.optimizers.schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
    "polynomial": keras.optimizers.schedules.PolynomialDecay(0.1, 20, 0.01, power=2.0),
    "polynomial cycles": keras.optimizers.schedules.PolynomialDecay(0.1, 10, 0.01, power=0.5, cycle=True),
    "restarts": keras.optimizers.schedules.CosineDecayRestarts(0.1, 8, t_mul=1.5, m_mul=0.5, alpha=0.1),
    "restarts alike": keras.optimizers.schedules.CosineDecayRestarts(0.1, 8, t_mul=1.0),
}
LOSSES = {
    "categorical": keras.losses.CategoricalCrossentropy(reduction=None),
    "categorical smoothed": keras.losses.CategoricalCrossentropy(label_smoothing=0.2, reduction=None),
    "categorical logits": keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2, reduction=None),
    "binary": keras.losses.BinaryCrossentropy(reduction=None),
    "binary logits": keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2, reduction=None),
    "squared": keras.losses.MeanSquaredError(reduction=None),
    "absolute": keras.losses.MeanAbsoluteError(reduction=None),
    "huber": keras.losses.Huber(delta=0.5, reduction=None),
    "hinge": keras.losses.Hinge(reduction=None),
    "squared hinge": keras.losses.SquaredHinge(reduction=None),
    "log cosh": keras.losses.LogCosh(reduction=None),
    "divergence": keras.losses.KLDivergence(reduction=None),
    "poisson": keras.losses.Poisson(reduction=None),
    "percentage": keras.losses.MeanAbsolutePercentageError(reduction=None),
    "logarithmic": keras.losses.MeanSquaredLogarithmicError(reduction=None),
    "cosine": keras.losses.CosineSimilarity(reduction=None),
    "categorical hinge": keras.losses.CategoricalHinge(reduction=None),
}
OF_NUMBERS = (
    "squared", "absolute", "huber", "hinge", "squared hinge", "log cosh", "percentage", "logarithmic", "cosine",
    "categorical hinge",
)  # fmt: skip

WALKS = {
    "nadam": keras.optimizers.Nadam(),
    "adamax": keras.optimizers.Adamax(),
    "adagrad": keras.optimizers.Adagrad(),
    "adadelta": keras.optimizers.Adadelta(),
    "adadelta of old": keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-4),
    "clipvalue": keras.optimizers.SGD(0.1, clipvalue=0.5),
    "clipnorm": keras.optimizers.SGD(0.1, clipnorm=1.0),
    "global_clipnorm": keras.optimizers.SGD(0.1, global_clipnorm=1.5),
    "sgd that decays": keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.3),
    "rmsprop that decays": keras.optimizers.RMSprop(0.01, weight_decay=0.3),
    "adamax that decays": keras.optimizers.Adamax(0.01, weight_decay=0.3),
}


def losses(random: np.random.RandomState) -> dict[str, np.ndarray]:
    logits, p = random.standard_normal((6, 4)), random.uniform(size=(6, 4))
    p[0, 1], p[1, 2], p[2] = 0, 1, [1, 0, 0, 0]
    targets, weight = np.eye(4)[random.randint(4, size=6)], random.uniform(size=6)
    arrays = {"logits": logits, "probabilities": p, "targets": targets, "weight": weight}
    for name, loss in LOSSES.items():
        outputs = torch.tensor(logits if "logits" in name or name in OF_NUMBERS else p, requires_grad=True)
        # Keras's maximum gives float32, whatever it is given: too little for a difference of logarithms
        in_double = patch("keras.src.ops.maximum", lambda x, least: torch.clamp(x, min=float(least)))
        with in_double if name == "logarithmic" else nullcontext():
            of_images = loss(torch.tensor(targets), outputs)
        (of_images * torch.tensor(weight)).sum().backward()
        assert outputs.grad is not None
        arrays |= {f"{name}/losses": of_images.detach().numpy(), f"{name}/gradient": outputs.grad.numpy()}
    return arrays


def adamw(random: np.random.RandomState) -> dict[str, np.ndarray]:
    w, gradients = random.standard_normal(5), random.standard_normal((10, 5))
    parameter = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.AdamW([parameter], lr=0.01, betas=(0.9, 0.999), eps=1e-7, weight_decay=0.3)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
    return {"adamw/before": w, "adamw/gradients": gradients, "adamw/after": parameter.detach().numpy()}


def walks(random: np.random.RandomState) -> dict[str, np.ndarray]:
    """Two arrays of weights, of 3 and 4, after 30 steps, laid end to end."""
    w, gradients = random.standard_normal(7), random.standard_normal((30, 7))
    gradients[1::3] /= 8  # so that clipping is not always needed, nor of both arrays
    gradients[2::3, 3:] /= 8
    arrays = {"walk/before": w, "walk/gradients": gradients}
    for name, optimizer in WALKS.items():
        variables = [keras.Variable(w[:3]), keras.Variable(w[3:])]
        for gradient in gradients:
            optimizer.apply([torch.tensor(gradient[:3]), torch.tensor(gradient[3:])], variables)
        arrays[f"walk/{name}"] = np.concatenate([variable.numpy() for variable in variables])
    return arrays


def main() -> None:
    random = np.random.RandomState(5)
    arrays = losses(random) | adamw(random) | walks(random)
    arrays["steps"] = np.array(STEPS)
    for name, schedule in SCHEDULES.items():
        arrays[f"schedule/{name}"] = np.array([float(schedule(step)) for step in STEPS])
    path = Path(__file__).with_name("training.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
