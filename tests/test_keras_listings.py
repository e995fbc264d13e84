"""Lines as beginners write them for Keras: they run and mean the same, or one line says what to do instead."""

import dataclasses
import importlib
from typing import Any

import numpy as np
import pytest

import loopnet
from loopnet import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from loopnet.callbacks import LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau
from loopnet.layers import Conv2D, Dense, Flatten, Input, LeakyReLU, MaxPooling2D
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS

rng = np.random.default_rng(0)
X, Y = rng.random((24, 8, 8, 1), np.float32), rng.integers(0, 3, 24)


def net(*stack, shape=(8, 8, 1), **kwargs):
    return Sequential([Input(shape), *stack], seed=1, **kwargs)


def compiled(**kwargs):
    model = net(Conv2D(2, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(3, activation="softmax"))
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **kwargs})
    return model


IMPORTS = """
from loopnet.models import Model, Sequential, load_model
from loopnet import Input, Model
from loopnet.layers import Dense, Conv2D, MaxPooling2D, Flatten, Dropout, Activation, BatchNormalization, InputLayer
from loopnet import layers, models, optimizers, losses, metrics, callbacks, datasets, utils, activations, initializers
from loopnet.optimizers import Adam, SGD, RMSprop
from loopnet.optimizers import Adadelta, Adagrad, Adamax, Nadam
from loopnet.optimizers.schedules import ExponentialDecay
from loopnet.losses import categorical_crossentropy, SparseCategoricalCrossentropy
from loopnet.callbacks import ModelCheckpoint, EarlyStopping, ReduceLROnPlateau
from loopnet.initializers import HeNormal, RandomNormal, he_normal
from loopnet.activations import relu, softmax
from loopnet import regularizers
from loopnet.constraints import max_norm, MaxNorm, unit_norm
from loopnet.regularizers import l2, L1L2
from loopnet.utils import clear_session, to_categorical
from loopnet import backend as K
from loopnet import keras
from loopnet.keras import layers, models
from loopnet.keras.models import Sequential
from loopnet.keras.layers import Dense, Flatten
from loopnet.keras.optimizers.schedules import ExponentialDecay
from loopnet.keras.datasets.mnist import load_data
import loopnet.keras.layers as layers
"""


@pytest.mark.parametrize("line", IMPORTS.split("\n")[1:-1])
def test_import(line):
    exec(line, {})


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("from loopnet.regularizers import OrthogonalRegularizer", "OrthogonalRegularizer is not in loopnet: .*L1L2"),
        ("from loopnet.constraints import RadialConstraint", "RadialConstraint is not in loopnet: .* MaxNorm"),
        ("from loopnet.preprocessing.image import ImageDataGenerator", "RandomDistortion"),
        ("from loopnet.applications import VGG16", "there are no trained networks"),
        ("from loopnet.optimizers.legacy import Adam", "the optimizers are in loopnet.optimizers itself"),
        ("from loopnet.layers.convolutional import Conv2D", "import from loopnet.layers"),
        ("from loopnet.optimizers import Ftrl", "Ftrl is not in loopnet: use SGD"),
        ("from loopnet.layers import Concatenate", "Concatenate is not in loopnet: branches are not in loopnet"),
        ("from loopnet.callbacks import TensorBoard", "TensorBoard is not in loopnet: use CSVLogger"),
        ("from loopnet.metrics import MeanIoU", "MeanIoU is not in loopnet: write a function"),
        ("from loopnet.losses import Hinge", "Hinge is not in loopnet: the losses are"),
        ("from loopnet.utils import plot_model", "plot_architecture"),
        ("from loopnet.datasets import cifar100", "use cifar10"),
        ("from loopnet.keras.preprocessing.image import ImageDataGenerator", "RandomDistortion"),
        ("from loopnet.keras.layers import LSTM", "there are no recurrent layers"),
        ("from loopnet.keras.optimizers.legacy import Adam", "the optimizers are in loopnet.optimizers itself"),
        ("import loopnet as tf; tf.nn.softmax([1.0])", "nn is not in loopnet: .*activations.softmax"),
        ("import loopnet as tf; tf.constant([1.0])", "constant is not in loopnet: use numpy"),
        ("import loopnet as tf; tf.keras.applications", "applications is not in loopnet"),
    ],
)
def test_what_cannot_be_imported_says_what_to_do_instead(line, instead):
    with pytest.raises((NotImplementedError, ModuleNotFoundError), match=instead):
        exec(line, {})


def test_tensorflow_s_spelling_names_the_same_modules_and_classes():
    assert loopnet.keras is loopnet
    for name in ("layers", "datasets.mnist", "layers.convolution"):  # the last has not been asked for by this name yet
        module = importlib.import_module(f"loopnet.keras.{name}")
        assert module is importlib.import_module(f"loopnet.{name}")
        assert module.__spec__ is not None and module.__spec__.name == f"loopnet.{name}"
    assert module.Conv2D is Conv2D


def test_a_module_asked_for_a_ufunc_has_none():
    """As pickle asks all of them: it passes over an AttributeError only."""
    for name in dir(np):
        if isinstance(getattr(np, name), np.ufunc):
            assert not hasattr(loopnet, name)


def test_other_modules_that_do_not_exist_are_as_unknown_as_ever():
    with pytest.raises(ModuleNotFoundError, match="No module named 'loopnet.nonsense'"):
        exec("import loopnet.nonsense", {})
    with pytest.raises(ModuleNotFoundError, match="No module named 'loopnet.nonsense'"):
        exec("import loopnet.keras.nonsense", {})
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        loopnet.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "first",
    [
        [Dense(3, input_shape=(4,))],
        [Dense(3, input_dim=4)],
        [Dense(3, batch_input_shape=(None, 4))],
        [layers.InputLayer(input_shape=(4,)), Dense(3)],
        [layers.InputLayer(shape=(4,)), Dense(3)],
        [Input(batch_shape=(None, 4)), Dense(3)],
        [loopnet.Input(shape=[4], batch_size=16, dtype="float32", name="pixels"), Dense(3)],
    ],
)
def test_the_shape_of_the_input(first):
    model = Sequential(first)
    assert (model.input_shape, model.count_params()) == ((None, 4), 15)


@pytest.mark.parametrize("argument", [{"input_shape": (7,)}, {"input_dim": 7}, {"batch_input_shape": (None, 7)}])
@pytest.mark.parametrize("first", [lambda: Dense(3, input_dim=4), lambda: Input((4,))])
def test_the_shape_that_a_later_layer_declares_is_passed_over(first, argument):
    model = Sequential([first(), Dense(2, **argument)])
    assert model.input_shape == (None, 4)
    assert model.layers[-1].output_shape == (None, 2)


