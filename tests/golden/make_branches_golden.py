"""Make branches.npz: what Keras makes of the networks of golden/branches.py.

    KERAS_BACKEND=tensorflow python tests/golden/make_branches_golden.py

Keras 3.15 on TensorFlow 2.21 wrote the committed file; the tests do not need them. (On PyTorch, Keras's Dense and
softmax work in single precision whatever they are asked for.)
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from golden import branches as asked  # noqa: E402

keras.config.set_floatx("float64")


def main() -> None:
    arrays: dict[str, np.ndarray] = {}
    for name, network in asked.NETWORKS.items():
        arrays |= asked.answers(keras, name, network(keras), keras.optimizers.SGD(asked.RATE, asked.MOMENTUM))
    path = Path(__file__).with_name("branches.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
