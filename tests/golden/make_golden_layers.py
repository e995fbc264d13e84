"""Make layers.npz: what Keras answers for each layer of golden/layers.py.

    python tests/golden/make_golden_layers.py

Keras 3.15 on TensorFlow 2.21 and PyTorch 2.13 wrote the committed file; the tests do not need them.

Two backends, each for what it can do on a CPU in float64: TensorFlow has no grouped or channels_first convolutions
there, no pooling of volumes, and a slope of LeakyReLU in float32, in which it also resizes; on PyTorch, Keras 3.15
takes means in float32 and pads an AveragePooling with copies of the border, and the sixth of a hard_sigmoid's slope is
a float32's. Where two numbers are equal, TensorFlow gives the gradient of Maximum and Minimum to one of them, and
PyTorch half to each. A backend is chosen when Keras is imported, so this program runs itself once for each.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from golden import layers as asked  # noqa: E402


def backend_for(name: str, arguments: dict[str, Any]) -> str:
    if arguments.get("activation") == "hard_sigmoid":
        return "tensorflow"
    torch = (
        "Conv", "Depthwise", "Separable", "MaxPooling", "AveragePooling3D", "LeakyReLU", "ELU", "Activation",
        "Maximum", "Minimum", "Resizing", "CenterCrop",
    )  # fmt: skip
    return "torch" if name.startswith(torch) else "tensorflow"


def gradients_of_torch(layer, x, direction):
    """(y, [dx..., dw...]) of sum(direction * y); x is a list where the layer takes one."""
    import torch

    xs = [torch.tensor(one, requires_grad=True) for one in (x if isinstance(x, list) else [x])]
    y = layer(xs if isinstance(x, list) else xs[0], training=True)
    weights = [w.value for w in layer.trainable_weights]
    gradients = torch.autograd.grad(y, [*xs, *weights], torch.tensor(direction(tuple(y.shape))))
    return y.detach().numpy(), [g.numpy() for g in gradients]


def gradients_of_tensorflow(layer, x, direction):
    import tensorflow as tf

    xs = [tf.constant(one) for one in (x if isinstance(x, list) else [x])]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = layer(xs if isinstance(x, list) else xs[0], training=True)
    weights = [w.value for w in layer.trainable_weights]
    gradients = tape.gradient(y, [*xs, *weights], tf.constant(direction(tuple(y.shape))))
    return y.numpy(), [g.numpy() for g in gradients]


def ask(number: int) -> dict[str, np.ndarray]:
    """Forward in training and not, the gradients of input and weights, and the weights that the layer keeps itself."""
    import keras

    name, arguments, shape = asked.LAYERS[number]
    random = asked.draw(number)
    layer = getattr(keras.layers, name)(**arguments)
    several = isinstance(shape, list)
    layer.build([(None, *one) for one in shape] if several else (None, *shape))
    variance = len(layer.weights) - 1 if name == "BatchNormalization" else -1
    layer.set_weights(asked.weights_like(random, [tuple(w.shape) for w in layer.weights], variance))
    x = asked.images(random, shape)
    looking = keras.ops.convert_to_numpy(layer(x, training=False))
    gradients_of = gradients_of_torch if keras.backend.backend() == "torch" else gradients_of_tensorflow
    y, gradients = gradients_of(layer, x, lambda output: asked.normal(random, output))
    count = len(shape) if several else 1
    dxs, gradients = gradients[:count], gradients[count:]
    kept = [keras.ops.convert_to_numpy(w) for w in layer.non_trainable_weights]
    return {
        "looking": looking, "y": y,
        **({f"dx {at}": dx for at, dx in enumerate(dxs)} if several else {"dx": dxs[0]}),
        **{f"gradient {at}": g for at, g in enumerate(gradients)},
        **{f"kept {at}": w for at, w in enumerate(kept)},
    }  # fmt: skip


def ask_backend(backend: str, path: str) -> None:
    import keras

    keras.config.set_floatx("float64")
    numbers = [n for n, (name, given, _) in enumerate(asked.LAYERS) if backend_for(name, given) == backend]
    answers = {f"{n}/{key}": value for n in numbers for key, value in ask(n).items()}
    np.savez(path, **answers)  # type: ignore[arg-type]


def main() -> None:
    answers: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        for backend in ("tensorflow", "torch"):
            path = f"{folder}/{backend}.npz"
            environment = {**os.environ, "KERAS_BACKEND": backend}
            subprocess.run([sys.executable, __file__, backend, path], env=environment, check=True)
            with np.load(path) as arrays:
                answers |= dict(arrays)
    np.savez_compressed(HERE / "layers.npz", **answers)  # type: ignore[arg-type]
    print(f"layers.npz: {len(answers)} arrays, {(HERE / 'layers.npz').stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ask_backend(*sys.argv[1:])
    else:
        main()