def test_a_later_layer_says_nothing_of_the_first_one_s_input():
    model = Sequential([Dense(3), Dense(2, input_dim=7)])
    model.build((None, 4))
    assert [w.shape for w in model.weights] == [(4, 3), (3,), (3, 2), (2,)]


@pytest.mark.parametrize("first", [lambda: Dense(3), lambda: Dense(3, input_dim=4), lambda: Input((4,))])
def test_an_input_further_on_is_refused(first):
    with pytest.raises(ValueError, match="sequential: only the first layer may be an Input, given Input"):
        Sequential([first(), Input((3,))])


def test_an_input_without_a_size_is_refused():
    with pytest.raises(ValueError, match=r"Input: shape: expected every size as a number, given \(None, None, 3\)"):
        Input((None, None, 3))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Input(784),  # type: ignore[arg-type]
        lambda: Input(batch_shape=784),  # type: ignore[arg-type]
        lambda: Dense(2, input_shape=(784)),
        lambda: Dense(2, batch_input_shape=784),
    ],
)
def test_a_size_is_not_a_shape(layer):
    with pytest.raises(ValueError, match=r"shape: expected one size for each axis, .* given 784; .* write \(784,\)$"):
        layer()


REFUSED_ARGUMENTS = [
    (lambda: Dense(3, activity_regularizer="l2"), NotImplementedError, "Dense: activity_regularizer .*kernel_regular"),
    (lambda: Dense(3, kernel_regularizer="l3"), ValueError, "Dense: kernel_regularizer: unknown regularizer 'l3'"),
    (lambda: Dense(3, kernel_regularizer=0.01), ValueError, r"given 0.01; did you mean l2\(0.01\)"),
    (lambda: Conv2D(3, 2, name="a", bias_regularizer=lambda w: 0), ValueError, "a: bias_regularizer: expected a name"),
    (lambda: regularizers.L2(-1), ValueError, "L2: l2: expected a finite number of at least 0, given -1"),
    (lambda: regularizers.l1(float("nan")), ValueError, "L1: l1: expected a finite number of at least 0, given nan"),
    (lambda: regularizers.l1_l2(l2="a lot"), ValueError, "L1L2: l2: expected a finite number"),  # type: ignore[arg-type]
    (lambda: regularizers.get("orthogonal_regularizer"), NotImplementedError, "the regularizers are L1, L2"),
    (lambda: layers.BatchNormalization(gamma_regularizer="l2"), NotImplementedError, "gamma_regularizer is not in"),
    (lambda: Conv2D(4, 3, kernel_constraint=3), ValueError, "Conv2D: kernel_constraint: expected a name .* given 3"),
    (lambda: Dense(4, bias_constraint="max"), ValueError, "bias_constraint: unknown constraint 'max'; expected one of"),
    (lambda: constraints.MaxNorm(-1), ValueError, "MaxNorm: expected 0 <= min_value <= max_value, given 0.0 and -1"),
    (lambda: constraints.UnitNorm("all"), ValueError, r"UnitNorm: axis: expected whole numbers, given 'all'"),
    (lambda: layers.BatchNormalization(gamma_constraint="non_neg"), NotImplementedError, "only layers with a kernel"),
    (lambda: initializers.VarianceScaling(mode="fan"), ValueError, "expected mode 'fan_in', .*, given 'fan'"),
    (lambda: initializers.VarianceScaling(0), ValueError, "VarianceScaling: expected scale above 0, given 0"),
    (lambda: initializers.VarianceScaling(distribution="even"), ValueError, "expected distribution .* given 'even'"),
    (lambda: net(Conv2D(2, 3, kernel_initializer="identity")), ValueError, "Identity: expected weights of two axes"),
    (lambda: Conv2D(4, 3, border_mode="same"), NotImplementedError, "today's name is padding"),
    (lambda: Conv2D(4, 3, name="a", trainable="no"), ValueError, "a: trainable: expected True or False, given 'no'"),
    (lambda: setattr(compiled(), "trainable", None), ValueError, "sequential: trainable: expected True or False"),
    (lambda: Conv2D(4, 3, activaton="relu"), TypeError, "unknown argument 'activaton'; did you mean 'activation'?"),
    (lambda: layers.ReLU(max_value=-6), ValueError, "BoundedReLU: expected max_value of at least 0, given -6"),
    (lambda: layers.ReLU(threshold="x"), ValueError, "BoundedReLU: threshold: expected a number, given 'x'"),
    (lambda: layers.GELU(approximate=True), NotImplementedError, r"GELU: approximate is not in loopnet: use GELU\(\)"),
    (lambda: activations.mish(X), NotImplementedError, "mish is not in loopnet: the activations are relu"),
    (lambda: optimizers.Adam(clipnorm=0), ValueError, "Adam: clipnorm: expected a finite number above 0, given 0"),
    (lambda: optimizers.SGD(clipvalue=float("nan")), ValueError, "SGD: clipvalue: expected .* above 0, given nan"),
    (lambda: optimizers.SGD(clipvalue=1, clipnorm=1), ValueError, "expected one of .*, given clipnorm, clipvalue"),
    (lambda: optimizers.SGD(clipnrm=1), TypeError, "did you mean 'clipnorm'?"),
    (lambda: optimizers.Adagrad(0.1, -1), ValueError, "Adagrad: .*initial_accumulator_value of at least 0, given -1"),
    (lambda: optimizers.Nadam(schedule_decay=0.004), NotImplementedError, "Nadam: schedule_decay is not in loopnet"),
    (lambda: optimizers.Adam(weight_decay=0.1), NotImplementedError, "use AdamW"),
    (lambda: optimizers.SGD(lr=0.1), NotImplementedError, "today's name is learning_rate"),
    (lambda: optimizers.SGD(learning_rat=0.1), TypeError, "did you mean 'learning_rate'?"),
    (lambda: losses.CategoricalCrossentropy(reduction="sum"), NotImplementedError, "reduction is not in loopnet"),
    (lambda: compiled(run_eagerly=True), NotImplementedError, "compile: run_eagerly is not in loopnet"),
    (lambda: compiled(optimizer="lion"), NotImplementedError, "Lion is not in loopnet"),
    (lambda: compiled(loss="mape"), NotImplementedError, "mape is not in loopnet: the losses are"),
    (lambda: losses.Huber(delta=0), ValueError, "Huber: expected a finite delta above 0, given 0"),
    (lambda: compiled(loss=lambda t, y: 0.0), ValueError, "loopnet.losses, given .*; a loss of your own is a subclass"),
    (lambda: type("My", (losses.Loss,), {"call": None}), NotImplementedError, "My: call is not .*encode and on_batch"),
    (lambda: compiled(loss=losses.Loss()).fit(X, Y), NotImplementedError, "Loss has no encode: a loss of your own"),
    (lambda: compiled(metrics=["R2Score"]), NotImplementedError, "R2Score is not in loopnet: write a function"),
    (lambda: metrics.Precision(top_k=3), NotImplementedError, "Precision: top_k is not in loopnet: use TopK"),
    (lambda: metrics.Recall(thresholds=[0.1, 0.5]), ValueError, r"Recall: thresholds: .* number, given \[0.1, 0.5\]"),
    (lambda: metrics.Recall(thresholds=2), ValueError, "Recall: expected thresholds between 0 and 1, given 2"),
    (lambda: compiled(metrics=[metrics.Recall(class_id=3)]), ValueError, "recall: expected class_id 0 to 2, given 3"),
    (lambda: metrics.AUC(multi_label=True), NotImplementedError, "multi_label is not in loopnet: all outputs"),
    (lambda: metrics.AUC(summation_method="minoring"), NotImplementedError, "the curve is interpolated"),
    (lambda: metrics.AUC(curve="roc"), ValueError, "AUC: expected curve 'ROC' or 'PR', given 'roc'"),
    (lambda: metrics.AUC(num_thresholds=1), ValueError, "AUC: expected num_thresholds of at least 2, given 1"),
    (lambda: metrics.F1Score("mean"), ValueError, "F1Score: expected average 'micro', .*, given 'mean'"),
    (lambda: compiled(metrics=["f1_score"]), ValueError, "f1_score: expected average='micro', .* for 3 outputs"),
    (lambda: type("M", (metrics.Metric,), {"update_state": None}), NotImplementedError, "M: update_state is not in "),
    (lambda: compiled(metrics={"dense": "accuracy"}), ValueError, "expected names, objects"),
    (lambda: compiled().fit(X, Y, epoch=2), TypeError, "fit: unknown argument 'epoch'; did you mean 'epochs'?"),
    (lambda: compiled().fit(X), ValueError, "fit: expected arrays x and y, given no y"),
    (lambda: compiled().predict_classes(X), NotImplementedError, r"use predict\(x\).argmax"),
    (lambda: compiled().to_yaml(), NotImplementedError, "to_yaml is not in loopnet: use to_json"),
    (lambda: compiled().optimizer.lr, NotImplementedError, "today's name is learning_rate"),
    (lambda: ModelCheckpoint("x", save_freq=-5), ValueError, "save_freq: 'epoch', or a number of batches: .* -5"),
    (lambda: ModelCheckpoint("x", save_best_only=True, save_freq=9), ValueError, "val_loss is known after an epoch"),
    (lambda: layers.RandomRotation(0.1, fill_value=1.0), NotImplementedError, "what comes in from outside is 0"),
    (lambda: Dense(3, max_valu=1), TypeError, "Dense: unknown argument 'max_valu'$"),  # Dense has no max_value either
    (lambda: type("Linear", (layers.Layer,), {"call": None}), NotImplementedError, "Linear: call is not .* forward"),
    (lambda: layers.Layer(name="own").add_weight(shape=(2, 3)), NotImplementedError, "own: add_weight is not .*build"),
    (lambda: loopnet.ops.convert_to_numpy(X), NotImplementedError, "convert_to_numpy is not in loopnet: .*use numpy"),
    (lambda: compiled().summary(print), ValueError, "summary: expected line_length as a number, .*use print_fn="),
]


