"""Weights from PyTorch, and whole networks to ONNX."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden.pytorch_lenet import images, lenet_state_dict

from loopnet import onnx_export
from loopnet.layers import (
    ELU,
    GELU,
    LAYERS,
    Activation,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    CenterCrop,
    Conv1D,
    Conv2D,
    Conv3D,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling2D,
    GlobalMaxPooling3D,
    Identity,
    Input,
    LeakyReLU,
    LpPooling1D,
    LpPooling2D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Normalization,
    Permute,
    PReLU,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomZoom,
    ReLU,
    Rescaling,
    Reshape,
    Resizing,
    SeparableConv1D,
    SeparableConv2D,
    SiLU,
    Softmax,
    SpatialDropout2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from loopnet.lenet import lenet5
from loopnet.lenet1998 import lenet5_1998
from loopnet.model import Sequential
from loopnet.pytorch import load_state_dict

# ---- from PyTorch


def test_a_lenet_of_pytorch_answers_the_same_here():
    with np.load(Path(__file__).parent / "golden/pytorch.npz", allow_pickle=False) as file:
        expected = file["logits"]
    model = lenet5()
    load_state_dict(model, lenet_state_dict())
    np.testing.assert_allclose(model.predict(np.moveaxis(images(), 1, -1)), expected, rtol=1e-4, atol=1e-4)
    assert np.ptp(expected) > 0.5  # an answer worth comparing


def test_a_state_dict_that_does_not_fit_changes_nothing():
    model, state = lenet5(seed=0), lenet_state_dict()
    before = model.get_weights()
    few = dict(list(state.items())[:-1])
    with pytest.raises(ValueError, match="expected weights and biases of 5 layers, given 9 arrays: 0.weight, "):
        load_state_dict(model, few)
    wrong = r"conv2: 3.weight of shape \(16, 6, 3, 3\) does not fit w of shape \(5, 5, 6, 16\)"
    with pytest.raises(ValueError, match=wrong):
        load_state_dict(model, state | {"3.weight": np.zeros((16, 6, 3, 3))})
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- to ONNX

CHANNELS_FIRST: dict[str, Any] = {"data_format": "channels_first"}
NETWORKS = {
    "LeNet-5": lambda: lenet5(seed=1),
    "same padding, strides, softmax": lambda: Sequential([
        Input((9, 8, 3)), Conv2D(4, (3, 4), padding="same", strides=(2, 1), activation="relu"),
        MaxPooling2D(3, strides=2, padding="same"), ReLU(), Conv2D(2, 2, padding="same"),
        Flatten(), Dense(5, activation="relu"), Dense(3, activation="softmax"),
    ], seed=2),
    "dense only": lambda: Sequential([Input((6,)), Dense(4), Softmax()], seed=3),
    "dilation, groups, no biases": lambda: Sequential([
        Input((9, 8, 4)), Conv2D(4, (2, 3), dilation_rate=(3, 2), padding="same", activation="tanh"),
        Conv2D(6, 2, groups=2, padding=((1, 0), (2, 1)), use_bias=False, activation="leaky_relu"), Dropout(0.5),
        Conv2D(2, 3, activation="softplus"), Flatten(), Dense(3, use_bias=False, activation="sigmoid"),
    ], seed=6),
    "volumes": lambda: Sequential([
        Input((5, 6, 7, 2)), Conv3D(4, (2, 3, 2), strides=(1, 2, 1), dilation_rate=(2, 1, 1), groups=2),
        AveragePooling3D(2, strides=1, padding="same"), MaxPooling3D((1, 2, 2)), GlobalMaxPooling3D(), Dense(3),
    ], seed=7),
    "sequences": lambda: Sequential([
        Input((11, 3)), Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"), ZeroPadding1D((2, 1)),
        AveragePooling1D(3, strides=2), LpPooling1D(2, norm=3), BatchNormalization(), MaxPooling1D(2), Flatten(),
    ], seed=8),
    "pictures": lambda: Sequential([
        Input((9, 8, 3)), Rescaling(2.0, -1.0), Normalization(), RandomZoom(0.1), RandomContrast(0.2),
        RandomBrightness(0.2), ZeroPadding2D(((1, 0), (2, 3))),
        Conv2D(4, 3),
        BatchNormalization(scale=False), LeakyReLU(), AveragePooling2D((2, 3), strides=2, padding="same"),
        LpPooling2D(2, strides=1), GlobalAveragePooling2D(keepdims=True), BatchNormalization(center=False),
    ], seed=9),
    "channels first": lambda: Sequential([
        Input((2, 7, 6)), Conv2D(4, 3, padding="same", **CHANNELS_FIRST), MaxPooling2D(2, **CHANNELS_FIRST),
        BatchNormalization(axis=1), Permute((2, 3, 1)), Conv2D(3, 2), Permute((3, 1, 2)),
        GlobalAveragePooling2D(keepdims=True, **CHANNELS_FIRST), Flatten(**CHANNELS_FIRST), BatchNormalization(),
    ], seed=10),
    "first, then flat": lambda: Sequential([
        Input((2, 4, 3)), AveragePooling2D(2, **CHANNELS_FIRST), Flatten(**CHANNELS_FIRST), Reshape((2, -1)), ReLU(),
    ], seed=11),
    "reshaped": lambda: Sequential([Input((12,)), Reshape((3, 4, 1)), Conv2D(2, 2), Reshape((-1,))], seed=12),
    "each pixel by itself": lambda: Sequential([
        Input((6, 5, 2)), Dense(4, activation="tanh"), Conv2D(3, 2, activation="softmax"), MaxPooling2D(2, strides=1),
        Dense(5, use_bias=False), Softmax(), Conv2D(2, 2, use_bias=False), Softmax(),
    ], seed=14),
    "each step by itself": lambda: Sequential([
        Input((7, 3)), Conv1D(4, 2, activation="softmax"), Dense(5, activation="softmax"), ReLU(), Dense(2),
    ], seed=15),
    "softmax along a row": lambda: Sequential([
        Input((2, 5, 4)), Conv2D(3, 2, activation="softmax", **CHANNELS_FIRST), MaxPooling2D(2, **CHANNELS_FIRST),
    ], seed=16),
    "bent": lambda: Sequential([
        Input((6, 5, 2)), Conv2D(3, 2, activation="elu"), ELU(0.3), Rescaling(-1.0), Conv2D(2, 2, activation="selu"),
        SiLU(), Conv2D(3, 2, activation="gelu"), Dense(4, activation="swish"), GELU(),
        ReLU(0.5, 0.25, 0.125), Dense(4, activation="relu6"),
    ], seed=17),
    "bent otherwise": lambda: Sequential([
        Input((6, 5, 2)), Conv2D(3, 2, activation="mish"), Dense(4, activation="hard_silu"), Activation("softsign"),
        Conv2D(3, 2, activation="log_softmax"), Activation("hard_sigmoid"), Activation("exponential"),
        Activation("log_softmax"),
    ], seed=22),
    "bent by what was learned": lambda: Sequential([
        Input((6, 5, 2)), Conv2D(3, 2), PReLU("he_normal", shared_axes=[1, 2]), Conv2D(2, 2), PReLU("he_normal"),
        Flatten(), Dense(4), PReLU("ones"),
    ], seed=23),
    "resized": lambda: Sequential([
        Input((9, 8, 2)), RandomCrop(6, 7), RandomCrop(9, 8), Resizing(12, 5), Conv2D(3, 2),
        Resizing(5, 9, "nearest"), Permute((3, 1, 2)),
        Resizing(4, 4, crop_to_aspect_ratio=True, **CHANNELS_FIRST), Resizing(4, 4, **CHANNELS_FIRST),
        CenterCrop(3, 2, **CHANNELS_FIRST), CenterCrop(3, 4, **CHANNELS_FIRST), Flatten(),
    ], seed=24),
    "larger": lambda: Sequential([
        Input((2, 3, 2)), UpSampling2D((2, 3)), Conv2D(2, 2, activation="tanh"), Permute((3, 1, 2)),
        UpSampling2D(2, **CHANNELS_FIRST), Reshape((6, 16, 2)), UpSampling2D(1),
    ], seed=18),
    "taken apart": lambda: Sequential([
        Input((9, 8, 2)), DepthwiseConv2D(3, 2, "same", 3, activation="relu"), SpatialDropout2D(0.5), Cropping2D(1),
        SeparableConv2D(4, 2, depth_multiplier=2, activation="tanh"), Identity(), GaussianNoise(0.1),
        SeparableConv2D(3, 1, use_bias=False), GaussianDropout(0.1), Flatten(), Dense(2),
    ], seed=19),
    "taken apart, channels first": lambda: Sequential([
        Input((2, 9, 8)), DepthwiseConv2D(2, use_bias=False, **CHANNELS_FIRST),
        Cropping2D(((0, 1), 2), **CHANNELS_FIRST),
        SeparableConv2D(3, 3, 2, "same", activation="softmax", **CHANNELS_FIRST),
    ], seed=20),
    "steps taken apart": lambda: Sequential([
        Input((7, 3)), DepthwiseConv1D(2, activation="elu"), UpSampling1D(3), SeparableConv1D(4, 3, padding="causal"),
        Cropping1D((0, 6)), Reshape((2, 2, 3, 4)), Cropping3D((0, 0, 1)),
    ], seed=21),
    "LeNet-5 of 1998": lambda: lenet5_1998(seed=13),
    "maps come out": lambda: Sequential([Input((6, 5, 1)), Conv2D(3, 3), ReLU()], seed=4),
    "in float64": lambda: Sequential([Input((6, 5, 2)), Conv2D(3, 3), Flatten(), Dense(2)], dtype="float64", seed=5),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_answers_as_predict_does(name, tmp_path):
    pytest.importorskip("onnx", reason="needs loopnet[onnx]")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    model = NETWORKS[name]()
    random = np.random.default_rng(0)
    started = model.get_weights()  # biases, moving means and variances among them, which start at 0 and 1
    model.set_weights([random.uniform(0.5, 1.5, w.shape) * np.where(w == 0, 0.3, w) for w in started])
    model.export(tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    for count in (1, 7):
        x = np.random.default_rng(count).uniform(size=(count, *model.input_shape[1:])).astype(np.float32)
        (outputs,) = session.run(["outputs"], {"images": x})
        np.testing.assert_allclose(outputs, model.predict(x), rtol=1e-4, atol=1e-5)


def test_what_cannot_be_exported_says_so(tmp_path):
    pytest.importorskip("onnx", reason="needs loopnet[onnx]")

    class Odd(ReLU):
        pass

    with pytest.raises(ValueError, match="odd: Odd cannot be exported to ONNX"):
        Sequential([Input((3,)), Odd()]).export(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_what_onnx_does_not_know_says_so(tmp_path):
    pytest.importorskip("onnx", reason="needs loopnet[onnx]")
    model = Sequential([Input((4, 4, 1)), LpPooling2D(2, norm=2.5, name="pool")])
    with pytest.raises(ValueError, match="pool: ONNX knows whole norms only, given 2.5"):
        model.export(tmp_path / "model.onnx")


def test_every_layer_can_be_exported():
    assert set(onnx_export.WRITERS) == set(LAYERS) - {"InputLayer"}


def test_without_the_extra_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'loopnet\[onnx\]'"):
        lenet5().export(tmp_path / "model.onnx")
