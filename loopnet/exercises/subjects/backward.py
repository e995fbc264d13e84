"""Backpropagation through the loops."""

from typing import Any

import numpy as np

from .. import reference
from ..exercise import Case, Exercise
from ..reference import numbers, out_size
from ..words import beside, number, table
from .network import CONVOLUTIONS, POOLS, conv_case, dense_arrays, f32, named, size

# ---- relu


def _relu_backward_cases(random: np.random.Generator) -> list[Case]:
    def case(x: np.ndarray, dy: np.ndarray, what: str = "") -> Case:
        y = np.maximum(x, 0)
        wrong = {
            "the gradient is cut off by its own sign, not by that of y": np.maximum(dy, 0),
            "dy goes through everywhere: units that were switched off, where y is 0, pass nothing on": dy,
            "the steepness is y, not 0 or 1": dy * y,
            "it gives the steepness without dy": (y > 0).astype(f32),
            "it is the other way round: only units that were switched off pass on": np.where(y > 0, 0, dy).astype(f32),
        }

        def behind(name: str, at: tuple[int, ...]) -> str:
            return f"there y is {number(y[at])} and dy is {number(dy[at])}"

        arguments = {"dy": dy, "y": y, "dx": None}
        expected = np.where(y > 0, dy, 0).astype(f32)
        return Case(what or f"y {size(y.shape)}", arguments, {"dx": expected}, named("dx", wrong), behind)

    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        x = numbers(random, *shape)
        x.reshape(-1)[:2] = -1, 1  # at least one unit off and one on
        return x, numbers(random, *shape)

    example = np.array([[[[1.5], [-2]], [[0.25], [-0.5]]]], f32), np.array([[[[1], [2]], [[-3], [-4]]]], f32)
    return [
        case(*example, "the example"),
        case(*pair(1, 2, 2, 1)),
        case(*pair(2, int(random.integers(3, 6)), 4, 3)),
        case(*pair(2, 5)),
        case(-np.abs(numbers(random, 1, 2, 3, 2)), numbers(random, 1, 2, 3, 2), "every unit switched off"),
    ]


# ---- max pooling


def _pool_backward_case(random: np.random.Generator, setting: Any, what: str = "") -> Case:
    x_shape, window, stride, pad = setting
    x = random.permutation(int(np.prod(x_shape))).reshape(x_shape).astype(f32)
    out: Any = tuple(out_size(x_shape[1 + a], window[a], stride[a], pad[a], pad[a]) for a in (0, 1))
    winner = reference.max_pool2d(x, window, out, stride, pad)[1]
    dy = np.abs(numbers(random, *winner.shape))
    sizes = x_shape[1:3]
    right = reference.max_pool2d_backward(dy, winner, sizes, window, stride, pad)
    last = np.zeros_like(right)
    for n, i, j, c in np.ndindex(*dy.shape):
        r, s = divmod(int(winner[n, i, j, c]), window[1])
        last[n, i * stride[0] + r - pad[0], j * stride[1] + s - pad[1], c] = dy[n, i, j, c]
    everywhere = _everywhere(dy, winner, sizes, window, stride, pad)
    wrong = {
        "where windows overlap, a winner's gradients must add up; the last one replaces the others": last,
        "the gradient goes to the whole window; only the winner may have it": everywhere,
        "it is shared evenly among the window, as in average pooling": everywhere / (window[0] * window[1]),
        "everything goes to the first place of the window: winner is not used": None
        if pad != (0, 0)
        else reference.max_pool2d_backward(dy, 0 * winner, sizes, window, stride, pad),
    }

    def behind(name: str, at: tuple[int, ...]) -> str:
        n, row, col, c = at
        won = []
        for i, j in np.ndindex(*out):
            r, s = divmod(int(winner[n, i, j, c]), window[1])
            if (i * stride[0] + r - pad[0], j * stride[1] + s - pad[1]) == (row, col):
                won.append(f"dy[{n}, {i}, {j}, {c}] = {number(dy[n, i, j, c])} (winner {winner[n, i, j, c]})")
        return "this pixel won: " + "; ".join(won) if won else "this pixel won in no window"

    return Case(
        what or f"dx {size(x_shape)}, window {size(window)}, stride {stride}, pad {pad}",
        {"dy": dy, "winner": winner, "dx": None, "window": window, "stride": stride, "pad": pad},
        {"dx": right},
        named("dx", wrong),
        behind,
    )


def _everywhere(dy: np.ndarray, winner: np.ndarray, sizes: Any, window: Any, stride: Any, pad: Any) -> np.ndarray:
    one = np.ones((*window, 1, 1), f32)
    channels = [
        reference.conv2d_backward_input(dy[..., c : c + 1], one, sizes, stride, pad) for c in range(dy.shape[3])
    ]
    return np.concatenate(channels, axis=3)


