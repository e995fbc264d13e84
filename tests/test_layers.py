"""Layers as a user meets them: arguments, shapes, weights, and on which rung they run."""

import numpy as np
import pytest
from gradients import TOLERANCE, Trial, central_differences, relative_error
from oracle import philox

import loopnet
from loopnet import layers
from loopnet.borders import Border
from loopnet.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv3D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    ReLU,
    Reshape,
    Softmax,
    ZeroPadding1D,
    ZeroPadding2D,
)
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops

each_rung = pytest.mark.parametrize("backend", BACKENDS)
LOSS = "sparse_categorical_crossentropy"
LOSS_OF_LOGITS = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)


def mixed(seed=0, dtype="float64"):
    """Something of everything, in an order that puts plain layers at several places of a tuned model."""
    return Sequential(
        [
            Input((8, 7, 2)),
            Conv2D(4, 3, activation="relu"), MaxPooling2D(),  # fused on the tuned rung
            BatchNormalization(),
            Conv2D(4, 2, dilation_rate=(1, 2), padding="same", activation="tanh"),
            Conv2D(6, 2, groups=2, padding=1, use_bias=False),
            ReLU(),
            AveragePooling2D(2, padding="same"),
            Conv2D(5, 2, strides=(1, 2), padding="same", activation="softplus"),
            Dropout(0.25),
            Flatten(),
            BatchNormalization(scale=False),
            Dense(3, activation="softmax"),
        ],
        dtype=dtype, seed=seed,
    )  # fmt: skip


def trained(backend, make=mixed, **kwargs):
    random = np.random.default_rng(1)
    model = make(**kwargs)
    x = random.standard_normal((13, *model.input_shape[1:]))
    model.compile("adam", LOSS, backend=backend)
    history = model.fit(x, random.integers(3, size=13), batch_size=5, epochs=3, verbose=0)
    return model, x, np.array(history.history["loss"])


def test_all_rungs_train_alike():
    """Thirteen images in batches of five: on the tuned rung every batch leaves lanes empty."""
    reference, x, losses = trained("literal")
    for backend in [name for name in BACKENDS if name != "literal"]:
        model, _, got = trained(backend)
        np.testing.assert_allclose(got, losses, rtol=1e-9)
        np.testing.assert_allclose(model.predict(x, batch_size=6), reference.predict(x), rtol=1e-7, atol=1e-12)
        for w, expected in zip(model.get_weights(), reference.get_weights(), strict=True):
            np.testing.assert_allclose(w, expected, rtol=1e-7, atol=1e-9)


def test_tuned_runs_what_it_has_and_the_rest_on_parallel():
    model, _, _ = trained("tuned")
    plain = [layer.name for layer in model.layers if layer.backend == "parallel"]
    assert plain == ["conv2d_1", "conv2d_2"]
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert any("conv2d_1" in line and line.endswith("parallel") for line in lines)
    assert any("dense" in line and line.endswith("tuned") for line in lines)


@each_rung
def test_looking_into_a_network_with_borders(backend):
    """Feature maps and the sensitivity of a cell, where every other layer is on another rung."""
    from loopnet.plot.network import outputs_of_layers
    from loopnet.plot.receptive import receptive_field, sensitivity

    model, x, _ = trained(backend)
    maps = outputs_of_layers(model, x[:3])
    assert [m.shape for m in maps] == [(3, *layer.output_shape[1:]) for layer in model.layers]
    np.testing.assert_allclose(maps[-1], model.predict(x[:3]), rtol=1e-9)
    layer, cell = model.layers[4].name, (1, 1)
    seen = sensitivity(model, layer, cell, x)
    rows, columns = receptive_field(model, layer, cell)
    outside = seen.copy()
    outside[slice(*rows), slice(*columns)] = 0
    assert seen.any() and not outside.any()


