"""The tuned rung's column of the table in ``ops.py``."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ...rungs import OnFlatArrays, compile_rung
from .. import activation, merge
from . import (
    any_window,
    average_pool,
    choice,
    conv2d,
    conv2d_relu_pool,
    dense,
    exponential,
    few_images,
    lanes,
    normalization,
    softmax,
    subsample,
    upsample,
)
from . import dropout as over_lanes
from .ready import Operation, Ready

_gather_images = compile_rung(lanes.gather_images, "tuned", parallel=True, error_model="numpy")
_gather_features = compile_rung(lanes.gather_features, "tuned")


def gather(data: np.ndarray, order: np.ndarray, batch: np.ndarray) -> None:
    if batch.ndim == 5:
        blocks, channels, _, _, width = batch.shape
        _gather_images(data.reshape(len(data), -1), order, batch.reshape(blocks, channels, -1, width), 512)
    elif batch.ndim == 2:
        _gather_features(data, order, batch)
    else:
        _gather_features(data[:, np.newaxis], order, batch[np.newaxis])


@Operation
def dense_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray) -> Iterator[Ready]:
    if x.shape[1] == 1:
        yield partial(dense.dense_forward_one_image, x.reshape(-1), w, b, y.reshape(-1))
    else:
        yield few_images.forward(x, w, b, y) or partial(dense.dense_forward, x, w, b, y)


@Operation
def dense_backward_input(dy: np.ndarray, w: np.ndarray, dx: np.ndarray) -> Iterator[Ready]:
    yield few_images.backward_input(dy, w, dx) or partial(dense.dense_backward_input, dy, w, dx)


@Operation
def dense_backward_weights(dy: np.ndarray, x: np.ndarray, dw: np.ndarray, db: np.ndarray) -> Iterator[Ready]:
    yield few_images.backward_weights(dy, x, dw, db) or partial(dense.dense_backward_weights, dy, x, dw, db)


_concatenate = compile_rung(merge.concatenate, "tuned_parallel", parallel=True)
_cut_out = compile_rung(merge.cut_out, "tuned_parallel", parallel=True)


def concatenate(x: np.ndarray, y: np.ndarray, axis: int, at: int) -> None:
    _concatenate(x, y, _axis_in_lanes(x, axis), at)


def cut_out(y: np.ndarray, x: np.ndarray, axis: int, at: int) -> None:
    _cut_out(y, x, _axis_in_lanes(x, axis), at)


def _axis_in_lanes(tensor: np.ndarray, axis: int) -> int:
    """Where an axis of (batch, height, width, channels) or (batch, features) is in the layout of ``lanes.py``."""
    return {1: 2, 2: 3, 3: 1}[axis] if tensor.ndim == 5 else 0


def average_pool3d_forward(x: np.ndarray, y: np.ndarray, *geometry: tuple[int, ...]) -> None:
    average_pool.average_pool_forward(x, _images_like(x, y), *geometry)


def average_pool3d_backward(dy: np.ndarray, dx: np.ndarray, *geometry: tuple[int, ...]) -> None:
    average_pool.average_pool_backward(_images_like(dx, dy), dx, *geometry)


def zero_pad_forward(x: np.ndarray, y: np.ndarray, pad: tuple[int, ...]) -> None:
    any_window.pad_images(x, y, pad[1:])


def zero_pad_backward(dy: np.ndarray, dx: np.ndarray, pad: tuple[int, ...]) -> None:
    any_window.crop_images(dy, dx, pad[1:])


def _images_like(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """y, the pooled images of x, as [block][channel][row][column][lane], also where they are features, of one pixel."""
    blocks, channels, _, _, lanes = x.shape
    if y.shape[-1] == lanes:
        return y.reshape(blocks, channels, *y.shape[2:4], lanes)
    return y.reshape(channels, blocks, 1, 1, lanes).transpose(1, 0, 2, 3, 4)


def dropout(x: np.ndarray, y: np.ndarray, rate: float, key: int, step: int) -> None:
    channels, pixels = (x.shape[1], x.shape[2] * x.shape[3]) if x.ndim == 5 else (1, x.size // x.shape[-1])
    over_lanes.dropout(*(array.reshape(-1, array.shape[-1]) for array in (x, y)), rate, key, step, channels, pixels)


def _on_runs(kernel: Callable) -> Callable:
    """The kernel, handed [block][channel][pixel and lane] of images, [1][feature][image] of features, and vectors of
    numbers a channel as they are.
    """

    def run(*arguments: Any) -> None:
        kernel(*(_runs(a) if isinstance(a, np.ndarray) and a.ndim > 1 else a for a in arguments))

    return run


def _runs(tensor: np.ndarray) -> np.ndarray:
    return tensor.reshape(*tensor.shape[:2], -1) if tensor.ndim == 5 else tensor[np.newaxis]


def _by_size(kernel: Callable, worth_sharing: int, **how: Any) -> Callable:
    """The kernel, run by one thread until its first array has ``worth_sharing`` numbers: to wake the other cores takes
    time too, and so does it to compile a parallel loop. Each way is compiled when it is first gone.
    """
    serial = compile_rung(kernel, "tuned_serial", **how)
    parallel = compile_rung(kernel, "tuned_parallel", parallel=True, **how)

    def run(x: np.ndarray, *others: np.ndarray) -> None:
        (serial if x.size < worth_sharing else parallel)(x, *others)

    return run


def _exponential(kernel: Callable, textbook: Callable) -> Callable:
    """The kernel for float32, and the textbook's loop for float64: see ``exponential.py``."""
    single = OnFlatArrays(_by_size(kernel, 5_000, **exponential.EXACT))
    double = OnFlatArrays(compile_rung(textbook, "tuned_double", parallel=True))

    def run(x: np.ndarray, *others: Any) -> None:
        (single if x.dtype == np.float32 else double)(x, *others)

    return run


