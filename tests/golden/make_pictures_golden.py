"""Make pictures.npz: what Keras reads, finds and distorts of golden/pictures.py.

    python tests/golden/make_pictures_golden.py

Keras 3.15 on TensorFlow 2.21, Pillow 13.0 and SciPy 1.17 wrote the committed file; the tests need Pillow alone.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # noqa: E402

from golden import pictures as asked  # noqa: E402


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked.write(folder)
        parts = {
            "load": asked.loaded(keras.utils, folder),
            "folder": asked.found(keras.utils, folder),
            "warp": asked.distorted(ImageDataGenerator),
        }
    arrays = {f"{part}/{key}": array for part, answers in parts.items() for key, array in answers.items()}
    path = Path(__file__).with_name("pictures.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
