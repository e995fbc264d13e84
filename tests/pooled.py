"""Convolution, ReLU and 2x2 max pooling in one, by the tuned rung and by the oracle."""

import numpy as np
import oracle
from checks.rung import poison, tensor

from loopnet import get_ops
from loopnet.kernels.tuned import conv2d_relu_pool


def layer(images=32, size=(10, 10), window=(3, 3), channels=2, filters=4, dtype="float32"):
    random = np.random.default_rng(images + filters)
    x = random.standard_normal((images, *size, channels))
    w = random.standard_normal((*window, channels, filters))
    arrays = {"x": x, "w": w, "b": random.standard_normal(filters)}
    return {name: array.astype(dtype) for name, array in arrays.items()}


def pooled_shape(given):
    (images, height, width, _), (window_height, window_width, _, filters) = given["x"].shape, given["w"].shape
    return images, (height - window_height + 1) // 2, (width - window_width + 1) // 2, filters


def forward(given):
    """The outputs and the winners."""
    ops, shape = get_ops("tuned"), pooled_shape(given)
    assert ops.conv2d_relu_pool_forward
    y, winner = tensor(ops, poison(shape, given["x"].dtype)), tensor(ops, poison(shape, np.int8))
    ops.conv2d_relu_pool_forward(tensor(ops, given["x"]), given["w"], given["b"], y, winner)
    return ops.to_host(y, shape), ops.to_host(winner, shape)


def expected(given):
    """The outputs, and those of the convolution."""
    _, height, width, _ = pooled_shape(given)
    (_, rows, columns, _), (window_height, window_width, *_) = given["x"].shape, given["w"].shape
    size = rows - window_height + 1, columns - window_width + 1
    z = oracle.conv2d_forward(given["x"], given["w"], given["b"], (1, 1), (0, 0), size)
    return oracle.max_pool2d_forward(oracle.relu_forward(z), (2, 2), (2, 2), (0, 0), (height, width))[0], z


def compare(given, y, winner):
    """Outputs with the oracle's, winners with what stands in their windows."""
    right, z = expected(given)
    tolerance = abs(z).max() * (5e-6 if given["x"].dtype == np.float32 else 1e-14)
    np.testing.assert_allclose(y, right, rtol=0, atol=tolerance)
    for n, i, j, k in np.ndindex(y.shape):
        window = z[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, k].reshape(-1)
        if y[n, i, j, k] > tolerance:
            assert window[winner[n, i, j, k]] >= window.max() - tolerance
        elif y[n, i, j, k] == 0:
            assert winner[n, i, j, k] == conv2d_relu_pool.DEAD
