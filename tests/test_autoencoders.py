"""Models whose outputs are images, trained on images: Keras's answers are in golden."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import autoencoders as asked

from loopnet import Sequential, layers, losses, stepper
from loopnet.layers import Conv2D, Dense, Flatten, Input, Reshape
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.optimizers import SGD

with np.load(Path(__file__).parent / "golden/autoencoders.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)

X = np.random.default_rng(3).random((12, 6, 5, 1), np.float32)


def of_keras(name, backend, dtype="float64"):
    shape, stack, loss, rate = asked.AUTOENCODERS[name]
    chain = [getattr(layers, cls)(**arguments) for cls, arguments in stack]
    model = Sequential([Input(shape), *chain], dtype=dtype)
    model.set_weights(asked.weights_like([w.shape for w in model.weights]))
    model.compile(SGD(rate), loss, metrics=list(asked.METRICS), backend=backend)
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", asked.AUTOENCODERS)
def test_three_steps_as_in_keras(name, backend, dtype):
    """Losses and metrics before each step, of which the last has weighted images; then the outputs."""
    x, y, weight = asked.images(name)
    model = of_keras(name, backend, dtype)
    steps = [model.train_on_batch(x, y) for _ in range(asked.STEPS - 1)]
    steps.append(model.train_on_batch(x, y, sample_weight=weight))
    tolerance = {"float32": 1e-5, "float64": 1e-7}[dtype]  # Keras takes some of its means in float32
    np.testing.assert_allclose(steps, GOLDEN[f"{name}/steps"], rtol=tolerance)
    outputs = model.predict(x)
    np.testing.assert_allclose(outputs, GOLDEN[f"{name}/outputs"], rtol=tolerance, atol=tolerance)
    want = np.abs(outputs - y).mean()
    assert model.evaluate(x, y, batch_size=3, verbose=0)[1] == pytest.approx(want, rel=1e-5)


def test_the_golden_run_is_a_lesson():
    for name in asked.AUTOENCODERS:
        loss, _, _, accuracy = GOLDEN[f"{name}/steps"].T
        assert loss[0] > 1.01 * loss[1] and accuracy.max() > 0.1, name


LAST: dict[str, tuple[list[Any], tuple[int, ...]]] = {
    "image": ([Conv2D(1, 3, padding="same", activation="sigmoid")], (6, 5, 1)),
    "channels first": ([Reshape((1, 6, 5)), Conv2D(1, 3, padding="same", data_format="channels_first")], (1, 6, 5)),
    "rows": ([Flatten(), Dense(30, activation="sigmoid"), Reshape((6, 5))], (6, 5)),
    "volume": ([Flatten(), Dense(30, activation="sigmoid"), Reshape((3, 2, 5, 1))], (3, 2, 5, 1)),
}


@pytest.mark.parametrize("backend", ["literal", "tuned"])
@pytest.mark.parametrize("last", LAST)
def test_whatever_the_shape_training_is_that_of_flat_outputs(last, backend, tmp_path):
    """Losses, metrics and weights; also from a file."""
    stack, shape = LAST[last]
    chains = [[type(layer)(**layer.config()) for layer in stack] for _ in range(2)]
    image, flat = (Sequential([Input((6, 5, 1)), *chain], seed=2) for chain in chains)
    flat.add(Flatten())
    histories, weight = [], np.linspace(0, 2, 12)
    for model, y in ((image, X.reshape(-1, *shape)), (flat, X.reshape(12, -1))):
        model.compile("adam", "mse", metrics=["mae"], backend=backend)
        options: dict[str, Any] = {"validation_split": 0.25, "sample_weight": weight, "batch_size": 4}
        histories.append(model.fit(X, y, epochs=2, verbose=0, **options).history)
    assert "val_mae" in histories[0] and histories[0].keys() == histories[1].keys()
    for name, numbers in histories[0].items():
        assert numbers == pytest.approx(histories[1][name], rel=1e-6), name
    for ours, theirs in zip(image.get_weights(), flat.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    assert image.predict(X).shape == (12, *shape)

    image.save(tmp_path / "model.safetensors")
    again = Sequential.load(tmp_path / "model.safetensors", backend=backend)
    y = X.reshape(-1, *shape)
    assert again.train_on_batch(X, y) == pytest.approx(image.train_on_batch(X, y), rel=1e-6)


def compiled(loss="mse", **options):
    model = Sequential([Input((6, 5, 1)), Conv2D(1, 3, padding="same", activation="sigmoid")], seed=1)
    model.compile("sgd", loss, **options)
    return model


def test_targets_without_their_axis_of_1():
    model = compiled()
    assert model.evaluate(X, X[..., 0], verbose=0) == model.evaluate(X[..., 0], X, verbose=0)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: compiled().fit(X, X.reshape(12, 30)), r"numbers of shape \(None, 6, 5, 1\), given \(12, 30\)"),
        (lambda: compiled().fit(X, [[1], [1, 2]]), "expected an array of labels, given a ragged list"),
        (lambda: compiled().fit(X, X[:5]), "expected one label for each image, given 12 images and 5 labels"),
        (lambda: compiled("binary_crossentropy").fit(X, 255 * X), "expected numbers 0 to 1, given"),
        (lambda: compiled().fit(X, np.full_like(X, np.nan)), "expected finite numbers"),
        (lambda: compiled().fit(X, X, class_weight={0: 2.0}), r"class_weight: .*\(None, 6, 5, 1\); use sample_weight"),
        (lambda: compiled().fit(X, X, sample_weight=X), r"expected sample_weight of shape \(12,\)"),
        (lambda: compiled("categorical_crossentropy"), r"CategoricalCrossentropy expects output of shape \(None, outp"),
        (lambda: compiled("sparse_categorical_crossentropy"), "SparseCategoricalCrossentropy expects output of shape"),
        (lambda: losses.categorical_crossentropy(X, X), r"y_pred: expected outputs \(images, outputs\), given"),
    ],
)  # fmt: skip
def test_what_is_refused(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_metrics_of_one_s_own_see_images():
    shapes = []

    def worst(y_true, y_pred):
        shapes.append((y_true.shape, y_pred.shape))
        return np.abs(y_true - y_pred).max(axis=(1, 2, 3))

    model = compiled(metrics=[worst, losses.mean_squared_error])
    loss, furthest, again = model.evaluate(X, X, batch_size=12, verbose=0)
    assert shapes == [((12, 6, 5, 1),) * 2]
    assert again == pytest.approx(loss)
    assert furthest == pytest.approx(np.abs(X - model.predict(X)).max(axis=(1, 2, 3)).mean())


def test_losses_by_themselves_give_a_number_a_pixel():
    """As in Keras: the mean over the channels; the object takes the mean of all."""
    y, p, weight = X.reshape(12, 3, 5, 2), X[::-1].reshape(12, 3, 5, 2), np.linspace(0, 1, 12)
    squares = losses.mean_squared_error(y, p)
    np.testing.assert_allclose(squares, ((y - p) ** 2).mean(axis=-1), rtol=1e-6)
    whole = losses.MeanSquaredError()(y, p, sample_weight=weight)
    assert whole == pytest.approx((squares.mean(axis=(1, 2)) * weight).mean(), rel=1e-6)
    np.testing.assert_allclose(losses.mae(y, p), np.abs(y - p).mean(axis=-1), rtol=1e-6)
    assert losses.huber(X, X).shape == losses.binary_crossentropy(X, X).shape == (12, 6, 5)


@pytest.mark.parametrize(
    ("loss", "operation", "caller"),
    [
        ("mse", "mean_squared_error", "loss"), ("mae", "mean_absolute_error", "loss"), ("huber", "huber", "loss"),
        ("hinge", "hinge", "loss"), ("squared_hinge", "squared_hinge", "loss"), ("log_cosh", "log_cosh", "loss"),
        ("mape", "mean_absolute_percentage_error", "loss"), ("poisson", "poisson", "loss"),
        ("mse", "conv2d_backward_weights", None),
    ],
)  # fmt: skip
def test_the_stepper_takes_an_image_for_its_own_target(loss, operation, caller):
    trace = stepper.step_layer(compiled(loss), X[:1], operation, caller)
    assert trace.title.startswith(operation)


def test_an_onnx_file_answers_with_images(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model = compiled()
    model.export(tmp_path / "model.onnx")
    (answers,) = runtime.InferenceSession(tmp_path / "model.onnx").run(None, {"images": X})
    np.testing.assert_allclose(answers, model.predict(X), atol=1e-5)
