"""The layers of the golden values: Keras's names and arguments, which are loopnet's too, and the data they get.

`make_golden_layers.py` builds them from `keras.layers` and `tests/test_golden.py` from `loopnet.layers`. NumPy
promises that the streams of the old `RandomState` never change, so only the answers are stored.
"""

from typing import Any

import numpy as np

BATCH = 3
FIRST: dict[str, Any] = {"data_format": "channels_first"}

# (class, arguments, shape of one image, or a list of them)
LAYERS: list[tuple[str, dict[str, Any], Any]] = [
    ("Dense", {"units": 4, "activation": "tanh"}, (5,)),
    ("Dense", {"units": 3, "use_bias": False, "activation": "softmax"}, (4,)),
    ("Conv1D", {"filters": 3, "kernel_size": 3}, (8, 2)),
    ("Conv1D", {"filters": 2, "kernel_size": 4, "strides": 2, "padding": "same", "activation": "relu"}, (7, 3)),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "padding": "causal", "groups": 2}, (6, 4)),
    ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "same", **FIRST}, (2, 5)),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "activation": "sigmoid"}, (6, 5, 2)),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": (2, 1), "padding": "same"}, (7, 6, 3)),
    ("Conv2D", {"filters": 2, "kernel_size": 4, "strides": 3, "padding": "same", "use_bias": False}, (8, 7, 1)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, (7, 8, 2)),
    ("Conv2D", {"filters": 3, "kernel_size": (2, 3), "dilation_rate": (2, 3), "padding": "same"}, (6, 5, 2)),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "padding": "same", "strides": 2}, (5, 6, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": 2, "groups": 2, "activation": "softplus"}, (4, 5, 6)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "activation": "relu", **FIRST}, (2, 6, 5)),
    ("Conv2D", {"filters": 4, "kernel_size": 2, "dilation_rate": 2, "groups": 2, **FIRST}, (2, 5, 6)),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same", **FIRST}, (3, 4, 5)),
    ("Conv3D", {"filters": 2, "kernel_size": (2, 3, 2)}, (4, 4, 3, 2)),
    ("Conv3D", {"filters": 2, "kernel_size": 3, "strides": (1, 2, 2), "padding": "same"}, (3, 4, 5, 2)),
    ("Conv3D", {"filters": 4, "kernel_size": 2, "dilation_rate": (2, 1, 2), "groups": 2}, (4, 3, 5, 2)),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "padding": "same", "activation": "leaky_relu", **FIRST}, (2, 3, 2, 4)),
    ("MaxPooling1D", {}, (7, 2)),
    ("MaxPooling1D", {"pool_size": 3, "strides": 1, "padding": "same", **FIRST}, (2, 5)),
    ("MaxPooling2D", {"pool_size": (3, 2), "strides": 2}, (7, 6, 2)),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (6, 7, 2)),
    ("MaxPooling2D", {"padding": "same", **FIRST}, (2, 5, 4)),
    ("MaxPooling3D", {"pool_size": (2, 1, 3), "strides": (1, 2, 2)}, (3, 4, 6, 2)),
    ("MaxPooling3D", {"padding": "same", **FIRST}, (2, 3, 4, 5)),
    ("AveragePooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, (8, 2)),
    ("AveragePooling1D", {"pool_size": 2, **FIRST}, (2, 7)),
    ("AveragePooling2D", {"pool_size": 2}, (5, 6, 3)),
    ("AveragePooling2D", {"pool_size": (3, 2), "strides": 1, "padding": "same"}, (4, 5, 2)),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, **FIRST}, (2, 7, 6)),
    ("AveragePooling3D", {"pool_size": 2, "strides": (1, 2, 1)}, (3, 4, 3, 2)),
    ("AveragePooling3D", {"pool_size": 3, "strides": 2, **FIRST}, (2, 4, 5, 3)),
    ("GlobalMaxPooling1D", {}, (6, 3)),
    ("GlobalMaxPooling2D", {"keepdims": True}, (3, 4, 2)),
    ("GlobalMaxPooling2D", {**FIRST}, (2, 3, 4)),
    ("GlobalMaxPooling3D", {}, (2, 3, 2, 2)),
    ("GlobalAveragePooling1D", {"keepdims": True, **FIRST}, (3, 6)),
    ("GlobalAveragePooling2D", {}, (3, 4, 2)),
    ("GlobalAveragePooling2D", {"keepdims": True, **FIRST}, (2, 4, 3)),
    ("GlobalAveragePooling3D", {**FIRST}, (2, 3, 2, 2)),
    ("ZeroPadding1D", {"padding": (1, 2)}, (4, 2)),
    ("ZeroPadding1D", {"padding": 2}, (3, 1)),
    ("ZeroPadding2D", {"padding": (1, 2)}, (2, 3, 2)),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 3)), **FIRST}, (2, 3, 2)),
    ("ZeroPadding3D", {"padding": ((0, 1), (1, 2), (2, 0))}, (2, 1, 3, 2)),
    ("BatchNormalization", {}, (6,)),
    ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.1}, (4, 3, 2)),
    ("BatchNormalization", {"axis": 1}, (2, 4, 3)),
    ("BatchNormalization", {"center": False}, (5, 2)),
    ("BatchNormalization", {"scale": False}, (2, 3, 2, 2)),
    ("Flatten", {}, (2, 3, 4)),
    ("Flatten", {**FIRST}, (2, 3, 4)),
    ("Flatten", {}, (5, 2)),
    ("Flatten", {**FIRST}, (2, 3, 2, 2)),
    ("Reshape", {"target_shape": (3, -1, 2)}, (4, 6)),
    ("Permute", {"dims": (2, 1)}, (4, 3)),
    ("Permute", {"dims": (3, 1, 2)}, (2, 3, 4)),
    ("ReLU", {}, (4, 3)),
    ("LeakyReLU", {}, (7,)),
    ("LeakyReLU", {"negative_slope": 0.1}, (3, 2, 2)),
    ("Softmax", {}, (5,)),
    *(("Activation", {"activation": name}, (6,)) for name in ("sigmoid", "tanh", "softplus", "leaky_relu", "linear")),
    ("Dense", {"units": 3, "activation": "relu"}, (4, 2)),
    ("Dense", {"units": 4, "activation": "softmax"}, (3, 2, 5)),
    ("Dense", {"units": 2, "use_bias": False}, (2, 3, 2, 3)),
    ("Softmax", {}, (4, 3)),
    ("Softmax", {"axis": -1}, (3, 2, 4)),
    ("Conv2D", {"filters": 3, "kernel_size": 2, "activation": "softmax"}, (4, 3, 2)),
    ("Conv2D", {"filters": 3, "kernel_size": 2, "activation": "softmax", "use_bias": False, **FIRST}, (2, 4, 3)),
    ("ELU", {}, (7,)),
    ("ELU", {"alpha": 1.7}, (3, 2, 2)),
    *(("Activation", {"activation": name}, (6,)) for name in ("elu", "selu", "silu", "swish", "gelu")),
    ("UpSampling2D", {}, (3, 2, 2)),
    ("UpSampling2D", {"size": (3, 2), "interpolation": "nearest"}, (2, 3, 1)),
    ("UpSampling2D", {"size": 2, **FIRST}, (2, 3, 4)),
    ("Activation", {"activation": "relu6"}, (6,)),
    ("ReLU", {"max_value": 0.5, "negative_slope": 0.25, "threshold": 0.125}, (3, 2, 2)),
    ("ReLU", {"max_value": 0.75}, (5,)),
    ("Normalization", {"mean": [1.0, -0.5, 0.0, 3.0], "variance": [0.25, 4.0, 1.0, 9.0]}, (4,)),
    ("Normalization", {"axis": None, "mean": 0.5, "variance": 0.0625}, (3, 2, 2)),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"}, (7, 3)),
    ("DepthwiseConv2D", {"kernel_size": (3, 2), "activation": "relu"}, (5, 4, 3)),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same", "strides": 2}, (5, 6, 3)),
    ("DepthwiseConv2D", {"kernel_size": 2, "dilation_rate": (1, 2), "use_bias": False, **FIRST}, (2, 4, 5)),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 4, "activation": "tanh"}, (6, 5, 1)),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 3, "padding": "same", "strides": 2}, (6, 2)),
    ("SeparableConv1D", {"filters": 2, "kernel_size": 2, "depth_multiplier": 3, "dilation_rate": 2}, (6, 2)),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}, (5, 6, 3)),
    ("SeparableConv2D", {"filters": 3, "kernel_size": (2, 3), "depth_multiplier": 2, "strides": 2}, (6, 7, 2)),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}, (5, 5, 2)),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 3, "padding": "same", **FIRST}, (2, 4, 5)),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "activation": "softmax"}, (4, 5, 1)),
    ("Cropping1D", {}, (5, 2)),
    ("Cropping1D", {"cropping": (0, 2)}, (4, 3)),
    ("Cropping2D", {}, (3, 2, 2)),
    ("Cropping2D", {"cropping": (1, 2)}, (4, 6, 2)),
    ("Cropping2D", {"cropping": ((1, 0), (0, 2)), **FIRST}, (2, 3, 4)),
    ("Cropping3D", {"cropping": ((0, 1), (1, 0), (1, 1))}, (2, 3, 4, 2)),
    ("Cropping3D", {}, (3, 4, 3, 1)),
    ("UpSampling1D", {}, (3, 2)),
    ("UpSampling1D", {"size": 3}, (2, 4)),
    ("Identity", {}, (3, 2)),
    *(("Activation", {"activation": name}, (9,)) for name in (
        "exponential", "softsign", "hard_sigmoid", "hard_silu", "hard_swish", "mish", "log_softmax",
    )),
    ("Conv2D", {"filters": 3, "kernel_size": 2, "activation": "log_softmax", "use_bias": False, **FIRST}, (2, 4, 3)),
    *((name, {}, [(2, 3, 2)] * 3) for name in ("Add", "Average", "Multiply", "Maximum", "Minimum")),
    ("Subtract", {}, [(5,)] * 2),
    ("Maximum", {}, [(4, 6)] * 2),
    ("Concatenate", {}, [(2, 3, 1), (2, 3, 4), (2, 3, 2)]),
    ("Concatenate", {"axis": 1}, [(1, 2, 3), (3, 2, 3)]),
    ("Concatenate", {"axis": 2}, [(2, 3, 2), (2, 1, 2)]),
    ("Concatenate", {"axis": 3}, [(2, 2, 1, 3), (2, 2, 2, 3)]),
    ("Concatenate", {"axis": -2}, [(3, 2), (1, 2)]),
    ("Concatenate", {}, [(3,), (5,)]),
    ("PReLU", {}, (6,)),
    ("PReLU", {"alpha_initializer": "ones"}, (2, 3, 2)),
    ("PReLU", {"shared_axes": [1, 2]}, (3, 4, 2)),
    ("PReLU", {"shared_axes": 1}, (5, 3)),
    ("PReLU", {"shared_axes": [1, 3]}, (2, 3, 2, 2)),
    ("Resizing", {"height": 5, "width": 7}, (3, 4, 2)),
    ("Resizing", {"height": 3, "width": 4}, (8, 7, 2)),
    ("Resizing", {"height": 4, "width": 9}, (7, 3, 1)),
    ("Resizing", {"height": 4, "width": 5, "interpolation": "nearest"}, (6, 3, 2)),
    ("Resizing", {"height": 5, "width": 3, "crop_to_aspect_ratio": True}, (6, 8, 2)),
    ("Resizing", {"height": 3, "width": 4, "crop_to_aspect_ratio": True, "interpolation": "nearest"}, (9, 5, 1)),
    ("Resizing", {"height": 4, "width": 6, **FIRST}, (2, 3, 5)),
    ("Resizing", {"height": 2, "width": 2, "crop_to_aspect_ratio": True, **FIRST}, (3, 2, 5)),
    ("Resizing", {"height": 3, "width": 2}, (3, 2, 2)),
    ("CenterCrop", {"height": 3, "width": 2}, (6, 7, 2)),
    ("CenterCrop", {"height": 4, "width": 5}, (4, 6, 1)),
    ("CenterCrop", {"height": 4, "width": 5, **FIRST}, (2, 7, 5)),
    ("CenterCrop", {"height": 5, "width": 4}, (3, 8, 2)),
    ("CenterCrop", {"height": 6, "width": 4}, (5, 3, 2)),
    ("CenterCrop", {"height": 2, "width": 7, **FIRST}, (2, 6, 5)),
]  # fmt: skip


def draw(number: int) -> np.random.RandomState:
    return np.random.RandomState(1000 + number)


def normal(random: np.random.RandomState, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers that float32 holds exactly, in float64."""
    return random.standard_normal(shape).astype(np.float32).astype(np.float64)


def images(random: np.random.RandomState, shape: Any) -> Any:
    """A batch; for a list of shapes a list of them, in steps of a half, so that some numbers are equal."""
    if isinstance(shape, list):
        return [np.round(2 * normal(random, (BATCH, *one))) / 2 for one in shape]
    return normal(random, (BATCH, *shape))


def weights_like(random: np.random.RandomState, shapes: list[tuple[int, ...]], positive: int) -> list[np.ndarray]:
    """Numbers for the weights; number `positive` is a variance."""
    weights = [normal(random, shape) for shape in shapes]
    return [np.abs(w) + 0.5 if n == positive else w for n, w in enumerate(weights)]
