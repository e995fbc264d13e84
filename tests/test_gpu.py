"""The whole suite on a CUDA card: every rung against the oracle, golden values, and central differences.

On a machine without one it says why, once, and skips. ``make test-gpu`` runs it alone.
"""

import os

import numpy as np
import pytest
import test_gradients as gradients
from checks import (
    DTYPES,
    KEEPS_NAN,
    OPERATIONS,
    assert_same_bits,
    check_against_oracle,
    check_broken_logits_stay_visible,
    check_broken_numbers_stay_visible,
    is_offered,
    run,
)
from golden import layers
from golden.check import FILES, check_against_golden, check_layer, check_lenet5
from golden.lenet import STEPS

import loopnet
from loopnet.cuda import device
from loopnet.datasets.fetch import find
from loopnet.lenet import lenet5
from loopnet.ops import CUDA_BACKENDS, get_ops

try:
    device.require()
except device.DeviceError as missing:
    pytest.skip(str(missing), allow_module_level=True)
if device.SIMULATED:
    pytest.skip("in the simulator, test_cuda_simulator.py is enough", allow_module_level=True)

pytestmark = pytest.mark.gpu

RUNGS = tuple(name for name in CUDA_BACKENDS if name != "cuda_fused")  # which has but one network to run
every_rung = pytest.mark.parametrize("backend", RUNGS)
every_backend = pytest.mark.parametrize("backend", CUDA_BACKENDS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def cases_of(operations):
    return pytest.mark.parametrize("backend, operation, case, dtype", [
        pytest.param(backend, operation, case, dtype, id=f"{operation}-{getattr(case, 'name', case)}-{backend}-{dtype}")
        for backend in RUNGS
        for operation in operations
        if is_offered(get_ops(backend), operation)
        for case in OPERATIONS[operation].cases
        for dtype in DTYPES
    ])  # fmt: skip


# Equality.


@cases_of(OPERATIONS)
def test_against_oracle(backend, operation, case, dtype):
    check_against_oracle(get_ops(backend), operation, case, dtype)


@cases_of(KEEPS_NAN)
def test_broken_numbers_stay_visible(backend, operation, case, dtype):
    check_broken_numbers_stay_visible(get_ops(backend), operation, case, dtype)


@every_rung
@every_dtype
def test_broken_logits_stay_visible(backend, dtype):
    check_broken_logits_stay_visible(get_ops(backend), dtype)


@every_rung
@every_dtype
@pytest.mark.parametrize("operation", FILES)
def test_operations_against_pytorch(backend, operation, dtype):
    for number in range(len(OPERATIONS[operation].cases)):
        check_against_golden(get_ops(backend), operation, number, dtype)


@every_rung
@every_dtype
@pytest.mark.parametrize("number", range(len(layers.LAYERS)), ids=lambda n: f"{n}-{layers.LAYERS[n][0]}")
def test_layers_against_keras(backend, number, dtype):
    check_layer(get_ops(backend), number, dtype)


@cases_of(OPERATIONS)
def test_two_runs_give_the_same_bits(backend, operation, case, dtype):
    given = OPERATIONS[operation].draw(case, dtype)
    assert_same_bits(*(run(get_ops(backend), operation, case, given) for _ in range(2)))


# Gradients, in float64.


@every_rung
@pytest.mark.parametrize("name", gradients.LAYERS)
def test_gradients_of_layers(backend, name):
    gradients.test_every_layer(backend, name)


@every_rung
@pytest.mark.parametrize("name", gradients.MODELS)
def test_gradients_of_models(backend, name):
    gradients.test_whole_models(backend, name)


@every_rung
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("seed", range(6))
def test_gradients_of_windows(backend, padding, seed):
    gradients.test_conv2d(backend, padding, seed)
    gradients.test_max_pooling(backend, padding, seed)


@every_rung
def test_gradients_of_losses_and_dropout(backend):
    for one_hot in (False, True):
        gradients.test_cross_entropy(backend, one_hot)
    gradients.test_dropout(backend)


# Training.


@every_rung
@every_dtype
@pytest.mark.parametrize("images", STEPS)
def test_lenet5_loses_as_in_pytorch(backend, dtype, images):
    check_lenet5(get_ops(backend), dtype, images, tolerance=1e-4 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("images", STEPS)
def test_lenet5_in_two_launches_loses_as_in_pytorch(images):
    check_lenet5(get_ops("cuda_fused"), "float32", images, tolerance=1e-4)


def test_launches_are_replayed():
    """As a CUDA graph, from the third batch on; the same numbers come out, to the bit."""
    replayed, _, _ = trained_on_digits("cuda_fused", epochs=1)
    assert replayed._step is not None
    for replay in replayed._step._replays.values():
        assert replay.recorded or replay._calls < 3, replay.why_not
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loopnet.cuda.lenet.replay.Replay._record", lambda replay: None)
        launched, _, _ = trained_on_digits("cuda_fused", epochs=1)
    for a, b in zip(replayed.get_weights(), launched.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def trained_on_digits(backend, epochs=3, seed=5):
    (x, y), test = loopnet.datasets.digits.load_data(32)
    model = lenet5(seed=seed)
    loss = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], backend=backend)
    history = model.fit(x[..., None] / 255.0, y, batch_size=32, epochs=epochs, verbose=0)
    accuracy = model.evaluate(test[0][..., None] / 255.0, test[1], verbose=0)[1]
    return model, history.history, accuracy


@every_backend
def test_digits_are_learned_as_on_a_cpu(backend):
    """The same shuffles and nearly the same numbers, whose roundings grow apart."""
    model, history, accuracy = trained_on_digits(backend)
    twin, expected, accuracy_there = trained_on_digits("tuned")
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=0.05)
    assert accuracy > 0.8 and abs(accuracy - accuracy_there) < 0.03
    assert [w.shape for w in model.get_weights()] == [w.shape for w in twin.get_weights()]


