"""The small models that the tests of Keras's listings share."""

import numpy as np

from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from loopnet.model import Sequential

rng = np.random.default_rng(0)
X, Y = rng.random((24, 8, 8, 1), np.float32), rng.integers(0, 3, 24)


def net(*stack, shape=(8, 8, 1), **kwargs):
    return Sequential([Input(shape), *stack], seed=1, **kwargs)


def compiled(**kwargs):
    model = net(Conv2D(2, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(3, activation="softmax"))
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **kwargs})
    return model


def saved(model, path):
    model.save(path)
    return path
