"""The right answers, in whole-array NumPy and double precision: nothing to copy a loop from.

The numbers that exercises draw are multiples of a quarter, so that every sum is exact in float32 whatever its order.
"""

from typing import Any

import numpy as np

Pair = tuple[int, int]


def numbers(random: np.random.Generator, *shape: int, dtype: Any = np.float32) -> np.ndarray:
    """Multiples of 1/4 from -2 to 2, none of them 0."""
    return (random.integers(1, 9, shape) * random.choice([-1, 1], shape) / 4).astype(dtype)


def out_size(size: int, window: int, stride: int, before: int = 0, after: int = 0) -> int:
    return (size + before + after - window) // stride + 1


def _padded(x: np.ndarray, window: Pair, stride: Pair, pad: Pair, out: Pair, fill: float = 0.0) -> np.ndarray:
    """x (n, h, w, c) with ``pad`` cells before and as many after as the last window needs."""
    after = [max(0, (out[a] - 1) * stride[a] + window[a] - x.shape[1 + a] - pad[a]) for a in (0, 1)]
    wide = ((0, 0), (pad[0], after[0]), (pad[1], after[1]), (0, 0))
    return np.pad(x.astype(np.float64), wide, constant_values=fill)


def _tap(x: np.ndarray, r: int, s: int, stride: Pair, out: Pair) -> tuple[slice, ...]:
    rows = slice(r, r + (out[0] - 1) * stride[0] + 1, stride[0])
    return (slice(None), rows, slice(s, s + (out[1] - 1) * stride[1] + 1, stride[1]))


def conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray, out: Pair, stride: Pair = (1, 1), pad: Pair = (0, 0)):
    """(n, h, w, c) and (r, s, c, k) to (n, i, j, k), in the dtype of x."""
    padded = _padded(x, w.shape[:2], stride, pad, out)
    y = np.zeros((len(x), *out, w.shape[3])) + b
    for r, s in np.ndindex(*w.shape[:2]):
        y += np.einsum("nijc,ck->nijk", padded[_tap(padded, r, s, stride, out)], w[r, s].astype(np.float64))
    return y.astype(x.dtype)


def conv2d_backward_input(dy: np.ndarray, w: np.ndarray, size: Pair, stride: Pair = (1, 1), pad: Pair = (0, 0)):
    """Each output hands its gradient down to the window that it came from."""
    out: Any = dy.shape[1:3]
    shape = (len(dy), *size, w.shape[2])
    wide = _padded(np.zeros(shape), w.shape[:2], stride, pad, out)
    for r, s in np.ndindex(*w.shape[:2]):
        wide[_tap(wide, r, s, stride, out)] += np.einsum("nijk,ck->nijc", dy.astype(np.float64), w[r, s])
    return wide[:, pad[0] : pad[0] + size[0], pad[1] : pad[1] + size[1]].astype(dy.dtype)


def conv2d_backward_weights(dy: np.ndarray, x: np.ndarray, window: Pair, stride: Pair = (1, 1), pad: Pair = (0, 0)):
    """dw and db."""
    out: Any = dy.shape[1:3]
    padded, dw = _padded(x, window, stride, pad, out), np.zeros((*window, x.shape[3], dy.shape[3]))
    for r, s in np.ndindex(*window):
        dw[r, s] = np.einsum("nijc,nijk->ck", padded[_tap(padded, r, s, stride, out)], dy)
    return dw.astype(x.dtype), dy.astype(np.float64).sum((0, 1, 2)).astype(x.dtype)


def windows(x: np.ndarray, window: Pair, out: Pair, stride: Pair, pad: Pair = (0, 0), fill: float = -np.inf):
    """(n, i, j, c, r * s): the numbers under each window; outside the image, ``fill``."""
    padded = _padded(x, window, stride, pad, out, fill)
    taps = [padded[_tap(padded, r, s, stride, out)] for r, s in np.ndindex(*window)]
    return np.stack(taps, axis=-1)


def max_pool2d(x: np.ndarray, window: Pair, out: Pair, stride: Pair, pad: Pair = (0, 0), fill: float = -np.inf):
    """The largest of each window, and its first place in it."""
    under = windows(x, window, out, stride, pad, fill)
    return under.max(-1).astype(x.dtype), under.argmax(-1).astype(np.int32)


def max_pool2d_backward(dy: np.ndarray, winner: np.ndarray, size: Pair, window: Pair, stride: Pair, pad: Pair = (0, 0)):
    dx = np.zeros((len(dy), *size, dy.shape[3]))
    n, i, j, c = np.indices(dy.shape)
    row = i * stride[0] + winner // window[1] - pad[0]
    col = j * stride[1] + winner % window[1] - pad[1]
    np.add.at(dx, (n, row, col, c), dy)
    return dx.astype(dy.dtype)


def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray, weight: np.ndarray):
    """Losses, and the gradient of their weighted sum with respect to the logits."""
    z = logits.astype(np.float64)
    z = z - z.max(1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(1, keepdims=True))
    losses = -(targets * logs).sum(1)
    dlogits = weight[:, None] * (np.exp(logs) - targets)
    return losses.astype(logits.dtype), dlogits.astype(logits.dtype)
