"""Small networks put together in Keras's other ways, and images for them."""

import numpy as np

from loopnet import losses
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Rescaling
from loopnet.model import Sequential

rng = np.random.default_rng(0)
X, Y = rng.random((24, 8, 8, 1), np.float32), rng.integers(0, 3, 24)
LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)


def stack():
    return [
        Rescaling(2.0), Conv2D(4, 3, activation="relu"), BatchNormalization(), MaxPooling2D(), Flatten(),
        Dropout(0.2), Dense(5, activation="tanh"), Dense(3, activation="softmax"),
    ]  # fmt: skip


def chain(stack, shape=(8, 8, 1)):
    """The input, and what the layers make of it."""
    x = inputs = Input(shape)
    for layer in stack:
        x = layer(x)
    return inputs, x


def logits(seed=1, **kwargs):
    model = Sequential([Input((8, 8, 1)), Flatten(), Dense(4, activation="relu"), Dense(3)], seed=seed, **kwargs)
    model.compile("adam", LOGITS)
    return model


def halves(seed=1):
    """An encoder and a decoder, as the pages on stacked autoencoders have them."""
    encoder = Sequential([Input((6,)), Dense(5, activation="relu"), Dense(4)], "encoder", seed=seed)
    decoder = Sequential([Input((4,)), Dense(4), Dense(4), Dense(6, activation="sigmoid")], "decoder", seed=seed + 1)
    return encoder, decoder


def assert_same(arrays, others):
    for a, b in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(a, b)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def named(name):
    return Sequential([Input((9,)), Dense(9, name=name)])
