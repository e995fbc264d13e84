"""What is stepped through: the arguments that a layer's loop really gets, for every layer, forward and backward."""

from dataclasses import replace

import numpy as np
import pytest

from loopnet import Model, Sequential, layers, lenet
from loopnet.datasets import load_for
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.ops import get_ops
from loopnet.optimizers import Adam
from loopnet.plot.network import outputs_of_layers
from loopnet.stepper import Images, step_article, step_layer
from loopnet.stepper.page import shown_axes
from loopnet.stepper.scenes import names, operation_named
from loopnet.stepper.source import Source


@pytest.fixture(scope="module")
def digit():
    x, y = load_for("digits", (32, 32, 1))[1]
    return Images(x[7:8], y[7:8], "a digit")


@pytest.fixture(scope="module")
def model():
    return lenet.lenet5(seed=0)


def trained_gradients(model, digit):
    """The gradients of one training step, by loopnet itself on another rung, and the weights after it."""
    twin = lenet.lenet5(seed=0)
    twin.set_weights(model.get_weights())
    twin.compile("adam", _logits_loss(), backend="parallel")
    twin.train_on_batch(digit.x, digit.labels)
    return {layer.name: [np.array(p.grad) for p in layer.parameters] for layer in twin.layers}, twin.get_weights()


def _logits_loss():
    from loopnet.losses import SparseCategoricalCrossentropy

    return SparseCategoricalCrossentropy(from_logits=True)


# ---- forward


@pytest.mark.parametrize("operation, layer, cell", [
    ("conv2d_forward", "conv2", (3, 4, 5)), ("max_pool2d_forward", "pool2", (1, 2, 3)),
    ("dense_forward", "logits", (4,)),
    ("flatten_forward", "flatten", (77,)),
])  # fmt: skip
def test_what_is_stepped_is_what_the_layer_computes(operation, layer, cell, model, digit):
    trace = step_layer(model, digit, operation, layer, cell, limit=3000)
    at = [other.name for other in model.layers].index(layer)
    want = outputs_of_layers(_compiled(model), digit.x)
    got = trace.arrays[trace.output].after
    if operation in ("conv2d_forward", "dense_forward") and layer != "logits":
        got = np.maximum(got, 0)  # the layer's own ReLU is a loop of its own
    np.testing.assert_allclose(got, want[at], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(trace.arrays["x"].before, want[at - 1], rtol=1e-4, atol=1e-5)
    assert trace.same_bits and layer in trace.title


def _compiled(model):
    twin = lenet.lenet5(seed=0)
    twin.set_weights(model.get_weights())
    twin.compile("adam", _logits_loss(), backend="parallel")
    return twin


def test_softmax_follows_the_logits(model, digit):
    trace = step_layer(model, digit, "softmax_forward")
    logits = model.predict(digit.x)
    want = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(trace.arrays["probabilities"].after, want, rtol=1e-4)


def test_the_model_is_left_as_it_was(model, digit):
    before, weights = model.predict(digit.x), model.get_weights()
    ops, stages = model._ops, [layer.ops for layer in model.layers]
    step_layer(model, digit, "adam_update", limit=500)
    assert model._ops is ops and all(layer.ops is own for layer, own in zip(model.layers, stages, strict=True))
    np.testing.assert_array_equal(model.predict(digit.x), before)
    for now, was in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, was)


# ---- backward: the loops' results are the gradients of training


def test_the_gradients_are_those_of_a_training_step(model, digit):
    gradients, weights_after = trained_gradients(model, digit)
    for layer, operation in (("conv1", "conv2d"), ("conv2", "conv2d"), ("dense1", "dense"), ("logits", "dense")):
        trace = step_layer(model, digit, f"{operation}_backward_weights", layer, limit=1)
        for name, want in zip(("dw", "db"), gradients[layer], strict=True):
            np.testing.assert_allclose(trace.arrays[name].after, want, rtol=1e-3, atol=1e-6)
    adam = step_layer(model, digit, "adam_update", limit=300)
    flat = np.concatenate([array.reshape(-1) for array in weights_after])
    np.testing.assert_allclose(adam.arrays["w"].after, flat, rtol=1e-3, atol=1e-6)


def test_what_weights_pay_for_their_size_can_be_stepped(digit):
    stack = [layers.Flatten(), layers.Dense(2, kernel_regularizer="l2")]
    twin = Sequential([layers.Input((32, 32, 1)), *stack], seed=0)
    w = twin.get_weights()[0].reshape(-1)
    trace = step_layer(twin, Images(digit.x, digit.labels % 2, "a digit"), "weight_penalty_forward", limit=20)
    shares = [0.01 * (w[:1024] ** 2).sum(), 0.01 * (w[1024:] ** 2).sum()]
    np.testing.assert_allclose(trace.arrays["penalty"].after, shares, rtol=1e-5)
    back = step_layer(twin, Images(digit.x, digit.labels % 2, "a digit"), "weight_penalty_backward", limit=20)
    added = back.arrays["dw"].after - back.arrays["dw"].before
    np.testing.assert_allclose(added, 0.02 * w, atol=1e-6)


