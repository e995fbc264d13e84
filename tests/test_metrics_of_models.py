"""Metrics that a model is compiled with: by which name, of what outputs and labels, and functions of one's own."""

import numpy as np
import pytest
from small_networks import LOGITS, X, Y, small

from loopnet import losses, metrics
from loopnet.layers import Dense, Input, Softmax
from loopnet.model import Sequential


def test_metrics_by_hand():
    outputs, targets = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]), np.array([[0.0, 0, 1], [1, 0, 0]])
    assert metrics.CategoricalAccuracy().of_each(outputs, targets).tolist() == [False, True]
    assert metrics.TopKCategoricalAccuracy(k=2).of_each(outputs, targets).tolist() == [True, True]
    assert metrics.TopKCategoricalAccuracy(k=1).of_each(outputs, targets).tolist() == [False, True]
    np.testing.assert_allclose(metrics.MeanAbsoluteError().of_each(outputs, targets), [1.6 / 3, 1 / 3])
    squared = metrics.MeanSquaredError().of_each(outputs, targets)
    np.testing.assert_allclose(squared, [(0.01 + 0.49 + 0.64) / 3, 0.38 / 3])
    np.testing.assert_allclose(metrics.BinaryAccuracy().of_each(outputs, targets), [1 / 3, 2 / 3])
    np.testing.assert_allclose(metrics.BinaryAccuracy(0.25).of_each(outputs, targets), [1 / 3, 2 / 3])


class Through(Sequential):
    """A network that answers what it is given, so that what metrics say of it can be counted by hand."""

    def __init__(self, outputs, last=None):
        super().__init__([Input((outputs,)), Dense(outputs, use_bias=False, activation=last)], dtype="float64")
        self.set_weights([np.eye(outputs)])


PLACES = np.eye(3)[[0, 1, 2, 0]]
NEAR = np.array([[0.6, 0.2, 0.2], [0.4, 0.3, 0.3], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])  # right, wrong, right, wrong


# Keras 3.15 gives the same numbers, but for the logits, which it compares with 0.5: 0.5 there
@pytest.mark.parametrize(
    ("outputs", "labels", "loss", "expected"),
    [
        ([[20.0], [30], [0.3]], [20, 30, 50], "mse", 0.0),  # as near as can be, but no answer to a yes or no
        ([[0.9], [-0.9], [0.4], [0.7]], [1, -1, 1, -1], "mse", 0.25),  # -1 is never met
        ([[0.9], [0.2], [0.5], [0.7]], [1.0, 0, 1, 0.0], "mse", 0.5),
        ([[0.9], [-0.2], [0.4], [-0.7]], [1, 0, 1, 1], losses.BinaryCrossentropy(from_logits=True), 0.75),
        (NEAR, PLACES, losses.BinaryCrossentropy(from_logits=True), 0.5),  # of single outputs 7 in 12
        (NEAR, PLACES, "mse", 0.5),
        (NEAR, [0, 1, 2, 0], LOGITS, 0.5),
        (NEAR, [[0], [1], [2], [0]], LOGITS, 0.5),
    ],
)
def test_accuracy_is_the_one_that_suits_the_outputs(outputs, labels, loss, expected):
    model = Through(np.shape(outputs)[1])
    model.compile("sgd", loss, metrics=["accuracy", "Accuracy", "acc"])
    logs = model.evaluate(np.array(outputs), np.array(labels), batch_size=3, verbose=0, return_dict=True)
    assert logs.pop("loss") > 0
    assert logs == dict.fromkeys(("accuracy", "Accuracy", "acc"), expected)


def test_accuracy_of_probabilities_and_its_names():
    model = Through(1, "sigmoid")
    model.compile("sgd", "binary_crossentropy", metrics=["ACC", "BinaryAccuracy", "binary_accuracy"])
    logs = model.evaluate(np.array([[0.1], [-0.1], [3], [-3]]), [1, 0, 0, 0], verbose=0, return_dict=True)
    assert logs == {"loss": logs["loss"], "ACC": 0.75, "BinaryAccuracy": 0.75, "binary_accuracy": 0.75}
    assert metrics.SparseCategoricalAccuracy(name="right", dtype=None).name == "right"
    with pytest.raises(NotImplementedError, match="SparseCategoricalAccuracy: dtype is not in loopnet"):
        metrics.SparseCategoricalAccuracy(dtype="float16")


