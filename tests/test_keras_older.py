"""What listings for Keras 1 and 2 spell otherwise, and what they read: it runs, with the numbers that Keras gives."""

import importlib

import numpy as np
import pytest
from listed import compiled

import loopnet
from loopnet import backend, callbacks, layers, optimizers, preprocessing, utils
from loopnet.datasets import cifar10
from loopnet.layers import Conv2D, Dense, Flatten, Input
from loopnet.model import Sequential


@pytest.fixture
def channels_first():
    backend.set_image_data_format("channels_first")
    yield
    backend.set_image_data_format("channels_last")


@pytest.mark.parametrize("keras", ["loopnet", "loopnet.keras"])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("utils.np_utils", "to_categorical"),
        ("utils.vis_utils", "plot_model"),
        ("layers.core", "Dense"),
        ("layers.convolutional", "MaxPooling2D"),
        ("layers.advanced_activations", "LeakyReLU"),
        ("layers.noise", "GaussianNoise"),
        ("layers.merge", "concatenate"),
        ("layers.experimental.preprocessing", "RandomFlip"),
    ],
)
def test_modules_by_their_old_names(keras, module, name):
    home = importlib.import_module(f"loopnet.{module.partition('.')[0]}")
    assert getattr(importlib.import_module(f"{keras}.{module}"), name) is getattr(home, name)
    parent, _, last = module.rpartition(".")
    if last == "merge":  # a function of Keras 1, too
        with pytest.raises(NotImplementedError, match="merge is not in loopnet: today's names are Add, Concatenate"):
            exec(f"from {keras}.{parent} import merge", {})
        return
    space: dict[str, object] = {}
    exec(f"from {keras}.{parent} import {last}", space)
    assert space[last] is home


def test_what_was_not_in_them_is_refused_as_ever():
    with pytest.raises(NotImplementedError, match="LSTM is not in loopnet: there are no recurrent layers"):
        exec("from loopnet.keras.layers.core import LSTM", {})
    assert loopnet.keras.layers.experimental.preprocessing.Rescaling is layers.Rescaling


def test_channels_first_for_all_layers(channels_first):
    """Shapes and numbers of parameters as in Keras 3.15."""
    assert backend.image_data_format() == "channels_first"
    model = Sequential(
        [Input((1, 28, 28)), Conv2D(4, (5, 5), activation="relu"), layers.MaxPooling2D(), Flatten(), Dense(10)], seed=3
    )
    shapes = [layer.output_shape[1:] for layer in model.layers]
    assert shapes == [(4, 24, 24), (4, 12, 12), (576,), (10,)]
    assert model.count_params() == 5874
    x = np.random.default_rng(0).random((2, 1, 28, 28), np.float32)
    y = model.predict(x, verbose=0)
    config = model.get_config()
    assert layers.Conv2D(4, 3, data_format="channels_last").data_format == "channels_last"
    backend.set_image_data_format("channels_last")
    assert layers.Conv2D(4, 3).data_format == "channels_last"
    np.testing.assert_array_equal(model.predict(x, verbose=0), y)  # what is made already stays
    again = Sequential.from_config(config)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(x, verbose=0), y)


def test_channels_first_for_images(channels_first):
    picture = preprocessing.image.array_to_img(np.zeros((3, 4, 5)))
    assert picture.size == (5, 4)
    assert preprocessing.image.img_to_array(picture).shape == (3, 4, 5)
    assert preprocessing.image.ImageDataGenerator().data_format == "channels_first"
    assert preprocessing.image.img_to_array(picture, data_format="channels_last").shape == (4, 5, 3)
    assert layers.RandomCrop(2, 2).data_format == "channels_first"


def test_cifar10_with_channels_first(tmp_path, channels_first):
    """A record is a label, then all of red, of green and of blue."""
    pixels = np.arange(3 * 32 * 32).astype(np.uint8)
    (tmp_path / "batch.bin").write_bytes(bytes([7]) + pixels.tobytes())
    x, y = cifar10._read_batch(tmp_path / "batch.bin")
    assert x.shape == (1, 3, 32, 32) and y.tolist() == [[7]]
    np.testing.assert_array_equal(x.ravel(), pixels)
    backend.set_image_data_format("channels_last")
    last, _ = cifar10._read_batch(tmp_path / "batch.bin")
    np.testing.assert_array_equal(last.transpose(0, 3, 1, 2), x)


@pytest.mark.parametrize(
    "layer", [layers.RandomFlip, lambda: layers.RandomContrast(0.1), lambda: layers.RandomZoom(0.1)]
)
def test_distortions_want_channels_last(channels_first, layer):
    with pytest.raises(NotImplementedError, match="'channels_first' is not in loopnet here: expected images with"):
        layer()


def test_the_order_of_the_axes_is_one_of_two():
    with pytest.raises(ValueError, match="set_image_data_format: expected 'channels_last' or .*, given 'th'"):
        backend.set_image_data_format("th")
    assert backend.image_data_format() == "channels_last"
    with pytest.raises(NotImplementedError, match="set_image_dim_ordering is not in loopnet: today's names are image_"):
        backend.set_image_dim_ordering("th")


@pytest.mark.parametrize("optimizer", [optimizers.Adam, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta])
def test_an_optimizer_as_keras_2_s_pages_wrote_it(optimizer):
    assert optimizer(learning_rate=0.01, epsilon=None, decay=0.0).config()["epsilon"] == 1e-7
    assert optimizer(epsilon=0.1).config()["epsilon"] == 0.1
    with pytest.raises(NotImplementedError, match="decay is not in loopnet: it was learning_rate=schedules.Inverse"):
        optimizer(decay=1e-6)


def test_the_shape_that_a_layer_would_give():
    """As in Keras 3.15; the layer is not built by it."""
    layer = Conv2D(4, 3)
    assert layer.compute_output_shape((None, 28, 28, 1)) == (None, 26, 26, 4)
    assert not layer.built and layer.weights == []
    assert Dense(3).compute_output_shape((None, 7)) == (None, 3)
    assert layers.Concatenate().compute_output_shape([(None, 3), (None, 4)]) == (None, 7)
    model = Sequential([Input((8, 8, 1)), layer])
    weights = layer.get_weights()
    assert layer.compute_output_shape((None, 5, 5, 1)) == (None, 3, 3, 4)
    assert layer.output_shape == (None, 6, 6, 4)
    np.testing.assert_array_equal(layer.kernel, weights[0])
    assert model.count_params() == 40


def test_a_layer_without_shapes_says_so():
    for name in ("input_shape", "output_shape"):
        with pytest.raises(AttributeError, match="Dense: it has no shapes yet; put it in a model that has an Input"):
            getattr(Dense(3), name)
        assert not hasattr(Dense(3), name)


def test_what_listings_print():
    model = compiled()
    model.name = "net"
    assert repr(model) == "<Sequential name=net, built=True>"  # as Keras 3.15
    assert repr(Sequential([Dense(3)], name="later")) == "<Sequential name=later, built=False>"
    assert model.layers[0].output.name == "conv2d"
    assert sum(backend.count_params(w) for w in model.trainable_weights) == model.count_params()
    stopping = callbacks.EarlyStopping(patience=3)
    assert stopping.stopped_epoch == 0  # as Keras 3.15, before any training
    assert utils.np_utils is utils
