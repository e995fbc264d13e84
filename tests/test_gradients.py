"""Central differences: nudge every number of every input, and see if the loss moves as backward says.

Layer by layer on random shapes, in float64, and through whole small models with nothing but their public
face.
"""

from typing import Any

import numba
import numpy as np
import pytest
from gradients import BATCH, TOLERANCE, Trial, apart, central_differences, relative_error

from loopnet import layers
from loopnet.layers import Activation, Conv2D, Dense, Flatten, Input, MaxPooling2D, ReLU, Softmax
from loopnet.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops
from loopnet.optimizers import SGD
from loopnet.regularizers import L1L2


@pytest.fixture(autouse=True)
def one_thread():
    """Thousands of tiny calls: waking a second thread costs more than the work, and the bits are the same."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


def windowed(random, padding):
    """A random image shape, window and strides that go together."""
    height, width = random.integers(1, 7, size=2)
    limit = (height, width) if padding == "valid" else (5, 5)
    window = tuple(int(random.integers(1, size + 1)) for size in limit)
    strides = tuple(int(stride) for stride in random.integers(1, 4, size=2))
    return (int(height), int(width), int(random.integers(1, 4))), window, strides


each_rung = pytest.mark.parametrize("backend", BACKENDS)
each_padding = pytest.mark.parametrize("padding", ["valid", "same"])


@each_rung
@each_padding
@pytest.mark.parametrize("seed", range(6))
def test_conv2d(backend, padding, seed):
    random = np.random.default_rng(seed)
    input_shape, window, strides = windowed(random, padding)
    layer = Conv2D(int(random.integers(1, 4)), window, strides=strides, padding=padding)
    Trial(layer, input_shape, backend, random).check()


@each_rung
@each_padding
@pytest.mark.parametrize("seed", range(6))
def test_max_pooling(backend, padding, seed):
    random = np.random.default_rng(seed)
    input_shape, window, strides = windowed(random, padding)
    layer = MaxPooling2D(window, strides=strides, padding=padding)
    Trial(layer, input_shape, backend, random, apart(random, (BATCH, *input_shape))).check()


@each_rung
@pytest.mark.parametrize("seed", range(4))
def test_dense(backend, seed):
    random = np.random.default_rng(seed)
    inputs, units = random.integers(1, 9, size=2)
    Trial(Dense(int(units)), (int(inputs),), backend, random).check()


@each_rung
@pytest.mark.parametrize("layer, shape", [
    (Conv2D(2, (2, 3), activation="relu"), (4, 5, 2)),
    (Dense(6, activation="relu"), (5,)),
])  # fmt: skip
def test_activation_of_a_layer(backend, layer, shape):
    """Also that the layer's own rectifier is not forgotten on the way back: some of its units are off."""
    layer = type(layer)(**{**layer.config(), "name": "again"})
    trial = Trial(layer, shape, backend, np.random.default_rng(1))
    off = trial.forward() == 0
    assert off.any() and not off.all()
    trial.check()


@each_rung
@pytest.mark.parametrize("make", [ReLU, Flatten, lambda: Activation("relu"), lambda: Activation("linear")])
@pytest.mark.parametrize("shape", [(7,), (3, 4, 2), (1, 1, 1)])
def test_layers_without_weights(backend, make, shape):
    random = np.random.default_rng(3)
    Trial(make(), shape, backend, random, apart(random, (BATCH, *shape))).check()


FIRST: dict[str, Any] = {"data_format": "channels_first"}