@pytest.mark.parametrize(("line", "error", "message"), REFUSED_ARGUMENTS, ids=[m for _, _, m in REFUSED_ARGUMENTS])
def test_what_is_not_there_is_refused_by_name(line, error, message):
    with pytest.raises(error, match=message):
        line()


def test_arguments_that_ask_for_nothing_are_passed_over():
    Conv2D(4, 3, kernel_regularizer=None, bias_constraint=None, dtype="float32", trainable=True)
    layers.BatchNormalization(beta_initializer="zeros", gamma_initializer="ones", synchronized=False)
    optimizers.Adam(amsgrad=False, clipnorm=None, use_ema=False, name="Adam")
    optimizers.RMSprop(0.001, momentum=0, centered=False)
    layers.RandomRotation(0.1, fill_value=0.0, interpolation="bilinear")
    losses.SparseCategoricalCrossentropy(reduction="sum_over_batch_size", name="loss")
    model = compiled(run_eagerly=False, jit_compile="auto", loss_weights=None, weighted_metrics=None)
    model.fit(X, Y, verbose=0, steps_per_epoch=None, validation_freq=1, workers=1, use_multiprocessing=False)
    utils.clear_session()
    model.summary(80, None, lambda line: None)
    model.summary(line_length=100, expand_nested=True, print_fn=lambda line: None)
    with pytest.raises(NotImplementedError, match="jit_compile"):  # 1 is not "auto"
        compiled(jit_compile=1)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (lambda: compiled(), "run_eagerly"),
        (lambda: compiled(), "to_yaml"),
        (lambda: compiled().optimizer, "lr"),
    ],
)
def test_what_an_object_has_not_it_has_not_for_hasattr_too(owner, name):
    assert not hasattr(owner(), name)
    with pytest.raises(NotImplementedError, match=f"^{name} is not in loopnet: "):
        getattr(owner(), name)


def test_names_that_listings_read():
    model = compiled(optimizer=optimizers.AdamW())
    assert model.built and not Sequential([Dense(3)]).built
    for variables in (model.layers[0].variables, model.variables[:2]):
        assert [v.shape for v in variables] == [(3, 3, 1, 2), (2,)]
    kernel = model.layers[0].parameters[0]
    np.testing.assert_array_equal(kernel.numpy(), model.layers[0].kernel)
    kernel.numpy()[:] = 7
    assert not (model.layers[0].kernel == 7).any()
    # as in Keras 3.15
    names = [optimizer().name for optimizer in dict.fromkeys(optimizers.OPTIMIZERS.values())]
    assert names == ["sgd", "rmsprop", "adam", "adam_w", "nadam", "adamax", "adagrad", "adadelta"]
    assert optimizers.SGD(name="mine").name == "mine"
    assert optimizers.SGD(name="mine").config()["name"] == "SGD"


