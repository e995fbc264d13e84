"""Which layers in a row are run as one stage: a convolution, a ReLU however it is spelled, and 2x2 max pooling."""

import numpy as np
import pytest

from loopnet import activations
from loopnet.layers import Activation, Add, Conv2D, Dense, Flatten, Input, LeakyReLU, MaxPooling2D, ReLU
from loopnet.model import Sequential
from loopnet.models import Model

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((33, 12, 10, 2)).astype("float32"), rng.integers(0, 3, 33)


class Negated(ReLU):
    """A layer of somebody's own: ReLU of -x."""

    def forward(self, x, training=False):
        return super().forward(-x, training)


class Doubled(Conv2D):
    def forward(self, x, training=False):
        return 2 * super().forward(x, training)


class Zeroed(MaxPooling2D):
    def forward(self, x, training=False):
        return 0 * super().forward(x, training)


def network(*middle, backend="tuned", last=True):
    """Two convolutions with ``middle`` behind each; the second one is asked for the gradient of its input."""
    stack = [Input((12, 10, 2))]
    for filters in (4, 5):
        conv, *rest = middle
        stack += [conv(filters, 2), *(layer() for layer in rest)]
    model = Sequential([*stack, Flatten(), Dense(3, activation="softmax")], seed=3)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], backend=backend)
    return model


def stages(model):
    return [type(stage).__name__ for stage in model._plan.stages]


def with_relu(filters, window):
    return Conv2D(filters, window, activation="relu")


def with_tanh(filters, window):
    return Conv2D(filters, window, activation="tanh")


SPELLINGS = {
    "Activation": (Conv2D, lambda: Activation("relu"), MaxPooling2D),
    "Activation of the function": (Conv2D, lambda: Activation(activations.relu), MaxPooling2D),
    "ReLU": (Conv2D, ReLU, MaxPooling2D),
    "ReLU with Keras's defaults": (Conv2D, lambda: ReLU(max_value=None, negative_slope=0.0), MaxPooling2D),
}
NOT_THE_SAME = {
    "two": (with_relu, ReLU, MaxPooling2D),
    "two layers": (Conv2D, ReLU, ReLU, MaxPooling2D),
    "relu6": (Conv2D, lambda: Activation("relu6"), MaxPooling2D),
    "leaky": (Conv2D, LeakyReLU, MaxPooling2D),
    "tanh first": (with_tanh, ReLU, MaxPooling2D),
    "none": (Conv2D, lambda: Activation(None), MaxPooling2D),
    "pooling first": (Conv2D, MaxPooling2D, ReLU),
    "pooling that pads": (Conv2D, ReLU, lambda: MaxPooling2D(padding="same")),
    "windows of 3": (Conv2D, ReLU, lambda: MaxPooling2D(3, 2)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_it_is_spelled_the_same_bits(spelling):
    short, long = network(with_relu, MaxPooling2D), network(*SPELLINGS[spelling])
    assert stages(short) == stages(long) == ["ConvReluPool", "ConvReluPool", "Flatten", "Linear"]
    assert len(long.layers) == len(short.layers) + 2
    histories = [model.fit(X, Y, epochs=3, batch_size=16, verbose=0, shuffle=False).history for model in (short, long)]
    assert histories[0]["loss"] == histories[1]["loss"]
    for one, other in zip(short.get_weights(), long.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(short.predict(X, verbose=0), long.predict(X, verbose=0))


def test_pooling_that_might_pad_and_has_nothing_to_pad():
    """The autoencoders of Keras's blog spell it like that."""

    def padding(how, backend="tuned"):
        layers = [Conv2D(4, 3, padding="same", activation="relu"), MaxPooling2D(padding=how), Flatten(), Dense(3)]
        model = Sequential([Input((12, 10, 2)), *layers], seed=1)
        model.compile("sgd", "mse", backend=backend)
        model.fit(X, np.eye(3)[Y], epochs=2, verbose=0, shuffle=False)
        return model

    same, valid = padding("same"), padding("valid")
    assert stages(same) == ["ConvReluPool", "Flatten", "Dense"]
    for one, other in zip(same.get_weights(), valid.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("middle", NOT_THE_SAME)
def test_what_is_something_else_runs_layer_by_layer(middle):
    tuned, literal = (network(*NOT_THE_SAME[middle], backend=rung) for rung in ("tuned", "literal"))
    assert "ConvReluPool" not in stages(tuned)
    for model in (tuned, literal):
        model.fit(X, Y, epochs=2, batch_size=16, verbose=0, shuffle=False)
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    "middle", [(Doubled, ReLU, MaxPooling2D), (Conv2D, Negated, MaxPooling2D), (Conv2D, ReLU, Zeroed)]
)
def test_a_layer_of_somebody_s_own_is_never_passed_over(middle):
    assert "ConvReluPool" not in stages(network(*middle))


def test_each_of_the_three_can_still_be_looked_at():
    short, long = network(with_relu, MaxPooling2D), network(*SPELLINGS["Activation"])
    conv, relu, pool = (Model(long.inputs, layer.output).predict(X, verbose=0) for layer in long.layers[:3])
    assert (conv < 0).any()
    np.testing.assert_array_equal(relu, np.maximum(conv, 0))
    np.testing.assert_array_equal(relu, Model(short.inputs, short.layers[0].output).predict(X, verbose=0))
    np.testing.assert_allclose(pool, relu[:, :10, :8].reshape(33, 5, 2, 4, 2, 4).max(axis=(2, 4)), rtol=0, atol=1e-6)


def test_what_is_taken_elsewhere_too_is_stored():
    """The ReLU's outputs go to the pooling and around it."""

    def branched(backend):
        inputs = Input((8, 8, 1))
        relu = Activation("relu")(Conv2D(3, 3)(inputs))
        pooled = MaxPooling2D()(relu)
        beside = MaxPooling2D()(Activation("relu")(Conv2D(3, 3, padding="same")(relu)))
        model = Model(inputs, Dense(2)(Flatten()(Add()([pooled, beside]))), seed=1)
        model.compile("sgd", "mse", backend=backend)
        return model

    random = np.random.default_rng(1)
    x, y = random.standard_normal((32, 8, 8, 1)).astype("float32"), random.standard_normal((32, 2)).astype("float32")
    tuned, literal = branched("tuned"), branched("literal")
    assert stages(tuned).count("ConvReluPool") == 1  # the second one
    for model in (tuned, literal):
        model.fit(x, y, epochs=3, verbose=0, shuffle=False)
    for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_frozen_or_above_what_is_frozen():
    def frozen(backend, *which):
        model = network(*SPELLINGS["ReLU"], backend=backend)
        for at in which:
            model.layers[at].trainable = False
        model.compile("sgd", "sparse_categorical_crossentropy", backend=backend)
        model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
        return model

    for which in ((0,), (3,), (0, 3)):
        tuned, literal = frozen("tuned", *which), frozen("literal", *which)
        assert stages(tuned).count("ConvReluPool") == 2
        for one, other in zip(tuned.get_weights(), literal.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