def test_a_softmax_whose_loss_does_not_join_it():
    """Mean squared error looks at the probabilities, so that the softmax has a backward pass of its own."""
    x, y = np.random.default_rng(2).standard_normal((5, 4, 4, 1)), np.eye(3)[[0, 1, 2, 0, 1]]

    def losses(backend):
        model = Sequential([Input((4, 4, 1)), AveragePooling2D(), Flatten(), Dense(3, activation="softmax")], seed=0)
        model.compile("sgd", "mse", backend=backend)
        return [model.train_on_batch(x, y) for _ in range(3)]

    for backend in BACKENDS:
        np.testing.assert_allclose(losses(backend), losses("python"), rtol=1e-5)


def test_lenet_meets_no_border():
    model = loopnet.lenet.lenet5()
    model.compile("adam", LOSS_OF_LOGITS, backend="tuned")
    assert {layer.backend for layer in model.layers} == {"tuned"}
    assert not any(isinstance(stage, Border) for stage in model._plan.stages)


def test_summary_names_backends_only_where_they_differ():
    model, _, _ = trained("parallel")
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert not any("Backend" in line or "parallel" in line for line in lines)


def test_a_rung_of_ones_own_runs_borrowed_loops_on_plain_tensors():
    """A loop put into the table of the tuned rung gets that rung's tensors; all others stay where they were."""
    from dataclasses import replace

    tuned = get_ops("tuned")
    mine = replace(tuned, relu_forward=lambda x, y: tuned.relu_forward(x, y))
    np.testing.assert_allclose(trained(mine)[2], trained("tuned")[2], rtol=1e-12)


@each_rung
def test_outputs_that_a_rung_cannot_lay_out(backend):
    model = Sequential([Input((6, 2)), Conv1D(3, 2, padding="same")], dtype="float64", seed=0)
    model.compile(backend=backend)
    x = np.random.default_rng(0).standard_normal((5, 6, 2))
    w, _ = model.get_weights()
    padded = np.pad(x, [(0, 0), (0, 1), (0, 0)])
    np.testing.assert_allclose(model.predict(x), padded[:, :-1] @ w[0] + padded[:, 1:] @ w[1], atol=1e-12)


# Batch normalisation


@each_rung
def test_batch_normalization_keeps_and_uses_moving_statistics(backend):
    model = Sequential([Input((2, 1, 1)), BatchNormalization(momentum=0.75), Flatten(), Dense(2)], dtype="float64")
    model.compile(backend=backend)
    assert [w.shape for w in model.get_weights()[:4]] == [(1,)] * 4
    assert [float(w[0]) for w in model.get_weights()[:4]] == [1, 0, 0, 1]  # gamma, beta, mean, variance
    gamma, beta, _, _, w, b = model.get_weights()
    x = np.array([[1.0, 3.0], [5.0, 7.0]]).reshape(2, 2, 1, 1)  # mean 4, variance 5
    model.set_weights([gamma, beta, np.array([2.0]), np.array([9.0]), w, b])
    before = model.predict(x)
    np.testing.assert_allclose(before, ((x - 2) / np.sqrt(9 + 1e-3)).reshape(2, 2) @ w + b, rtol=1e-12)
    for _ in range(2):
        np.testing.assert_array_equal(model.predict(x), before)  # looking changes nothing


@each_rung
def test_batch_normalization_learns_by_the_batch(backend):
    model = Sequential(
        [Input((2,)), BatchNormalization(momentum=0.75), Dense(2, activation="softmax")], dtype="float64"
    )
    model.compile("sgd", LOSS, backend=backend)
    model.train_on_batch(np.array([[1.0, 0.0], [3.0, 0.0], [8.0, 0.0]]), [0, 1, 0])
    mean, variance = model.get_weights()[2:4]
    np.testing.assert_allclose(mean, [0.25 * 4, 0])  # empty lanes are not images of zeros
    np.testing.assert_allclose(variance, [0.75 + 0.25 * 26 / 3, 0.75])