def _pool_backward_cases(random: np.random.Generator) -> list[Case]:
    overlapping = (((1, 5, 6, 2), (3, 3), (1, 1), (0, 0)), ((2, 6, 5, 1), (3, 2), (2, 1), (0, 0)))
    return [
        _pool_backward_case(np.random.default_rng(0), POOLS[0], "the example"),
        *(_pool_backward_case(random, setting) for setting in (*POOLS[1:4], *overlapping, POOLS[5])),
    ]


# ---- convolution


def weights_case(random: np.random.Generator, setting: Any, what: str = "") -> Case:
    window, _, stride, pad = setting[1:5]
    arrays, _, plain = conv_case(random, *setting)
    x, dy = arrays["x"], arrays["dy"]
    dw, db = reference.conv2d_backward_weights(dy, x, window, stride, pad)

    def other(**changed: Any) -> np.ndarray:
        given = {"dy": dy, "x": x, "stride": stride, "pad": pad, **changed}
        return reference.conv2d_backward_weights(given["dy"], given["x"], window, given["stride"], given["pad"])[0]

    images = len(x)
    wrong: dict[str, dict[str, np.ndarray]] = {
        "only the last image is counted: the gradient must add up over the batch": {"dw": other(dy=dy[-1:], x=x[-1:])},
        "only the first image is counted: the gradient must add up over the batch": {"dw": other(dy=dy[:1], x=x[:1])},
        "it is the mean over the batch; the gradient is the sum": {"dw": (dw / images).astype(f32)},
        "the filter's gradient is flipped": {"dw": dw[::-1, ::-1]},
        "the stride is ignored: every stop is that of stride 1": {"dw": other(stride=(1, 1))},
        "the padding is ignored: the window is not shifted by pad": {"dw": other(pad=(0, 0))},
        "the two strides are exchanged": {"dw": other(stride=stride[::-1])},
        "every filter has the gradient of the first one": {"dw": np.broadcast_to(dw[..., :1], dw.shape)},
        "db is the mean of dy; it is the sum": {"dw": dw, "db": dy.mean((0, 1, 2))},
        "db is 0; it is the sum of dy": {"dw": dw, "db": 0 * db},
        "db counts each output once for every tap of the window": {"dw": dw, "db": db * np.prod(dw.shape[:3])},
        "db adds up the last image only": {"dw": dw, "db": dy[-1:].sum((0, 1, 2))},
    }

    def behind(name: str, at: tuple[int, ...]) -> str:
        if name == "db":
            return f"it is the sum of dy[:, :, :, {at[0]}], {dy[..., 0].size} numbers"
        r, s, c, k = at
        shown = beside((f"dy[0, :, :, {k}]", table(dy[0, :, :, k])), (f"x[0, :, :, {c}]", table(x[0, :, :, c])))
        return f"tap ({r}, {s}) multiplies dy[n, i, j, {k}] with x[n, i * {stride[0]} + {r} - {pad[0]}, " + (
            f"j * {stride[1]} + {s} - {pad[1]}, {c}], at every stop:\n{shown}"
        )

    return Case(
        what or plain,
        {"dy": dy, "x": x, "dw": None, "db": None, "stride": stride, "pad": pad},
        {"dw": dw, "db": db},
        wrong,
        behind,
    )


def weights_cases(random: np.random.Generator) -> list[Case]:
    first = weights_case(np.random.default_rng(0), CONVOLUTIONS[0], "the example")
    return [first, *(weights_case(random, setting) for setting in CONVOLUTIONS[1:])]


def _input_case(random: np.random.Generator, setting: Any, what: str = "") -> Case:
    x_shape, window, _, stride, pad = setting
    arrays, out, plain = conv_case(random, *setting)
    w, dy = arrays["w"], arrays["dy"]

    def other(**changed: Any) -> np.ndarray:
        given = {"dy": dy, "w": w, "stride": stride, "pad": pad, **changed}
        return reference.conv2d_backward_input(given["dy"], given["w"], x_shape[1:3], given["stride"], given["pad"])

    first_filter = np.concatenate([w[..., :1], 0 * w[..., 1:]], axis=3)
    wrong = {
        "the filter is flipped: a pixel is blamed through the weight that it was multiplied with": other(
            w=w[::-1, ::-1]
        ),
        "only the first filter is counted": other(w=first_filter),
        "the stride is ignored: every stop is that of stride 1": other(stride=(1, 1)),
        "the padding is ignored: the window is not shifted by pad": other(pad=(0, 0)),
        "the two strides are exchanged": other(stride=stride[::-1]),
        "every channel has the gradient of the first one": np.broadcast_to(other()[..., :1], x_shape),
    }
    if stride != (1, 1):
        wrong["a stop between two strides is counted: where the division leaves a remainder there was no window"] = (
            _rounded(dy, w, x_shape, stride, pad)
        )

    def behind(name: str, at: tuple[int, ...]) -> str:
        n, row, col, c = at
        seen = []
        for i, j in np.ndindex(*out):
            r, s = row + pad[0] - i * stride[0], col + pad[1] - j * stride[1]
            if 0 <= r < window[0] and 0 <= s < window[1]:
                seen.append(f"y[{n}, {i}, {j}, :] through w[{r}, {s}, {c}, :]")
        text = "; ".join(seen[:4]) + (f"; and {len(seen) - 4} more" if len(seen) > 4 else "")
        return f"this pixel was seen by {text}" if seen else "this pixel was under no window"

    return Case(
        what or plain,
        {"dy": dy, "w": w, "dx": None, "stride": stride, "pad": pad},
        {"dx": other()},
        named("dx", wrong),
        behind,
    )


