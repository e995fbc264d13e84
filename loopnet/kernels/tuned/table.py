"""The tuned rung's column of the table in ``ops.py``: which of its kernels runs for which stride and padding."""

from typing import Any

import numpy as np

from ...rungs import compile_rung
from . import any_window, conv2d, conv2d_relu_pool, dense, lanes, softmax

Pair = tuple[int, int]

_gather_images = compile_rung(lanes.gather_images, "tuned", parallel=True)
_gather_features = compile_rung(lanes.gather_features, "tuned")


def gather(data: np.ndarray, order: np.ndarray, batch: np.ndarray) -> None:
    if batch.ndim == 5:
        _gather_images(data, order, batch)
    elif batch.ndim == 2:
        _gather_features(data, order, batch)
    else:
        _gather_features(data[:, np.newaxis], order, batch[np.newaxis])


def _taps(w: np.ndarray) -> tuple[int, ...]:
    return (0,) * w.shape[1]


def _zeros(w: np.ndarray) -> tuple[Any, ...]:
    return (w.dtype.type(0),) * w.shape[1]


def _padded(dy: np.ndarray, w: np.ndarray, x: np.ndarray) -> np.ndarray | None:
    """Room for x with its zeros around it, at stride 1; None if there are none."""
    height, width = dy.shape[2] + w.shape[0] - 1, dy.shape[3] + w.shape[1] - 1
    if (height, width) == x.shape[2:4]:
        return None
    return lanes.aligned((*x.shape[:2], height, width, x.shape[4]), x.dtype)


def conv2d_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_forward(x, w, b, y, stride, pad)
    padded = _padded(y, w, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    conv2d.conv2d_forward(x, w, b, y, _taps(w))


def conv2d_backward_input(dy: np.ndarray, w: np.ndarray, dx: np.ndarray, stride: Pair, pad: Pair) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_input(dy, w, dx, stride, pad)
    padded = _padded(dy, w, dx)
    if padded is None:
        conv2d.conv2d_backward_input(dy, w, dx)
    else:
        conv2d.conv2d_backward_input(dy, w, padded)
        any_window.crop_images(padded, dx, pad)


def conv2d_backward_weights(
    dy: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray, stride: Pair, pad: Pair
) -> None:
    if tuple(stride) != (1, 1):
        return any_window.strided_backward_weights(dy, x, dw, db, stride, pad)
    padded = _padded(dy, dw, x)
    if padded is not None:
        any_window.pad_images(x, padded, pad)
        x = padded
    conv2d.conv2d_backward_weights(dy, x, dw, db, _zeros(dw))


def conv2d_relu_pool_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray, winner: np.ndarray) -> None:
    conv2d_relu_pool.conv2d_relu_pool_forward(x, w, b, y, winner, _taps(w))


def conv2d_relu_pool_backward_weights(
    dy: np.ndarray, winner: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> None:
    conv2d_relu_pool.conv2d_relu_pool_backward_weights(dy, winner, x, dw, db, _zeros(dw))


KERNELS: dict[str, Any] = {
    "gather": gather,
    "conv2d_forward": conv2d_forward,
    "conv2d_backward_input": conv2d_backward_input,
    "conv2d_backward_weights": conv2d_backward_weights,
    "conv2d_relu_pool_forward": conv2d_relu_pool_forward,
    "conv2d_relu_pool_backward_input": conv2d_relu_pool.conv2d_relu_pool_backward_input,
    "conv2d_relu_pool_backward_weights": conv2d_relu_pool_backward_weights,
    "max_pool2d_forward": any_window.max_pool2d_forward,
    "max_pool2d_backward": any_window.max_pool2d_backward,
    "dense_forward": dense.dense_forward,
    "dense_backward_input": dense.dense_backward_input,
    "dense_backward_weights": dense.dense_backward_weights,
    "flatten_forward": compile_rung(lanes.flatten_forward, "tuned", parallel=True),
    "flatten_backward": compile_rung(lanes.flatten_backward, "tuned", parallel=True),
    "softmax_forward": softmax.softmax_forward,
    "softmax_cross_entropy": softmax.softmax_cross_entropy,
}

MEMORY: dict[str, Any] = {
    "asarray": np.ascontiguousarray,
    "empty": lanes.empty,
    "images": lanes.images,
    "to_host": lanes.to_host,
}
