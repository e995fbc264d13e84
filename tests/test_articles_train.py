"""The articles' listings, with loopnet in place of Keras, trained on the real data to the articles' results.

Changed in the import lines only, and shortened to what trains. They run where $LOOPNET_DATA has the data, in CI,
and take minutes; the shapes and parameter counts in them are tested on every run.

The article of 000 and 001 says "approximately 97%", and prints 0.9704 for one run. That is a good run, not the mean:
Keras 3.15 (TensorFlow), five times through the same listing with seeds 0 to 4, gave 0.9716, 0.9680, 0.9610, 0.9686
and 0.9698, a mean of 0.9678; loopnet's tuned rung with Sequential(seed=0) to 4 gave 0.9679, 0.9686, 0.9710, 0.9664
and 0.9709, a mean of 0.9690. Twelve more, after set_random_seed(0) to (11), gave 0.9690 on average, with a standard
deviation of 0.0015, 0.9662 at worst and 0.9710 at best; three of the twelve reached 0.9704. The bounds below are three
standard errors under loopnet's mean, and Keras's worst run.

The nets of 003, five seeds each, at their last epoch: one layer 0.9813 to 0.9826 after three, two layers 0.9840 to
0.9877 after three, LeNet on CIFAR-10 0.5996 to 0.6267 after ten, 0.6106 to 0.6270 at the best of the ten.
"""

import os

import numba
import numpy as np
import pytest

import loopnet as keras
from loopnet.datasets import cifar10, mnist
from loopnet.datasets.fetch import find


def needs(dataset):
    here = os.environ.get("LOOPNET_DATA") and len(find(dataset.FILES)) == len(dataset.FILES.sha256)
    return pytest.mark.skipif(not here, reason=f"{dataset.__name__} is not in $LOOPNET_DATA")


@pytest.fixture(autouse=True)
def a_share_of_the_cores():
    """Beside another worker, threads on the same cores wait for each other's turn; the results are the same bits."""
    before, workers = numba.get_num_threads(), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    numba.set_num_threads(max(1, before // workers))
    yield
    numba.set_num_threads(before)


def convolutional_network_of_000():
    layers, models = keras.layers, keras.models
    model = models.Sequential()
    model.add(layers.Conv2D(32, (5, 5), activation="relu", input_shape=(28, 28, 1)))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (5, 5), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model


def one_layer_of_003():
    return keras.Sequential([
        keras.layers.Input(shape=(28, 28, 1)),
        keras.layers.Conv2D(filters=9, kernel_size=(5, 5), activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ])  # fmt: skip


def two_layers_of_003():
    return keras.Sequential([
        keras.layers.Input(shape=(28, 28, 1)),
        keras.layers.Conv2D(filters=10, kernel_size=(5, 5), activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(filters=20, kernel_size=(5, 5), activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ])  # fmt: skip


def lenet_of_003():
    return keras.Sequential([
        keras.layers.Input(shape=(32, 32, 3)),
        keras.layers.Conv2D(filters=6, kernel_size=5, strides=1, activation="relu"),
        keras.layers.MaxPooling2D(pool_size=2, strides=2),
        keras.layers.Conv2D(filters=16, kernel_size=5, strides=1, activation="relu"),
        keras.layers.MaxPooling2D(pool_size=2, strides=2),
        keras.layers.Flatten(),
        keras.layers.Dense(120, activation="relu"),
        keras.layers.Dense(84, activation="relu"),
        keras.layers.Dense(10),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("build", "parameters", "shapes"),
    [
        (
            convolutional_network_of_000,
            [832, 0, 51264, 0, 0, 10250],
            [(24, 24, 32), (12, 12, 32), (8, 8, 64), (4, 4, 64), (1024,), (10,)],
        ),
        (one_layer_of_003, [234, 0, 51850], [(24, 24, 9), (5184,), (10,)]),
        (
            two_layers_of_003,
            [260, 0, 5020, 0, 0, 3210],
            [(24, 24, 10), (12, 12, 10), (8, 8, 20), (4, 4, 20), (320,), (10,)],
        ),
        (
            lenet_of_003,
            [456, 0, 2416, 0, 0, 48120, 10164, 850],
            [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (400,), (120,), (84,), (10,)],
        ),
    ],
)
def test_parameters_and_shapes_are_those_of_the_articles(build, parameters, shapes):
    model = build()
    assert [layer.count_params() for layer in model.layers] == parameters
    assert [layer.output_shape for layer in model.layers] == [(None, *shape) for shape in shapes]


@needs(mnist)
@pytest.mark.slow
def test_000_and_001_reach_the_articles_97_percent():
    (train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
    train_images = train_images.reshape((60000, 28, 28, 1)).astype("float32") / 255
    test_images = test_images.reshape((10000, 28, 28, 1)).astype("float32") / 255
    train_labels = keras.utils.to_categorical(train_labels)
    test_labels = keras.utils.to_categorical(test_labels)

    accuracies = []
    for seed in range(5):
        keras.utils.set_random_seed(seed)
        model = convolutional_network_of_000()
        model.compile(loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
        model.fit(train_images, train_labels, batch_size=100, epochs=5, verbose=0)
        test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=0)
        accuracies.append(test_acc)
    assert np.mean(accuracies) >= 0.966, accuracies
    assert min(accuracies) >= 0.961, accuracies


@needs(mnist)
@pytest.mark.slow
@pytest.mark.parametrize(("build", "least"), [(one_layer_of_003, 0.975), (two_layers_of_003, 0.98)])
def test_003_on_mnist(build, least):
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train_c = np.expand_dims(x_train.astype(np.float32) / 255.0, 3)
    x_test_c = np.expand_dims(x_test.astype(np.float32) / 255.0, 3)
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    hist = model.fit(x_train_c, y_train, validation_data=(x_test_c, y_test), epochs=3, verbose=0)
    assert hist.history["val_accuracy"][-1] >= least, hist.history


@needs(cifar10)
@pytest.mark.slow
def test_003_lenet_on_cifar10():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train = x_train.astype(np.float32) / 255.0
    x_test = x_test.astype(np.float32) / 255.0
    keras.utils.set_random_seed(0)
    model = lenet_of_003()
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    hist = model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=10, verbose=0)
    assert max(hist.history["val_accuracy"]) >= 0.60, hist.history
