"""Weights averaged over the steps of a training: calmer than those of any one step."""

from typing import Any

import numpy as np

from .callbacks import Callback


class AveragedWeights(Callback):
    """Keeps a moving average of all that the optimiser learns, and leaves the model with it at the end of training.

    After each step the average goes a share ``1 - decay`` of the way to the weights of now; decay 0.99 remembers about
    the last hundred steps. In the first steps it goes further, so that the start, which is random, is soon forgotten.
    What is seen during training (the metrics of an epoch, a validation) are the weights themselves, not their average.

    Polyak, Juditsky (1992); the shares of the first steps as in TensorFlow's ExponentialMovingAverage. Batch
    normalisation keeps its own moving averages; they are left as they are. Raises ``ValueError`` for a decay that
    is not at least 0 and below 1.
    """

    remembers = ("_average", "_steps")

    def __init__(self, decay: float = 0.999):
        if isinstance(decay, bool) or not 0 <= decay < 1:
            raise ValueError(f"AveragedWeights: expected a decay of at least 0 and below 1, given {decay!r}")
        self.decay = float(decay)

    def on_train_begin(self, logs=None):
        ops, values = self.model.learned()
        self._average: Any = ops.asarray(np.zeros(len(values), self.model.dtype))
        self._steps = 0

    def set_state(self, state):
        super().set_state(state)
        ops, _ = self.model.learned()
        self._average = ops.asarray(np.array(self._average))  # one of its own, to write to

    def on_train_batch_end(self, batch, logs):
        super().on_train_batch_end(batch, logs)
        self._steps += 1
        decay = min(self.decay, (self._steps - 1) / (self._steps + 9))  # the first step is its own average
        ops, values = self.model.learned()
        ops.moving_average(self._average, values, self.model.dtype.type(1 - decay))

    def on_train_end(self, logs=None):
        if self._steps:
            ops, values = self.model.learned()
            ops.moving_average(values, self._average, self.model.dtype.type(1))
