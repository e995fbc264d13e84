"""Layers: what a network is made of. Each knows its geometry and its parameters, and asks ``ops`` to run the loops.

The life of a layer: the constructor takes Keras's arguments; ``build`` learns the input's shape, checks it once
and declares the parameters; ``bind`` gets a rung and memory; then ``forward`` and ``backward`` run, batch after
batch. ``forward`` keeps what ``backward`` will need. ``backward`` receives the gradient of the loss with
respect to the layer's output, overwrites the gradients of the layer's own parameters, and returns the gradient
with respect to its input: the chain rule, one link at a time.

A layer whose operations a rung does not have runs on the plain rung beneath it (``Layer.bind``, ``layer.backend``).
"""

from .activation import ACTIVATIONS, Activation, LeakyReLU, ReLU, Sigmoid, Softmax, Softplus, Tanh
from .base import Input, Layer, Parameter, WeightedLayer
from .convolution import Conv1D, Conv2D, Conv3D
from .dense import Dense
from .dropout import Dropout
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
from .reshaping import Flatten, Permute, Reshape, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

LAYERS: dict[str, type[Layer]] = {
    cls.__name__: cls
    for cls in (
        Layer, Input, Dense, Conv1D, Conv2D, Conv3D,
        MaxPooling1D, MaxPooling2D, MaxPooling3D, AveragePooling1D, AveragePooling2D, AveragePooling3D,
        LpPooling1D, LpPooling2D, LpPooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D,
        GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
        ZeroPadding1D, ZeroPadding2D, ZeroPadding3D, Flatten, Reshape, Permute,
        Dropout, BatchNormalization, ReLU, LeakyReLU, Sigmoid, Tanh, Softplus, Softmax,
    )
}  # fmt: skip
"""Every layer by the name that a saved model calls it."""

# Keras's second names
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D

__all__ = [
    *LAYERS, "ACTIVATIONS", "LAYERS", "Activation", "Parameter", "WeightedLayer",
    "AvgPool1D", "AvgPool2D", "AvgPool3D", "Convolution1D", "Convolution2D", "Convolution3D",
    "MaxPool1D", "MaxPool2D", "MaxPool3D",
]  # fmt: skip

_CHAIN = "a Sequential is a chain of layers, without branches"
_SEQUENCE = "there are no recurrent layers; Conv1D reads sequences"
_DENSE_ATTENTION = "there is no attention; the layers are those of convolutional networks"
_AUGMENT = "images are changed before they reach a model"
_NORM = "the normalisation here is BatchNormalization"
_MISSING = {
    "Conv1DTranspose": "nothing here makes images larger than ZeroPadding does",
    "Conv2DTranspose": "nothing here makes images larger than ZeroPadding does",
    "Conv3DTranspose": "nothing here makes images larger than ZeroPadding does",
    "UpSampling1D": "nothing here makes images larger than ZeroPadding does",
    "UpSampling2D": "nothing here makes images larger than ZeroPadding does",
    "UpSampling3D": "nothing here makes images larger than ZeroPadding does",
    "DepthwiseConv1D": "use Conv1D with groups=channels",
    "DepthwiseConv2D": "use Conv2D with groups=channels",
    "SeparableConv1D": "use Conv1D with groups=channels, then Conv1D with kernel_size=1",
    "SeparableConv2D": "use Conv2D with groups=channels, then Conv2D with kernel_size=1",
    "LocallyConnected1D": "Keras has dropped it too; use Conv1D",
    "LocallyConnected2D": "Keras has dropped it too; use Conv2D",
    "Cropping1D": "crop the data instead", "Cropping2D": "crop the data instead", "Cropping3D": "crop the data instead",
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"), "use Dropout"),
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "ActivityRegularization"), "use Dropout"),
    **dict.fromkeys(("ELU", "PReLU", "ThresholdedReLU"), f"the activations are {', '.join(ACTIVATIONS)}"),
    **dict.fromkeys(("LayerNormalization", "GroupNormalization", "UnitNormalization"), _NORM),
    **dict.fromkeys(("SpectralNormalization", "RMSNormalization"), _NORM),
    **dict.fromkeys(("Add", "Concatenate", "Multiply", "Subtract", "Average", "Maximum", "Minimum", "Dot"), _CHAIN),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "TimeDistributed", "ConvLSTM2D"), _SEQUENCE),
    **dict.fromkeys(("Embedding", "Masking", "RepeatVector"), _SEQUENCE),
    **dict.fromkeys(("Attention", "MultiHeadAttention", "AdditiveAttention"), _DENSE_ATTENTION),
    **dict.fromkeys(("Rescaling", "Resizing", "Normalization", "CenterCrop"), _AUGMENT),
    **dict.fromkeys(("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop"), _AUGMENT),
    "Lambda": "write a subclass of loopnet.layers.Layer with forward and backward",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """What Keras has and loopnet does not says so, and what to do instead."""
    if name in _MISSING:
        raise NotImplementedError(f"{name} is not in loopnet: {_MISSING[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