def test_clipping_can_be_stepped(digit):
    stack = [layers.Input((32, 32, 1)), layers.Flatten(), layers.Dense(2)]
    twin = Sequential(stack, seed=0)  # of 2,048 weights, two shares, and 2 biases
    twin.compile(Adam(clipnorm=0.5), SparseCategoricalCrossentropy(from_logits=True))
    images = Images(digit.x, digit.labels % 2, "a digit")
    squares = step_layer(twin, images, "sum_of_squares", limit=20).arrays["squares"].after
    clipped = step_layer(twin, images, "clip_by_norm", limit=3000).arrays["dw"]
    assert squares.sum() == pytest.approx((clipped.before**2).sum(), rel=1e-4) and squares.sum() > 0.25
    np.testing.assert_allclose(clipped.after, clipped.before * 0.5 / np.linalg.norm(clipped.before), rtol=1e-4)


def test_the_gradient_of_the_pixels_can_be_stepped_although_training_has_no_use_for_it(model, digit):
    trace = step_layer(model, digit, "conv2d_backward_input", "conv1", limit=2000)
    assert trace.arrays["dx"].after.shape == (1, 32, 32, 1) and np.abs(trace.arrays["dx"].after).max() > 0


def test_the_loss_s_gradient_is_probability_minus_truth(model, digit):
    trace = step_layer(model, digit, "softmax_cross_entropy")
    p = step_layer(model, digit, "softmax_forward").arrays["probabilities"].after[0]
    truth = np.eye(10)[digit.labels[0]]
    np.testing.assert_allclose(trace.arrays["dlogits"].after[0], p - truth, atol=1e-6)


def test_a_batch(model):
    x, y = load_for("digits", (32, 32, 1))[1]
    trace = step_layer(model, Images(x[:3], y[:3], ""), "conv2d_backward_weights", "conv2", (0, 0, 0, 0), limit=4000)
    assert {read.index[0] for term in trace.terms((0, 0, 0, 0)) for read in term.reads} == {0, 1, 2}


@pytest.mark.parametrize("network, operation", [
    ([layers.Conv2D(2, 3, strides=2, padding="same"), layers.BatchNormalization(), layers.Flatten(),
      layers.Dense(3, activation="softmax")], "batch_norm_forward"),
    ([layers.Conv2D(2, 3, dilation_rate=2), layers.AveragePooling2D(), layers.Flatten(), layers.Dense(3)],
     "conv3d_forward"),
    ([layers.Conv2D(2, 3), layers.AveragePooling2D(), layers.Flatten(), layers.Dense(3)], "average_pool3d_backward"),
    ([layers.Flatten(), layers.Dropout(0.5), layers.Dense(3, activation="tanh")], "dropout"),
    ([layers.Flatten(), layers.Dense(3, activation="tanh"), layers.Dense(3)], "tanh_backward"),
    ([layers.Flatten(), layers.Dense(3, activation="softmax")], "softmax_forward"),
])  # fmt: skip
def test_any_network(network, operation):
    if operation == "dropout":
        network = [*network[:2], layers.Dense(3)]
    if operation == "softmax_forward":  # its loss works on the logits, so that training never asks for it
        network = [*network[:1], layers.Dense(3, activation="softmax"), layers.Dense(3)]
    net = Sequential([layers.Input((8, 8, 1)), *network], seed=3)
    x = np.random.default_rng(0).uniform(size=(2, 8, 8, 1))
    trace = step_layer(net, x, operation)
    assert trace.same_bits and len(trace) > 10
    from loopnet.stepper.page import data_of

    assert data_of(trace)["title"] == trace.title


def test_what_concatenate_does_not_write_is_neither_begun_with_nor_shown(monkeypatch):
    rubbish = replace(get_ops("literal"), empty=lambda shape, dtype: np.full(shape, 77, dtype))  # more than any pixel
    monkeypatch.setattr("loopnet.stepper.calls.get_ops", lambda name: rubbish)
    inputs = layers.Input((4, 4, 1))
    both = layers.Concatenate()([inputs, layers.Rescaling(2.0)(inputs)])
    net = Model(inputs, layers.Flatten()(both))
    trace = step_layer(net, np.arange(16.0).reshape(1, 4, 4, 1), "concatenate")
    assert trace.cell == (0, 3, 3, 0) and trace.arrays["y"].after.max() == 15


# ---- what a page shows beside it


