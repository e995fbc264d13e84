"""Make scores.npz: what Keras's metrics say of the outputs in golden/scores.py.

    KERAS_BACKEND=torch python tests/golden/make_scores_golden.py

Keras 3.15 on PyTorch 2.13 wrote the committed file; the tests do not need them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from golden import scores as asked  # noqa: E402


def ask(kind: str) -> dict[str, np.ndarray]:
    x, y = asked.data(kind)
    arrays = {}
    for number, given in enumerate(asked.KINDS[kind]):
        keras.utils.clear_session()  # so that names are not numbered
        metric = given if isinstance(given, str) else getattr(keras.metrics, given[0])(**given[1])
        model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Activation("linear")])
        model.compile("sgd", asked.LOSS.get(kind, "mse"), metrics=[metric])
        logs = model.evaluate(x, y, batch_size=asked.BATCH, verbose=0, return_dict=True)
        (name,) = logs.keys() - {"loss"}
        arrays[f"{kind}/{number}/{name}"] = np.array(logs[name]).reshape(())
    return arrays


def main() -> None:
    arrays = {key: array for kind in asked.KINDS for key, array in ask(kind).items()}
    path = Path(__file__).with_name("scores.npz")
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")
    for key, array in arrays.items():
        print(f"{key:50} {array:.6f}")


if __name__ == "__main__":
    main()
