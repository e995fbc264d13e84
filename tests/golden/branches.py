"""Networks that branch, written as Keras's listings are, and trained a little: their answers are golden.

`make_branches_golden.py` makes them of Keras and `tests/test_branches.py` of loopnet: ``keras`` is one of the two.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

_random = np.random.default_rng(7)
X = _random.standard_normal((10, 8, 8, 2))
WAVES = _random.standard_normal((10, 12, 2))
Y = np.arange(10) % 3
MASKS = (_random.random((10, 8, 8, 1)) > 0.5).astype(float)
RATE, MOMENTUM = 0.0625, 0.875
"""Both exact in single precision, which Keras keeps the first in."""


def residual(keras: Any) -> Any:
    """Two blocks of He et al. (2016): the second halves the image, and its shortcut has a convolution."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    for filters, stride in ((4, 1), (6, 2)):
        shortcut = x
        x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.Conv2D(filters, 3, padding="same")(x)
        if stride > 1:
            shortcut = layers.Conv2D(filters, 1, strides=stride)(shortcut)
        x = layers.add([x, shortcut])
        x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def inception(keras: Any) -> Any:
    """A block of Szegedy et al. (2015), right on the images: two of its branches have nothing that learns at first."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    one = layers.Conv2D(2, 1, activation="relu")(inputs)
    three = layers.Conv2D(2, 1, activation="relu")(inputs)
    three = layers.Conv2D(3, 3, padding="same", activation="relu")(three)
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(inputs)
    mean = layers.AveragePooling2D(3, strides=1, padding="same")(inputs)
    pooled = layers.Conv2D(2, 1)(pooled)
    x = layers.concatenate([one, three, pooled, mean, inputs])
    x = layers.Conv2D(4, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def u_net(keras: Any) -> Any:
    """Ronneberger, Fischer, Brox (2015), one level deep: what went down comes back beside what stayed."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    above = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D()(above)
    x = layers.Conv2D(5, 3, padding="same", activation="relu")(x)
    x = layers.UpSampling2D()(x)
    x = layers.Concatenate()([above, x])
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def densely(keras: Any) -> Any:
    """Huang et al. (2017): every layer takes what all before it made. Rows beside rows, too."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    made = [layers.Conv2D(2, 3, padding="same")(inputs)]
    for _ in range(3):
        x = layers.Concatenate()(made) if len(made) > 1 else made[0]
        x = layers.Activation("relu")(x)
        made.append(layers.Conv2D(2, 3, padding="same")(x))
    x = layers.Concatenate(axis=1)([made[0], made[-1], made[-1]])
    x = layers.Concatenate(axis=2)([x, x])
    x = layers.MaxPooling2D(4)(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def vectors(keras: Any) -> Any:
    """Each way to merge, and arithmetic between layers."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    x = layers.Rescaling(0.5)(layers.Flatten()(inputs))
    a, b, c = (layers.Dense(5, activation=kind)(x) for kind in ("tanh", "sigmoid", "relu"))
    most, least = layers.Maximum()([a, b, c]), layers.Minimum()([a, b, c])
    mean, product = layers.Average()([a, b, c]), layers.Multiply()([a, b, a])
    x = layers.Subtract()([most, least]) + mean * product
    x = layers.Concatenate()([x, a - c, x * b])
    return keras.Model(inputs, layers.Dense(3)(x))


def sequences(keras: Any) -> Any:
    """Shortcuts between Conv1Ds, the last of them from the input."""
    layers = keras.layers
    inputs = keras.Input(shape=(12, 2))
    x = layers.Conv1D(2, 3, padding="same", activation="relu")(inputs)
    y = layers.Conv1D(2, 5, padding="same")(x)
    x = layers.Add()([inputs, y, x])
    x = layers.GlobalMaxPooling1D()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def crossed(keras: Any) -> Any:
    """No branch lies within another: the second merges what the first does with what comes later."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    x = layers.Conv2D(3, 3, activation="relu")(inputs)
    y = layers.Conv2D(3, 3, padding="same", activation="relu")(x)
    first = layers.Add()([x, y])
    z = layers.Conv2D(3, 3, padding="same", activation="relu")(first)
    second = layers.Multiply()([y, z])
    x = layers.Add()([second, first, y])
    x = layers.MaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def towers(keras: Any) -> Any:
    """Two of convolution, ReLU and pooling, which may be one stage each, and get the same gradient."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    one, other = (
        layers.MaxPooling2D()(layers.Conv2D(3, size, padding="same", activation="relu")(inputs)) for size in (3, 5)
    )
    x = layers.add([one, other, one])
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def pooled(keras: Any) -> Any:
    """Two branches begin with the same two poolings of the images: nothing learns beneath them, something beside."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 8, 2))
    most = layers.MaxPooling2D(3, strides=1, padding="same")(inputs)
    mean = layers.AveragePooling2D(3, strides=1, padding="same")(inputs)
    x = layers.Conv2D(2, 1)(layers.add([most, mean]))
    y = layers.Conv2D(2, 3, padding="same")(inputs)
    z = layers.BatchNormalization()(layers.subtract([most, mean]))
    x = layers.GlobalAveragePooling2D()(layers.Activation("relu")(layers.concatenate([x, y, z])))
    return keras.Model(inputs, layers.Dense(3)(x))


NETWORKS: dict[str, Callable[[Any], Any]] = {
    network.__name__: network
    for network in (residual, inception, u_net, densely, vectors, sequences, crossed, towers, pooled)
}


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    return WAVES if name == "sequences" else X, MASKS if name == "u_net" else Y


def loss(keras: Any, name: str) -> Any:
    if name == "u_net":
        return "binary_crossentropy"
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def answers(keras: Any, name: str, model: Any, optimizer: Any, **others: Any) -> dict[str, np.ndarray]:
    """The shapes that its layers make, in their order; and, from weights that are the same for all, the losses, outputs
    and weights of two epochs in batches of 4, 4 and 2.
    """
    random = np.random.default_rng(3)
    x, y = data(name)
    kernels = (np.shape(w) for w in model.get_weights() if np.ndim(w) > 1)
    drawn = [random.standard_normal(shape) / np.sqrt(np.prod(shape[:-1])) for shape in kernels]
    model.set_weights([drawn.pop(0) if np.ndim(w) > 1 else np.array(w) for w in model.get_weights()])
    model.compile(optimizer, loss(keras, name), **others)
    layers = [layer for layer in model.layers if layer.output is not model.input]  # where Keras lists it
    arrays = {
        "shapes": np.array([str(tuple(layer.output.shape)) for layer in layers]),
        "before": np.asarray(model.predict(x, verbose=0)),
    }
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    arrays |= {"loss": np.array(history.history["loss"]), "after": np.asarray(model.predict(x, verbose=0))}
    arrays |= {f"w{number}": np.asarray(w) for number, w in enumerate(model.get_weights())}
    return {f"{name}/{key}": array for key, array in arrays.items()}