def test_the_pixels_a_cell_comes_from(model, digit):
    """Change the pixels outside the field: the cell stays. Change those inside: it moves."""
    trace = step_layer(model, digit, "max_pool2d_forward", "pool2", (2, 3, 1))
    assert trace.picture is not None
    (top, bottom), (left, right) = trace.picture["rows"][2], trace.picture["columns"][3]
    twin = _compiled(model)
    before = outputs_of_layers(twin, digit.x)[3][0, 2, 3]
    noise = np.random.default_rng(0).uniform(size=digit.x.shape).astype(np.float32)
    outside = noise.copy()
    outside[:, top:bottom, left:right] = digit.x[:, top:bottom, left:right]
    np.testing.assert_array_equal(outputs_of_layers(twin, outside)[3][0, 2, 3], before)
    assert (outputs_of_layers(twin, noise)[3][0, 2, 3] != before).any()
    assert step_layer(model, digit, "conv2d_forward", "conv1", limit=500).picture is None  # its x is the image


def test_which_axes_are_laid_out_as_a_picture():
    ops = get_ops("python")

    def shown(operation, name, shape):
        kernel = getattr(ops, operation)
        return shown_axes(name, shape, Source(kernel, kernel.__code__.co_varnames[: kernel.__code__.co_argcount]))

    assert shown("conv2d_forward", "x", (1, 8, 8, 3)) == [1, 2]
    assert shown("conv2d_forward", "w", (5, 5, 3, 4)) == [0, 1]
    assert shown("conv2d_forward", "b", (4,)) == [0]
    assert shown("conv3d_forward", "x", (1, 2, 8, 8, 3)) == [2, 3]
    assert shown("dense_forward", "w", (20, 5)) == [0] and shown("dense_forward", "x", (1, 20)) == [1]
    assert shown("relu_forward", "x", (1, 8, 8, 3)) == [1, 2] and shown("relu_forward", "x", (1, 20)) == [1]
    assert shown("softmax_forward", "logits", (1, 10)) == [1]
    assert shown("adam_update", "w", (100,)) == [0]


# ---- the article


def test_the_article_s_convolution_of_a_digit():
    image = np.rint(load_for("digits", (28, 28, 1))[1][0][7, :, :, 0] * 255)
    trace = step_article("basic_conv", image, "vertical edge", (5, 6))
    assert trace.arrays["out"].after[5, 6] == image[5:8, 8].sum() - image[5:8, 6].sum()
    assert sum(term.added for term in trace.terms((5, 6))) == trace.arrays["out"].after[5, 6]
    pooled = step_article("max_pool", image)
    np.testing.assert_array_equal(pooled.arrays["out"].after, image.reshape(14, 2, 14, 2).max(axis=(1, 3)))


# ---- names, and what goes wrong


def test_names_of_loops():
    assert operation_named("conv2d") == "conv2d_forward" and operation_named("adam") == "adam_update"
    assert operation_named("conv2d", "weights") == "conv2d_backward_weights"
    assert operation_named("max_pool2d", "weights") == "max_pool2d_backward"
    assert operation_named("cross_entropy") == "softmax_cross_entropy"
    assert operation_named("conv2d_backward_input") == "conv2d_backward_input"
    for name in names()[2:]:
        assert operation_named(name)


@pytest.mark.parametrize("call, message", [
    (lambda m, d: operation_named("conv9"), "unknown loop 'conv9'; there are basic_conv, max_pool, .*conv2d"),
    (lambda m, d: operation_named("adam", "weights"), "adam: it has no backward loop"),
    (lambda m, d: step_layer(m, d, "conv2d_forward", "nope"), "lenet5: there is no layer 'nope'; there are conv1, "),
    (lambda m, d: step_layer(m, d, "conv2d_forward", "pool1"), "pool1: it does not run conv2d_forward; it runs max_"),
    (lambda m, d: step_layer(m, d, "sgd_update"), "lenet5: it does not run sgd_update; it runs .*adam_update"),
    (lambda m, d: step_layer(m, d, "conv2d_forward", "conv1", (28, 0, 0)), "expected a cell inside y, whose shape is"),
    (lambda m, d: step_layer(m, np.zeros((3, 3)), "conv2d_forward"), "lenet5: expected images of shape"),
    (lambda m, d: step_article("basic_conv", np.zeros((4, 4)), "nope"), "unknown filter 'nope'; there are vertical"),
    (lambda m, d: step_article("basic_conv", np.zeros((4, 4)), np.zeros((5, 5))), "a square filter no larger"),
    (lambda m, d: step_article("conv", np.zeros((4, 4))), "unknown loop 'conv' of the article"),
])  # fmt: skip
def test_what_cannot_be_shown(call, message, model, digit):
    with pytest.raises(ValueError, match=message):
        call(model, digit)
