"""The learning rate as Keras's listings ask for it and set it: a number, and a variable."""

import copy
import pickle

import numpy as np
import pytest
from listed import X, Y, compiled

from loopnet import backend, optimizers


def test_the_learning_rate_as_tensorflow_s_tutorials_print_it():
    optimizer = optimizers.Adam(0.01)
    assert optimizer.learning_rate == 0.01 and f"{optimizer.learning_rate}" == "0.01"
    shown = optimizer.learning_rate.numpy()
    assert shown == np.float32(0.01) and type(shown) is np.float32
    optimizer.learning_rate = optimizer.learning_rate * 0.5
    assert optimizer.config()["learning_rate"] == optimizer.learning_rate == 0.005
    decaying = optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))
    assert decaying.learning_rate.numpy() == np.float32(0.1)


def test_the_learning_rate_is_assigned_as_a_variable():
    model = compiled()
    optimizer = model.optimizer
    assert float(optimizer.learning_rate.assign(0.5)) == float(optimizer.learning_rate) == 0.5
    backend.set_value(optimizer.learning_rate, 0.25)
    value = backend.get_value(optimizer.learning_rate)
    assert value == optimizer.learning_rate == 0.25 and type(value) is np.float32
    model.fit(X, Y, verbose=0)
    twin = copy.deepcopy(model)
    twin.optimizer.learning_rate.assign(0.125)
    assert (optimizer.learning_rate, twin.optimizer.learning_rate) == (0.25, 0.125)
    for rate in (copy.deepcopy(optimizer.learning_rate), pickle.loads(pickle.dumps(optimizer.learning_rate))):
        assert rate == 0.25
        with pytest.raises(ValueError, match="this 0.25 is a copy"):
            rate.assign(1.0)
    with pytest.raises(ValueError, match="SGD: expected a learning_rate of at least 0, given -1"):
        optimizer.learning_rate.assign(-1)
    with pytest.raises(NotImplementedError, match="assign_sub is not in loopnet: set it"):
        optimizer.learning_rate.assign_sub(0.1)
    kernel = model.layers[0].kernel
    np.testing.assert_array_equal(backend.get_value(kernel), kernel)
    with pytest.raises(NotImplementedError, match="set weights with layer.set_weights"):
        backend.set_value(kernel, kernel)
    with pytest.raises(ValueError, match="set_value: expected model.optimizer.learning_rate, given 0.5"):
        backend.set_value(0.5, 1.0)
