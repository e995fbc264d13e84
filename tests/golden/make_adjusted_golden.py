"""Make adjusted.npz: what Keras's random layers make of the images of golden/adjusted.py, given what they draw.

    python tests/golden/make_adjusted_golden.py

Keras 3.15 on TensorFlow 2.21 wrote the committed file; the tests do not need them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.src.utils.image_utils import smart_resize  # noqa: E402

from golden import adjusted as asked  # noqa: E402


def ask(name: str) -> np.ndarray:
    cls, arguments, numbers = asked.COLOURS[name]
    layer = getattr(keras.layers, cls)(**arguments)
    each = np.array(numbers, np.float32).reshape(-1, 1, 1, 1)
    low, high = layer.value_range
    drawn = {"contrast_factor": each} if cls == "RandomContrast" else {"rgb_delta": each * (high - low)}
    images = keras.ops.convert_to_tensor(asked.images(arguments))
    return keras.ops.convert_to_numpy(layer.transform_images(images, drawn, training=True))


def crop(name: str) -> np.ndarray:
    arguments, corner = asked.CROPS[name]
    layer = keras.layers.RandomCrop(**arguments)
    return keras.ops.convert_to_numpy(layer.transform_images(asked.images({}), corner, training=True))


def main() -> None:
    arrays = {name: ask(name) for name in asked.COLOURS} | {name: crop(name) for name in asked.CROPS}
    arrays |= {name: np.array(smart_resize(asked.images({}), size)) for name, size in asked.LOOKS.items()}
    path = Path(__file__).with_name("adjusted.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