def test_a_summary_before_the_shape_of_the_input_is_known():
    lines: list[str] = []
    Sequential([Conv2D(2, 3), Flatten(), Dense(3)]).summary(print_fn=lines.append)
    assert [line.split() for line in lines if "(" in line][1:] == [
        ["conv2d", "(Conv2D)", "?", "0", "(unbuilt)"],
        ["flatten", "(Flatten)", "?", "0", "(unbuilt)"],
        ["dense", "(Dense)", "?", "0", "(unbuilt)"],
    ]
    assert lines[-3:] == ["Total params: 0", "Trainable params: 0", "Non-trainable params: 0"]


# ---- activations


@pytest.mark.parametrize("how", [activations.tanh, layers.Tanh(), "tanh"])
def test_an_activation_by_function_layer_or_name(how):
    by_name, given = (net(Flatten(), Dense(3, activation=a)) for a in ("tanh", how))
    np.testing.assert_array_equal(given.predict(X), by_name.predict(X))
    assert given.layers[1].config()["activation"] == "tanh"


def test_an_activation_layer_keeps_its_arguments_also_in_a_file(tmp_path):
    model = net(Flatten(), Dense(3, activation=LeakyReLU(negative_slope=0.01)))
    again = Sequential.load(_saved(model, tmp_path / "model"))
    model.compile()
    assert model.layers[1].config()["activation"] == {"function": "leaky_relu", "negative_slope": 0.01}
    np.testing.assert_array_equal(again.predict(-X), model.predict(-X))
    steep = net(Flatten(), Dense(3, activation="leaky_relu"))
    assert not np.allclose(steep.predict(-X), model.predict(-X))


def _saved(model, path):
    model.save(path)
    return path


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["elu", "selu", "silu", "gelu", "softplus"])
def test_the_largest_numbers_do_not_overflow(name, dtype):
    """They end as a straight line on one side and as a constant on the other, with NaN where NaN was."""
    most = float(np.finfo(dtype).max) / 2
    high = {"selu": 1.0507009873554805}.get(name, 1)
    low = {"elu": -1, "selu": -1.0507009873554805 * 1.6732632423543772}.get(name, 0)
    x = np.array([[-most, -800, -90, 0, 90, 800, most, np.nan]], dtype)
    expected = np.where(x < 0, low, high * x.astype(np.float64))
    expected[0, 3] = np.log(2) if name == "softplus" else 0
    for backend in ("literal", "parallel", "tuned"):
        layer = layers.ACTIVATIONS[name]()
        layer.build((8,))
        layer.bind(loopnet.get_ops(backend), np.dtype(dtype))
        y = layer.ops.to_host(layer.forward(layer.ops.pack(x)), (1, 8))
        np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-30)
        dx = layer.ops.to_host(layer.backward(layer.ops.pack(np.ones_like(x))), (1, 8))
        slopes = np.delete(dx[0], [3, 7])
        np.testing.assert_allclose(slopes, [0, 0, 0, high, high, high], rtol=1e-6, atol=1e-7)
        assert np.isnan(y[0, 7])


