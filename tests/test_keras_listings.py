"""Lines as beginners write them for Keras: they run and mean the same, or one line says what to do instead.

Imports, the shape of the input, arguments and names; beside it a file for each chapter, test_keras_models.py and so on.
"""

import importlib
from typing import Any

import numpy as np
import pytest
from listed import X, Y, compiled, net

import loopnet
from loopnet import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    utils,
)
from loopnet.callbacks import ModelCheckpoint, ReduceLROnPlateau
from loopnet.layers import Conv2D, Dense, Flatten, Input
from loopnet.model import Sequential

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
from loopnet.keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img
from loopnet.keras.preprocessing import image, image_dataset_from_directory
from loopnet.keras.utils import image_dataset_from_directory, load_img, save_img, array_to_img
from loopnet.preprocessing import image
import loopnet.keras.layers as layers
from loopnet import data as tf_data; tf_data.AUTOTUNE
import loopnet as tf; tf.data.AUTOTUNE == tf.data.experimental.AUTOTUNE
import loopnet as tf; tf.data.Dataset.from_tensor_slices([1, 2]).shuffle(2).batch(2).prefetch(tf.data.AUTOTUNE)
import loopnet as tf; tf.argmax(tf.constant([1.0, 2.0])).numpy()
import loopnet as tf; tf.keras.layers.Dense(10, activation=tf.nn.relu)
from loopnet.random import set_seed
"""


@pytest.mark.parametrize("line", IMPORTS.split("\n")[1:-1])
def test_import(line):
    exec(line, {})


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("from loopnet.regularizers import OrthogonalRegularizer", "OrthogonalRegularizer is not in loopnet: .*L1L2"),
        ("from loopnet.constraints import RadialConstraint", "RadialConstraint is not in loopnet: .* MaxNorm"),
        ("from loopnet.preprocessing.image import smart_resize", r"use load_img\(.*keep_aspect_ratio=True"),
        ("from loopnet.preprocessing.text import Tokenizer", "text is not in loopnet: models take numbers"),
        ("from loopnet.applications import VGG16", "there are no trained networks"),
        ("from loopnet.optimizers.legacy import Adam", "the optimizers are in loopnet.optimizers itself"),
        ("from loopnet.optimizers import Ftrl", "Ftrl is not in loopnet: use SGD"),
        ("from loopnet.layers import Dot", "Dot is not in loopnet: branches meet in Add, Average, Concatenate"),
        ("from loopnet.layers import TextVectorization", "TextVectorization is not in loopnet: models take numbers"),
        ("from loopnet.layers import ThresholdedReLU", r"use ReLU\(threshold=1.0\)"),
        ("from loopnet.callbacks import TensorBoard", "TensorBoard is not in loopnet: use CSVLogger"),
        ("from loopnet.metrics import MeanIoU", "MeanIoU is not in loopnet: write a function"),
        ("from loopnet.losses import Tversky", "Tversky is not in loopnet: the losses are"),
        ("from loopnet.utils import model_to_dot", "plot_architecture"),
        ("from loopnet.datasets import cifar100", "use cifar10"),
        ("from loopnet.keras.preprocessing.sequence import pad_sequences", "to pad arrays use numpy.pad"),
        ("from loopnet.keras.preprocessing import timeseries_dataset_from_array", "to pad arrays use numpy.pad"),
        ("from loopnet.utils import get_file", "pooch.retrieve"),
        ("from loopnet.keras.layers import LSTM", "there are no recurrent layers"),
        ("from loopnet.keras.optimizers.legacy import Adam", "the optimizers are in loopnet.optimizers itself"),
        ("import loopnet as tf; tf.nn.conv2d", "conv2d is not in loopnet: a network is made of loopnet.layers"),
        ("from loopnet.random import uniform", r"uniform is not in loopnet: use numpy.random.default_rng\(seed\)"),
        ("import loopnet as tf; tf.Variable([1.0])", "Variable is not in loopnet: use numpy"),
        ("import loopnet as tf; tf.linalg.norm", "linalg is not in loopnet: use numpy"),
        ("import loopnet as tf; tf.GradientTape()", "GradientTape is not in loopnet: .* fit and train_on_batch train"),
        ("import loopnet as tf; tf.data.TFRecordDataset", "TFRecordDataset is not .* Dataset.from_generator"),
        ("import loopnet as tf; tf.data.Dataset.list_files", "list_files is not in loopnet: .* from_generator"),
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


def test_a_model_that_has_an_input_is_built_already():
    model = Sequential([Input((4,)), Dense(3)])
    model.build()
    assert [w.shape for w in model.weights] == [(4, 3), (3,)]
    with pytest.raises(ValueError, match="sequential: it has no input shape yet; add"):
        Sequential([Dense(3)]).build()


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
    (lambda: activations.celu(X), NotImplementedError, "celu is not in loopnet: the activations are relu"),
    (lambda: optimizers.Adam(clipnorm=0), ValueError, "Adam: clipnorm: expected a finite number above 0, given 0"),
    (lambda: optimizers.SGD(clipvalue=float("nan")), ValueError, "SGD: clipvalue: expected .* above 0, given nan"),
    (lambda: optimizers.SGD(clipvalue=1, clipnorm=1), ValueError, "expected one of .*, given clipnorm, clipvalue"),
    (lambda: optimizers.SGD(clipnrm=1), TypeError, "did you mean 'clipnorm'?"),
    (lambda: optimizers.Adagrad(0.1, -1), ValueError, "Adagrad: .*initial_accumulator_value of at least 0, given -1"),
    (lambda: optimizers.Nadam(schedule_decay=0.004), NotImplementedError, "Nadam: schedule_decay is not in loopnet"),
    (lambda: optimizers.Adam(weight_decay=-1), ValueError, "Adam: expected a weight_decay of at least 0, given -1"),
    (lambda: optimizers.SGD(weight_decay="a"), ValueError, "SGD: weight_decay: expected a number, given 'a'"),
    (lambda: optimizers.SGD(0.1, decay=1e-6), NotImplementedError, r"InverseTimeDecay\(learning_rate, 1, decay\)"),
    (lambda: optimizers.RMSprop(0.001, 0.9, 0.9), NotImplementedError, "RMSprop: momentum is not in loopnet: use SGD"),
    (lambda: optimizers.Adam(amsgrad=True), NotImplementedError, "Adam: amsgrad is not in loopnet: use Adam without"),
    (lambda: optimizers.SGD(lr=0.1), NotImplementedError, "today's name is learning_rate"),
    (lambda: optimizers.SGD(learning_rat=0.1), TypeError, "did you mean 'learning_rate'?"),
    (lambda: losses.CategoricalCrossentropy(reduction="sum"), NotImplementedError, "reduction is not in loopnet"),
    (lambda: losses.Huber(reduction=None), NotImplementedError, "the functions, .* give one number an image"),
    (lambda: compiled(jit_compile=True), NotImplementedError, "compile: jit_compile is not in loopnet"),
    (lambda: compiled(optimizer="lion"), NotImplementedError, "Lion is not in loopnet"),
    (lambda: compiled(loss="dice"), NotImplementedError, "dice is not in loopnet: the losses are"),
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
    (lambda: compiled().fit(X, Y, epoch=2), TypeError, "fit: unknown argument 'epoch'; did you mean 'epochs'?"),
    (lambda: compiled().fit(X), ValueError, "fit: expected arrays x and y, given no y"),
    (lambda: compiled().predict_classes(X), NotImplementedError, r"use predict\(x\).argmax"),
    (lambda: compiled().to_yaml(), NotImplementedError, "to_yaml is not in loopnet: use to_json"),
    (lambda: compiled().optimizer.lr, NotImplementedError, "today's name is learning_rate"),
    (lambda: ModelCheckpoint("x", save_freq=-5), ValueError, "save_freq: 'epoch', or a number of batches: .* -5"),
    (lambda: ModelCheckpoint("x", save_best_only=True, save_freq=9), ValueError, "val_loss is known after an epoch"),
    (lambda: layers.RandomRotation(0.1, fill_value=1.0), NotImplementedError, "what comes in from outside is 0"),
    (lambda: layers.RandomDistortion(1, fill_mode="wrap"), NotImplementedError, "RandomZoom have it"),
    (lambda: layers.Resizing(3, 3, "bicubic"), NotImplementedError, "interpolation='bicubic' is not in loopnet: use"),
    (lambda: layers.Resizing(3, 3, antialias=True), NotImplementedError, "antialias is not .*shrink without smoothing"),
    (lambda: layers.Resizing(3, 3, pad_to_aspect_ratio=True), NotImplementedError, "Resizing: pad_to_aspect_ratio is"),
    (lambda: layers.Resizing(3, 3, fill_value=2.0), NotImplementedError, "fill_value is not in loopnet"),
    (lambda: Dense(3, max_valu=1), TypeError, "Dense: unknown argument 'max_valu'$"),  # Dense has no max_value either
    (lambda: type("Linear", (layers.Layer,), {"call": None}), NotImplementedError, "Linear: call is not .* forward"),
    (lambda: layers.Layer(name="own").add_weight(shape=(2, 3)), NotImplementedError, "own: add_weight is not .*build"),
    (lambda: loopnet.ops.convert_to_numpy(X), NotImplementedError, "convert_to_numpy is not in loopnet: .*use numpy"),
    (lambda: ReduceLROnPlateau(epsilon=1e-3), NotImplementedError, "ReduceLROnPlateau: epsilon .* name is min_delta"),
    (lambda: ReduceLROnPlateau(patiense=1), TypeError, "did you mean 'patience'?"),
    (lambda: compiled().load_weights("w", by_name=True), NotImplementedError, r"by_name .*: layer.set_weights\(other"),
    (lambda: optimizers.get({"class_name": "Adam"}), ValueError, r"expected a dictionary as .*config\(\) gives it"),
    (lambda: utils.to_categorical(["a", "b"]), ValueError, "to_categorical: expected class numbers, given"),
    (lambda: Input((3,)) ** 2, NotImplementedError, r"\*\* 2 is not in loopnet: x \* x is the square"),
    (lambda: Input((3,))[:, 1], NotImplementedError, r"\[...\] is not in loopnet: Cropping1D"),
    (lambda: abs(Input((3,))), NotImplementedError, r"abs\(.*ReLU\(\)\(x\) \+ layers.ReLU\(\)\(-x\) is the same"),
    (lambda: layers.Dropout(0.5)(Input((3,)), training=False), NotImplementedError, "in fit, Dropout does as in train"),
    (lambda: net(layers.BatchNormalization())(Input((8, 8, 1)), training=False), NotImplementedError, "is frozen, "),
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
    assert optimizers.RMSprop(0.001, 0.9, 0.0, 1e-5, False).config()["epsilon"] == 1e-5  # in Keras's order
    layers.RandomRotation(0.1, fill_value=0.0, interpolation="bilinear")
    layers.Resizing(3, 3, pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, antialias=False)
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
        (lambda: compiled(), "jit_compile"),
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


def test_tensorflow_s_first_tutorial_asks_answers_for_their_numbers():
    tf = loopnet
    tf.random.set_seed(3)
    first = Sequential([Input((4,)), Dense(3)])
    tf.random.set_seed(3)
    again = Sequential([Input((4,)), Dense(3)])
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    logits = first(x).numpy()
    assert type(logits) is np.ndarray and logits.dtype == np.float32
    np.testing.assert_array_equal(logits, again(x, training=True).numpy())
    np.testing.assert_allclose(tf.nn.softmax(logits).numpy().sum(axis=1), [1, 1], rtol=1e-6)
    assert tf.nn.relu is activations.relu
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)([0, 2], logits)
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[[0, 1], [0, 2]]
    assert loss.numpy() == pytest.approx(expected.mean(), rel=1e-6) and f"{loss:.2f}" == f"{expected.mean():.2f}"


def test_weights_say_what_they_are():
    model: Any = Sequential([Conv2D(2, 3, input_shape=(4, 4, 1)), layers.BatchNormalization()])
    names = ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in model.weights] == names  # as in Keras 3.15
    assert [w.name for w in model.trainable_weights] == names[:4]
    kernel = model.layers[0].kernel
    assert type(kernel.numpy()) is np.ndarray and np.shares_memory(kernel, model.layers[0].weights[0])
    np.testing.assert_array_equal(model.layers[1].moving_variance, [1, 1])
    assert kernel[0].name is None
    with pytest.raises(NotImplementedError, match="assign is not in loopnet: set weights with layer.set_weights"):
        kernel.assign(kernel)
    assert not hasattr(kernel, "nonsense")


def test_class_numbers_of_pixels_as_rows():
    """As Keras 3.15: masks for a network that marks the pixels; a column is a list."""
    masks = np.array([[[0, 2], [1, 0]]])
    rows = utils.to_categorical(masks, num_classes=4)
    assert rows.shape == (1, 2, 2, 4) and rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.eye(4)[masks])
    np.testing.assert_array_equal(utils.to_categorical(masks[..., None], 4), rows)
    np.testing.assert_array_equal(utils.to_categorical([[1], [0]]), [[0, 1], [1, 0]])


def test_an_optimizer_of_another_one_s_config():
    first = optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 5, 0.5), momentum=0.9, clipnorm=1.0)
    again = optimizers.SGD.from_config(first.get_config())
    assert type(again) is optimizers.SGD and again.get_config() == first.get_config()


def test_activations_say_what_they_are():
    """As in Keras 3.15."""
    named = (None, "linear", "relu", "softmax", "swish", activations.tanh, layers.LeakyReLU(0.1))
    made = [Dense(3, activation=given) for given in named]
    names = ["linear", "linear", "relu", "softmax", "silu", "tanh", "leaky_relu"]
    assert [layer.activation.__name__ for layer in made] == names
    assert layers.SeparableConv2D(3, 3, activation="relu").activation.__name__ == "relu"
    np.testing.assert_array_equal(made[2].activation(np.array([[-1.0, 2.0]])), [[0, 2]])
    np.testing.assert_array_equal(made[0].activation(np.array([[-1.0, 2.0]])), [[-1, 2]])


def test_another_activation_in_place_of_the_one_there_was():
    """``model.layers[-1].activation = None`` is how listings that explain a network get at its logits."""
    x = np.random.default_rng(0).random((8, 8, 8, 1))
    conv, last = Conv2D(4, 3, activation="relu"), Dense(3, activation="softmax")
    model = Sequential([Input((8, 8, 1)), conv, layers.MaxPooling2D(), Flatten(), last], seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    p = model.predict(x, verbose=0)
    last.activation = None
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    logits = model.predict(x, verbose=0)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), p, rtol=1e-5)
    conv.activation = "tanh"  # where convolution, ReLU and pooling were one stage
    assert model.get_config()["layers"][0]["activation"] == "tanh"
    assert abs(model.predict(x, verbose=0) - logits).max() > 1e-3
    with pytest.raises(ValueError, match="unknown activation 'nothing'"):
        conv.activation = "nothing"
    conv.activation = activations.relu
    np.testing.assert_array_equal(model.predict(x, verbose=0), logits)
