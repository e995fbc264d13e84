"""LeNet-5's step in two launches, thread by thread, in Numba's simulator; ``test_cuda_simulator_tiled.py`` runs it."""


import numpy as np
import pytest
from timetable import take_turns

import loopnet
from loopnet.lenet import lenet5
from loopnet.ops import CUDA_BACKENDS
from loopnet.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

take_turns()

CROSS_ENTROPY = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)


def images(count):
    random = np.random.default_rng(7)
    return random.random((count, 32, 32, 1), np.float32), np.array([3, 0, 9, 3])[:count]


def trained(backend, optimizer, count, **arguments):
    """Losses and weights after an epoch of batches of two images."""
    model = lenet5(seed=3)
    model.compile(optimizer, CROSS_ENTROPY, metrics=["accuracy"], backend=backend)
    x, y = images(count)
    losses = model.fit(x, y, batch_size=2, verbose=0, shuffle=False, **arguments).history
    return losses, model.get_weights()


# A batch of two and one of one: two steps, the second with momentum, counts and turned weights of the first.
@pytest.mark.parametrize("optimizer, tolerance", [
    (lambda: SGD(0.05, momentum=0.9), 2e-6),
    (lambda: SGD(0.05, momentum=0.9, nesterov=True), 2e-6),
    (lambda: Adam(0.01), 5e-5),  # gradients that are nearly 0 are divided by their own size
    (lambda: AdamW(0.01), 5e-5),
    (lambda: RMSprop(0.01), 5e-5),
], ids=["sgd", "nesterov", "adam", "adamw", "rmsprop"])  # fmt: skip
def test_a_step_as_on_the_cpu(optimizer, tolerance):
    weighted = {"sample_weight": np.array([1.0, 2.0, 0.5])}
    (losses, weights), (expected, theirs) = (trained(b, optimizer(), 3, **weighted) for b in ("cuda_fused", "literal"))
    assert losses["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert losses["accuracy"] == expected["accuracy"]
    for ours, of_cpu in zip(weights, theirs, strict=True):
        np.testing.assert_allclose(ours, of_cpu, rtol=0, atol=tolerance * max(1, np.abs(of_cpu).max()))


def test_a_rate_that_changes_reaches_the_device():
    both = [
        trained(backend, SGD(loopnet.schedules.ExponentialDecay(0.1, 1, 0.1)), 3)[1]
        for backend in ("cuda_fused", "literal")
    ]
    for ours, theirs in zip(*both, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6)


def test_values_that_others_change_are_seen():
    """Averaged weights take the place of the last ones at the end of training; training that goes on starts there."""
    weights = []
    for backend in ("cuda_fused", "literal"):
        model = lenet5(seed=3)
        model.compile(SGD(0.1), CROSS_ENTROPY, backend=backend)
        x, y = images(1)
        model.fit(x, y, verbose=0)
        _, values = model.learned()
        values[:] = values.copy_to_host() * np.float32(2) if backend == "cuda_fused" else values * 2
        model.fit(x, y, verbose=0)
        weights.append(model.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6 * max(1, np.abs(theirs).max()))


def test_a_restored_count_of_steps_reaches_the_device():
    """A checkpoint brings the weights first and the count afterwards; Adam's corrections depend on it."""
    weights = []
    for backend in ("cuda_fused", "literal"):
        model = lenet5(seed=3)
        model.compile(Adam(0.01), CROSS_ENTROPY, backend=backend)
        assert model.optimizer is not None
        x, y = images(1)
        model.fit(x, y, verbose=0)
        model.optimizer.iterations = 7
        model.fit(x, y, verbose=0)
        assert model.optimizer.iterations == 8
        weights.append(model.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-5)


def small():
    layers = loopnet.layers
    return loopnet.Sequential([layers.Input((5, 5, 1)), layers.Flatten(), layers.Dense(10)])


def wide():
    model = lenet5()
    setattr(model.layers[0], "filters", 7)  # noqa: B010
    return model


def penalized():
    network = [type(layer)(**layer.config()) for layer in lenet5().layers]
    config = {**network[0].config(), "kernel_regularizer": "l2"}
    return loopnet.Sequential([loopnet.Input((32, 32, 1)), type(network[0])(**config), *network[1:]])


@pytest.mark.parametrize("network, loss, hint", [
    (small, CROSS_ENTROPY, "made for LeNet-5 .* use backend 'cuda'"),
    (lambda: lenet5((32, 32, 3)), CROSS_ENTROPY, "made for LeNet-5"),
    (lambda: lenet5((28, 28, 1)), CROSS_ENTROPY, "made for LeNet-5"),
    (lambda: lenet5(classes=7), CROSS_ENTROPY, "made for LeNet-5"),
    (wide, CROSS_ENTROPY, "made for LeNet-5"),
    (penalized, CROSS_ENTROPY, "made for LeNet-5"),
    (lenet5, "mse", "trains with cross-entropy; given MeanSquaredError"),
    (lambda: lenet5(dtype="float64"), CROSS_ENTROPY, "computes in float32; given float64"),
])  # fmt: skip
def test_anything_else_is_refused_in_one_line(network, loss, hint):
    with pytest.raises(ValueError, match=hint) as caught:
        network().compile("adam", loss, backend="cuda_fused")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("optimizer, hint", [
    (Adagrad(), "knows SGD, RMSprop, Adam, AdamW; given Adagrad, use backend 'cuda'"),
    (Adam(weight_decay=0.1), "knows weight_decay of AdamW; given Adam's, use backend 'cuda'"),
    (Adam(clipnorm=1), "does not clip gradients; given clipnorm, use backend 'cuda'"),
])  # fmt: skip
def test_other_optimizers_are_refused_in_one_line(optimizer, hint):
    with pytest.raises(ValueError, match=f"^backend 'cuda_fused' {hint}$"):
        lenet5().compile(optimizer, CROSS_ENTROPY, backend="cuda_fused")


def test_evaluating_needs_no_step():
    """What is not training runs on the kernels of the rung beneath."""
    model = lenet5(seed=3)
    model.compile("adam", CROSS_ENTROPY, backend="cuda_fused")
    x, _ = images(1)
    twin = lenet5(seed=3)
    twin.compile("adam", CROSS_ENTROPY, backend="literal")
    np.testing.assert_allclose(model.predict(x), twin.predict(x), atol=1e-6)
    assert "cuda_fused" in CUDA_BACKENDS
