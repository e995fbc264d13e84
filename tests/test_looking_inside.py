"""Models of a part of another, to look inside it or to put something else on top."""

from typing import Any

import numpy as np
import pytest
from chained import LOGITS, X, Y, chain, logits, stack

from loopnet.layers import Conv2D, Dense, Flatten, Input
from loopnet.model import Sequential
from loopnet.models import Model


@pytest.mark.parametrize("batch_size", [5, 24, None])
def test_the_outputs_of_every_layer(batch_size):
    model = Sequential([Input((8, 8, 1)), *stack()])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=1, verbose=0)
    every = Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
    made = every.predict(X, batch_size=batch_size)
    assert [m.shape[1:] for m in made] == [layer.output_shape[1:] for layer in model.layers]
    assert list(every.output_shape) == [layer.output_shape for layer in model.layers]
    assert [tensor.shape for tensor in every.output] == list(every.output_shape)
    np.testing.assert_allclose(made[0], 2 * X, rtol=1e-6)
    np.testing.assert_array_equal(made[4], made[3].reshape(24, -1))
    np.testing.assert_array_equal(made[5], made[4])
    w, b = model.layers[6].get_weights()
    np.testing.assert_allclose(made[6], np.tanh(made[5] @ w + b), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(made[7], model.predict(X), rtol=1e-4, atol=1e-6)
    for layer, expected in zip(model.layers, made, strict=True):
        one = Model(model.input, layer.output)
        np.testing.assert_allclose(one.predict(X), expected, rtol=1e-4, atol=1e-6)
    last, first = Model(model.input, [model.output, model.layers[0].output])(X)
    assert (last.shape, first.shape) == ((24, 3), (24, 8, 8, 1))


@pytest.mark.parametrize("what", ["compile", "fit", "evaluate", "train_on_batch", "save", "export", "pop"])
def test_several_outputs_are_for_looking(what):
    model = logits()
    every = Model(model.inputs, [layer.output for layer in model.layers])
    with pytest.raises(NotImplementedError, match="functional: a model with 3 outputs is for looking: predict"):
        getattr(every, what)()
    with pytest.raises(ValueError, match=r"predict: expected .*8, 8, 1\), given \(24, 8\)"):
        every.predict(X[..., 0, 0])


def test_a_model_may_begin_behind_a_layer():
    """Keras's first autoencoder, whose halves are models of their own."""
    inputs, codes = chain([Flatten(), Dense(4, activation="relu", name="codes")])
    outputs = Dense(3, name="out")(codes)
    model, encoder, decoder = Model(inputs, outputs), Model(inputs, codes), Model(codes, outputs)
    model.compile("adam", LOGITS)
    model.fit(X, Y, epochs=2, verbose=0)
    assert (encoder.output_shape, decoder.input_shape) == ((None, 4), (None, 4))
    np.testing.assert_allclose(decoder.predict(encoder.predict(X)), model.predict(X), rtol=1e-5, atol=1e-6)
    again = Model(inputs, decoder(encoder(inputs)))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.layers == model.layers


# ---- the last layer off


def test_the_last_layer_is_taken_off():
    model = logits()
    model.fit(X, Y, epochs=1, verbose=0)
    w, b, *_ = model.get_weights()
    assert model.pop().name == "dense_1"
    np.testing.assert_allclose(model.predict(X), np.maximum(X.reshape(24, 64) @ w + b, 0), rtol=1e-4, atol=1e-6)
    model.add(Dense(2))
    assert model.layers[-1].name == "dense_1"
    model.fit(X, Y % 2, epochs=1, verbose=0)  # with new memory in the optimizer, for another number of weights
    assert {slot.size for slot in model.optimizer.state.values()} == {model.count_params()}
    assert model.optimizer.iterations == 1
    waiting = Sequential([Dense(2), Dense(3)])
    waiting.pop()
    waiting.pop()
    with pytest.raises(ValueError, match="sequential: it has no layer to take off"):
        waiting.pop()


def test_outputs_by_name():
    """As Keras's guides look inside a network."""
    model = Sequential([Input((8, 8, 1)), Conv2D(2, 3, name="maps"), Flatten(), Dense(3)], seed=1)
    named = Model(model.inputs, {layer.name: layer.output for layer in model.layers})
    several = Model(model.inputs, [layer.output for layer in model.layers]).predict(X)
    answers: Any
    for answers in (named.predict(X), named(X)):
        assert list(answers) == ["maps", "flatten", "dense"] == list(named.output)
        for ours, theirs in zip(answers.values(), several, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    alone = Model(model.inputs, {"maps": model.layers[0].output})
    np.testing.assert_allclose(alone.predict(X)["maps"], several[0], rtol=1e-5, atol=1e-6)
    with pytest.raises(NotImplementedError, match="with 1 outputs by name is for looking"):
        alone.fit(X, Y)


def test_a_base_that_does_the_same_in_training_may_be_called_as_not_in_training():
    """``base(inputs, training=False)``, as Keras's guide to transfer learning calls it."""
    base = Sequential([Input((8, 8, 1)), Conv2D(2, 3, activation="relu")], seed=1)
    base.trainable = False
    inputs = Input((8, 8, 1))
    model = Model(inputs, Dense(3)(Flatten()(base(inputs, training=False))))
    assert len(model.trainable_weights) == 2 and len(model.weights) == 4
    np.testing.assert_array_equal(Flatten()(base.predict(X)), Model(inputs, model.layers[2].output).predict(X))
