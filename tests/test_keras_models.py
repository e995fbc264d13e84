"""What Keras's listings call on a model beside fit: predictions, batches, layers, weights and files."""

import numpy as np
import pytest
from listed import X, Y, compiled, net

from loopnet import (
    layers,
    losses,
    models,
)
from loopnet.callbacks import ModelCheckpoint
from loopnet.layers import Dense, Flatten
from loopnet.model import Sequential


@pytest.mark.parametrize(
    ("shape", "given"),
    [((1,), (6,)), ((1,), (6, 1, 1)), ((4, 4, 1), (6, 4, 4)), ((4, 4), (6, 4, 4, 1)), ((4, 1), (6, 4))],
)
@pytest.mark.parametrize("listed", [False, True])
def test_a_last_axis_of_1_is_added_or_dropped(shape, given, listed):
    """Keras's Functional._adjust_input_rank. In whatever shape they come, these are the same numbers."""
    x, y = np.arange(np.prod(given)).reshape(given) / 96, np.linspace(-1, 1, 6)
    forms = x.reshape(6, *shape), [x] if listed else x
    results = []
    for form in forms:
        model = net(Flatten(), Dense(1), shape=shape)
        model.compile("sgd", "mse", backend="python")
        target = [y] if listed else y
        history = model.fit(form, target, batch_size=4, verbose=0, validation_data=(form, target)).history
        numbers = [model.evaluate(form, target, verbose=0), model.train_on_batch(form, target), history]
        results.append([*numbers, model.predict(form).tolist(), model(form).tolist()])
    assert results[0] == results[1]
    assert np.shape(results[0][-1]) == (6, 1)


def test_a_list_of_one_image_is_a_batch_of_it():
    """As a list of two images is a batch of them."""
    model = net(Flatten(), Dense(3))
    np.testing.assert_array_equal(model.predict([X[0]]), model.predict(X[:1]))
    model.compile("sgd", losses.CategoricalCrossentropy(from_logits=True))
    one = np.eye(3)[1]
    assert model.evaluate([X[0]], [one], verbose=0) == model.evaluate(X[:1], one[None], verbose=0)


def test_a_model_without_an_input_takes_a_list_of_one_array():
    model = Sequential([Flatten(), Dense(2)])
    assert model.predict([X]).shape == (24, 2)
    assert model.input_shape == (None, 8, 8, 1)
    with pytest.raises(ValueError, match=r"expected input of shape \(batch, ..., channels\), given \(batch,\)"):
        Sequential([Flatten()]).predict(np.zeros(5))


def test_a_model_called_is_its_prediction():
    model = compiled()
    for outputs in (model(X), model(X, training=False), model.predict_on_batch(X)):
        np.testing.assert_array_equal(outputs, model.predict(X, batch_size=24))


def test_batches_by_hand_give_dicts_and_lists():
    model = compiled()
    loss, accuracy = model.evaluate(X, Y, verbose=0)
    assert model.test_on_batch(X, Y) == pytest.approx([loss, accuracy])
    assert model.test_on_batch(X, Y, return_dict=True) == pytest.approx({"loss": loss, "accuracy": accuracy})
    assert model.train_on_batch(X, Y, return_dict=True) == pytest.approx({"loss": loss, "accuracy": accuracy})


def test_layers_are_found_by_name_and_number():
    model = compiled()
    assert model.get_layer("flatten") is model.get_layer(index=2) is model.layers[2]
    assert model.get_layer(index=-1) is model.layers[-1]
    with pytest.raises(ValueError, match="no layer named 'fc'; there are conv2d, max_pooling2d, flatten, dense"):
        model.get_layer("fc")
    with pytest.raises(ValueError, match="no layer number 9"):
        model.get_layer(index=9)


@pytest.mark.parametrize("is_compiled", [False, True])
def test_the_weights_of_a_layer_can_be_set(is_compiled):
    model = net(Flatten(), Dense(3), layers.BatchNormalization())
    if is_compiled:
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
        model.predict(X)
    w, b = model.layers[1].get_weights()
    model.layers[1].set_weights([np.zeros_like(w), [1, 2, 3]])
    model.layers[2].set_weights([np.ones(3), np.zeros(3), [1, 0, 0], np.ones(3)])
    np.testing.assert_allclose(model.predict(X[:1]), [np.array([0, 2, 3]) / np.sqrt(1.001)], rtol=1e-6)
    with pytest.raises(ValueError, match=r"dense: array 1: expected shape \(3,\), given \(2,\)"):
        model.layers[1].set_weights([w, b[:2]])
    assert len(model.trainable_weights) == 4
    assert len(model.non_trainable_weights) == 2
    with pytest.raises(ValueError, match="it has no weights yet"):
        Dense(3).set_weights([w, b])


def test_models_and_weights_in_files_by_keras_s_names(tmp_path):
    model, other = compiled(), compiled()
    other.set_weights([w + 1 for w in model.get_weights()])
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    for name in ("model.keras", "model.weights.h5"):
        other.set_weights([w + 1 for w in model.get_weights()])
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
    bare = models.load_model(tmp_path / "model.keras", compile=False)
    assert bare.optimizer is None
    np.testing.assert_array_equal(bare.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="it holds weights only"):
        models.load_model(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="not the weights of this model: .*dense/w"):
        net(Flatten(), Dense(3)).load_weights(tmp_path / "model.keras")
    with pytest.raises(FileExistsError, match="overwrite=False"):
        model.save(tmp_path / "model.keras", overwrite=False)


@pytest.mark.parametrize(
    "begin",
    [b"PK\3\4\x14" + bytes(25) + b"metadata.json{}", b"\x89HDF\r\n\x1a\n" + bytes(100)],
    ids=["keras", "h5"],
)
def test_keras_s_own_files_are_named(begin, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(begin)
    words = r"model.keras: a file of Keras's own format, .*model.set_weights\(keras_model.get_weights\(\)\)$"
    for load in (models.load_model, net(Flatten(), Dense(3)).load_weights):
        with pytest.raises(ValueError, match=words):
            load(path)
    path.write_bytes(b"PK\3\4" + bytes(100))  # an archive of something else
    with pytest.raises(ValueError, match="not a model file"):
        models.load_model(path)


def test_the_best_weights_alone_are_kept(tmp_path):
    model = compiled()
    path = tmp_path / "best.weights.h5"
    keep = ModelCheckpoint(path, monitor="loss", save_best_only=True, save_weights_only=True, save_freq="epoch")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=keep)
    other = compiled()
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