KERNELS: dict[str, Any] = {
    "gather": gather,
    "conv2d_forward": choice.conv2d_forward,
    "conv2d_backward_input": choice.conv2d_backward_input,
    "conv2d_backward_weights": choice.conv2d_backward_weights,
    "conv2d_relu_pool_forward": choice.conv2d_relu_pool_forward,
    "relu_pool_backward": conv2d_relu_pool.relu_pool_backward,
    "conv2d_relu_pool_backward": choice.conv2d_relu_pool_backward,
    "conv2d_relu_pool_backward_weights": choice.conv2d_relu_pool_backward_weights,
    "pad_images": any_window.pad_images,
    "crop_images": any_window.crop_images,
    "max_pool2d_forward": any_window.max_pool2d_forward,
    "max_pool2d_backward": any_window.max_pool2d_backward,
    "zero_pad_forward": zero_pad_forward,
    "zero_pad_backward": zero_pad_backward,
    "upsample2d_forward": upsample.upsample2d_forward,
    "upsample2d_backward": upsample.upsample2d_backward,
    "average_pool3d_forward": average_pool3d_forward,
    "average_pool3d_backward": average_pool3d_backward,
    "subsample_forward": subsample.subsample_forward,
    "subsample_backward_input": subsample.subsample_backward_input,
    "subsample_backward_weights": subsample.subsample_backward_weights,
    "dense_forward": dense_forward,
    "dense_backward_input": dense_backward_input,
    "dense_backward_weights": dense_backward_weights,
    "relu_forward": _by_size(activation.relu_forward, 50_000),
    "relu_backward": _by_size(activation.relu_backward, 50_000),
    "tanh_forward": _exponential(exponential.tanh_forward, activation.tanh_forward),
    "scaled_tanh_forward": _exponential(exponential.scaled_tanh_forward, activation.scaled_tanh_forward),
    "sigmoid_forward": _exponential(exponential.sigmoid_forward, activation.sigmoid_forward),
    "elu_forward": _exponential(exponential.elu_forward, activation.elu_forward),
    "concatenate": concatenate,
    "cut_out": cut_out,
    "flatten_forward": _by_size(lanes.flatten_forward, 5_000),
    "flatten_backward": _by_size(lanes.flatten_backward, 5_000),
    "dropout": dropout,
    "batch_norm_statistics": _on_runs(normalization.batch_norm_statistics),
    "batch_norm_forward": _on_runs(normalization.batch_norm_forward),
    "batch_norm_backward_weights": _on_runs(normalization.batch_norm_backward_weights),
    "batch_norm_backward_input": _on_runs(normalization.batch_norm_backward_input),
    "softmax_forward": _by_size(softmax.softmax_forward, 5_000, **conv2d.FAST),
    "softmax_cross_entropy": _by_size(softmax.softmax_cross_entropy, 5_000, **conv2d.FAST),
}

MEMORY: dict[str, Any] = {
    "asarray": np.ascontiguousarray,
    "empty": lanes.empty,
    "images": lanes.images,
    "to_host": lanes.to_host,
}
