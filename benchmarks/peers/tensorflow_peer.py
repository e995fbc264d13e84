"""TensorFlow: the whole step in one ``tf.function``, by the graph executor or by XLA; TensorFlow's own fused Adam."""

from typing import Any

import numpy as np
import tensorflow as tf

from ..nets import Net, images, weights
from . import Program


def start(threads: int) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def variants(kind: str, batch: int) -> list[str]:
    ways = ["tf.function", "tf.function, XLA"]
    return ways if kind == "train" else [*ways, "tf.function, constant weights", "tf.function, constant weights, XLA"]


def logits_of(net: Net, parameters: list[Any], x: Any) -> Any:
    given = iter(parameters)
    activation = tf.nn.relu if net.activation == "relu" else tf.nn.tanh
    pooling = tf.nn.max_pool2d if net.pooling == "max" else tf.nn.avg_pool2d
    for _ in net.filters:
        x = activation(tf.nn.bias_add(tf.nn.conv2d(x, next(given), strides=1, padding="VALID"), next(given)))
        x = pooling(x, 2, 2, "VALID")
    x = tf.reshape(x, (x.shape[0], -1))
    for number in range(len(net.units)):
        x = tf.nn.bias_add(tf.matmul(x, next(given)), next(given))
        if number < len(net.units) - 1:
            x = activation(x)
    return x


def build(net: Net, kind: str, batch: int, variant: str, threads: int) -> Program:
    x, labels = (tf.constant(array) for array in images(net, batch))
    xla = "XLA" in variant
    with tf.device("/CPU:0"):
        parameters = [tf.Variable(w) for w in weights(net)]
    if kind == "infer":
        kept: list[Any] = [tf.constant(w) for w in weights(net)] if "constant" in variant else parameters
        forward = tf.function(lambda x: logits_of(net, kept, x), jit_compile=xla)
        concrete = forward.get_concrete_function(tf.TensorSpec(x.shape, x.dtype))
        return Program(lambda: concrete(x), lambda y: y.numpy()[0].tolist(), finish=lambda y: y.numpy())

    step = training(net, parameters, xla).get_concrete_function(x, labels)
    return Program(lambda: step(x, labels), lambda loss: [float(loss.numpy())], finish=lambda loss: loss.numpy())


def training(net: Net, parameters: list[Any], xla: bool) -> Any:
    slots = [(tf.Variable(tf.zeros_like(p)), tf.Variable(tf.zeros_like(p))) for p in parameters]
    beta1, beta2, epsilon = (np.float32(value) for value in (0.9, 0.999, 1e-7))
    powers = tf.Variable(beta1), tf.Variable(beta2)
    rate = np.float32(net.learning_rate)

    @tf.function(jit_compile=xla)
    def step(x: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits_of(net, parameters, x))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, parameters)
        for p, (m, v), gradient in zip(parameters, slots, gradients, strict=True):
            if net.optimizer == "adam":
                tf.raw_ops.ResourceApplyAdam(
                    var=p.handle, m=m.handle, v=v.handle, beta1_power=powers[0], beta2_power=powers[1], lr=rate,
                    beta1=beta1, beta2=beta2, epsilon=epsilon, grad=gradient,
                )  # fmt: skip
            else:
                tf.raw_ops.ResourceApplyGradientDescent(var=p.handle, alpha=rate, delta=gradient)
        if net.optimizer == "adam":
            powers[0].assign(powers[0] * beta1)
            powers[1].assign(powers[1] * beta2)
        return loss

    return step
