"""Make pytorch.npz: what a LeNet-5 of PyTorch's own modules answers, with the weights of a fixed seed.

    python tests/golden/make_pytorch_golden.py

PyTorch 2.13 wrote the committed file. The 61,706 weights are drawn by ``lenet_state_dict`` in PyTorch's shapes and
order, here and in the test, from NumPy's old generator, whose numbers never change.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from golden.pytorch_lenet import images, lenet_state_dict  # noqa: E402


def main() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    state = lenet_state_dict()
    assert list(network.state_dict()) == list(state)
    network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    with torch.no_grad():
        logits = network(torch.tensor(images())).numpy()
    np.savez_compressed(HERE / "pytorch.npz", logits=logits)


if __name__ == "__main__":
    main()
