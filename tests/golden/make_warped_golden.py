"""Make warped.npz: what Keras makes of the images of golden/warped.py.

    python tests/golden/make_warped_golden.py

Keras 3.15 on PyTorch 2.13 wrote the committed file; the tests do not need them. On TensorFlow 2.21 the same comes out,
but for "wrap", whose seam TensorFlow does not mix.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from golden import warped as asked  # noqa: E402


def ask(transform: tuple[float, ...], fill_mode: str) -> np.ndarray:
    given = np.array([[*transform, 0, 0]], np.float32)
    seen = keras.ops.image.affine_transform(asked.images(), given, fill_mode=fill_mode)
    return keras.ops.convert_to_numpy(seen)


def main() -> None:
    each = asked.TRANSFORMS.items()
    arrays = {f"{fill}/{name}": ask(transform, fill) for fill in asked.FILLS for name, transform in each}
    path = Path(__file__).with_name("warped.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
