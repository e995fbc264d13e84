"""Weights from PyTorch, and whole networks to ONNX."""

import sys
from pathlib import Path

import numpy as np
import pytest
from golden.pytorch_lenet import images, lenet_state_dict

from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, ReLU, Softmax
from loopnet.lenet import lenet5
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
    "maps come out": lambda: Sequential([Input((6, 5, 1)), Conv2D(3, 3), ReLU()], seed=4),
    "in float64": lambda: Sequential([Input((6, 5, 2)), Conv2D(3, 3), Flatten(), Dense(2)], dtype="float64", seed=5),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_answers_as_predict_does(name, tmp_path):
    pytest.importorskip("onnx", reason="needs loopnet[onnx]")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    model = NETWORKS[name]()
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


@pytest.mark.parametrize("layer, message", [
    (Conv2D(2, 2, data_format="channels_first"), "channels_first"), (BatchNormalization(), "BatchNormalization"),
])  # fmt: skip
def test_what_cannot_be_exported_yet_says_so(layer, message, tmp_path):
    pytest.importorskip("onnx", reason="needs loopnet[onnx]")
    with pytest.raises(ValueError, match=message):
        Sequential([Input((3, 4, 5)), layer]).export(tmp_path / "model.onnx")


def test_without_the_extra_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'loopnet\[onnx\]'"):
        lenet5().export(tmp_path / "model.onnx")
