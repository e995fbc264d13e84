"""Make by_hand.npz: what Keras's metrics say of the batches in golden/by_hand.py.

    KERAS_BACKEND=torch python tests/golden/make_by_hand_golden.py

Keras 3.15 on PyTorch 2.13 wrote the committed file; the tests do not need them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from golden import by_hand  # noqa: E402


def main() -> None:
    path = Path(__file__).with_name("by_hand.npz")
    arrays = {str(at): np.array(by_hand.ask(keras.metrics, key)) for at, key in enumerate(by_hand.KEYS)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")
    for at, key in enumerate(by_hand.KEYS):
        print(f"{key:70} {arrays[str(at)].tolist()}")


if __name__ == "__main__":
    main()