@pytest.mark.parametrize("backend", ["python", "literal", "parallel", "tuned"])
@pytest.mark.parametrize("name", ["elu", "selu", "silu", "swish", "gelu", "relu6"])
def test_a_listing_with_another_activation_learns_and_travels(name, backend, tmp_path):
    """A convolution and a pooling that would be one with relu between them are not with another activation."""
    convolution = Conv2D(2, 3, activation=name, kernel_initializer="lecun_normal")
    model = net(convolution, MaxPooling2D(), Flatten(), Dense(3))
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    assert [type(stage).__name__ for stage in model._plan.stages] == ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]
    before = model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, epochs=3, verbose=0)
    assert model.evaluate(X, Y, verbose=0) < before
    again = Sequential.load(_saved(model, tmp_path / "model"))
    bounded = {"function": "bounded_relu", "max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}
    assert again.layers[0].config()["activation"] == {"swish": "silu", "relu6": bounded}.get(name, name)
    np.testing.assert_allclose(again.predict(X), model.predict(X), rtol=1e-5, atol=1e-6)


CONVOLUTIONAL_AUTOENCODER = """
import keras
from keras import layers

input_img = keras.Input(shape=(28, 28, 1))

x = layers.Conv2D(16, (3, 3), activation='relu', padding='same')(input_img)
x = layers.MaxPooling2D((2, 2), padding='same')(x)
x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = layers.MaxPooling2D((2, 2), padding='same')(x)
x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(x)
encoded = layers.MaxPooling2D((2, 2), padding='same')(x)

x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(encoded)
x = layers.UpSampling2D((2, 2))(x)
x = layers.Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = layers.UpSampling2D((2, 2))(x)
x = layers.Conv2D(16, (3, 3), activation='relu')(x)
x = layers.UpSampling2D((2, 2))(x)
decoded = layers.Conv2D(1, (3, 3), activation='sigmoid', padding='same')(x)

autoencoder = keras.Model(input_img, decoded)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
"""


def test_the_convolutional_autoencoder_of_keras_s_blog():
    """Chollet (2016), *Building autoencoders in Keras*, on other pictures, with `keras` called by loopnet's name."""
    names: dict[str, Any] = {}
    listing = CONVOLUTIONAL_AUTOENCODER.replace("import keras", "import loopnet as keras")
    exec(listing.replace("from keras", "from loopnet"), names)
    autoencoder = names["autoencoder"]
    assert autoencoder.output_shape == (None, 28, 28, 1) and autoencoder.count_params() == 4385
    pictures = np.kron(rng.integers(0, 2, (20, 4, 4, 1)), np.ones((1, 7, 7, 1))).astype("float32")
    noisy = np.clip(pictures + 0.3 * rng.normal(size=pictures.shape), 0.0, 1.0)
    history = autoencoder.fit(
        noisy, pictures, epochs=3, batch_size=5, shuffle=True, validation_data=(noisy, pictures), verbose=0
    )
    assert history.history["val_loss"][-1] < history.history["loss"][0] < 0.8
    assert [layer.backend for layer in autoencoder.layers].count("parallel") == 3  # the tuned rung has no upsampling
    decoded_imgs = autoencoder.predict(noisy)
    assert decoded_imgs[0].reshape(28, 28).max() <= 1
    with pytest.raises(NotImplementedError, match="Conv2DTranspose is not in loopnet: use UpSampling2D, and a Conv2D"):
        names["layers"].Conv2DTranspose(8, 3)
    with pytest.raises(NotImplementedError, match="interpolation='bilinear' is not in loopnet: use 'nearest'"):
        names["layers"].UpSampling2D(2, interpolation="bilinear")


def test_alpha_is_the_older_name_of_negative_slope():
    assert LeakyReLU(alpha=0.1).negative_slope == 0.1


@pytest.mark.parametrize("what", [lambda x: x, len, layers.Dropout(0.5), "rellu", 3])
def test_other_activations_are_refused(what):
    with pytest.raises(ValueError, match="unknown activation .*expected one of linear, relu"):
        Dense(3, activation=what)


KERAS_ONLY = "celu mish hard_sigmoid hard_swish exponential softsign log_softmax".split()


@pytest.mark.parametrize("name", KERAS_ONLY)
def test_keras_s_other_activations_are_refused_in_the_same_words_by_name_and_as_functions(name):
    known = "relu, leaky_relu, elu, selu, silu, gelu, sigmoid, tanh, softplus and softmax"
    words = f"{name} is not in loopnet: the activations are {known}"
    with pytest.raises(NotImplementedError, match=f"^{words}$"):
        getattr(activations, name)
    with pytest.raises(NotImplementedError, match=f"^fc: {words}$"):
        Dense(3, activation=name, name="fc")
    with pytest.raises(NotImplementedError, match=f"^Activation: {words}$"):
        layers.Activation(name)


def test_the_functions_by_themselves():
    x = np.array([[-2.0, 0.0, 3.0]])
    np.testing.assert_array_equal(activations.relu(x), [[0, 0, 3]])
    np.testing.assert_array_equal(activations.linear(x), x)
    np.testing.assert_allclose(activations.leaky_relu(x), [[-0.4, 0, 3]])
    np.testing.assert_allclose(activations.sigmoid(x), 1 / (1 + np.exp(-x)))
    np.testing.assert_allclose(activations.tanh(x), np.tanh(x))
    np.testing.assert_allclose(activations.softplus(x), np.log1p(np.exp(x)))
    np.testing.assert_allclose(activations.leaky_relu(x, negative_slope=0.5), [[-1, 0, 3]])
    # the next two are Keras's numbers
    np.testing.assert_allclose(activations.relu([-2, 0.5, 2, 3, 4], 0.1, 3, 1), [-0.3, -0.05, 2, 3, 3], rtol=1e-6)
    np.testing.assert_allclose(activations.relu6([-1.0, 5, 7]), [0, 5, 6])
    np.testing.assert_allclose(activations.elu(x), [[np.exp(-2) - 1, 0, 3]])
    np.testing.assert_allclose(activations.elu(x, alpha=0.5), [[(np.exp(-2) - 1) / 2, 0, 3]])
    np.testing.assert_allclose(activations.selu(x), [[-1.5201664685956948, 0, 3.1521029620664414]])  # Keras's numbers
    np.testing.assert_allclose(activations.silu(x), x / (1 + np.exp(-x)))
    assert activations.swish is activations.silu
    np.testing.assert_allclose(activations.gelu(x), [[-2 * 0.022750131948179195, 0, 3 * 0.9986501019683699]])
    with pytest.raises(NotImplementedError, match="gelu: approximate is not in loopnet: use the exact one"):
        activations.gelu(x, approximate=True)
    np.testing.assert_allclose(activations.softmax(x), np.exp(x) / np.exp(x).sum())
    assert activations.relu([1, -1]).tolist() == [1, 0]
    assert activations.relu(-3) == 0


# ---- initialisers, losses and metrics


@pytest.mark.parametrize(
    ("name", "deviation", "furthest"),
    [
        ("he_normal", (2 / 90) ** 0.5, 2 * (2 / 90) ** 0.5 / 0.8796),
        ("he_uniform", (2 / 90) ** 0.5, (6 / 90) ** 0.5),
        ("lecun_normal", (1 / 90) ** 0.5, 2 * (1 / 90) ** 0.5 / 0.8796),
        ("lecun_uniform", (1 / 90) ** 0.5, (3 / 90) ** 0.5),
        ("glorot_normal", (2 / 630) ** 0.5, 2 * (2 / 630) ** 0.5 / 0.8796),
        ("random_normal", 0.05, np.inf),
        ("random_uniform", 0.05 / 3**0.5, 0.05),
        ("normal", 0.05, np.inf),
        ("uniform", 0.05 / 3**0.5, 0.05),
    ],
)
def test_initialisers_by_their_formulas(name, deviation, furthest):
    """Windows of 3x3 over 10 channels, 60 filters: 90 inputs to each filter, and each number goes into 540 outputs."""
    values = initializers.get(name)((3, 3, 10, 60), np.random.default_rng(1))
    assert abs(values.std() / deviation - 1) < 0.03
    assert abs(values.mean()) < 0.03 * deviation * 3
    assert 0.9 * min(furthest, 4 * deviation) < abs(values).max() <= furthest * 1.0001


@pytest.mark.parametrize(
    ("arguments", "variance"),
    [
        ({"scale": 2.0, "distribution": "normal"}, 2 / 90),
        ({"mode": "fan_avg", "distribution": "uniform"}, 1 / 315),
        ({"mode": "fan_out", "distribution": "untruncated_normal"}, 1 / 540),
    ],
)
def test_variance_scaling(arguments, variance):
    scaling = initializers.VarianceScaling(**arguments)
    values = scaling((3, 3, 10, 60), np.random.default_rng(1))
    assert abs(values.std() / variance**0.5 - 1) < 0.03
    again = initializers.get(scaling.config())
    np.testing.assert_array_equal(again((3, 3, 10, 60), np.random.default_rng(1)), values)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 3, 2, 5)])
def test_orthogonal_and_identity(shape):
    w = initializers.orthogonal(gain=2.0, seed=1)(shape).reshape(-1, shape[-1])
    product = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)
    np.testing.assert_array_equal(initializers.get("identity")((2, 3)), [[1, 0, 0], [0, 1, 0]])


def test_initialisers_as_objects_classes_and_in_a_file(tmp_path):
    model = net(
        Conv2D(2, 3, kernel_initializer=initializers.HeNormal(seed=3), bias_initializer=initializers.Constant(0.1)),
        Conv2D(2, 3, kernel_initializer=initializers.he_uniform, bias_initializer="ones"),
    )
    assert (model.layers[0].bias == np.float32(0.1)).all()
    assert (model.layers[1].bias == 1).all()
    expected = initializers.HeNormal(seed=3)((3, 3, 1, 2)).astype(np.float32)
    np.testing.assert_array_equal(model.layers[0].kernel, expected)
    again = models.load_model(_saved(model, tmp_path / "model.keras"))
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]


