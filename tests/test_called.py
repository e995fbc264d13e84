"""Layers and models called on numbers: they give what a model gives, and leave it as it was."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from golden import layers as golden
from golden.check import golden as answers

import loopnet
from loopnet import initializers, layers, losses, optimizers, utils
from loopnet.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS

rng = np.random.default_rng(0)
X, Y = rng.random((12, 8, 8, 1), np.float32), rng.integers(0, 3, 12)


def net(*stack, backend="literal"):
    """It ends in logits, or in a softmax."""
    model = Sequential([Input((8, 8, 1)), *stack], seed=1)
    ends_in_softmax = isinstance(getattr(stack[-1], "activation", stack[-1]), layers.Softmax)
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax), backend=backend)
    return model


# ---- a layer


@pytest.mark.parametrize(
    "layer",
    [
        lambda: MaxPooling2D(), lambda: layers.Rescaling(1 / 255), lambda: Flatten(), lambda: layers.ReLU(),
        lambda: layers.BatchNormalization(), lambda: Conv2D(2, 3, activation="relu", padding="same"),
        lambda: Dense(3, activation="softmax"), lambda: Dropout(0.5), lambda: layers.RandomFlip(),
        lambda: layers.GlobalAveragePooling2D(), lambda: layers.UpSampling2D(), lambda: layers.Layer(),
        lambda: layers.Resizing(5, 7), lambda: layers.CenterCrop(5, 3),
        lambda: layers.RandomCrop(5, 3), lambda: layers.PReLU(),
        lambda: layers.SparseConv2D([[0], [0]], 3),
    ],
)  # fmt: skip
def test_a_layer_called_is_a_model_of_it(layer):
    alone = layer()
    outputs = alone(X, training=False)
    assert outputs.dtype == np.float32 and type(outputs.numpy()) is np.ndarray
    np.testing.assert_array_equal(alone(X.tolist(), training=False), outputs)
    np.testing.assert_array_equal(alone(X[:5], training=False), outputs[:5])
    if not alone.distorts:
        np.testing.assert_array_equal(alone(X), outputs)
    model = Sequential([Input((8, 8, 1)), alone])
    np.testing.assert_allclose(outputs, model.predict(X), rtol=1e-5, atol=1e-6)


MERGING = [number for number, (_, _, shape) in enumerate(golden.LAYERS) if isinstance(shape, list)]


@pytest.mark.parametrize("number", MERGING, ids=lambda number: golden.LAYERS[number][0])
def test_a_merging_layer_called_on_a_list_answers_as_keras_does(number):
    name, arguments, shapes = golden.LAYERS[number]
    several = golden.images(golden.draw(number), shapes)
    expected = answers("layers")[f"{number}/y"]
    for given in (several, tuple(several), [x.tolist() for x in several]):
        outputs = getattr(layers, name)(**arguments)(given)
        assert outputs.dtype == np.float32 and type(outputs.numpy()) is np.ndarray
        np.testing.assert_allclose(outputs, expected, rtol=1e-6, atol=1e-6)
    by_function = getattr(layers, name.lower())(several, **arguments)
    np.testing.assert_array_equal(by_function, outputs)


@pytest.mark.parametrize(("inputs", "message"), [
    ((X,), r"^Add: expected one list, .*, given an array of shape \(12, 8, 8, 1\)"),
    (([X],), r"^Add: expected a list of two or more: Add\(\)\(\[a, b\]\)"),
    (([],), r"^Add: expected a list of two or more"),
    ((X, X), r"^Add: expected one list, Add\(\)\(\[a, b\]\), given 2 arguments"),
    (([X, X[:3]],), r"^Add: expected batches of as many images each, given shapes \(\d+, 8, 8, 1\), \(3, 8, 8, 1\)"),
    (([X, X[:, :1]],), r"^Add: expected inputs of one shape, given \(None, 8, 8, 1\), \(None, 1, 8, 1\)"),
    (([X, 1.0],), r"^Add: expected batches"),
    (([X, Input((8, 8, 1))],), r"^Add: expected symbolic tensors only, or arrays only"),
    ((Input((8, 8, 1)),), r"^Add: expected one list, .*, given "),
    ((X[0, 0, 0, 0],), r"^Add: expected one list, .*, given "),
])  # fmt: skip
def test_what_cannot_be_merged_is_refused(inputs, message):
    with pytest.raises(ValueError, match=message) as refusal:
        layers.Add()(*inputs)
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 300


def test_a_layer_has_its_weights_from_the_first_call_on():
    utils.set_random_seed(3)
    dense = Dense(3, bias_initializer="ones")
    assert not dense.built and dense.weights == []
    first = dense([[1, 2], [3, 4]])
    np.testing.assert_allclose(first, np.array([[1, 2], [3, 4]]) @ dense.kernel + 1, rtol=1e-6)
    assert [w.shape for w in dense.get_weights()] == [(2, 3), (3,)]
    np.testing.assert_array_equal(dense([[1, 2], [3, 4]]), first)
    dense.set_weights([np.eye(2, 3), np.array([0, 0, 1])])
    np.testing.assert_array_equal(dense([[1, 2]]), [[1, 2, 1]])
    utils.set_random_seed(3)
    np.testing.assert_array_equal(Dense(3, bias_initializer="ones")([[1, 2], [3, 4]]), first)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("declared", [True, False])
def test_it_brings_its_weights_into_a_model(dtype, declared):
    dense, normal, flip = Dense(3), layers.Normalization(), layers.RandomFlip()
    outputs, normalized = dense(X[:, 0, :, 0]), normal(X[:, 0, :, 0])
    weights = dense.get_weights()
    model = Sequential([*([Input((8,))] if declared else []), normal, dense, Dense(2)], dtype=dtype, seed=4)
    model.build((None, 8))
    for now, then in zip(dense.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, then)
        assert now.dtype == dtype
    np.testing.assert_allclose(dense(X[:, 0, :, 0]), outputs, rtol=1e-6, atol=1e-6)
    assert dense(X[:, 0, :, 0]).dtype == dtype
    np.testing.assert_allclose(normalized, X[:, 0, :, 0], rtol=1e-6)
    untouched = Sequential([Input((8,)), layers.Normalization(), Dense(3), Dense(2)], dtype=dtype, seed=4)
    np.testing.assert_array_equal(model.get_weights()[4], untouched.get_weights()[4])
    flip(X, training=True)
    for shape in ((8, 8, 1), (4, 6, 2)):  # a layer without weights is for any shape
        assert Sequential([Input(shape), layers.RandomFlip(), layers.Flatten()]).output_shape == (None, np.prod(shape))
    with pytest.raises(ValueError, match=r"it was built for input of shape \(8,\), given \(5,\)"):
        Sequential([Input((5,)), _called(Dense(3))])


def _called(layer):
    layer(X[:, 0, :, 0])
    return layer


def test_weights_that_fit_are_for_images_of_any_size():
    convolution = Conv2D(2, 3)
    convolution(X)
    kernel = convolution.kernel
    assert convolution(np.zeros((1, 28, 20, 1))).shape == (1, 26, 18, 2)
    model = Sequential([Input((28, 28, 1)), convolution])
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    with pytest.raises(ValueError, match=r"built for input of shape \(28, 28, 1\), given \(8, 8, 3\)"):
        convolution(np.zeros((2, 8, 8, 3)))


@pytest.mark.parametrize("backend", CPU_BACKENDS)
def test_a_layer_of_a_model_uses_its_weights_on_its_rung(backend):
    stack = Conv2D(2, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(3, activation="softmax")
    model = net(*stack, backend=backend)
    for _ in range(2):
        y: Any = X
        for layer in model.layers:
            y = layer(y)
        np.testing.assert_allclose(y, model.predict(X), rtol=1e-5)
        model.fit(X, Y, verbose=0)
    model.layers[3].set_weights([np.zeros((18, 3)), [1, 2, 3]])
    np.testing.assert_allclose(model.layers[3](np.ones((1, 18))), np.exp([[1, 2, 3]]) / np.exp([1, 2, 3]).sum(), 1e-5)


def test_a_loop_of_one_s_own_is_called():
    def ours(x, w, b, y, stride, pad):
        y[...] = 7

    model = net(Conv2D(2, 3), Flatten(), Dense(3))
    model.compile("sgd", "mse", backend=dataclasses.replace(loopnet.get_ops("literal"), conv2d_forward=ours))
    assert (model.layers[0](X) == 7).all()


def stack():
    return [
        layers.RandomFlip("horizontal"), Conv2D(2, 3, activation="relu"), layers.BatchNormalization(), Dropout(0.5),
        Flatten(), Dense(3),
    ]  # fmt: skip


@pytest.mark.parametrize("backend", CPU_BACKENDS[1:])
def test_calls_leave_training_as_it_was(backend):
    """In the middle of it, too: the same numbers to the last bit, as if nobody had called anything."""

    def look(number, logs=None):
        model = called
        before = [layer.get_state() for layer in model.layers]
        y: Any = X[:5]
        for layer in model.layers:
            y = layer(y)
        for layer in (model.layers[0], model.layers[3]):
            layer(np.ones((7, *layer.input_shape[1:])), training=True)
        model(X[:3])
        assert [layer.get_state() for layer in model.layers] == before

    plain, called = net(*stack(), backend=backend), net(*stack(), backend=backend)
    plan, ours = called._plan, called.layers[1].parameters[0].value
    listener = loopnet.callbacks.LambdaCallback(on_train_batch_end=look, on_epoch_begin=look)
    expected = plain.fit(X, Y, batch_size=5, epochs=2, verbose=0).history
    assert called.fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[listener]).history == expected
    for one, other in zip(plain.get_weights(), called.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert called._plan is plan and called.layers[1].parameters[0].value is ours


# ---- in training


@pytest.mark.parametrize("in_a_model", [False, True])
@pytest.mark.parametrize(
    "layer",
    [lambda **how: Dropout(0.5, **how), lambda **how: layers.RandomRotation(0.2, **how), layers.RandomFlip,
     lambda **how: layers.RandomContrast(0.5, (0, 1), **how), lambda **how: layers.RandomBrightness(1, (0, 1), **how)],
)  # fmt: skip
def test_random_layers_draw_by_their_seed_and_anew_in_each_call(layer, in_a_model):
    def draws(**how):
        drawn = layer(**how)
        if in_a_model:
            net(drawn, Flatten(), Dense(3))
        assert np.array_equal(drawn(X, training=False), X)
        assert drawn.distorts or np.array_equal(drawn(X), X)
        return [drawn(X, training=True) for _ in range(3)]

    first, again, others = draws(seed=5), draws(seed=5), draws(seed=6)
    np.testing.assert_array_equal(first, again)
    assert not any(np.array_equal(a, b) for a in first for b in (*others, X))
    assert len({a.tobytes() for a in first}) == 3
    if not in_a_model:
        utils.set_random_seed(8)
        without = draws()
        utils.set_random_seed(8)
        np.testing.assert_array_equal(draws(), without)
        assert not np.array_equal(draws(), without)


def test_batch_normalisation_by_the_batch_moves_its_averages():
    """The numbers are those of Keras 3.15.1."""
    layer = layers.BatchNormalization(momentum=0.75)
    x = np.array([[1.0, 2], [3, 6], [5, 4]], np.float32)
    np.testing.assert_allclose(layer(x), x / np.sqrt(1.001), rtol=1e-6)
    expected = (x - [3, 4]) / np.sqrt(8 / 3 + 1e-3)
    np.testing.assert_allclose(layer(x, training=True), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.get_weights()[2:], [[0.75, 1], [17 / 12, 17 / 12]], rtol=1e-6)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_allclose(layer(x, training=True), (x - [0.75, 1]) / np.sqrt(17 / 12 + 1e-3), rtol=1e-5)
    np.testing.assert_array_equal(layer.get_weights(), before)


def test_augmentation_as_tensorflow_s_tutorial_shows_it():
    data_augmentation = loopnet.keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
    images = np.random.default_rng(2).random((4, 10, 12, 3)) * 255
    nine = [data_augmentation(images) for _ in range(3)]
    nine += [data_augmentation(images, training=said) for said in (True, None) for _ in range(3)]
    assert all(one.shape == images.shape and one.dtype == np.float32 for one in nine)
    assert len({one.tobytes() for one in nine}) == 9
    undistorted = images.astype(np.float32)
    np.testing.assert_array_equal(data_augmentation(images, training=False), undistorted)
    np.testing.assert_array_equal(data_augmentation.predict(images, verbose=0), undistorted)
    one = layers.RandomFlip("horizontal", seed=1)
    shown = Sequential([one])(images, training=True)
    for image, flipped in zip(images.astype(np.float32), shown, strict=True):
        assert np.array_equal(flipped, image) or np.array_equal(flipped, image[:, ::-1])


def test_called_with_nothing_said_only_distortions_are_as_in_training():
    """As in Keras: of layers, and of models that have more than these. What is trained after is as if never called."""
    images = np.random.default_rng(3).random((3, 8, 8, 1)).astype("float32")
    for layer in (layers.RandomFlip(seed=1), layers.RandomZoom(0.5), layers.RandomBrightness(0.5, (0, 1))):
        assert not np.array_equal(layer(images), images)
        np.testing.assert_array_equal(layer(images, training=False), images)
    assert layers.RandomCrop(4, 4)(images).tobytes() != layers.RandomCrop(4, 4)(images, training=False).tobytes()
    np.testing.assert_array_equal(Dropout(0.5)(images), images)
    flips_and_more = [Input((8, 8, 1)), layers.RandomFlip("horizontal"), Dropout(0.5), layers.BatchNormalization()]
    model = Sequential(flips_and_more, seed=1)
    model.build()
    before = model.get_weights()
    still, seen = model(images, training=False), {model(images).tobytes() for _ in range(5)}
    pairs = [(np.asarray(image), np.asarray(image)[:, ::-1]) for image in still]
    assert seen <= {np.stack(each).tobytes() for each in itertools.product(*pairs)} and len(seen) > 1
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(model.predict(images, verbose=0), still)


@pytest.mark.parametrize("backend", CPU_BACKENDS)
def test_a_model_called_as_in_training(backend):
    plain, called = (net(*stack()[2:], layers.Softmax(), backend=backend) for _ in range(2))
    batch = called.layers[0]
    outputs = called(X, training=True)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(batch.get_weights()[2], 0.01 * X.mean(axis=(0, 1, 2)), rtol=1e-5)
    assert not np.allclose(called(X, training=True), outputs)  # other numbers are dropped
    batch.set_weights(plain.layers[0].get_weights())
    histories = [model.fit(X, Y, batch_size=6, epochs=2, verbose=0).history for model in (plain, called)]
    assert histories[0] == histories[1]


def test_a_called_model_of_weights_and_dropout_by_hand():
    model = net(Flatten(), Dropout(0.25, seed=2), Dense(3))
    kept = model.layers[1](X.reshape(12, 64), training=True) @ model.layers[2].kernel
    again = net(Flatten(), Dropout(0.25, seed=2), Dense(3))
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(X, training=True), kept, rtol=1e-4, atol=1e-6)
    looking = loopnet.Model(model.inputs, [layer.output for layer in model.layers])
    assert len(looking(X)) == 3
    with pytest.raises(NotImplementedError, match="a model with 3 outputs is for looking"):
        looking(X, training=True)


REFUSED = [
    (lambda: Dense(3)(3.0), ValueError, r"Dense: expected a batch, \(images, ...\), given 3.0"),
    (lambda: Dense(3)([1.0, 2.0]), ValueError, r"Dense: expected input of shape \(batch, ..., inputs\), given \(batch"),
    (lambda: Dense(3)([[1, 2], [3]]), ValueError, "Dense: expected an array, given a ragged list"),
    (lambda: Dense(3)([["a"]]), ValueError, "Dense: expected numbers, given an array of <U1"),
    (lambda: Dense(3)(np.zeros((0, 4))), ValueError, "Dense: expected at least one row"),
    (lambda: Dense(3)([[np.nan]]), ValueError, "Dense: expected finite numbers, given NaN"),
    (lambda: Dense(3, name="fc")(X, X), NotImplementedError, "fc: called on 2 inputs; expected one; Add"),
    (lambda: Dense(3)(), NotImplementedError, "Dense: called on 0 inputs"),
    (lambda: Dense(3)(X, mask=X), NotImplementedError, "Dense: mask is not in loopnet"),
    (lambda: Dense(3)(X, trainin=True), TypeError, "Dense: unknown argument 'trainin'; did you mean 'training'"),
    (lambda: MaxPooling2D()(X[..., 0]), ValueError, r"MaxPooling2D: expected input of shape \(batch, height, width, c"),
    (lambda: Dense(3, kernel_initializer=initializers.Constant([1, 2]))(X), ValueError, "Constant: expected a number"),
]


@pytest.mark.parametrize(("line", "error", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_what_no_layer_can_be_called_on(line, error, message):
    with pytest.raises(error, match=message):
        line()


# ---- names that listings read


def test_training_stops_when_the_well_known_callback_says_so():
    class MyCallback(loopnet.keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs.get("accuracy") > 0.9:
                print("\nReached 90% accuracy so cancelling training!")
                self.model.stop_training = True

    model = Sequential([Input((2,)), Dense(2, activation="softmax")])
    assert not Sequential().stop_training
    x = np.repeat([[5.0, 0], [0, 5.0]], 20, axis=0)
    model.compile(optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, np.repeat([0, 1], 20), epochs=30, verbose=0, callbacks=[MyCallback()])
    assert model.stop_training
    accuracy = history.history["accuracy"]
    assert len(accuracy) < 30 and accuracy[-1] > 0.9 and all(a <= 0.9 for a in accuracy[:-1])


def test_variables_of_models_and_layers():
    model = net(Flatten(), Dense(3), layers.BatchNormalization())
    assert [v.shape for v in model.trainable_variables] == [(64, 3), (3,), (3,), (3,)]
    assert [v.shape for v in model.non_trainable_variables] == [(3,), (3,)]
    assert [v.shape for v in model.layers[1].trainable_variables] == [(64, 3), (3,)]
    model.layers[1].trainable = False
    assert model.layers[1].trainable_variables == [] and len(model.layers[1].non_trainable_variables) == 2
    assert len(model.trainable_variables) == 2
    model.reset_metrics()
