"""Networks of a few weights, and what they are trained on: for the tests of all that training is made of."""

import numpy as np
import pytest

from loopnet import losses
from loopnet.layers import Dense, Input
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS

each_rung = pytest.mark.parametrize("backend", BACKENDS)

X = np.random.default_rng(2).standard_normal((7, 5))
Y = np.array([0, 1, 2, 0, 1, 2, 1])
LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)


def small(*last, seed=0, units=3):
    return Sequential([Input((5,)), Dense(units), *last], dtype="float64", seed=seed)


def network(width):
    return Sequential([Input((5,)), Dense(width, activation="relu"), Dense(3)], seed=1)


def assert_same_weights(a, b):
    for ours, theirs in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
