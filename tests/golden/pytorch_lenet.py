"""A state dict as PyTorch would save it for LeNet-5, and images, channels first; for make_pytorch_golden.py and
test_travel.py.
"""

import numpy as np

SHAPES = {
    "0.weight": (6, 1, 5, 5), "0.bias": (6,), "3.weight": (16, 6, 5, 5), "3.bias": (16,),
    "7.weight": (120, 400), "7.bias": (120,), "9.weight": (84, 120), "9.bias": (84,), "11.weight": (10, 84),
    "11.bias": (10,),
}  # fmt: skip


def lenet_state_dict() -> dict[str, np.ndarray]:
    random = np.random.RandomState(1998)
    return {name: (0.1 * random.standard_normal(shape)).astype(np.float32) for name, shape in SHAPES.items()}


def images() -> np.ndarray:
    return np.random.RandomState(5).uniform(size=(4, 1, 32, 32)).astype(np.float32)
