"""Every layer of loopnet in a model on the ``cuda`` rung, in Numba's simulator; ``test_cuda_simulator_layers.py`` runs
this file. The kernels have tests of their own; here a model has to find the right one, and hand it the right memory.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from timetable import take_turns

import loopnet
from loopnet import layers
from loopnet.layers import LAYERS, Conv1D, Conv2D, Conv3D, Dense, Flatten, Input, Layer
from loopnet.layers.merging import Merging

take_turns()

SHAPES = {1: (6,), 2: (5, 2), 3: (4, 5, 2), 4: (3, 4, 3, 2)}
"""Of one image, by the number of its axes."""

MAKE: dict[str, tuple[int, Callable[[], Layer]]] = {
    "Dense": (1, lambda: Dense(4, activation="tanh")),
    "Activation": (1, lambda: layers.Activation("tanh")),
    "RBF": (1, lambda: layers.RBF([[0.5, -1, 0, 1, 0.25, 0], [1, 0, -1, 0, 0, 0.5]])),
    "Softmax": (1, layers.Softmax),
    **{name: (1, getattr(layers, name)) for name in ("Sigmoid", "Tanh", "ScaledTanh", "Softplus")},
    **{name: (1, getattr(layers, name)) for name in ("HardSigmoid", "Softsign", "Exponential", "Mish", "HardSiLU")},
    "LogSoftmax": (1, layers.LogSoftmax),
    **{name: (1, getattr(layers, name)) for name in ("ELU", "SELU", "SiLU", "GELU")},
    "BoundedReLU": (1, lambda: layers.BoundedReLU(0.75, 0.25, 0.125)),
    **{name: (3, getattr(layers, name)) for name in ("ReLU", "LeakyReLU", "BatchNormalization", "Flatten")},
    "PReLU": (3, lambda: layers.PReLU("ones", shared_axes=[2])),
    "Dropout": (3, lambda: layers.Dropout(0.4, seed=3)),
    **{f"SpatialDropout{axes}D": (axes + 1, partial(getattr(layers, f"SpatialDropout{axes}D"), 0.4, seed=3))
       for axes in (1, 2, 3)},
    "GaussianDropout": (3, lambda: layers.GaussianDropout(0.4, seed=3)),
    "GaussianNoise": (3, lambda: layers.GaussianNoise(0.4, seed=3)),
    "Identity": (3, layers.Identity),
    "Rescaling": (3, lambda: layers.Rescaling(0.5, 0.25)),
    "Normalization": (3, layers.Normalization),
    "Reshape": (3, lambda: layers.Reshape((10, 4))),
    "Permute": (3, lambda: layers.Permute((3, 1, 2))),
    "Conv1D": (2, lambda: Conv1D(3, 3, strides=2, padding="same", activation="relu")),
    "Conv2D": (3, lambda: Conv2D(3, (2, 3), strides=(2, 1), padding="same")),
    "Conv3D": (4, lambda: Conv3D(2, 2, dilation_rate=(2, 1, 1), groups=2)),
    "DepthwiseConv1D": (2, lambda: layers.DepthwiseConv1D(3, depth_multiplier=2)),
    "DepthwiseConv2D": (3, lambda: layers.DepthwiseConv2D((2, 3), padding="same", activation="relu")),
    "SeparableConv1D": (2, lambda: layers.SeparableConv1D(3, 3, activation="relu")),
    "SeparableConv2D": (3, lambda: layers.SeparableConv2D(3, (2, 3), padding="same", depth_multiplier=2)),
    "SparseConv2D": (3, lambda: layers.SparseConv2D([[0], [1, 0], [1]], 2, padding="same")),
    "Subsampling2D": (3, lambda: layers.Subsampling2D(2)),
    **{f"{name}Pooling{axes}D": (axes + 1, partial(getattr(layers, f"{name}Pooling{axes}D"), 2))
       for name in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"LpPooling{axes}D": (axes + 1, partial(getattr(layers, f"LpPooling{axes}D"), 2, norm=3)) for axes in (1, 2, 3)},
    **{f"Global{name}Pooling{axes}D": (axes + 1, getattr(layers, f"Global{name}Pooling{axes}D"))
       for name in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"ZeroPadding{axes}D": (axes + 1, getattr(layers, f"ZeroPadding{axes}D")) for axes in (1, 2, 3)},
    **{f"Cropping{axes}D": (axes + 1, partial(getattr(layers, f"Cropping{axes}D"), 1)) for axes in (1, 2, 3)},
    "Resizing": (3, lambda: layers.Resizing(3, 7)),
    "CenterCrop": (3, lambda: layers.CenterCrop(3, 4)),
    "UpSampling1D": (2, lambda: layers.UpSampling1D(3)),
    "UpSampling2D": (3, lambda: layers.UpSampling2D((2, 3))),
    **{name: (3, getattr(layers, name)) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": (3, lambda: layers.Concatenate(axis=1)),
    "RandomDistortion": (3, lambda: layers.RandomDistortion(1, 20, 0.2, elastic=8, cutout=2, seed=5)),
    "RandomTranslation": (3, lambda: layers.RandomTranslation(0.3, 0.2)),
    "RandomRotation": (3, lambda: layers.RandomRotation(0.1)),
    "RandomZoom": (3, lambda: layers.RandomZoom(0.2)),
    "RandomFlip": (3, lambda: layers.RandomFlip()),
    "RandomCrop": (3, lambda: layers.RandomCrop(3, 4)),
    "RandomContrast": (3, lambda: layers.RandomContrast(0.5, (-1, 1))),
    "RandomBrightness": (3, lambda: layers.RandomBrightness(0.5, (-1, 1))),
}  # fmt: skip
"""Name of a layer -> how many axes its images have, and one of it; a model that is read from a file draws no seeds."""

UNLEARNED_BENEATH = (
    "RandomDistortion", "RandomTranslation", "RandomRotation", "RandomZoom", "RandomFlip", "RandomContrast",
    "RandomBrightness", "RandomCrop",
)  # fmt: skip
"""Layers that stand at the bottom: they pass no gradient on."""

WIDEN = {
    1: lambda: Dense(6, use_bias=False), 2: lambda: Conv1D(2, 1, use_bias=False),
    3: lambda: Conv2D(2, 1, use_bias=False), 4: lambda: Conv3D(2, 1, use_bias=False),
}  # fmt: skip
"""Something that learns beneath a layer, and so asks it for a gradient; shapes stay as they are. Biases beneath a
normalisation would have none but roundings."""

LOSS = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)


def test_no_layer_is_left_out():
    assert sorted(MAKE) == sorted(set(LAYERS) - {"Layer", "InputLayer"})


def images(axes, count):
    random = np.random.default_rng(axes)
    return random.standard_normal((count, *SHAPES[axes])).astype(np.float32), np.arange(count) % 3


def model_with(names, axes, backend, dtype="float32"):
    stack: list[Layer] = [Input(SHAPES[axes])]
    for name in names:
        stack += [MAKE[name][1]()] if name in UNLEARNED_BENEATH else [WIDEN[axes](), MAKE[name][1]()]
    model = loopnet.Sequential(stack, seed=4, dtype=dtype)
    if len(model.output_shape) > 2:
        model.add(Flatten())
    model.add(Dense(3))
    model.compile(loopnet.optimizers.SGD(0.1, momentum=0.9), LOSS, backend=backend)
    return model


def model_of(name, axes, backend):
    """One layer above something that learns; two or three such branches beneath a layer where they meet."""
    if not issubclass(LAYERS[name], Merging):
        return model_with([name], axes, backend)
    inputs = Input(SHAPES[axes])
    branches = [WIDEN[axes]()(inputs) for _ in range(2 if name == "Subtract" else 3)]
    model = loopnet.Model(inputs, Dense(3)(Flatten()(MAKE[name][1]()(branches))), seed=4)
    model.compile(loopnet.optimizers.SGD(0.1, momentum=0.9), LOSS, backend=backend)
    return model


def assert_alike(results, tolerance):
    got, want = results
    assert [a.shape for a in got] == [a.shape for a in want]
    for ours, theirs in zip(got, want, strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("name", MAKE)
def test_a_step_as_on_the_cpu(name):
    """Two steps, the second on what the first has left behind; then the answers, one batch smaller than the other."""
    axes = MAKE[name][0]
    x, y = images(axes, 3)
    trained = []
    for backend in ("cuda", "literal"):
        model = model_of(name, axes, backend)
        assert {layer.backend for layer in model._layers} == {backend}
        before = model.get_weights()
        losses = [model.train_on_batch(x[:2], y[:2]), model.train_on_batch(x[1:], y[1:])]
        after = model.get_weights()
        assert not any(np.array_equal(a, b) for a, b in zip(before[:1], after[:1], strict=True))
        trained.append([*after, np.array(losses), model.predict(x, batch_size=2)])
    assert_alike(trained, tolerance=5e-5)


FIRST: dict[str, Any] = {"data_format": "channels_first"}


@pytest.mark.parametrize("make, order", [
    (lambda: Conv2D(4, 2, groups=2, activation="relu"), {}),
    (lambda: Conv2D(4, 2, dilation_rate=(1, 2), activation="relu"), {}),
    (lambda: Conv2D(4, 2, activation="relu", **FIRST), FIRST),
    (lambda: layers.DepthwiseConv2D(2, activation="relu"), {}),
    (lambda: layers.SeparableConv2D(3, 2, activation="relu"), {}),
    (lambda: Conv2D(4, 2, activation="relu"), {}),
], ids=["groups", "dilation", "channels first", "depthwise", "separable", "plain"])  # fmt: skip
def test_only_a_plain_convolution_joins_its_pooling(make, order):
    """The fused kernel knows neither groups nor dilation nor another order of channels."""
    x, y = np.random.default_rng(1).normal(size=(2, 6, 6, 6)).astype(np.float32), np.array([0, 2])
    weights = []
    for backend in ("cuda", "literal"):
        stack = [Input((6, 6, 6)), make(), layers.MaxPooling2D(**order), Flatten(), Dense(3)]
        model = loopnet.Sequential(stack, seed=1)
        model.compile(loopnet.optimizers.SGD(0.1), LOSS, backend=backend)
        model.train_on_batch(x, y)
        weights.append(model.get_weights())
    assert_alike(weights, tolerance=5e-5)


CHAINS = {
    1: ["ScaledTanh", "Softplus", "SELU", "SiLU", "GELU", "Mish", "HardSiLU", "HardSigmoid", "Softsign", "Exponential",
        "LogSoftmax", "Softmax"],
    2: ["ZeroPadding1D", "Conv1D"],
    3: ["RandomDistortion", "BatchNormalization", "Dropout", "SparseConv2D"],
    4: ["Conv3D"],
}
"""Axes -> layers on top of each other."""


@pytest.mark.parametrize("axes", CHAINS)
def test_double_precision_there_and_back(axes, tmp_path):
    """Trained, evaluated, written, read and trained on: the same numbers to ten digits as on the CPU."""
    x, y = images(axes, 3)
    results = []
    for backend in ("cuda", "literal"):
        model = model_with(CHAINS[axes], axes, backend, "float64")
        history = model.fit(x, y, batch_size=2, epochs=1, verbose=0).history
        model.save(tmp_path / f"{backend}.safetensors")
        again = loopnet.Sequential.load(tmp_path / f"{backend}.safetensors", backend=backend)
        evaluated = again.evaluate(x, y, batch_size=2, verbose=0)
        answers = again.predict(x)
        assert answers.dtype == np.float64
        weights = again.get_weights()
        assert all(a.tobytes() == b.tobytes() for a, b in zip(weights, model.get_weights(), strict=True))
        again.train_on_batch(x, y)
        results.append([*weights, *again.get_weights(), np.array([*history["loss"], evaluated]), answers])
    assert_alike(results, tolerance=1e-10)
