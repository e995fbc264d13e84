"""Metrics made of four counts over the whole epoch: how often a yes was said and right (TP), said and wrong (FP), not
said and right so (TN), not said and wrong (FN). An output says yes above a threshold, to a target that is not 0. All
outputs of all images are counted alike, unless one class is named.
"""

from typing import Any

import numpy as np

from ..shapes import positive, real
from .base import Metric
from .by_hand import spread


class Counts(Metric):
    """The base of those with one threshold: ``sums`` are TP, FP, TN and FN.

    thresholds: above it an output says yes; for logits, 0 is one half. class_id: look at this output only.
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: Any = None,
        class_id: int | None = None,
        name: str | None = None,
        **others: Any,
    ):
        super().__init__(name, top_k=top_k, **others)
        self.thresholds, self.class_id = _threshold(type(self).__name__, thresholds), class_id

    def fit_to(self, outputs):
        if self.class_id is not None and self.class_id not in range(outputs):
            raise ValueError(f"{self.name}: expected class_id 0 to {outputs - 1}, given {self.class_id!r}")

    def sums(self, outputs, targets, weight=None):
        if self.class_id is not None:
            outputs, targets = outputs[..., self.class_id], targets[..., self.class_id]
        said, right = outputs > self.thresholds, targets != 0
        each = 1 if weight is None else spread(self.name, weight, outputs.shape)
        return np.array([np.sum(of * each) for of in (said & right, said & ~right, ~said & ~right, ~said & right)])


class TruePositives(Counts):
    """How often a yes was right."""

    default_name = "true_positives"

    def of_sums(self, sums):
        return float(sums[0])


class FalsePositives(Counts):
    """How often a yes was wrong."""

    default_name = "false_positives"

    def of_sums(self, sums):
        return float(sums[1])


class TrueNegatives(Counts):
    """How often a no was right."""

    default_name = "true_negatives"

    def of_sums(self, sums):
        return float(sums[2])


class FalseNegatives(Counts):
    """How often a no was wrong."""

    default_name = "false_negatives"

    def of_sums(self, sums):
        return float(sums[3])


class Precision(Counts):
    """TP / (TP + FP): which share of those called so are; 0 if none was called so."""

    default_name, rises = "precision", True

    def of_sums(self, sums):
        true_positives, false_positives, _, _ = sums
        return float(_ratio(true_positives, true_positives + false_positives))


class Recall(Counts):
    """TP / (TP + FN): which share of those that are were called so; 0 if there are none."""

    default_name, rises = "recall", True

    def of_sums(self, sums):
        true_positives, _, _, false_negatives = sums
        return float(_ratio(true_positives, true_positives + false_negatives))


class AUC(Metric):
    """The area under a curve through ``num_thresholds`` thresholds from 0 to 1.

    curve: "ROC", recall over the share of false alarms, straight between points; or "PR", precision over recall,
    between points as Davis and Goadrich (2006) go. from_logits: take the sigmoid of the outputs first.
    """

    default_name, rises = "auc", True

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        from_logits: bool = False,
        **others: Any,
    ):
        super().__init__(name, summation_method=summation_method, **others)
        if positive(num_thresholds, "AUC: num_thresholds") < 2:
            raise ValueError(f"AUC: expected num_thresholds of at least 2, given {num_thresholds}")
        if curve not in ("ROC", "PR"):
            raise ValueError(f"AUC: expected curve 'ROC' or 'PR', given {curve!r}")
        self.num_thresholds, self.curve, self.from_logits = int(num_thresholds), curve, bool(from_logits)

    def sums(self, outputs, targets, weight=None):
        """TP and FP at each threshold, (2, thresholds); the first is below 0, where all say yes."""
        if np.isnan(outputs).any():
            return np.full((2, self.num_thresholds), np.nan)
        if self.from_logits:
            outputs = 1 / (1 + np.exp(-outputs))
        steps = np.ceil(np.clip(outputs, 0, 1) * outputs.dtype.type(self.num_thresholds - 1)) - 1
        above = np.maximum(steps, 0).astype(np.int64).reshape(-1)  # how many thresholds, beside the first
        right = targets.reshape(-1) != 0
        each = None if weight is None else spread(self.name, weight, outputs.shape).reshape(-1)
        at = np.array([
            np.bincount(above[of], None if each is None else each[of], self.num_thresholds) for of in (right, ~right)
        ])  # fmt: skip
        return at[:, ::-1].cumsum(axis=1)[:, ::-1]

    def of_sums(self, sums):
        yes, alarms = sums
        if self.curve == "ROC":
            recall, false_alarms = _ratio(yes, yes[0]), _ratio(alarms, alarms[0])
            return float(np.sum(-np.diff(false_alarms) * (recall[:-1] + recall[1:]) / 2))
        said = yes + alarms
        slope = _ratio(np.diff(yes), np.diff(said))
        intercept = yes[1:] - slope * said[1:]
        both = (said[:-1] > 0) & (said[1:] > 0)
        growth = np.log(np.where(both, _ratio(said[:-1], said[1:]), 1))
        return float(np.sum(_ratio(slope * (-np.diff(yes) + intercept * growth), yes[0])))


class F1Score(Metric):
    """2 TP / (2 TP + FP + FN), of each output: the harmonic mean of precision and recall.

    average: "micro" counts all outputs together; "macro" is the mean over them, "weighted" with the number of images of
    each as its weight. None is for a single output, for a history of numbers. threshold: above it an output says yes;
    None: the largest does.
    """

    default_name, rises = "f1_score", True

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str | None = None, **others: Any
    ):
        super().__init__(name, **others)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"F1Score: expected average 'micro', 'macro', 'weighted' or None, given {average!r}")
        self.average, self.threshold = average, None if threshold is None else real(threshold, "F1Score: threshold")

    def fit_to(self, outputs):
        if self.average is None and outputs > 1:
            raise ValueError(
                f"{self.name}: expected average='micro', 'macro' or 'weighted' for {outputs} outputs, given None: the "
                "history has one number"
            )

    def sums(self, outputs, targets, weight=None):
        if self.threshold is None:
            said = (outputs >= outputs.max(axis=-1, keepdims=True)) & (np.abs(outputs) > 1e-9)
        else:
            said = outputs > self.threshold
        each = np.ones(1) if weight is None else spread(self.name, weight, outputs.shape).reshape(-1, outputs.shape[-1])
        said, targets = said.reshape(-1, said.shape[-1]), targets.reshape(-1, targets.shape[-1])
        kinds = said * targets, said * (1 - targets), ~said * targets
        counts = np.array([(kind * each).sum(0) for kind in kinds])
        return counts.sum(axis=1, keepdims=True) if self.average == "micro" else counts

    def of_sums(self, sums):
        images, scores = sums[0] + sums[2], _scores(sums)
        return float(np.sum(scores * _ratio(images, images.sum())) if self.average == "weighted" else scores.mean())

    def result(self):
        """With average=None one number for each output, (outputs,)."""
        return super().result() if self.average or self._counted is None else _scores(self._counted)


def _scores(sums: Any) -> np.ndarray:
    both, alarms, missed = sums
    return _ratio(2 * both, 2 * both + alarms + missed)


def _ratio(above: Any, below: Any) -> Any:
    """above / below, 0 where below is 0."""
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    return np.where(below == 0, 0.0, above / np.where(below == 0, 1.0, below))


def _threshold(who: str, thresholds: Any) -> float:
    alone = thresholds[0] if isinstance(thresholds, (list, tuple)) and len(thresholds) == 1 else thresholds
    value = 0.5 if alone is None else real(alone, f"{who}: thresholds")
    if not 0 <= value <= 1:
        raise ValueError(f"{who}: expected thresholds between 0 and 1, given {thresholds!r}")
    return value
