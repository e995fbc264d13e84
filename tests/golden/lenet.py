"""The LeNet-5 experiment of the golden values: weights, images and optimiser, all from a fixed seed.

`make_golden.py` runs it with PyTorch and `tests/test_golden.py` with loopnet. NumPy promises that the
streams of the old `RandomState` never change, so 61,706 weights are one seed instead of a large file.
"""

import numpy as np

SEED = 1998
ADAM = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

# images in the batch -> Adam steps. The short run is for the plain Python rung, which takes seconds for
# each step.
STEPS = {32: 20, 1: 2}

SHAPES = [
    (5, 5, 1, 6), (6,), (5, 5, 6, 16), (16,),  # convolutions C1 and C3 with their biases
    (400, 120), (120,), (120, 84), (84,), (84, 10), (10,),  # dense layers C5, F6 and the output
]  # fmt: skip


def initial_weights() -> list[np.ndarray]:
    """Glorot-uniform weights and small biases, in Keras's layouts and order, in float32."""
    random = np.random.RandomState(SEED)
    weights = []
    for shape in SHAPES:
        fan_in, fan_out = np.prod(shape[:-1]), shape[-1] * np.prod(shape[:-2])
        limit = np.sqrt(6 / (fan_in + fan_out)) if len(shape) > 1 else 0.1
        weights.append(random.uniform(-limit, limit, shape).astype(np.float32))
    return weights


def batch(images: int) -> tuple[np.ndarray, np.ndarray]:
    """(images, 32, 32, 1) in float32, 0 to 1, and their labels: a pattern for each class, plus noise."""
    random = np.random.RandomState(SEED + 1)
    patterns = np.kron(random.randint(0, 17, (10, 8, 8)) / 16, np.ones((1, 4, 4)))
    labels = np.arange(images) % 10
    x = 0.75 * patterns[labels] + 0.25 * random.uniform(size=(images, 32, 32))
    return x[..., np.newaxis].astype(np.float32), labels
