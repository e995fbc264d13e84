"""Networks to explain, of every kind of layer that a page shows, and a hand that draws on the page."""

import numpy as np

from loopnet import Sequential, layers
from loopnet.lenet import lenet5


def small(*stack, shape=(12, 12, 1), **options):
    """A network for images of that shape, with random weights, biases and statistics."""
    model = Sequential([layers.Input(shape), *stack], **{"seed": 3, **options})
    rng = np.random.default_rng(5)
    for layer in model.layers:
        for p in layer.parameters:
            spread = rng.normal(size=p.shape) * 0.5 if p.name == "b" else p.value + 0.2 * rng.random(p.shape)
            p.value = np.asarray(spread, model.dtype)
    return model


NETWORKS = {
    "lenet5": lambda: lenet5(seed=1),
    "keras tutorial": lambda: small(
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
        shape=(28, 28, 1),
    ),
    "strides and padding": lambda: small(
        layers.Conv2D(5, (3, 2), strides=(2, 1), padding="same", activation="tanh"),
        layers.Conv2D(4, 3, padding=((2, 0), (1, 3)), use_bias=False),
        layers.MaxPooling2D(3, strides=2, padding="same"),
        layers.Flatten(),
        layers.Dense(3),
    ),
    "dilation and groups": lambda: small(
        layers.Conv2D(6, 3, dilation_rate=2, activation="leaky_relu"),
        layers.Conv2D(4, 3, groups=2, activation="sigmoid"),
        layers.AveragePooling2D((2, 3), strides=(1, 2), padding="same"),
        layers.Flatten(),
        layers.Dense(2),
    ),
    "taken apart": lambda: small(
        layers.SpatialDropout2D(0.2), layers.Cropping2D(((1, 0), (0, 2))),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu"), layers.GaussianDropout(0.1),
        layers.SeparableConv2D(4, (2, 3), strides=2, depth_multiplier=2, activation="sigmoid"), layers.Cropping2D(1),
        layers.Identity(), layers.GaussianNoise(0.1), layers.Flatten(), layers.Dense(3), shape=(12, 13, 3),
    ),
    "batch normalisation": lambda: small(
        layers.Normalization(mean=[0.5, 0.25, -1], variance=[2, 0.5, 1]),
        layers.ZeroPadding2D(((1, 2), (0, 3))),
        layers.Conv2D(3, 4),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(2, 3, activation="softplus"),
        layers.BatchNormalization(center=False, scale=False),
        layers.GlobalAveragePooling2D(),
        layers.Softmax(),
        shape=(9, 11, 3),
    ),
    "all convolution": lambda: small(
        layers.Conv2D(4, 3), layers.UpSampling2D((1, 2)), layers.LeakyReLU(0.1), layers.Conv2D(3, 2),
        layers.GlobalMaxPooling2D(keepdims=True), layers.Flatten(), layers.Dense(4, activation="sigmoid"),
    ),
    "no convolution": lambda: small(
        layers.Flatten(), layers.Dense(20, activation="relu"), layers.BatchNormalization(), layers.Dense(10),
        shape=(10, 11),
    ),
    "pixels in a row": lambda: small(
        layers.Reshape((8, 8, 1)), layers.Conv2D(2, 3), layers.Tanh(), layers.Flatten(), layers.Dense(3), shape=(64,)
    ),
    "bent": lambda: small(
        layers.Conv2D(4, 3, activation="elu"), layers.SELU(), layers.Flatten(), layers.Dense(6), layers.ELU(0.3),
        layers.Dense(4, activation="selu"),
    ),
    "gated": lambda: small(
        layers.Conv2D(4, 3, activation="gelu"), layers.SiLU(), layers.Flatten(), layers.Dense(6, activation="swish"),
        layers.Dense(5), layers.GELU(), layers.Dense(4, activation="relu6"), layers.ReLU(None, 0.2, 0.1),
    ),
    "gated otherwise": lambda: small(
        layers.Conv2D(4, 3, activation="mish"), layers.HardSiLU(), layers.Flatten(), layers.Dense(6, "softsign"),
        layers.Dense(5, "hard_sigmoid"), layers.Dense(4, "exponential"),
    ),
    "double precision": lambda: small(
        layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(4, activation="softmax"), dtype="float64"
    ),
}  # fmt: skip


def images_for(model, count=3):
    return np.random.default_rng(7).random((count, *model.input_shape[1:]), np.float32)


ZERO = [(0.5 + 0.2 * np.sin(a), 0.5 - 0.33 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 16)]
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]


def draw(tab, *strokes):
    """Strokes on the pad, each a list of points from 0 to 1."""
    box = tab.locator("#pad").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        tab.mouse.move(*points[0])
        tab.mouse.down()
        for point in points[1:]:
            tab.mouse.move(*point, steps=2)
        tab.mouse.up()
    frames(tab)


def frames(tab):
    """Wait until the page has painted what it was told."""
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def probabilities(tab):
    return np.array(tab.evaluate("Array.from(network.values.at(-1))"))