def test_a_constant_for_each(tmp_path):
    """As TensorFlow's tutorial on few positives starts the bias: the logarithm of how many there are."""
    bias = initializers.Constant(np.log([3 / 7]))
    model = net(Flatten(), Dense(2, bias_initializer=bias), Dense(2, bias_initializer=initializers.Constant([1, 2])))
    for ours in (model, models.load_model(_saved(model, tmp_path / "model.keras"))):
        np.testing.assert_allclose(ours.layers[1].get_weights()[1], np.log([3 / 7, 3 / 7]), rtol=1e-6)
        np.testing.assert_array_equal(ours.layers[2].get_weights()[1], [1, 2])
    with pytest.raises(ValueError, match=r"Constant: expected a number, or an array for \(3,\), given \[1, 2\]"):
        net(Flatten(), Dense(3, bias_initializer=initializers.Constant([1, 2])))


def test_losses_as_functions():
    y, p = np.array([1, 0]), np.array([[0.2, 0.8], [0.5, 0.5]])
    expected = -np.log([0.8, 0.5])
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(y, p), expected)
    np.testing.assert_allclose(losses.categorical_crossentropy(np.eye(2)[y], p), expected)
    np.testing.assert_allclose(losses.binary_crossentropy(np.eye(2)[y], p), expected)
    np.testing.assert_allclose(losses.mse(np.eye(2)[y], p), [0.04, 0.25])
    np.testing.assert_allclose(losses.mae(np.eye(2)[y], p), [0.2, 0.5])
    np.testing.assert_allclose(losses.huber(np.eye(2)[y], p, delta=0.4), [0.02, 0.12])
    smooth = -(0.95 * np.log(0.8) + 0.05 * np.log(0.2))
    np.testing.assert_allclose(losses.categorical_crossentropy(np.eye(2)[y], p, label_smoothing=0.1)[0], smooth)
    with pytest.raises(ValueError, match="expected labels of 2 images, given 1"):
        losses.mse([[1, 0]], p)


def test_losses_as_objects():
    """As TensorFlow's first page for beginners calls one: on logits, before any training."""
    y, logits = np.array([1, 0]), np.array([[0.0, 0.0], [np.log(4), 0.0]])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = -np.log([0.5, 0.8])
    np.testing.assert_allclose(loss(y, logits), expected.mean())
    np.testing.assert_allclose(loss(y, logits, sample_weight=[1, 3]), (expected[0] + 3 * expected[1]) / 2)
    np.testing.assert_allclose(losses.MeanSquaredError()([[1, 2]], [[1.5, 2]]), 0.125)
    with pytest.raises(ValueError, match=r"sample_weight: expected weights of shape \(2,\), given \(3,\)"):
        loss(y, logits, sample_weight=[1, 2, 3])


@pytest.mark.parametrize(
    "loss",
    [
        losses.sparse_categorical_crossentropy,
        losses.SparseCategoricalCrossentropy,
        ["SparseCategoricalCrossentropy"],
    ],
)
def test_a_loss_by_function_class_or_in_a_list(loss):
    assert type(compiled(loss=loss).loss) is losses.SparseCategoricalCrossentropy


def test_the_history_calls_a_metric_as_it_was_asked_for():
    model = compiled(metrics=["acc", metrics.SparseCategoricalAccuracy])
    history = model.fit(X, Y, verbose=0, validation_split=0.25)
    names = ["loss", "acc", "sparse_categorical_accuracy"]
    assert list(history.history) == [*names, *(f"val_{name}" for name in names)]
    assert model.metrics_names == names


# ---- optimisers


