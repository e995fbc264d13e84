"""TensorFlow's ``tf.nn``, as far as beginners' listings use it: the activations, ``Dense(10, activation=tf.nn.relu)``,
``tf.nn.softmax(logits)``.
"""

from .activations import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from .missing import getattr_of, listed

__all__ = [
    "elu", "gelu", "leaky_relu", "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus",
    "softsign", "swish", "tanh",
]  # fmt: skip

__getattr__ = getattr_of(
    __name__,
    listed({
        "use losses.CategoricalCrossentropy(from_logits=True)": """
            softmax_cross_entropy_with_logits softmax_cross_entropy_with_logits_v2""",
        "use losses.SparseCategoricalCrossentropy(from_logits=True)": "sparse_softmax_cross_entropy_with_logits",
        "use losses.BinaryCrossentropy(from_logits=True)": "sigmoid_cross_entropy_with_logits",
        "a network is made of loopnet.layers, which can be called on arrays: layers.MaxPooling2D()(images)": """
            atrous_conv2d avg_pool avg_pool2d batch_normalization bias_add conv1d conv2d conv3d conv2d_transpose
            depthwise_conv2d dropout max_pool max_pool2d moments separable_conv2d""",
        "give layers a kernel_regularizer": "l2_loss",
        "use numpy": "in_top_k l2_normalize top_k zero_fraction",
    }),
)  # fmt: skip
