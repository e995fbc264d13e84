"""Make pieces.npz: what Keras makes of the pieces of golden/pieces.py.

    KERAS_BACKEND=torch python tests/golden/make_pieces_golden.py

Keras 3.15 on PyTorch 2.13 wrote the committed file; the tests do not need them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from golden import pieces as asked  # noqa: E402

keras.config.set_floatx("float64")


def main() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    arrays = asked.answers(model, keras.utils.PyDataset)
    path = Path(__file__).with_name("pieces.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