@pytest.mark.parametrize("name", ["adadelta", "Adagrad", "adamax", "Nadam"])
def test_an_optimiser_by_name_has_keras_s_defaults(name):
    keras = {
        "adadelta": {"rho": 0.95},
        "adagrad": {"initial_accumulator_value": 0.1},
        "adamax": {"beta_1": 0.9, "beta_2": 0.999},
        "nadam": {"beta_1": 0.9, "beta_2": 0.999},
    }
    model = compiled(optimizer=name)
    model.train_on_batch(X, Y)
    capitals = name.capitalize()
    expected = {"name": capitals, "learning_rate": 0.001, "epsilon": 1e-7, **keras[name.lower()]}
    assert model.optimizer is not None and model.optimizer.get_config() == expected
    by_object = compiled(optimizer=getattr(optimizers, capitals)())
    by_object.train_on_batch(X, Y)
    for ours, theirs in zip(model.get_weights(), by_object.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# ---- regularisers


def test_an_mlp_with_l2_as_keras_trains_it():
    """Chollet, *Deep Learning with Python*, chapter 5, in small. The numbers are those of Keras 3.15.1 (on PyTorch)
    from the same weights: the penalty counts in every loss, at the weights before each step, and moves them.
    """
    model = Sequential([
        Input((4,)),
        layers.Dense(5, kernel_regularizer=regularizers.l2(0.02), activation="relu"),
        layers.Dense(5, kernel_regularizer=regularizers.L1L2(l1=0.003, l2=0.01), activation="relu"),
        layers.Dense(1, kernel_regularizer="l1", bias_regularizer="l2", activation="sigmoid"),
    ])  # fmt: skip
    x, y, weights, image_weights = small_mlp()
    model.set_weights(weights)
    model.compile(optimizers.SGD(0.5), loss="binary_crossentropy", metrics=["accuracy"])
    fit = model.fit(
        x, y, batch_size=4, epochs=3, shuffle=False, sample_weight=image_weights, validation_data=(x[:5], y[:5]),
        verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(fit.history["loss"], MLP_LOSSES, rtol=1e-5)
    np.testing.assert_allclose(fit.history["val_loss"], MLP_VALIDATION, rtol=1e-5)
    np.testing.assert_allclose(model.losses, MLP_PENALTIES, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose([w.sum() for w in model.get_weights()], MLP_WEIGHTS, rtol=1e-4, atol=1e-6)
    assert model.train_on_batch(x, y)[0] == pytest.approx(MLP_ON_BATCH, rel=1e-5)


MLP_LOSSES = 0.8774807, 0.867932, 0.8665206
MLP_VALIDATION = 0.8283651, 0.868952, 0.8668566
MLP_PENALTIES = 0.0398272, 0.0474977, 0.0182705, 0.0037003
MLP_WEIGHTS = 1.1718328, -0.543853, 0.3576236, 0.3196427, 1.2634084, 0.6083046  # sums of each array
MLP_ON_BATCH = 0.866347


def small_mlp():
    n = np.arange(10)[:, np.newaxis]
    x = np.sin(n * [1.0, 2.0, 3.0, 5.0]).astype(np.float32)
    shapes = (4, 5), (5,), (5, 5), (5,), (5, 1), (1,)
    weights = [np.cos(np.arange(np.prod(s)) + i).reshape(s).astype(np.float32) / 2 for i, s in enumerate(shapes)]
    return x, (x.sum(axis=1) > 0).astype(np.float32), weights, np.linspace(0.25, 2, 10).astype(np.float32)


def test_the_penalty_by_hand():
    """Weights of 1, -1, 2 and a bias of 3 on inputs of 0: a squared error of 9, and no slope but the penalty's."""
    model = Sequential([Input((3,)), Dense(1, kernel_regularizer=regularizers.L1L2(0.5, 0.25), bias_regularizer="l2")])
    model.compile(optimizers.SGD(0.1), "mse")
    weights = np.array([[1], [-1], [2]], np.float32), np.array([3], np.float32)
    model.set_weights(weights)
    x, y = np.zeros((4, 3)), np.zeros(4)
    penalties = [0.5 * 4 + 0.25 * 6, 0.01 * 9]
    np.testing.assert_allclose(model.losses, penalties, rtol=1e-6)
    loss = 9 + sum(penalties)
    assert model.evaluate(x, y, batch_size=3, verbose=0) == pytest.approx(loss, rel=1e-6)
    assert model.test_on_batch(x, y, sample_weight=np.zeros(4)) == pytest.approx(sum(penalties), rel=1e-6)
    assert model.train_on_batch(x, y) == pytest.approx(loss, rel=1e-6)
    w, b = model.get_weights()
    np.testing.assert_allclose(w[:, 0], [1 - 0.1 * (0.5 + 0.5), -1 + 0.1 * (0.5 + 0.5), 2 - 0.1 * (0.5 + 1)], rtol=1e-6)
    np.testing.assert_allclose(b, [3 - 0.1 * (2 * 3 + 0.02 * 3)], rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ("l1", {"name": "L1", "l1": 0.01}),
        ("L2", {"name": "L2", "l2": 0.01}),
        ("l1_l2", {"name": "L1L2", "l1": 0.0, "l2": 0.0}),
        (regularizers.l2, {"name": "L2", "l2": 0.01}),
        (regularizers.l2(0.001), {"name": "L2", "l2": 0.001}),
        (regularizers.L1(l1=np.float32(0.5)), {"name": "L1", "l1": 0.5}),  # type: ignore[arg-type]
        (regularizers.l1_l2(l1=1e-5, l2=1e-4), {"name": "L1L2", "l1": 1e-5, "l2": 1e-4}),
        (regularizers.L2(None), {"name": "L2", "l2": 0.01}),
        (regularizers.L1L2(None, 1), {"name": "L1L2", "l1": 0.0, "l2": 1.0}),
    ],
)
def test_a_regulariser_by_name_class_or_object_also_in_a_file(given, config, tmp_path):
    first = layers.Conv1D(2, 2, kernel_regularizer=given)
    model = net(first, Flatten(), Dense(3, bias_regularizer=given, use_bias=False), shape=(4, 2))
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    again = models.load_model(_saved(model, tmp_path / "model.keras"))
    layer: Any
    for layer in (first, again.layers[0]):
        assert isinstance(layer.kernel_regularizer, regularizers.L1L2)
        assert (layer.kernel_regularizer.config(), layer.bias_regularizer) == (config, None)
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]
    assert len(model.losses) == 1  # there are no biases in the last layer
    np.testing.assert_array_equal(again.losses, model.losses)


def test_a_regulariser_by_itself():
    w = np.array([[1.0, -2.0], [3.0, 0.0]])
    assert regularizers.L1L2(l1=0.5, l2=0.25)(w) == 0.5 * 6 + 0.25 * 14
    assert regularizers.l2(2.0)(np.ones((5, 1000))) == 2 * 5000
    assert repr(regularizers.l2(0.1)) == "L2(l2=0.1)"


def test_without_regularisers_nothing_is_worked_out():
    def fail(*arguments):
        raise AssertionError("a model without regularisers pays nothing")

    ops = dataclasses.replace(loopnet.get_ops("literal"), weight_penalty_forward=fail, weight_penalty_backward=fail)
    model = compiled(backend=ops)
    model.fit(X, Y, verbose=0, validation_split=0.25)
    assert model.losses == []


# ---- constraints


def bounded_mlp():
    return [
        layers.Dense(5, kernel_constraint=constraints.max_norm(0.6), bias_constraint="non_neg", activation="relu"),
        layers.Dense(5, kernel_constraint=constraints.UnitNorm(axis=[0, 1]), activation="relu"),
        layers.Dense(1, kernel_constraint=constraints.MinMaxNorm(0.9, 1.0, 0.5), bias_constraint=constraints.max_norm),
    ]


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_an_mlp_in_bounds_as_keras_trains_it(backend, tmp_path):
    """The numbers are those of Keras 3.15.1 (on PyTorch) from the same weights."""
    model = Sequential([Input((4,)), *bounded_mlp()])
    first: Any = model.layers[0]
    x, y, weights, _ = small_mlp()
    model.set_weights(weights)
    model.compile(optimizers.SGD(0.1), loss="mse", backend=backend)
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], BOUNDED_LOSSES, rtol=1e-5)
    np.testing.assert_allclose([w.sum() for w in model.get_weights()], BOUNDED_WEIGHTS, rtol=1e-4, atol=1e-6)
    assert (first.bias >= 0).all() and first.bias.any()
    assert np.linalg.norm(model.get_weights()[2]) == pytest.approx(1, rel=1e-6)
    again = Sequential.load(_saved(model, tmp_path / "model"), backend)
    assert [layer.config() for layer in again.layers] == [layer.config() for layer in model.layers]
    for ours in (model, again):
        ours.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_array_equal(again.get_weights()[0], first.kernel)


BOUNDED_LOSSES = 0.2867298, 0.2795839, 0.274227
BOUNDED_WEIGHTS = 0.592811, 0.453113, 0.142812, 0.2560202, 0.9074066, 0.2904821  # sums of each array


