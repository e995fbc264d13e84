"""Layers: what a network is made of. Each knows its geometry and its parameters, and asks ``ops`` to run the loops.

The life of a layer: the constructor takes Keras's arguments; ``build`` learns the input's shape, checks it once
and declares the parameters; ``bind`` gets a rung and memory; then ``forward`` and ``backward`` run, batch after
batch. ``forward`` keeps what ``backward`` will need. ``backward`` receives the gradient of the loss with
respect to the layer's output, overwrites the gradients of the layer's own parameters, and returns the gradient
with respect to its input: the chain rule, one link at a time.

A layer whose operations a rung does not have runs on the plain rung beneath it (``Layer.bind``, ``layer.backend``).
"""

from ..missing import getattr_of
from .activation import (
    ACTIVATIONS,
    ELU,
    GELU,
    SELU,
    Activated,
    Activation,
    BoundedReLU,
    Exponential,
    HardSigmoid,
    HardSiLU,
    LeakyReLU,
    LogSoftmax,
    Mish,
    ReLU,
    ScaledTanh,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from .augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomDistortion,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from .base import Layer, Parameter
from .convolution import Conv1D, Conv2D, Conv3D
from .dense import Dense
from .dropout import (
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from .input import Input, InputLayer
from .lecun1998 import RBF, SparseConv2D, Subsampling2D
from .merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .missing import MISSING
from .normalization import BatchNormalization
from .pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    LpPooling1D,
    LpPooling2D,
    LpPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from .prelu import PReLU
from .rescaling import Rescaling
from .reshaping import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Flatten,
    Identity,
    Permute,
    Reshape,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from .resizing import CenterCrop, Resizing
from .separable import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D
from .standardizing import Normalization
from .upsampling import UpSampling1D, UpSampling2D
from .weighted import WeightedLayer

LAYERS: dict[str, type[Layer]] = {
    cls.__name__: cls
    for cls in (
        Layer, InputLayer, Dense, Conv1D, Conv2D, Conv3D,
        DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D,
        MaxPooling1D, MaxPooling2D, MaxPooling3D, AveragePooling1D, AveragePooling2D, AveragePooling3D,
        LpPooling1D, LpPooling2D, LpPooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D,
        GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
        ZeroPadding1D, ZeroPadding2D, ZeroPadding3D, Cropping1D, Cropping2D, Cropping3D, UpSampling1D, UpSampling2D,
        Resizing, CenterCrop,
        Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate,
        Flatten, Reshape, Permute, Identity,
        RandomDistortion, RandomTranslation, RandomRotation, RandomZoom, RandomFlip,
        RandomContrast, RandomBrightness, RandomCrop,
        Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D, GaussianDropout, GaussianNoise,
        BatchNormalization, Normalization,
        Activation,
        ReLU, LeakyReLU, PReLU, BoundedReLU, ELU, SELU, Exponential, SiLU, GELU, Mish, HardSiLU, Sigmoid, HardSigmoid,
        Tanh, ScaledTanh, Softsign, Softplus, Softmax, LogSoftmax,
        Subsampling2D, SparseConv2D, RBF, Rescaling,
    )
}  # fmt: skip
"""Every layer by the name that a saved model calls it."""

# Keras's second names
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

__all__ = [
    *LAYERS, "ACTIVATIONS", "LAYERS", "Activated", "Input", "Parameter", "WeightedLayer",
    "AvgPool1D", "AvgPool2D", "AvgPool3D", "Convolution1D", "Convolution2D", "Convolution3D",
    "SeparableConvolution1D", "SeparableConvolution2D",
    "MaxPool1D", "MaxPool2D", "MaxPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalAvgPool3D",
    "add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip


__getattr__ = getattr_of(__name__, MISSING)