# name -> a layer and the shape of one image, or a list of them
LAYERS: dict[str, tuple[Any, Any]] = {
    "Conv1D": (lambda: layers.Conv1D(2, 3, strides=2, padding="same"), (5, 2)),
    "Conv1D causal": (lambda: layers.Conv1D(2, 2, dilation_rate=2, padding="causal", activation="tanh"), (5, 2)),
    "Conv2D dilated": (lambda: layers.Conv2D(2, 2, dilation_rate=(1, 2), activation="sigmoid"), (3, 4, 2)),
    "Conv2D groups": (lambda: layers.Conv2D(4, (2, 3), groups=2, padding="same", strides=(1, 2)), (3, 4, 2)),
    "Conv2D explicit": (lambda: layers.Conv2D(2, 2, padding=((2, 0), (1, 3))), (3, 2, 2)),
    "Conv2D first": (lambda: layers.Conv2D(2, 2, activation="softplus", use_bias=False, **FIRST), (2, 3, 4)),
    "DepthwiseConv1D": (lambda: layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same"), (5, 2)),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D((2, 3), (1, 2), "same", 2, activation="tanh"), (3, 4, 2)),
    "DepthwiseConv2D first": (lambda: layers.DepthwiseConv2D(2, dilation_rate=2, **FIRST), (2, 4, 3)),
    "DepthwiseConv2D of one channel": (lambda: layers.DepthwiseConv2D(2, depth_multiplier=3), (4, 3, 1)),
    "SeparableConv1D": (lambda: layers.SeparableConv1D(3, 2, padding="causal", use_bias=False), (5, 2)),
    "SeparableConv2D": (lambda: layers.SeparableConv2D(3, 2, depth_multiplier=2, activation="sigmoid"), (4, 3, 2)),
    "SeparableConv2D first": (lambda: layers.SeparableConv2D(2, 3, 2, "same", **FIRST), (3, 4, 5)),
    "Conv3D": (lambda: layers.Conv3D(2, (2, 1, 2), strides=(1, 2, 1), padding="same"), (2, 3, 2, 2)),
    "Conv3D first": (lambda: layers.Conv3D(2, 2, groups=2, activation="leaky_relu", **FIRST), (2, 3, 2, 2)),
    "Activation": (lambda: Activation("sigmoid"), (3, 2)),
    "MaxPooling1D": (lambda: layers.MaxPooling1D(3, 2, padding="same"), (6, 2)),
    "MaxPooling2D first": (lambda: layers.MaxPooling2D(2, 1, **FIRST), (2, 3, 4)),
    "MaxPooling3D": (lambda: layers.MaxPooling3D(2, 1), (2, 3, 3, 2)),
    "AveragePooling1D": (lambda: layers.AveragePooling1D(2, 3), (6, 2)),
    "AveragePooling2D": (lambda: layers.AveragePooling2D((3, 2), 2, padding="same"), (4, 5, 2)),
    "AveragePooling3D first": (lambda: layers.AveragePooling3D(2, 1, padding="same", **FIRST), (2, 2, 3, 2)),
    "LpPooling1D": (lambda: layers.LpPooling1D(2, norm=3), (5, 2)),
    "LpPooling2D": (lambda: layers.LpPooling2D(3, 2, padding="same"), (4, 5, 2)),
    "LpPooling3D": (lambda: layers.LpPooling3D(2, 1, norm=1), (2, 3, 2, 2)),
    "GlobalMaxPooling1D": (lambda: layers.GlobalMaxPooling1D(), (4, 2)),
    "GlobalMaxPooling2D": (lambda: layers.GlobalMaxPooling2D(keepdims=True, **FIRST), (2, 3, 3)),
    "GlobalMaxPooling3D": (lambda: layers.GlobalMaxPooling3D(), (2, 2, 3, 2)),
    "GlobalAveragePooling1D": (lambda: layers.GlobalAveragePooling1D(**FIRST), (2, 4)),
    "GlobalAveragePooling2D": (lambda: layers.GlobalAveragePooling2D(), (3, 3, 2)),
    "GlobalAveragePooling3D": (lambda: layers.GlobalAveragePooling3D(keepdims=True), (2, 2, 2, 2)),
    "ZeroPadding1D": (lambda: layers.ZeroPadding1D((2, 1)), (3, 2)),
    "ZeroPadding2D": (lambda: layers.ZeroPadding2D(((0, 1), (2, 0)), **FIRST), (2, 3, 2)),
    "ZeroPadding3D": (lambda: layers.ZeroPadding3D((1, 0, 2)), (2, 2, 1, 2)),
    "Cropping1D": (lambda: layers.Cropping1D((2, 1)), (5, 2)),
    "Cropping2D": (lambda: layers.Cropping2D(((0, 1), (2, 0)), **FIRST), (2, 3, 4)),
    "Cropping3D": (lambda: layers.Cropping3D((1, 0, 1)), (3, 2, 3, 2)),
    "UpSampling1D": (lambda: layers.UpSampling1D(3), (3, 2)),
    "UpSampling1D first": (lambda: layers.UpSampling1D(2, **FIRST), (2, 3)),
    "UpSampling2D": (lambda: layers.UpSampling2D((3, 2)), (2, 3, 2)),
    "UpSampling2D first": (lambda: layers.UpSampling2D(2, **FIRST), (2, 2, 3)),
    "Resizing": (lambda: layers.Resizing(3, 5), (5, 2, 2)),
    "Resizing first": (lambda: layers.Resizing(5, 2, **FIRST), (2, 3, 4)),
    "Resizing nearest": (lambda: layers.Resizing(2, 5, "nearest", crop_to_aspect_ratio=True), (3, 4, 2)),
    "CenterCrop": (lambda: layers.CenterCrop(2, 3), (5, 4, 2)),
    "CenterCrop of a small image": (lambda: layers.CenterCrop(4, 3, **FIRST), (2, 3, 4)),
    "Add": (lambda: layers.Add(), [(2, 3)] * 3),
    "Subtract": (lambda: layers.Subtract(), [(4,)] * 2),
    "Multiply": (lambda: layers.Multiply(), [(2, 2, 2)] * 3),
    "Average": (lambda: layers.Average(), [(3, 2)] * 3),
    "Maximum": (lambda: layers.Maximum(), [(2, 3, 1)] * 3),
    "Minimum": (lambda: layers.Minimum(), [(2, 2, 1, 2)] * 3),
    "Concatenate": (lambda: layers.Concatenate(), [(2, 2, 1), (2, 2, 3), (2, 2, 2)]),
    "Concatenate of rows": (lambda: layers.Concatenate(1), [(1, 2, 2), (2, 2, 2)]),
    "Concatenate of columns": (lambda: layers.Concatenate(-2), [(2, 1, 2), (2, 2, 2)]),
    "Concatenate of features": (lambda: layers.Concatenate(), [(3,), (2,)]),
    "BatchNormalization": (lambda: layers.BatchNormalization(), (3, 2, 2)),
    "BatchNormalization of features": (lambda: layers.BatchNormalization(epsilon=0.1), (4,)),
    "BatchNormalization first": (lambda: layers.BatchNormalization(axis=1), (2, 3, 2)),
    "BatchNormalization bare": (lambda: layers.BatchNormalization(center=False, scale=False), (3, 2)),
    "Dense": (lambda: layers.Dense(3, activation="tanh", use_bias=False), (4,)),
    "Dense softmax": (lambda: layers.Dense(3, activation="softmax"), (4,)),
    "Dense of an image": (lambda: layers.Dense(3, activation="tanh"), (2, 3, 2)),
    "Dense of a sequence": (lambda: layers.Dense(2, activation="softmax", use_bias=False), (4, 3)),
    "Dense of a volume": (lambda: layers.Dense(2), (2, 1, 3, 2)),
    "Flatten first": (lambda: layers.Flatten(**FIRST), (2, 3, 2)),
    "Flatten volume": (lambda: layers.Flatten(), (2, 3, 1, 2)),
    "Identity": (lambda: layers.Identity(), (3, 2)),
    "Reshape": (lambda: layers.Reshape((2, -1)), (3, 4)),
    "Permute": (lambda: layers.Permute((3, 1, 2)), (2, 3, 4)),
    "ReLU of a sequence": (lambda: layers.ReLU(), (4, 3)),
    "LeakyReLU": (lambda: layers.LeakyReLU(), (5, 2, 2)),
    "PReLU": (lambda: layers.PReLU(), (2, 3, 2)),
    "PReLU of channels": (lambda: layers.PReLU(shared_axes=[1, 2]), (3, 2, 2)),
    "PReLU of steps": (lambda: layers.PReLU(shared_axes=2), (4, 2)),
    "Sigmoid": (lambda: layers.Sigmoid(), (7,)),
    "Tanh": (lambda: layers.Tanh(), (2, 3, 2)),
    "Softplus": (lambda: layers.Softplus(), (2, 3, 2, 2)),
    "ReLU with bounds": (lambda: layers.ReLU(0.75, negative_slope=0.25, threshold=0.125), (2, 3, 2)),
    "ELU": (lambda: layers.ELU(1.5), (2, 3, 2)),
    "SELU": (lambda: layers.SELU(), (3, 4)),
    "SiLU": (lambda: layers.SiLU(), (2, 3, 2)),
    "GELU": (lambda: layers.GELU(), (3, 2, 2, 2)),
    "Mish": (lambda: layers.Mish(), (2, 3, 2)),
    "HardSiLU": (lambda: layers.HardSiLU(), (2, 3, 2)),
    "HardSigmoid": (lambda: layers.HardSigmoid(), (2, 3, 2)),
    "Softsign": (lambda: layers.Softsign(), (7,)),
    "Exponential": (lambda: layers.Exponential(), (3, 4)),
    "LogSoftmax": (lambda: layers.LogSoftmax(), (5,)),
    "Conv2D log_softmax": (lambda: layers.Conv2D(3, 2, activation="log_softmax"), (3, 3, 2)),
    "Dense elu": (lambda: layers.Dense(3, activation="elu"), (4,)),
    "Conv2D swish": (lambda: layers.Conv2D(2, 2, activation="swish"), (3, 4, 2)),
    "Conv2D gelu first": (lambda: layers.Conv2D(2, 2, activation="gelu", **FIRST), (2, 3, 4)),
    "Softmax": (lambda: layers.Softmax(), (5,)),
    "Softmax of an image": (lambda: layers.Softmax(), (2, 3, 4)),
    "Conv2D softmax": (lambda: layers.Conv2D(3, 2, activation="softmax"), (3, 3, 2)),
    "ScaledTanh": (lambda: layers.ScaledTanh(), (2, 3, 2)),
    "Rescaling": (lambda: layers.Rescaling(1.5, -0.25), (3, 2)),
    "Normalization": (lambda: layers.Normalization(mean=[1, -2], variance=[4, 0.5]), (3, 2)),
    "Subsampling2D": (lambda: layers.Subsampling2D((2, 3), activation="scaled_tanh"), (5, 7, 2)),
    "Subsampling2D first": (lambda: layers.Subsampling2D(2, use_bias=False, data_format="channels_first"), (2, 4, 3)),
    "SparseConv2D": (lambda: layers.SparseConv2D([[0, 2], [1]], (2, 3), strides=(1, 2), padding="same"), (4, 5, 3)),
    "SparseConv2D first": (lambda: layers.SparseConv2D([[1], [0, 1]], 2, activation="tanh", **FIRST), (2, 4, 3)),
    "RBF": (lambda: layers.RBF([[1.0, -1.0, 0.5], [0.25, 2.0, -1.0]]), (3,)),
}
NOT_TRIED = {  # chance decides what comes out, or nothing happens at all
    layers.Input, layers.Layer, layers.Dropout, layers.RandomDistortion, layers.RandomTranslation,
    layers.RandomRotation, layers.RandomZoom, layers.RandomFlip, layers.SpatialDropout1D, layers.SpatialDropout2D,
    layers.SpatialDropout3D, layers.GaussianDropout, layers.GaussianNoise,
    layers.RandomContrast, layers.RandomBrightness, layers.RandomCrop,
}  # fmt: skip


@each_rung
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(backend, name):
    make, shape = LAYERS[name]
    random = np.random.default_rng(7)
    x = None
    if name in ("Maximum", "Minimum"):
        x = list(apart(random, (len(shape), BATCH, *shape[0])))
    elif "Max" in name or "LU" in name:
        x = apart(random, (BATCH, *shape))
    Trial(make(), shape, backend, random, x).check()


def test_every_layer_is_among_them():
    tried = {type(make()) for make, _ in LAYERS.values()}
    assert set(layers.LAYERS.values()) == tried | NOT_TRIED


@each_rung
@pytest.mark.parametrize("make, shape", [
    (lambda: layers.Dropout(0.4, seed=3), (5, 4)),
    (lambda: layers.SpatialDropout1D(0.4, seed=3), (2, 4)),
    (lambda: layers.SpatialDropout2D(0.4, "channels_first", seed=3), (4, 2, 3)),
    (lambda: layers.SpatialDropout3D(0.4, seed=3), (2, 1, 2, 4)),
    (lambda: layers.GaussianDropout(0.4, seed=3), (5, 4)),
    (lambda: layers.GaussianNoise(0.4, seed=3), (5, 4)),
], ids=["Dropout", "SpatialDropout1D", "SpatialDropout2D first", "SpatialDropout3D", "GaussianDropout",
        "GaussianNoise"])  # fmt: skip
def test_dropout(backend, make, shape):
    """The mask moves on with every forward pass; the gradient is that of the last one."""
    layer = make()
    trial = Trial(layer, shape, backend, np.random.default_rng(8))
    first, second = trial.forward(), trial.forward()
    assert (first != second).any()

    def loss():
        layer._step = 1
        return trial.loss()

    loss()
    dx = trial.ops.to_host(layer.backward(trial.ops.pack(trial.direction)), trial.x.shape)
    assert relative_error(dx, central_differences(loss, trial.x)) < TOLERANCE


@each_rung
@pytest.mark.parametrize("one_hot", [False, True])
def test_cross_entropy(backend, one_hot):
    random, ops = np.random.default_rng(4), get_ops(backend)
    logits, weight = random.standard_normal((BATCH, 5)), random.uniform(size=BATCH)
    loss = (CategoricalCrossentropy if one_hot else SparseCategoricalCrossentropy)(from_logits=True)
    labels = random.dirichlet(np.ones(5), size=BATCH) if one_hot else random.integers(5, size=BATCH)
    targets = ops.pack(loss.encode(labels, 5))
    losses, dlogits = ops.empty((BATCH,), np.dtype("float64")), ops.empty((BATCH, 5), np.dtype("float64"))

    def weighted_loss():
        loss.on_batch(ops, ops.pack(logits), targets, ops.pack(weight), losses, dlogits)
        return float(ops.to_host(losses, (BATCH,)) @ weight)

    weighted_loss()
    gradient = ops.to_host(dlogits, (BATCH, 5)).copy()
    assert relative_error(gradient, central_differences(weighted_loss, logits)) < TOLERANCE


MODELS = {
    "LeNet in small": lambda: [
        Input((9, 8, 2)), Conv2D(3, (2, 3), activation="relu"), MaxPooling2D(2), Conv2D(2, 2, padding="same"),
        ReLU(), Flatten(), Dense(4, activation="relu"), Dense(3),
    ],
    "strides and odd windows": lambda: [
        Input((7, 6, 1)), Conv2D(2, 3, strides=(2, 1), padding="same"),
        MaxPooling2D((1, 2), strides=1, padding="same"), Flatten(), Dense(3),
    ],
    "pooling first": lambda: [Input((4, 4, 2)), MaxPooling2D(2), Flatten(), Dense(3)],
    "swish behind a convolution, then pooling": lambda: [
        Input((7, 6, 2)), Conv2D(3, 2, activation="swish"), MaxPooling2D(2), Conv2D(2, 2, activation="gelu"),
        Activation("selu"), Flatten(), Dense(4, activation="elu"), Dense(3),
    ],
    "dense only": lambda: [Input((5,)), Dense(4, activation="relu"), Dense(3)],
    "flatten first": lambda: [Input((2, 2, 1)), Flatten(), Activation("linear"), Dense(3, "linear")],
    "ends in softmax": lambda: [Input((4, 4, 1)), Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")],
    "ends in a softmax layer": lambda: [Input((6,)), Dense(3), Softmax()],
    "probabilities inside": lambda: [Input((6,)), Dense(3, activation="softmax"), Dense(3)],
    "every other layer is plain": lambda: [
        Input((6, 6, 2)), Conv2D(2, 2, activation="tanh"), layers.AveragePooling2D(2, 1), Conv2D(4, 2, padding="same"),
        Conv2D(2, 2, groups=2), layers.ZeroPadding2D(1), MaxPooling2D(), Flatten(), layers.Reshape((-1,)), Dense(3),
    ],
    "plain first and last": lambda: [
        Input((2, 5, 4)), Conv2D(3, 2, **FIRST), layers.LpPooling2D(2, **FIRST), Flatten(**FIRST),
        Dense(4), Dense(3), layers.Permute((1,)),
    ],
    "sequences": lambda: [
        Input((7, 2)), layers.Conv1D(3, 2, activation="relu"), layers.MaxPooling1D(), layers.ZeroPadding1D(1),
        layers.Conv1D(2, 3), Flatten(), Dense(3),
    ],
    "weights that pay for their size": lambda: [
        Input((6, 6, 2)), Conv2D(3, 3, activation="relu", kernel_regularizer="l2", bias_regularizer="l1"),
        MaxPooling2D(), Conv2D(2, 2, groups=1, dilation_rate=1, kernel_regularizer="l1"), Flatten(),
        Dense(4, "tanh", kernel_regularizer=L1L2(0.1, 0.2), use_bias=False, bias_regularizer="l2"), Dense(3),
    ],
    "volumes": lambda: [
        Input((3, 4, 3, 1)), layers.Conv3D(2, 2), layers.LeakyReLU(), layers.GlobalAveragePooling3D(), Dense(3),
    ],
}  # fmt: skip


@each_rung
@pytest.mark.parametrize("name", MODELS)
def test_whole_models(backend, name):
    """SGD at learning rate 1 subtracts the gradient from the weights: one step tells what it was."""
    random = np.random.default_rng(5)
    model = Sequential(MODELS[name](), dtype="float64", seed=0)
    from_logits = "softmax" not in name
    model.compile(SGD(1.0), SparseCategoricalCrossentropy(from_logits=from_logits), backend=backend)
    x = random.standard_normal([size or BATCH for size in model.input_shape])
    labels = np.array([0, 1, 2])

    weights = [w + 0.1 * random.standard_normal(w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    before = model.evaluate(x, labels, verbose=0)
    assert model.train_on_batch(x, labels) == pytest.approx(before, rel=1e-12)
    gradients = [old - new for old, new in zip(weights, model.get_weights(), strict=True)]

    def loss():
        model.set_weights(weights)
        return model.evaluate(x, labels, verbose=0)

    for number, (array, gradient) in enumerate(zip(weights, gradients, strict=True)):
        assert relative_error(gradient, central_differences(loss, array)) < TOLERANCE, f"weights {number}"
