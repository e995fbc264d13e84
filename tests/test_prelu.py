"""PReLU as a layer: by hand, trained, sent round, and what it refuses. Keras's numbers are in golden/layers.py."""

import re
from typing import Any

import numba
import numpy as np
import pytest

import loopnet
from loopnet import layers
from loopnet.layers import Conv2D, Dense, Flatten, Input, PReLU

X = np.random.default_rng(0).standard_normal((12, 6, 5, 2)).astype(np.float32)
Y = np.arange(12) % 3


def network(**arguments):
    arguments = {"alpha_initializer": "he_normal", "shared_axes": [1, 2], **arguments}
    return loopnet.Sequential(
        [Input((6, 5, 2)), Conv2D(3, 2), PReLU(**arguments), Flatten(), Dense(4), PReLU(), Dense(3)], seed=2
    )


LOSS = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)


def test_by_hand():
    """One slope a column: y, dx, and the slopes' gradients over two images of two rows."""
    layer = PReLU(shared_axes=1)
    layer.build((2, 2))
    layer.bind(loopnet.get_ops("literal"), np.dtype("float64"))
    layer.alpha.value, layer.alpha.grad = np.array([[0.5, -2.0]]), np.empty((1, 2))
    x = np.array([[[-2.0, 3.0], [0.0, -1.0]], [[4.0, -3.0], [-6.0, -0.5]]])
    dy = np.array([[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [4.0, 40.0]]])
    assert layer.forward(x).tolist() == [[[-1, 3], [0, 2]], [[4, 6], [-3, 1]]]
    assert layer.backward(dy).tolist() == [[[0.5, 10], [0, -40]], [[3, -60], [2, -80]]]
    assert layer.alpha.grad.tolist() == [[-2 - 24, -20 - 90 - 20]]


@pytest.mark.parametrize(
    ("shared", "shape"),
    [(None, (6, 5, 2)), ([1, 2], (1, 1, 2)), (1, (1, 5, 2)), ((3,), (6, 5, 1)), ([3, 1, 2], (1, 1, 1))],
)
def test_the_shape_of_alpha(shared, shape):
    layer = PReLU(shared_axes=shared)
    layer.build((6, 5, 2))
    assert layer.alpha.shape == shape and layer.count_params() == np.prod(shape)


def test_its_name_is_keras_s():
    names = "conv2d", "p_re_lu", "flatten", "dense", "p_re_lu_1", "dense_1"
    assert tuple(layer.name for layer in network().layers) == names


def test_called_on_numbers_it_starts_as_a_relu():
    layer = PReLU(shared_axes=[1, 2])
    np.testing.assert_array_equal(layer(X), np.maximum(X, 0))
    layer.set_weights([np.array([[[0.25, -1]]])])
    np.testing.assert_array_equal(layer(X), np.where(X < 0, X * [0.25, -1], X))


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_it_learns_and_travels(backend, tmp_path):
    model = network()
    model.compile("adam", LOSS, backend=backend)
    before = model.get_weights()
    model.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert [w.shape for w in model.layers[1].trainable_weights] == [(1, 1, 3)]
    model.save(tmp_path / "model.safetensors")
    again = loopnet.Sequential.load(tmp_path / "model.safetensors", backend=backend)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for copy in (loopnet.models.model_from_json(model.to_json()), loopnet.models.clone_model(model)):
        assert copy.layers[1].config() == model.layers[1].config()
        copy.set_weights(model.get_weights())
        np.testing.assert_allclose(copy.predict(X), model.predict(X), atol=1e-6)


def test_frozen_it_passes_the_gradient_on_and_keeps_its_slopes():
    model = network()
    model.layers[1].trainable = False
    model.compile("sgd", LOSS, backend="literal")
    before = model.get_weights()
    model.train_on_batch(X, Y)
    moved = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [True, True, False, True, True, True, True, True]


def test_alpha_is_penalised_and_held():
    """The penalty is part of the loss; the constraint holds after each step."""
    plain, dear = network(), network(alpha_regularizer=loopnet.regularizers.L2(0.5))
    for model in (plain, dear):
        model.compile("sgd", LOSS, backend="literal")
    alpha = dear.layers[1].get_weights()[0]
    more = dear.train_on_batch(X, Y) - plain.train_on_batch(X, Y)
    assert more == pytest.approx(0.5 * (alpha**2).sum(), rel=1e-4)
    held = network(alpha_constraint="non_neg")
    held.compile("sgd", LOSS, backend="literal")
    assert (held.layers[1].get_weights()[0] < 0).any()
    held.train_on_batch(X, Y)
    assert (held.layers[1].get_weights()[0] >= 0).all()
    config = held.layers[1].config()
    assert config["alpha_constraint"] == {"name": "NonNeg"} and config["shared_axes"] == [1, 2]


@pytest.mark.skipif(numba.get_num_threads() < 2, reason="one core only")
def test_any_number_of_threads_learns_the_same_slopes():
    layer, gradients = PReLU("he_normal", shared_axes=[1, 2]), []
    layer.build((6, 5, 2))
    layer.initialize(np.random.default_rng(1))
    layer.bind(loopnet.get_ops("parallel"), np.dtype("float32"))
    layer.alpha.value, before = layer.alpha.value.astype(np.float32), numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(threads)
        layer.alpha.grad = np.empty((1, 1, 2), np.float32)
        layer.backward(layer.forward(X).copy())
        gradients.append(layer.alpha.grad)
    numba.set_num_threads(before)
    np.testing.assert_array_equal(*gradients)


def odd(value: Any) -> Any:
    """What a type checker would not let pass."""
    return value


@pytest.mark.parametrize(("make", "message"), [
    (lambda: PReLU(shared_axes=[1, 4]).build((6, 5, 2)), "PReLU: expected shared_axes from 1 to 3, given [1, 4]"),
    (lambda: PReLU(shared_axes=0).build((6, 5, 2)), "PReLU: expected shared_axes from 1 to 3, given [0]"),
    (lambda: PReLU(shared_axes=odd("channels"), name="bent"), "bent: shared_axes: expected whole numbers, given 'chan"),
    (lambda: PReLU(shared_axes=odd(1.5)), "PReLU: shared_axes: expected whole numbers, given (1.5,)"),
    (lambda: PReLU(0.25), "expected an initializer or the name of one, given 0.25"),
    (lambda: PReLU(alpha_regularizer="x"), "PReLU: alpha_regularizer: "),
    (lambda: PReLU().build(()), "PReLU: expected images of one to four axes, given ()"),
    (lambda: PReLU().build((2, 2, 2, 2, 2)), "PReLU: expected images of one to four axes, given (2, 2, 2, 2, 2)"),
    (lambda: Dense(3, activation=layers.PReLU(), name="fc"), "fc: unknown activation "),
])  # fmt: skip
def test_what_makes_no_sense_says_so(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
