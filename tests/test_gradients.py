"""Central differences: nudge every number of every input, and see if the loss moves as backward says.

Layer by layer on random shapes, in float64, and through whole small models with nothing but their public
face.
"""

import numba
import numpy as np
import pytest
from gradients import BATCH, TOLERANCE, Trial, apart, central_differences, relative_error

from loopnet.layers import Activation, Conv2D, Dense, Flatten, Input, MaxPooling2D, ReLU, Softmax
from loopnet.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from loopnet.model import Sequential
from loopnet.ops import BACKENDS, get_ops
from loopnet.optimizers import SGD


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


def test_a_softmax_inside_a_network_says_that_it_has_no_backward():
    layer = Softmax(name="middle")
    layer.build((3,))
    with pytest.raises(ValueError, match="middle"):
        layer.backward(np.ones((1, 3)))


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
        loss(ops, ops.pack(logits), targets, ops.pack(weight), losses, dlogits)
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
    "dense only": lambda: [Input((5,)), Dense(4, activation="relu"), Dense(3)],
    "flatten first": lambda: [Input((2, 2, 1)), Flatten(), Activation("linear"), Dense(3, "linear")],
    "ends in softmax": lambda: [Input((4, 4, 1)), Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")],
    "ends in a softmax layer": lambda: [Input((6,)), Dense(3), Softmax()],
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
