"""A model that was copied or pickled goes on where the first one was, and neither knows of the other."""

import pickle
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from loopnet import Input, Sequential
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D
from loopnet.ops import get_ops

random = np.random.default_rng(0)
IMAGES, LABELS = random.random((20, 12, 12, 1), np.float32), np.arange(20) % 3
WAYS = {"pickled": lambda model: pickle.loads(pickle.dumps(model)), "copied": deepcopy}


def trained(backend="tuned", drops=True):
    """Dropout draws numbers, Adam remembers steps, and BatchNormalization averages; without them steps are repeated."""
    own: list[Layer] = [Conv2D(6, 5, activation="relu"), MaxPooling2D(), Flatten()]
    own += [Dropout(0.2), BatchNormalization()] if drops else []
    model = Sequential([Input((12, 12, 1)), *own, Dense(3, activation="softmax")], seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], backend=backend)
    model.fit(IMAGES, LABELS, epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("drops", [True, False])
@pytest.mark.parametrize("backend", ["literal", "parallel", "tuned"])
@pytest.mark.parametrize("way", WAYS)
def test_it_goes_on_where_the_first_one_was(way, backend, drops):
    model = trained(backend, drops)
    other = WAYS[way](model)
    np.testing.assert_array_equal(other.predict(IMAGES), model.predict(IMAGES))
    ahead = other.fit(IMAGES, LABELS, epochs=3, verbose=0).history
    outputs = other.predict(IMAGES)
    assert model.fit(IMAGES, LABELS, epochs=3, verbose=0).history == ahead
    np.testing.assert_array_equal(model.predict(IMAGES), outputs)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    np.testing.assert_array_equal(other.predict(IMAGES), outputs)


def test_in_another_process():
    model = trained()
    code = "import pickle, sys; model, x, y = pickle.load(sys.stdin.buffer); print(model.fit(x, y, verbose=0).history)"
    given = pickle.dumps((model, IMAGES, LABELS))
    told = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True)
    assert told.returncode == 0, told.stderr.decode()
    assert told.stdout.decode().splitlines()[-1] == str(model.fit(IMAGES, LABELS, verbose=0).history)


def test_under_the_id_of_the_first_one():
    """As may be once that is gone: what says whose the weights are must not be taken over."""
    model = trained()
    state = pickle.loads(pickle.dumps(vars(model) | {"_bound": None}))
    before = [w.copy() for w in model.get_weights()]
    vars(model).update(state)
    model.fit(IMAGES, LABELS, verbose=0)
    assert not any((w == b).all() for w, b in zip(model.get_weights(), before, strict=True))


def test_a_rung_is_its_name_and_loops_of_your_own_are_kept():
    assert pickle.loads(pickle.dumps(get_ops("tuned"))) is deepcopy(get_ops("tuned")) is get_ops("tuned")
    own = replace(get_ops("tuned"), relu_forward=np.maximum)
    assert deepcopy(own) is not get_ops("tuned")
    assert deepcopy(own).relu_forward is np.maximum