@pytest.fixture(scope="module")
def mnist():
    """Training and test images, 32x32; where they are at hand, for a machine with a card may have no network."""
    files = loopnet.datasets.mnist.FILES
    if not os.environ.get("LOOPNET_DATA") or len(find(files)) < len(files.sha256):
        pytest.skip("MNIST is not in $LOOPNET_DATA")
    (x, y), (x_test, y_test) = loopnet.datasets.mnist.load_data()
    padded = [np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None] / np.float32(255) for images in (x, x_test)]
    return padded[0], y, padded[1], y_test


@every_backend
def test_mnist_is_learned_as_on_a_cpu(backend, mnist):
    """An epoch of LeNet-5: within what another seed would change."""
    x, y, x_test, y_test = mnist
    accuracies = []
    for rung in (backend, "tuned"):
        model = lenet5(seed=1)
        loss = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"], backend=rung)
        model.fit(x, y, batch_size=128, epochs=1, verbose=0)
        accuracies.append(model.evaluate(x_test, y_test, batch_size=1000, verbose=0)[1])
    assert accuracies[0] > 0.96 and abs(accuracies[0] - accuracies[1]) < 0.008


@every_backend
def test_two_trainings_give_the_same_bits(backend):
    (one, history, _), (two, again, _) = (trained_on_digits(backend, epochs=1) for _ in range(2))
    assert history == again
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


@every_backend
def test_weights_travel(backend, tmp_path):
    pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")
    model, _, accuracy = trained_on_digits(backend, epochs=1)
    model.save(tmp_path / "model.safetensors")
    there = loopnet.Sequential.load(tmp_path / "model.safetensors")
    x = loopnet.datasets.digits.load_data(32)[1][0][:50, ..., None] / 255.0
    np.testing.assert_allclose(there.predict(x), model.predict(x), rtol=1e-4, atol=1e-4)
    for a, b in zip(there.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_too_much_is_asked_for():
    with pytest.raises(device.DeviceError, match="too little memory on the GPU"):
        device.empty((2**24, 2**20), np.float32)
