"""A convolution that pads, with ReLU and pooling after it: fused where the rung can frame images with zeros."""

from dataclasses import replace

import numpy as np
import pytest
from checks.rung import poison, tensor

from loopnet import Sequential, get_ops
from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from loopnet.losses import SparseCategoricalCrossentropy

PADDINGS = [
    ("same", 3), ("same", (2, 5)), ("same", (4, 3)), ("same", 1), (2, 3),
    (((1, 2), (0, 3)), 3), (((3, 0), (0, 1)), (2, 2)),
]  # fmt: skip
BATCHES = [5, 33]


def model(padding, window, backend, dtype="float32"):
    """The first convolution needs no gradient of its input, the second one does."""
    layers = [
        Input((8, 9, 2)),
        Conv2D(6, window, padding=padding, activation="relu"), MaxPooling2D(),
        Conv2D(5, window, padding=padding, activation="relu"), MaxPooling2D(),
        Flatten(), Dense(4),
    ]  # fmt: skip
    model = Sequential(layers, seed=0, dtype=dtype)
    model.compile("sgd", SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    return model


def one_step(model, batch):
    """Logits and gradients."""
    random = np.random.default_rng(batch)
    x = random.standard_normal((batch, 8, 9, 2))
    labels = random.integers(4, size=batch)
    logits = model.predict(x.astype(model.dtype), batch_size=batch)
    model.train_on_batch(x.astype(model.dtype), labels)
    return logits, [np.array(p.grad) for layer in model.layers for p in layer.parameters]


def stages(model):
    return [type(stage).__name__ for stage in model._plan.stages]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("padding", "window"), PADDINGS)
def test_padded_and_fused_it_comes_to_the_same(padding, window, batch):
    fused, layer_by_layer = model(padding, window, "tuned"), model(padding, window, "literal", "float64")
    (logits, gradients), (right, right_gradients) = one_step(fused, batch), one_step(layer_by_layer, batch)
    assert stages(fused) == ["ConvReluPool", "ConvReluPool", "Flatten", "Dense"]
    assert "ConvReluPool" not in stages(layer_by_layer)
    np.testing.assert_allclose(logits, right, rtol=0, atol=1e-5)
    for gradient, right_gradient in zip(gradients, right_gradients, strict=True):
        np.testing.assert_allclose(gradient, right_gradient, rtol=0, atol=1e-5)


def test_again_and_again_with_batches_of_several_sizes():
    """The frame is kept between calls."""
    fused, layer_by_layer = model("same", 3, "tuned"), model("same", 3, "literal", "float64")
    for batch in (32, 5, 32, 100, 5):
        (logits, _), (right, _) = one_step(fused, batch), one_step(layer_by_layer, batch)
        np.testing.assert_allclose(logits, right, rtol=0, atol=1e-5)


def test_a_rung_that_cannot_frame_images_runs_the_layers_one_by_one():
    ops = replace(get_ops("tuned"), pad_images=None)
    padded, unpadded = model("same", 3, ops), model("valid", 2, ops)
    assert "ConvReluPool" not in stages(padded) and "ConvReluPool" in stages(unpadded)
    logits, right = one_step(padded, 32)[0], one_step(model("same", 3, "literal", "float64"), 32)[0]
    np.testing.assert_allclose(logits, right, rtol=0, atol=1e-5)


@pytest.mark.parametrize("pad", [(0, 0), (1, 2), (3, 0)])
def test_frame_and_what_is_in_it(pad):
    ops, random = get_ops("tuned"), np.random.default_rng(0)
    assert ops.pad_images and ops.crop_images
    x, size = random.standard_normal((33, 4, 5, 3)).astype("float32"), (33, 8, 9, 3)
    framed, again = tensor(ops, poison(size, x.dtype)), tensor(ops, poison(x.shape, x.dtype))
    ops.pad_images(tensor(ops, x), framed, pad)
    ops.crop_images(framed, again, pad)
    after = (4 - pad[0], 4 - pad[1])
    expected = np.pad(x, ((0, 0), (pad[0], after[0]), (pad[1], after[1]), (0, 0)))
    np.testing.assert_array_equal(ops.to_host(framed, size), expected)
    np.testing.assert_array_equal(ops.to_host(again, x.shape), x)