def test_the_second_metric_of_a_name_is_numbered():
    def accuracy(y_true, y_pred):
        return y_pred[:, 0]

    model = Through(3)
    model.compile("sgd", LOGITS, metrics=["accuracy", accuracy, accuracy, "mae"])
    logs = model.evaluate(NEAR, [0, 1, 2, 0], verbose=0, return_dict=True)
    names = ["loss", "accuracy", "accuracy_1", "accuracy_2", "mae"]
    assert list(logs) == names == model.metrics_names
    assert [logs[name] for name in names[1:4]] == pytest.approx([0.5, 0.35, 0.35])


@pytest.mark.parametrize(
    ("labels", "loss", "outputs", "dtype"),
    [
        ([0, 1, 2, 0, 1], LOGITS, 3, "int64"),
        ([[0], [1], [2], [0], [1]], LOGITS, 3, "int64"),
        (np.eye(3, dtype="float32")[[0, 1, 2, 0, 1]], "mse", 3, "float64"),  # the model's
        ([0, 1, 1, 0, 1], "mse", 1, "int64"),
        (np.array([0, 1, 1, 0, 1], "uint8")[:, None], "mse", 1, "uint8"),
        (np.array([0, 1, 1, 0, 1], bool), "mse", 1, "bool"),
    ],
)
def test_a_function_is_called_with_the_labels_as_they_were_given(labels, loss, outputs, dtype):
    seen = []

    def largest(y_true, y_pred):
        seen.append((y_true, y_pred))
        return y_pred.max(axis=1)

    x = np.random.default_rng(3).standard_normal((5, outputs))
    model = Through(outputs)
    model.compile("sgd", loss, metrics=[largest])
    model.fit(x, labels, batch_size=2, shuffle=False, validation_split=0.4, verbose=0)
    for images, (y_true, y_pred) in zip(([0, 1], [2], [3, 4]), seen, strict=True):
        assert y_true.dtype == dtype and y_pred.dtype == "float64"
        np.testing.assert_array_equal(y_true, np.asarray(labels)[images])
        assert y_pred.shape == (len(images), outputs)
    seen.clear()
    model.evaluate(x, labels, verbose=0)
    np.testing.assert_array_equal(seen[0][1], model.predict(x))


# Keras 3.15 gives the same numbers for these functions
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda t, p: p[:, 0], (1 + 2 + 3 + 4 + 9) / 5),  # a number an image: the mean of the images
        (lambda t, p: p[:, 0].mean(), (1.5 + 3.5 + 9) / 3),  # a number a batch: the mean of the batches
        (lambda t, p: float(p.sum()), (3 + 7 + 9) / 3),
        (lambda t, p: np.concatenate([p, p + 1], axis=1), 19 / 5 + 0.5),
        (lambda t, p: p[:, 0] > 2, 3 / 5),
        (lambda t, p: t[:, 0] - p[:, 0], -19 / 5),
    ],
)
def test_what_a_function_returns_is_averaged_as_in_keras(function, expected):
    model = Through(1)
    model.compile("sgd", "mse", metrics=[function, "mae"])
    x = np.array([[1.0], [2], [3], [4], [9]])
    logs = model.evaluate(x, np.zeros((5, 1)), batch_size=2, verbose=0, return_dict=True)
    assert logs["lambda"] == pytest.approx(expected) and logs["mae"] == pytest.approx(19 / 5)


def test_a_function_sees_labels_out_of_the_list_they_came_in():
    """Keras's models take lists of inputs and of labels."""
    seen = []

    def largest(y_true, y_pred):
        seen.append(y_true)
        return y_pred.max(axis=1)

    model = Sequential([Input((2,)), Dense(3)], seed=0)
    model.compile("sgd", LOGITS, metrics=[largest])
    model.fit([np.ones((4, 2))], [np.array([0, 1, 2, 0])], batch_size=4, shuffle=False, verbose=0)
    assert [labels.tolist() for labels in seen] == [[0, 1, 2, 0]]


