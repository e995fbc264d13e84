"""Make autoencoders.npz: how Keras trains the models of golden/autoencoders.py, whose outputs are images.

    KERAS_BACKEND=tensorflow python tests/golden/make_autoencoder_golden.py

Keras 3.15 on TensorFlow 2.21 wrote the committed file; the tests do not need them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from golden import autoencoders as asked  # noqa: E402

keras.config.set_floatx("float64")


def ask(name: str) -> dict[str, np.ndarray]:
    """Steps of training, the last with weighted images: loss and metrics before each; then the outputs."""
    shape, stack, loss, rate = asked.AUTOENCODERS[name]
    x, y, weight = asked.images(name)
    model = keras.Sequential([keras.Input(shape), *(getattr(keras.layers, cls)(**given) for cls, given in stack)])
    model.set_weights(asked.weights_like([tuple(w.shape) for w in model.weights]))
    model.compile(keras.optimizers.SGD(rate), loss, metrics=list(asked.METRICS))
    of_pixels = weight.reshape(-1, *(1,) * (len(shape) - 1))  # Keras's losses have one number a pixel
    steps = []
    for weights in (*(None,) * (asked.STEPS - 1), of_pixels):
        model.reset_metrics()
        steps.append(model.train_on_batch(x, y, sample_weight=weights))
    return {f"{name}/steps": np.array(steps, np.float64), f"{name}/outputs": model.predict(x, verbose=0)}


def main() -> None:
    arrays = {key: value for name in asked.AUTOENCODERS for key, value in ask(name).items()}
    path = Path(__file__).with_name("autoencoders.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