def _rounded(dy: np.ndarray, w: np.ndarray, x_shape: Any, stride: Any, pad: Any) -> np.ndarray:
    """The pixel's question, answered without looking at the remainder."""
    dx = np.zeros(x_shape)
    for row, col, r, s in np.ndindex(x_shape[1], x_shape[2], *w.shape[:2]):
        i, j = (row + pad[0] - r) // stride[0], (col + pad[1] - s) // stride[1]
        if 0 <= i < dy.shape[1] and 0 <= j < dy.shape[2]:
            dx[:, row, col] += dy[:, i, j] @ w[r, s].T
    return dx.astype(f32)


def _input_cases(random: np.random.Generator) -> list[Case]:
    first = _input_case(np.random.default_rng(0), CONVOLUTIONS[0], "the example")
    return [first, *(_input_case(random, setting) for setting in CONVOLUTIONS[1:])]


# ---- dense


def _dense_weights_case(arrays: dict[str, np.ndarray], what: str = "") -> Case:
    x, dy = arrays["x"], arrays["dy"]
    dw, db = x.T @ dy, dy.sum(0)
    wrong = {
        "it is the mean over the batch; the gradient is the sum": {"dw": dw / len(x)},
        "only the last image is counted: the gradient must add up over the batch": {"dw": np.outer(x[-1], dy[-1])},
        "only the first image is counted: the gradient must add up over the batch": {"dw": np.outer(x[0], dy[0])},
        "db is the mean of dy; it is the sum": {"dw": dw, "db": db / len(x)},
        "db is 0; it is the sum of dy": {"dw": dw, "db": 0 * db},
        "db counts each image once for every input": {"dw": dw, "db": db * len(dw)},
        "db adds up the last image only": {"dw": dw, "db": dy[-1]},
    }

    def behind(name: str, at: tuple[int, ...]) -> str:
        if name == "db":
            return "\n".join((f"dy[:, {at[0]}]", *table([dy[:, at[0]]])))
        c, k = at
        return beside((f"dy[:, {k}]", table([dy[:, k]])), (f"x[:, {c}]", table([x[:, c]])))

    plain = f"{len(x)} images, {x.shape[1]} inputs, {dy.shape[1]} units"
    return Case(what or plain, {"dy": dy, "x": x, "dw": None, "db": None}, {"dw": dw, "db": db}, wrong, behind)


def _dense_weights_cases(random: np.random.Generator) -> list[Case]:
    first = np.random.default_rng(0)
    return [
        _dense_weights_case(dense_arrays(first, 2, 3, 2), "the example"),
        _dense_weights_case(dense_arrays(random, 2, 3, 2)),
        _dense_weights_case(dense_arrays(random, int(random.integers(3, 6)), 4, 3)),
        _dense_weights_case(dense_arrays(random, 1, 2, 5)),
        _dense_weights_case(dense_arrays(random, 4, 6, 7)),
    ]


EXERCISES = (
    Exercise(
        "relu_backward", "which units pass their gradient on", _relu_backward_cases, 5, operation="relu_backward"
    ),
    Exercise(
        "max_pool2d_backward", "deliver each gradient to the pixel that won", _pool_backward_cases, 5,
        operation="max_pool2d_backward",
    ),
    Exercise(
        "conv2d_backward_weights", "every weight collects from all the places it was used", weights_cases, 5,
        operation="conv2d_backward_weights",
    ),
    Exercise(
        "conv2d_backward_input", "every pixel asks which outputs saw it", _input_cases, 5,
        operation="conv2d_backward_input",
    ),
    Exercise(
        "dense_backward_weights", "the dense layer's gradients", _dense_weights_cases, 5,
        operation="dense_backward_weights",
    ),
)  # fmt: skip