def test_functions_and_their_names():
    def MyOwnMetric(y_true, y_pred):
        return None

    model = Through(1)
    model.compile("sgd", "mse", metrics=[MyOwnMetric])
    assert model.metrics_names == ["loss", "my_own_metric"]
    with pytest.raises(ValueError, match="metric my_own_metric: expected a number an image, or one .* given .*None"):
        model.evaluate(np.ones((2, 1)), np.ones(2), verbose=0)
    model = Through(3)
    model.compile("sgd", LOGITS, metrics=[lambda t, p: losses.sparse_categorical_crossentropy(t, p, from_logits=True)])
    logs = model.evaluate(NEAR, [0, 1, 2, 0], verbose=0, return_dict=True)
    assert logs["lambda"] == pytest.approx(logs["loss"])


def test_metrics_see_probabilities_and_labels_that_are_not_smoothed(tmp_path):
    seen = []

    def largest(y_true, y_pred):
        seen.append((y_pred, y_true))
        return y_pred.max(axis=1)

    model = small(Softmax())
    asked = ["accuracy", largest, metrics.TopKCategoricalAccuracy(k=2, name="top2"), "mae"]
    model.compile("sgd", losses.CategoricalCrossentropy(label_smoothing=0.3), metrics=asked)
    logs = model.evaluate(X, np.eye(3)[Y], verbose=0, return_dict=True)
    assert list(logs) == ["loss", "accuracy", "largest", "top2", "mae"]
    np.testing.assert_allclose(seen[0][0], model.predict(X))
    np.testing.assert_array_equal(seen[0][1], np.eye(3)[Y])

    model.save(tmp_path / "model.safetensors")  # a function of one's own cannot be saved, the rest is
    again = Sequential.load(tmp_path / "model.safetensors").evaluate(X, np.eye(3)[Y], verbose=0, return_dict=True)
    del logs["largest"]
    assert again == logs


def test_unknown_metrics():
    with pytest.raises(ValueError, match="unknown metric 'accurcy'; expected one of accuracy, categorical_accuracy"):
        small().compile("sgd", "mse", metrics=["accurcy"])
    with pytest.raises(NotImplementedError, match="f1 is not in loopnet: write a function"):
        small().compile("sgd", "mse", metrics=["f1"])
    with pytest.raises(ValueError, match="metrics: expected names, objects of .* given <class 'float'>"):
        metrics.get(float)


def test_a_function_of_metrics_counts_as_its_class_does():
    """As Chollet's book compiles: metrics=[metrics.binary_accuracy]; labels (images,), outputs (images, 1)."""
    model = Through(1)
    given = [metrics.binary_accuracy, metrics.mean_absolute_error, losses.mse]
    model.compile("sgd", "mse", metrics=given)
    logs = model.evaluate([[0.2], [0.4], [0.9]], [0, 1, 1], verbose=0, return_dict=True)
    assert logs == pytest.approx(
        {"loss": 0.41 / 3, "binary_accuracy": 2 / 3, "mean_absolute_error": 0.3, "mean_squared_error": 0.41 / 3}
    )
    model = Through(3)
    model.compile("sgd", LOGITS, metrics=[metrics.sparse_categorical_accuracy])
    assert model.evaluate(NEAR, [0, 1, 2, 0], verbose=0)[1] == 0.5


def test_accuracies_as_functions_give_a_number_an_image():
    """As Keras 3.15 does; for yes and no a number an output."""
    assert metrics.categorical_accuracy(PLACES, NEAR).tolist() == [1, 0, 1, 0]
    assert metrics.sparse_categorical_accuracy([0, 1, 2, 0], NEAR).numpy().tolist() == [1, 0, 1, 0]
    assert metrics.top_k_categorical_accuracy(PLACES, NEAR, k=2).tolist() == [1, 1, 1, 1]
    assert metrics.sparse_top_k_categorical_accuracy([0, 0, 0, 0], NEAR, k=1).tolist() == [1, 1, 0, 0]
    assert metrics.binary_accuracy([0, 1], [[0.4], [0.4]]).tolist() == [[1], [0]]
    assert metrics.binary_accuracy([[0, 1]], [[0.4, 0.4]], threshold=0.3).tolist() == [[0, 1]]
