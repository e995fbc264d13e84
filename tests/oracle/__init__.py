"""What every operation should answer, worked out by NumPy in float64 and by other means than loopnet's loops.

Nothing here imports loopnet. Windows are views of a padded copy instead of index arithmetic, the gradient
of a convolution is a convolution with the flipped filters instead of a search for the outputs that saw a
pixel, and a pooling winner is found by comparing with the window's maximum. A mistake would have to be made
twice to go unseen.

Shapes are those of Keras: images (batch, height, width, channels), filters (rows, columns, channels,
filters). `stride` is (vertical, horizontal), `pad` is (top, left) and `size` the output's (height, width),
from which the padding after the last row and column follows.
"""

from .activation import (
    activations,
    log_softmax,
    log_softmax_backward,
    prelu,
    relu_backward,
    relu_forward,
    softmax,
    softmax_backward,
)
from .clip import clip_by_norm, clip_by_value
from .conv import conv2d_backward_input, conv2d_backward_weights, conv2d_forward, conv3d
from .dense import dense_backward_input, dense_backward_weights, dense_forward
from .lenet1998 import maximum_a_posteriori, rbf, subsample
from .loss import (
    binary_cross_entropy,
    categorical_hinge,
    cosine_similarity,
    cross_entropy,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    squared_hinge,
)
from .merge import merge, to_the_larger
from .noise import (
    adjust_brightness,
    adjust_contrast,
    affine_flow,
    channel_dropout,
    cutout,
    dropout,
    elastic_flow,
    normal,
    philox,
    warp,
)
from .normalization import batch_norm
from .optimizer import adadelta, adagrad, adam, adamax, adamw, nadam, rmsprop, sgd
from .penalty import weight_penalty
from .pool import average_pool3d, lp_pool3d, max_pool2d_backward, max_pool2d_forward, max_pool3d
from .windows import resize, same_padding, spread, upsample, zero_pad

__all__ = [
    "adjust_brightness", "adjust_contrast",
    "categorical_hinge", "cosine_similarity", "kl_divergence", "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error", "poisson",
    "activations", "adadelta", "adagrad", "adam", "adamax", "adamw", "affine_flow", "average_pool3d", "batch_norm",
    "binary_cross_entropy", "channel_dropout", "clip_by_norm", "clip_by_value", "conv2d_backward_input",
    "conv2d_backward_weights", "conv2d_forward", "conv3d", "cross_entropy", "cutout",
    "dense_backward_input", "dense_backward_weights", "dense_forward", "dropout", "elastic_flow", "hinge", "huber",
    "log_cosh", "log_softmax", "log_softmax_backward", "lp_pool3d",
    "max_pool2d_backward", "max_pool2d_forward", "max_pool3d", "maximum_a_posteriori", "mean_absolute_error",
    "mean_squared_error", "merge", "nadam", "normal", "philox", "prelu", "rbf", "relu_backward", "relu_forward",
    "resize", "rmsprop", "same_padding", "sgd", "sigmoid_cross_entropy", "softmax", "softmax_backward",
    "softmax_cross_entropy", "spread", "squared_hinge", "subsample", "to_the_larger", "upsample", "warp",
    "weight_penalty", "zero_pad",
]  # fmt: skip