def test_constraints_by_themselves():
    w = np.array([[3.0, -0.3], [-4.0, 0.4]])
    np.testing.assert_allclose(constraints.max_norm(2)(w), [[1.2, -0.3], [-1.6, 0.4]], rtol=1e-6)
    unit: Any = constraints.get(constraints.unit_norm().config())
    np.testing.assert_allclose(unit(w), [[0.6, -0.6], [-0.8, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(constraints.MinMaxNorm(1, 3, 0.5)(w), w * [0.8, 1.5], rtol=1e-6)
    np.testing.assert_allclose(constraints.NonNeg()(w), np.maximum(w, 0))
    np.testing.assert_allclose(constraints.max_norm(2, axis=[0, 1])(w), w * (2 / np.sqrt(25.25)), rtol=1e-6)


def test_a_model_in_bounds_is_for_a_cpu():
    on_device = dataclasses.replace(loopnet.get_ops("literal"), name="card", on_device=True)
    model = net(Flatten(), Dense(3, kernel_constraint="non_neg"))
    with pytest.raises(ValueError, match="backend 'card' has no constraints: they are for the rungs of a CPU"):
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), backend=on_device)


def test_normalize_as_keras_does():
    x = np.array([[[3, 4], [0, 0]], [[1, 2], [2, 1]]])
    a, b = 1 / 5**0.5, 2 / 5**0.5
    np.testing.assert_allclose(utils.normalize(x), np.array([[[0.6, 0.8], [0, 0]], [[a, b], [b, a]]]))
    np.testing.assert_allclose(utils.normalize(x, axis=1)[1], [[a, b], [b, a]])
    np.testing.assert_allclose(utils.normalize(x[0], order=1)[0], [3 / 7, 4 / 7])
    np.testing.assert_allclose(utils.normalize([3.0, 4.0]), [0.6, 0.8])


def test_a_checkpoint_after_so_many_batches(tmp_path):
    keep = ModelCheckpoint(tmp_path / "{epoch}-{batch}-{loss:.1f}", save_freq=2)
    compiled().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=keep)
    assert sorted(path.name[:4] for path in tmp_path.iterdir()) == ["1-2-", "2-1-", "2-3-"]


# ---- models


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


# ---- learning rates


def test_a_schedule_of_the_epoch_alone():
    model = compiled()
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))])
    assert history.history["learning_rate"] == [0.1, 0.05]


def test_the_learning_rate_falls_on_a_plateau():
    """By hand: better at 0 and 1; two epochs without (2, 3): falls; the count rests (4) and reaches two again at 5."""
    model = compiled()
    callback = ReduceLROnPlateau(monitor="val", factor=0.5, patience=2, min_delta=0.01, cooldown=1, min_lr=0.003)
    callback.model = model
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate([1.0, 0.9, 0.895, 0.95, 0.95, 0.95, 0.95, 0.95]):
        logs = {"val": value}
        callback.on_epoch_end(epoch, logs)
        rates.append(model.optimizer.learning_rate)
    assert rates == pytest.approx([0.01, 0.01, 0.01, 0.005, 0.005, 0.003, 0.003, 0.003])  # as Keras's callback does
    assert logs["learning_rate"] == pytest.approx(0.003)
    with pytest.raises(ValueError, match="expected factor between 0 and 1, given 1.5"):
        ReduceLROnPlateau(factor=1.5)


TABLE = np.column_stack([np.arange(8.0), 100 + np.arange(8.0) ** 2, np.full(8, 5.0)])


def test_normalization_as_tensorflow_s_regression_tutorial_has_it(tmp_path):
    """It is adapted before there is a model, has the table's shape, and stands first; what is always the same is 0."""
    normalizer = layers.Normalization(axis=-1)
    normalizer.adapt(TABLE)
    np.testing.assert_allclose(normalizer.mean.numpy(), TABLE.mean(axis=0))
    expected = (TABLE - TABLE.mean(axis=0)) / np.maximum(TABLE.std(axis=0), 1e-7)
    model = Sequential([normalizer, Dense(1)])
    model.compile(optimizers.Adam(0.1), loss="mean_absolute_error")
    w, b = model.layers[1].get_weights()
    np.testing.assert_allclose(model.predict(TABLE, verbose=0), expected @ w + b, rtol=1e-5, atol=1e-5)
    history = model.fit(TABLE, TABLE[:, 1] / 10, epochs=30, validation_split=0.25, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] / 1.2
    np.testing.assert_allclose(normalizer.get_weights(), [TABLE.mean(axis=0), TABLE.var(axis=0)], rtol=1e-6)
    again = models.load_model(_saved(model, tmp_path / "model.keras"))
    np.testing.assert_array_equal(again.predict(TABLE, verbose=0), model.predict(TABLE, verbose=0))


@pytest.mark.parametrize("backend", CPU_BACKENDS)
@pytest.mark.parametrize("how", [{"axis": None}, {"axis": -1}, {"mean": 2.0, "variance": 9.0}])
def test_normalization_of_images_and_of_one_column(backend, how):
    images = np.random.default_rng(3).uniform(0, 255, (5, 4, 3, 2)) * [1, 3]
    for x in (images, images[:, 0, 0, :1]):
        layer = layers.Normalization(**how, input_shape=x.shape[1:])
        model = Sequential([layer], dtype="float64")
        model.compile("sgd", "mse", backend=backend)
        mean, variance = how.get("mean"), how.get("variance")
        if mean is None:
            layer.adapt(x)  # in a model already
            over = None if how["axis"] is None else tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=over), x.var(axis=over)
        np.testing.assert_allclose(model.predict(x, verbose=0), (x - mean) / np.sqrt(variance), rtol=1e-9, atol=1e-9)
        assert layer.count_params() == (0 if "mean" in how else 2 * x.shape[-1])
    column = layers.Normalization(axis=None, input_shape=[1])
    column.adapt([1.0, 2, 6])  # without an axis of 1, as TensorFlow's tutorial takes it from a table
    assert column.mean.numpy().tolist() == [3]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: layers.Normalization(mean=1.0), "expected mean and variance, or neither, given 1.0 and None"),
        (lambda: layers.Normalization(mean=0, variance=-1), "variance: expected finite numbers, none below 0"),
        (lambda: layers.Normalization(axis=True), "expected axis -1 or None, given True"),
        (lambda: net(layers.Normalization(axis=1)), "expected axis -1 or None, given 1"),
        (lambda: net(layers.Normalization(mean=[1, 2], variance=1)), "mean: expected 1 numbers, or 1, given 2"),
        (lambda: layers.Normalization(mean=0, variance=1).adapt(TABLE), "it was given its mean and variance"),
        (lambda: layers.Normalization().adapt([1, 2]), r"adapt: expected numbers \(examples, ..., channels\), given"),
        (lambda: layers.Normalization().adapt([["a"]]), "adapt: expected numbers"),
        (lambda: layers.Normalization().adapt(TABLE * np.nan), "adapt: expected finite numbers"),
        (lambda: net(layers.Normalization()).layers[0].adapt(TABLE), "adapt: expected 1 channels, given 3"),
    ],
)  # fmt: skip
def test_normalization_refuses(run, message):
    with pytest.raises(ValueError, match=message):
        run()