def test_what_is_not_trained_is_counted_and_kept_from_the_optimiser():
    model = mixed()
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    kept = 2 * 4 + 2 * model.layers[-1].input_shape[1]
    total = model.count_params()
    assert lines[-3:] == [
        f"Total params: {total:,}", f"Trainable params: {total - kept:,}", f"Non-trainable params: {kept:,}"
    ]  # fmt: skip
    assert sum(w.size for w in model.get_weights()) == total


def test_a_saved_model_looks_the_same(tmp_path):
    model, x, _ = trained("tuned", dtype="float32")
    model.save(tmp_path / "model.safetensors")
    again = Sequential.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in model.layers]


@each_rung
def test_batch_normalization_looking_back(backend):
    """The gradient through fixed statistics, which is what someone who looks wants."""
    layer = BatchNormalization()
    trial = Trial(layer, (3, 2), backend, np.random.default_rng(4))
    layer.moving_mean.value[:], layer.moving_variance.value[:] = 2, 5

    def loss():
        y = layer.forward(trial.ops.pack(trial.x))
        return float((trial.ops.to_host(y, trial.direction.shape) * trial.direction).sum())

    loss()
    dx = trial.ops.to_host(layer.backward(trial.ops.pack(trial.direction)), trial.x.shape)
    assert relative_error(dx, central_differences(loss, trial.x)) < TOLERANCE


# Dropout


def test_philox_answers_as_published():
    """Known answers of philox2x32 with ten rounds, from the authors' Random123 library."""
    assert [hex(int(w)) for w in philox(0, 0, 0)] == ["0xff1dae59", "0x6cd10df2"]
    assert [hex(int(w)) for w in philox(*[0xFFFFFFFF] * 3)] == ["0x2c3f628b", "0xab4fd7ad"]
    assert [hex(int(w)) for w in philox(0x243F6A88, 0x85A308D3, 0x13198A2E)] == ["0xdd7ce038", "0xf62a4c12"]


@each_rung
def test_dropout_drops_its_share_in_training_only(backend):
    layer = Dropout(0.3, seed=1)
    layer.build((1000,))
    layer.bind(get_ops(backend), np.dtype("float32"))
    x = layer.ops.pack(np.ones((10, 1000), np.float32))
    assert layer.forward(x) is x
    y = layer.ops.to_host(layer.forward(x, training=True), (10, 1000))
    assert 0.28 < (y == 0).mean() < 0.32
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs(np.corrcoef(y[0] == 0, y[1] == 0)[0, 1]) < 0.1  # each image its own mask


def test_the_models_seed_is_the_masks_seed():
    def losses(seed):
        return trained("parallel", seed=seed)[2].tolist()

    assert losses(1) == losses(1) != losses(2)


# Arguments and shapes


