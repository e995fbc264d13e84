"""Metrics counted in a loop of one's own: Keras's answers are in golden."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import by_hand

from loopnet import metrics
from loopnet.layers import Dense, Input
from loopnet.model import Sequential

with np.load(Path(__file__).parent / "golden/by_hand.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)


@pytest.mark.parametrize("at", range(len(by_hand.KEYS)), ids=by_hand.KEYS)
def test_keras_s_number_after_each_batch(at):
    results = np.array(by_hand.ask(metrics, by_hand.KEYS[at]))
    np.testing.assert_allclose(results, GOLDEN[str(at)], rtol=3e-6, atol=2e-7)


def test_every_metric_is_among_them():
    asked = {key.split("/")[1].split(" ")[0] for key in by_hand.KEYS}
    assert asked == {*metrics.CLASSES, "Mean"}


@pytest.mark.parametrize("name", [*metrics.CLASSES, "Mean"])
def test_nothing_is_counted_at_first_and_after_a_reset(name):
    metric = getattr(metrics, name)()
    assert metric.result() == 0 and type(metric.result()) is float
    batch: Any = ([[1, 2, 3]],) if name == "Mean" else ([1], [[0.25, 0.75]])
    metric(*(batch if name == "Mean" or metric.of_class_numbers else ([[0, 1]], [[0.25, 0.75]])))
    metric.reset_state()
    assert metric.result() == 0
    assert "_counted" not in metric.config()


def test_a_count_by_hand_and_that_of_fit_do_not_meet():
    metric = metrics.MeanAbsoluteError()
    assert metric([[1.0]], [[3.0]]) == 2
    model = Sequential([Input((2,)), Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=[metric])
    assert model.evaluate(np.ones((3, 2)), np.ones(3), verbose=0) == [1, 1]
    assert metric.result() == 2


REFUSED = [
    (lambda: metrics.MeanSquaredError()([1, 2], [1, 2, 3]), r"mean_squared_error: .* of y_pred, \(3,\), given \(2,\)"),
    (lambda: metrics.CategoricalAccuracy()([1], [[0.1, 0.9]]), r"y_true of the shape .*, \(1, 2\), given \(1,\)"),
    (lambda: metrics.SparseCategoricalAccuracy()([[0, 1]], [[0.1, 0.9]]), "expected y_true as class numbers"),
    (lambda: metrics.SparseCategoricalAccuracy()([2], [[0.1, 0.9]]), "expected class numbers 0 to 1, given 2"),
    (lambda: metrics.AUC()([1, 0], [[0.5], ["a"]]), "auc: y_pred: expected numbers, given an array of <U"),
    (lambda: metrics.Recall()([1, 0], [[0.5], [1, 2]]), "recall: y_pred: expected an array, given a ragged list"),
    (lambda: metrics.Recall()(1, 0.5), r"recall: expected y_pred of shape \(images, outputs\), given 0.5"),
    (lambda: metrics.Recall()([1, 0], [1, 0], [1, 2, 3]), r"recall: sample_weight: .* for \(2, 1\), given \(3,\)"),
    (lambda: metrics.BinaryAccuracy()([1, 0], [1, 0], [1, 2, 3]), r"binary_accuracy: sample_weight: .* given \(3,\)"),
    (lambda: metrics.Mean("m")([1, 2], [1, 2, 3]), r"m: sample_weight: expected weights for \(2,\), given \(3,\)"),
    (lambda: Sequential([Input((2,)), Dense(1)]).compile("sgd", "mse", metrics=[metrics.Mean()]), "mean: Mean is for"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_what_cannot_be_counted(line, message):
    with pytest.raises(ValueError, match=message):
        line()


def test_as_many_outputs_as_before():
    metric = metrics.F1Score("macro")
    metric(np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="f1_score: expected as many outputs as in the batches before"):
        metric(np.eye(3), np.eye(3))
    assert metric.result() == 1


def test_a_subclass_counts_by_sums():
    class Largest(metrics.Metric):
        def sums(self, outputs, targets, weight=None):
            return np.array([outputs.sum(), 2])

    largest = Largest(name="largest")
    assert largest([[0, 1]], [[1, 3]]) == 2
    with pytest.raises(NotImplementedError, match="M: __call__ is not in loopnet: write a function"):
        type("M", (metrics.Metric,), {"__call__": None})
