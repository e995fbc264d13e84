"""A process of its own for test_precompile.py.

    python precompile_child.py job NET       print what a helper is told
    python precompile_child.py train NET     train, and report the loops that had to be compiled, and the weights
"""

import hashlib
import json
import sys

import numpy as np
from numba.core import event
from tuned_child import Compilations

from loopnet import precompile
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from loopnet.model import Sequential


def literal() -> Sequential:
    layers = [Input((8, 7, 2)), Conv2D(3, 3), MaxPooling2D(), Flatten(), Dense(4, activation="softmax")]
    model = Sequential(layers, seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy", backend="literal")
    return model


def tuned() -> Sequential:
    layers = [
        Input((12, 12, 1)),
        Conv2D(8, 3, activation="relu"), MaxPooling2D(), BatchNormalization(),
        Conv2D(5, 3, padding="same", activation="relu"),
        Flatten(), Dropout(0.2), Dense(4),
    ]  # fmt: skip
    model = Sequential(layers, seed=0, dtype="float64")
    model.compile("adam", "mse", backend="tuned")
    return model


def fit(model: Sequential) -> None:
    """Two batches, the images in memory that must not be written to."""
    random = np.random.default_rng(0)
    x = random.standard_normal((64, *model.input_shape[1:])).astype(model.dtype)
    x.flags.writeable = False
    labels = random.integers(4, size=64)
    y = np.eye(4)[labels] if model.dtype == np.float64 else labels
    model.fit(x, y, batch_size=32, verbose=0, sample_weight=np.ones(64), shuffle=False)


def show(model, batch):
    """In place of the helpers that ``fit`` would have: print what they would be told, and end."""
    print(json.dumps(precompile._job(model, batch)))
    sys.exit()


if __name__ == "__main__":
    what, net = sys.argv[1], {"literal": literal, "tuned": tuned}[sys.argv[2]]()
    if what == "job":
        import loopnet.model

        loopnet.model.with_helpers = show
        fit(net)
    compilations = Compilations()
    with event.install_listener("numba:compile", compilations):
        fit(net)
    weights = hashlib.sha256(b"".join(w.tobytes() for w in net.get_weights())).hexdigest()
    print(json.dumps({"compiled": compilations.names, "weights": weights}))