@pytest.mark.parametrize("layer, given, expected", [
    (Conv1D(4, 3), (10, 2), (8, 4)),
    (Conv1D(4, 3, padding="causal", dilation_rate=4), (10, 2), (10, 4)),
    (Conv2D(4, 3, padding="same", strides=2), (7, 8, 3), (4, 4, 4)),
    (Conv2D(4, 3, dilation_rate=2), (7, 8, 3), (3, 4, 4)),
    (Conv2D(4, 3, padding=2), (7, 8, 3), (9, 10, 4)),
    (Conv2D(4, 3, padding=(1, 0)), (7, 8, 3), (7, 6, 4)),
    (Conv2D(4, 3, padding=((1, 2), (0, 3))), (7, 8, 3), (8, 9, 4)),
    (Conv2D(4, 3, data_format="channels_first"), (3, 7, 8), (4, 5, 6)),
    (Conv3D(4, (1, 2, 3)), (5, 5, 5, 1), (5, 4, 3, 4)),
    (AveragePooling2D(3, 2, padding="same"), (7, 8, 3), (4, 4, 3)),
    (MaxPooling2D(data_format="channels_first"), (3, 7, 8), (3, 3, 4)),
    (GlobalAveragePooling2D(), (7, 8, 3), (3,)),
    (GlobalAveragePooling2D(keepdims=True, data_format="channels_first"), (3, 7, 8), (3, 1, 1)),
    (ZeroPadding1D((1, 2)), (7, 3), (10, 3)),
    (ZeroPadding2D((1, 2)), (7, 8, 3), (9, 12, 3)),
    (layers.DepthwiseConv2D(3, depth_multiplier=2), (7, 8, 3), (5, 6, 6)),
    (layers.DepthwiseConv2D(3, 2, "same", data_format="channels_first"), (3, 7, 8), (3, 4, 4)),
    (layers.SeparableConv2D(5, (3, 2)), (7, 8, 3), (5, 7, 5)),
    (layers.SeparableConv1D(5, 3, 2, "same"), (7, 3), (4, 5)),
    (layers.Cropping1D((1, 2)), (7, 3), (4, 3)),
    (layers.Cropping2D((1, 2)), (7, 8, 3), (5, 4, 3)),
    (layers.Cropping2D(((1, 0), (2, 3)), "channels_first"), (3, 7, 8), (3, 6, 3)),
    (layers.Cropping3D(), (4, 3, 5, 2), (2, 1, 3, 2)),
    (layers.UpSampling1D(3), (7, 2), (21, 2)),
    (layers.UpSampling2D((3, 2)), (7, 8, 3), (21, 16, 3)),
    (layers.UpSampling2D(data_format="channels_first"), (3, 7, 8), (3, 14, 16)),
    (layers.Resizing(4, 9), (7, 8, 3), (4, 9, 3)),
    (layers.Resizing(4, 9, data_format="channels_first"), (3, 7, 8), (3, 4, 9)),
    (layers.CenterCrop(4, 9), (7, 8, 3), (4, 9, 3)),
    (layers.Add(), [(2, 3), (2, 3), (2, 3)], (2, 3)),
    (layers.Concatenate(), [(2, 3), (2, 1), (2, 3)], (2, 7)),
    (layers.Concatenate(axis=-3), [(2, 3, 1), (4, 3, 1)], (6, 3, 1)),
    (Reshape((4, -1)), (2, 6), (4, 3)),
    (Flatten(), (2, 3, 4, 5), (120,)),
])  # fmt: skip
def test_shapes(layer, given, expected):
    layer.build(given)
    assert layer.output_shape == (None, *expected)


@pytest.mark.parametrize("make, message", [
    (lambda: Conv2D(4, 3, padding="full"), "'valid' or 'same'"),
    (lambda: Conv1D(4, 3, padding="full"), "'causal'"),
    (lambda: Conv2D(4, 3, padding=((1, 2, 3), 0)), "for each axis"),
    (lambda: Conv2D(4, 3, padding=-1), "for each axis"),
    (lambda: Conv2D(4, 3, data_format="NCHW"), "channels_first"),
    (lambda: Conv2D(4, 3, groups=3), "groups of equal size"),
    (lambda: Conv3D(4, (3, 3)), "three of them"),
    (lambda: Conv2D(4, 3, dilation_rate=0), "dilation_rate"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier: expected a positive integer, given 0"),
    (lambda: layers.DepthwiseConv2D(3, padding="causal"), "'valid' or 'same'"),
    (lambda: layers.SeparableConv2D(0, 3, name="sep"), "^sep: filters: expected a positive integer, given 0"),
    (lambda: layers.SeparableConv2D(4, (3, 3, 3)), "^SeparableConv2D: kernel_size: expected a positive integer or a"),
    (lambda: layers.DepthwiseConv2D(3, depthwise_constraint="x"), "^DepthwiseConv2D: depthwise_constraint: unknown"),
    (lambda: layers.SeparableConv2D(2, 3, pointwise_regularizer="x"), "SeparableConv2D: pointwise_regularizer: "),
    (lambda: layers.Cropping2D(-1), "cropping: expected a number of pixels, or one or a pair for each axis"),
    (lambda: layers.Cropping2D((1, 2, 3)), "cropping: expected a number of pixels"),
    (lambda: layers.Cropping1D("1"), "cropping: expected a number of pixels, or a pair"),
    (lambda: layers.SpatialDropout2D(1.0), "expected a rate of at least 0 and below 1, given 1.0"),
    (lambda: layers.SpatialDropout2D(0.5, "NHWC"), "channels_first"),
    (lambda: layers.GaussianDropout(1), "below 1"),
    (lambda: layers.GaussianNoise(-0.1), "expected stddev of at least 0, given -0.1"),
    (lambda: layers.GaussianNoise(float("inf")), "stddev: expected a finite number"),
    (lambda: layers.UpSampling1D(0), "size: expected a positive integer, given 0"),
    (lambda: layers.UpSampling2D(0), "size: expected a positive integer or a pair of them, given 0"),
    (lambda: layers.UpSampling2D((2, 2, 2)), "size: expected a positive integer or a pair"),
    (lambda: layers.UpSampling2D(interpolation="cubic"), "expected interpolation 'nearest', given 'cubic'"),
    (lambda: layers.UpSampling2D(data_format="NHWC"), "channels_first"),
    (lambda: layers.Resizing(0, 3), "^Resizing: height: expected a positive integer, given 0"),
    (lambda: layers.Resizing(3, 2.5, name="small"), "^small: width: expected a positive integer, given 2.5"),  # type: ignore[arg-type]
    (lambda: layers.Resizing(3, 3, "cubic"), "expected interpolation 'bilinear' or 'nearest', given 'cubic'"),
    (lambda: layers.Resizing(3, 3).build((4, 4)), r"expected input of shape \(batch, height, width, channels\)"),
    (lambda: layers.CenterCrop(3, -2), "^CenterCrop: width: expected a positive integer, given -2"),
    (lambda: layers.Concatenate(axis=0), "^Concatenate: expected an axis behind that of the batch, .*, given 0"),
    (lambda: layers.Concatenate(axis=True), "given True"),
    (lambda: layers.Concatenate(axis="channels", name="join"), "^join: expected an axis .*, given 'channels'"),  # type: ignore[arg-type]
    (lambda: MaxPooling2D(padding=1), "'valid' or 'same'"),  # type: ignore[arg-type]
    (lambda: layers.LpPooling2D(norm=0.5), "at least 1"),
    (lambda: Dropout(1.0), "below 1"),
    (lambda: BatchNormalization(momentum=2), "momentum"),
    (lambda: layers.LeakyReLU(-1), "negative_slope"),
    (lambda: layers.ELU(-0.5), "expected alpha of at least 0, given -0.5"),
    (lambda: layers.ELU(float("nan")), "alpha: expected a finite number"),
    (lambda: Reshape((-1, -1)), "may be -1"),
    (lambda: layers.Permute((1, 1)), "once"),
    (lambda: Activation("rellu"), "one of linear, relu"),
])  # fmt: skip
def test_arguments_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("layer, given, message", [
    (Conv2D(4, 3), (5, 5), r"\(batch, height, width, channels\)"),
    (Conv2D(4, 3, data_format="channels_first"), (5, 5), r"\(batch, channels, height, width\)"),
    (Conv2D(4, 3, dilation_rate=3), (6, 9, 1), "spread over 7x7"),
    (Conv2D(4, 3, groups=2), (5, 5, 3), "2 groups"),
    (Conv1D(4, 2, padding="causal", data_format="channels_first"), (3, 5), "channels_last"),
    (layers.SeparableConv2D(4, 3, name="sep"), (5, 5), r"^sep/depthwise: expected input of shape \(batch, height"),
    (layers.DepthwiseConv2D(6), (5, 5, 2), "the window 6x6 is larger than its input of 5x5 pixels"),
    (layers.Cropping2D(3), (6, 7, 2), r"cropping \(\(3, 3\), \(3, 3\)\) leaves nothing of 6x7 pixels"),
    (layers.SpatialDropout2D(0.5), (5, 5), r"\(batch, height, width, channels\)"),
    (layers.SpatialDropout2D(0.5, "channels_first"), (5,), r"\(batch, channels, height, width\)"),
    (layers.Add(), [(5, 5)], r"expected a list of two or more: Add\(\)\(\[a, b\]\)"),
    (layers.Average(), [(5, 5), (5, 4)], r"of one shape, given \(None, 5, 5\), \(None, 5, 4\); they are not"),
    (layers.Maximum(), [(5,), (1,)], r"they are not broadcast"),
    (layers.Subtract(name="less"), [(5,)] * 3, "^less: expected a list of two, given 3"),
    (layers.Concatenate(), [(5, 5, 1), (5, 4, 1)], r"alike in all axes but -1, given \(None, 5, 5, 1\), \(None, 5, 4"),
    (layers.Concatenate(), [(5, 5), (5,)], "alike in all axes but -1"),
    (layers.Concatenate(axis=3), [(5, 5), (5, 5)], r"expected an axis in 1 .. 2, given 3"),
    (layers.Concatenate(axis=-3), [(5, 5), (5, 5)], r"expected an axis in 1 .. 2, given -3"),
    (BatchNormalization(axis=2), (5, 5, 3), "axis"),
    (Reshape((4, -1)), (2, 3), "cannot reshape"),
    (Softmax(), (), "classes"),
    (Softmax(axis=1), (5, 5), "expected axis -1, the last, given 1"),
    (Dense(4), (), "inputs"),
])  # fmt: skip
def test_shapes_that_do_not_fit(layer, given, message):
    with pytest.raises(ValueError, match=message):
        layer.build(given)


def test_explicit_padding_is_zero_padding():
    """The frame around the image, and a valid convolution within it."""
    frame = ((1, 2), (0, 3))
    together = Sequential([Input((5, 4, 2)), Conv2D(3, 3, padding=frame)], seed=0)
    apart = Sequential([Input((5, 4, 2)), ZeroPadding2D(frame), Conv2D(3, 3)], seed=0)
    x = np.random.default_rng(0).standard_normal((4, 5, 4, 2))
    np.testing.assert_allclose(together.predict(x), apart.predict(x), atol=1e-6)


@pytest.mark.parametrize("name", ["Conv2DTranspose", "LSTM", "Dot", "Conv1DTranspose", "UpSampling3D"])
def test_what_is_not_here_says_so(name):
    with pytest.raises(NotImplementedError, match=f"{name} is not in loopnet: "):
        getattr(layers, name)


def test_nothing_else_is_mistaken_for_keras():
    assert not hasattr(layers, "Conv2DTransposed")
    assert not [name for name in layers.MISSING if name in vars(layers)]


def test_public_names():
    for name in layers.__all__:
        assert getattr(layers, name) is not None
    assert loopnet.layers is layers


@each_rung
@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_dense_of_an_image_is_a_convolution_with_a_window_of_one_pixel(backend, activation):
    """In a whole model, between layers that each rung lays out in its own way; and one training step of it."""
    x, y = np.random.default_rng(1).standard_normal((6, 5, 4, 2)), [0, 1, 2, 0, 1, 2]

    def trained_with(layer):
        stack = [Input((5, 4, 2)), Conv2D(3, 2), layer, MaxPooling2D(2), Flatten(), Dense(3, activation="softmax")]
        model = Sequential(stack, dtype="float64", seed=2)
        model.compile("sgd", LOSS, backend=backend)
        loss = model.train_on_batch(x, y)
        return [loss, model.predict(x), *(w.reshape(-1) for w in model.get_weights())]

    dense, conv = trained_with(Dense(4, activation=activation)), trained_with(Conv2D(4, 1, activation=activation))
    for got, want in zip(dense, conv, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


@each_rung
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_probabilities_come_out_of_any_rank(backend, shape):
    model = Sequential([Input(shape), Dense(5, activation="softmax")], seed=0)
    model.compile(backend=backend)
    outputs = model.predict(np.random.default_rng(2).standard_normal((3, *shape)))
    assert outputs.shape == (3, *shape[:-1], 5)
    np.testing.assert_allclose(outputs.sum(axis=-1), 1, rtol=1e-6)
