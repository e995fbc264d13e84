"""Layers of a network, forward: batches, channels, filters."""

from typing import Any

import numpy as np

from .. import reference
from ..exercise import Case, Exercise
from ..reference import numbers, out_size
from ..words import beside, number, pool_window, product_window, table

Pair = tuple[int, int]
f32 = np.float32


def named(name: str, wrong: dict[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    return {words: {name: array} for words, array in wrong.items() if array is not None}


def size(shape: Any) -> str:
    return "x".join(map(str, shape))


# ---- sizes and parameters


def _shape_case(
    high: int, wide: int, channels: int, filters: int, window: Pair, stride: Pair, pad: Pair, what: str = ""
) -> Case:
    rows, cols = (
        out_size(high, window[0], stride[0], pad[0], pad[0]),
        out_size(wide, window[1], stride[1], pad[1], pad[1]),
    )
    weights = window[0] * window[1] * channels * filters
    right = rows, cols, filters, weights + filters

    def other(rows: int = rows, cols: int = cols, maps: int = filters, parameters: int = right[3]) -> np.ndarray:
        return np.array((rows, cols, maps, parameters), float)

    span = high + 2 * pad[0] - window[0], wide + 2 * pad[1] - window[1]
    wrong = {
        "the biases are not counted": other(parameters=weights),
        "the channels are forgotten: a filter is as deep as the image": other(
            parameters=window[0] * window[1] * filters + filters
        ),
        "one bias a filter, not one for each channel of it": other(parameters=weights + filters * channels),
        "the padding is counted on one side only": other(
            out_size(high, window[0], stride[0], pad[0]), out_size(wide, window[1], stride[1], pad[1])
        ),
        "the padding is ignored": other(out_size(high, window[0], stride[0]), out_size(wide, window[1], stride[1])),
        "one is missing: a window that fits once is one output": other(span[0] // stride[0], span[1] // stride[1]),
        "the stride is ignored": other(span[0] + 1, span[1] + 1),
        "the division is rounded up: half a step is no stop": other(
            -(-span[0] // stride[0]) + 1, -(-span[1] // stride[1]) + 1
        ),
        "rows and columns are exchanged": other(cols, rows),
        "the maps are the filters' number, not the channels'": other(maps=channels),
    }
    arguments = {
        "height": high, "width": wide, "channels": channels, "filters": filters,
        "window": window, "stride": stride, "pad": pad,
    }  # fmt: skip
    plain = f"{size((high, wide, channels))}, {filters} filters {size(window)}, stride {stride}, pad {pad}"
    return Case(what or plain, arguments, {"return": right}, named("return", wrong), lambda name, at: f"for {plain}")


def _shape_cases(random: np.random.Generator) -> list[Case]:
    def draw(window: Pair, stride: Pair, pad: Pair) -> Case:
        high, wide = random.choice(np.arange(12, 40), 2, replace=False)
        channels, filters = random.choice(np.arange(2, 20), 2, replace=False)
        high += (high + 2 * pad[0] - window[0]) % stride[0] == 0 and stride[0] > 1  # leave a remainder
        return _shape_case(int(high), int(wide), int(channels), int(filters), window, stride, pad)

    return [
        _shape_case(32, 32, 1, 6, (5, 5), (1, 1), (0, 0), "the example, LeNet-5's first layer"),
        _shape_case(14, 14, 6, 16, (5, 5), (1, 1), (0, 0), "LeNet-5's second convolution"),
        draw((3, 3), (1, 1), (1, 1)),
        draw((3, 3), (2, 2), (0, 0)),
        draw((5, 3), (2, 1), (2, 1)),
        draw((4, 2), (3, 2), (1, 0)),
    ]


# ---- convolution


def conv_case(
    random: np.random.Generator, x_shape: tuple[int, ...], window: Pair, filters: int, stride: Pair, pad: Pair,
) -> tuple[dict[str, np.ndarray], Pair, str]:  # fmt: skip
    """Arrays of one convolution, the size of its output, and the case in words."""
    x, w = numbers(random, *x_shape), numbers(random, *window, x_shape[3], filters)
    out = tuple(out_size(x_shape[1 + a], window[a], stride[a], pad[a], pad[a]) for a in (0, 1))
    arrays = {"x": x, "w": w, "b": numbers(random, filters), "dy": numbers(random, x_shape[0], *out, filters)}
    what = f"x {size(x_shape)}, w {size(w.shape)}, stride {stride}, pad {pad}"
    return arrays, out, what  # type: ignore[return-value]


CONVOLUTIONS: tuple[Any, ...] = (
    # x, window, filters, stride, pad
    ((1, 5, 6, 1), (3, 3), 1, (1, 1), (0, 0)),
    ((1, 5, 6, 1), (3, 3), 1, (1, 1), (0, 0)),
    ((2, 6, 5, 1), (3, 2), 3, (1, 1), (0, 0)),
    ((2, 5, 6, 3), (2, 3), 2, (1, 1), (0, 0)),
    ((2, 7, 9, 2), (3, 3), 3, (2, 2), (0, 0)),
    ((2, 6, 9, 2), (3, 2), 2, (1, 3), (0, 0)),
    ((3, 5, 4, 2), (3, 3), 2, (1, 1), (1, 1)),
    ((2, 6, 5, 2), (4, 3), 3, (2, 1), (2, 1)),
)


def channel_window(x: np.ndarray, w: np.ndarray, n: int, k: int, top: int, left: int) -> str:
    """The window of one output, its first two channels."""
    shown = [
        product_window(x[n, :, :, c], w[:, :, c, k], top, left, (f"x[{n}, :, :, {c}]", f"w[:, :, {c}, {k}]"))
        for c in range(min(2, x.shape[3]))
    ]
    more = x.shape[3] - len(shown)
    return "\n".join(shown + ([f"and {more} more channels"] if more > 0 else []))


def _forward_case(random: np.random.Generator, setting: Any, what: str = "") -> Case:
    stride, pad = setting[3:5]
    arrays, out, plain = conv_case(random, *setting)
    x, w, b = arrays["x"], arrays["w"], arrays["b"]
    right = reference.conv2d(x, w, b, out, stride, pad)
    no_bias = reference.conv2d(x, w, 0 * b, out, stride, pad)
    one_channel = np.concatenate([w[:, :, :1], 0 * w[:, :, 1:]], axis=2)
    last_channel = np.concatenate([0 * w[:, :, :-1], w[:, :, -1:]], axis=2)
    wrong = {
        "the bias is left out": no_bias,
        "the bias is added at every tap of the window": no_bias + b * w.shape[0] * w.shape[1] * w.shape[2],
        "the filter is flipped: a window of deep learning is laid on as it stands": reference.conv2d(
            x, w[::-1, ::-1], b, out, stride, pad
        ),
        "only the first channel is added up": reference.conv2d(x, one_channel, b, out, stride, pad),
        "each channel replaces the sum of those before it": reference.conv2d(x, last_channel, b, out, stride, pad),
        "every output has the answer of the first filter": np.broadcast_to(right[..., :1], right.shape),
        "every image has the answer of the first one": np.broadcast_to(right[:1], right.shape),
        "the stride is ignored: every answer is that of stride 1": reference.conv2d(x, w, b, out, (1, 1), pad),
        "the padding is ignored: the window is not shifted by pad": reference.conv2d(x, w, b, out, stride, (0, 0)),
        "the two strides are exchanged": reference.conv2d(x, w, b, out, stride[::-1], pad),
        "the two pads are exchanged": reference.conv2d(x, w, b, out, stride, pad[::-1]),
        "the last row and column of the window are left out": reference.conv2d(x, w[:-1, :-1], b, out, stride, pad)
        if min(w.shape[:2]) > 1
        else None,
    }
    if pad != (0, 0) and stride == (1, 1):
        around = np.pad(x, ((0, 0), (pad[0], pad[0]), (pad[1], pad[1]), (0, 0)), mode="wrap")
        wrong["the image goes on at its other side: a negative index wraps round"] = reference.conv2d(
            around, w, b, out, stride
        )
    return Case(
        what or plain,
        {"x": x, "w": w, "b": b, "y": None, "stride": stride, "pad": pad},
        {"y": right},
        named("y", wrong),
        lambda name, at: channel_window(
            x, w, at[0], at[3], at[1] * stride[0] - pad[0], at[2] * stride[1] - pad[1]
        ) + f"\nand the bias b[{at[3]}] is {number(b[at[3]])}",
    )  # fmt: skip


def _forward_cases(random: np.random.Generator) -> list[Case]:
    first = _forward_case(np.random.default_rng(0), CONVOLUTIONS[0], "the example")
    return [first, *(_forward_case(random, setting) for setting in CONVOLUTIONS[1:])]


# ---- relu


def _relu_cases(random: np.random.Generator) -> list[Case]:
    def case(x: np.ndarray, what: str = "") -> Case:
        wrong = {
            "the sign is turned, not cut off: that is the absolute value": np.abs(x),
            "negative numbers are kept, positive ones cut off": np.minimum(x, 0),
            "x is copied as it is": x,
            "it gives 0 or 1, not 0 or x": (x > 0).astype(x.dtype),
            "negative numbers leak through": np.where(x < 0, x * f32(0.01), x),
        }
        behind = lambda name, at: f"x[{', '.join(map(str, at))}] is {number(x[at])}"  # noqa: E731
        y = np.maximum(x, 0)
        return Case(what or f"x {size(x.shape)}", {"x": x, "y": None}, {"y": y}, named("y", wrong), behind)

    shape = 2, int(random.integers(3, 6)), 4, 3
    zeros = numbers(random, 2, 3, 2, 1)
    zeros[0, 0] = 0
    return [
        case(np.array([[[[1.5], [-2]], [[0.25], [-0.5]]]], f32), "the example"),
        case(numbers(random, 1, 2, 2, 1)),
        case(numbers(random, *shape)),
        case(-np.abs(numbers(random, 1, 3, 5, 2)), "nothing but negative numbers"),
        case(zeros, "zeros among the numbers"),
    ]


# ---- max pooling


NOT_ZERO = 1 / 8
"""Added to multiples of 1/4: a largest number of exactly 0 would be found by a loop that starts at 0, too."""


def _max_case(random: np.random.Generator, setting: Any, shift: float = 0.0, what: str = "") -> Case:
    x_shape, window, stride, pad = setting
    x = (random.permutation(int(np.prod(x_shape))).reshape(x_shape) / 2 - np.prod(x_shape) / 4 + shift).astype(f32)
    out: Any = tuple(out_size(x_shape[1 + a], window[a], stride[a], pad[a], pad[a]) for a in (0, 1))
    y, winner = reference.max_pool2d(x, window, out, stride, pad)
    zeros, _ = reference.max_pool2d(x, window, out, stride, pad, fill=0)
    fine: dict[str, dict[str, np.ndarray]] = {
        "padding wins over negative numbers: only pixels inside the image may be compared": {"y": zeros},
        "the largest starts at 0, so a window of negative numbers gives 0": {"y": np.maximum(y, 0)},
        "the window is not shifted by pad": {"y": reference.max_pool2d(x, window, out, stride)[0]},
        "the stride is ignored: every answer is that of stride 1": {
            "y": reference.max_pool2d(x, window, out, (1, 1), pad)[0]
        },
        "all channels share one window": {"y": np.broadcast_to(y.max(-1, keepdims=True), y.shape)},
    }
    r, s = winner // window[1], winner % window[1]
    row = np.arange(out[0])[None, :, None, None] * stride[0] + r - pad[0]
    col = np.arange(out[1])[None, None, :, None] * stride[1] + s - pad[1]
    turned = {
        "winner counts r * window height + s; a row of the window has as many places as it is wide": r * window[0] + s,
        "winner counts down the columns (s * window height + r), not along the rows": s * window[0] + r,
        "winner is the place in the image, not in the window": row * x_shape[2] + col,
        "winner starts to count at 1": winner + 1,
        "winner stays 0": 0 * winner,
        "winner remembers the column only": s,
        "winner remembers the row only": r,
    }
    fine |= {words: {"y": y, "winner": gives.astype(np.int32)} for words, gives in turned.items()}

    def behind(name: str, at: tuple[int, ...]) -> str:
        n, i, j, c = at
        top, left = i * stride[0] - pad[0], j * stride[1] - pad[1]
        return pool_window(x[n, :, :, c], top, left, window, f"x[{n}, :, :, {c}]")

    return Case(
        what or f"x {size(x_shape)}, window {size(window)}, stride {stride}, pad {pad}",
        {"x": x, "y": None, "winner": None, "window": window, "stride": stride, "pad": pad},
        {"y": y, "winner": winner},
        fine,
        behind,
    )


POOLS: tuple[Any, ...] = (
    ((1, 4, 6, 1), (2, 2), (2, 2), (0, 0)),
    ((1, 4, 6, 1), (2, 2), (2, 2), (0, 0)),
    ((2, 5, 7, 3), (2, 2), (2, 2), (0, 0)),
    ((2, 6, 7, 2), (2, 3), (2, 2), (0, 0)),
    ((1, 7, 8, 2), (3, 2), (1, 3), (0, 0)),
    ((2, 5, 4, 2), (3, 3), (2, 2), (1, 1)),
)


def _max_cases(random: np.random.Generator) -> list[Case]:
    cases = [_max_case(np.random.default_rng(0), POOLS[0], what="the example")]
    cases += [_max_case(random, setting, NOT_ZERO) for setting in POOLS[1:5]]
    cases.append(_max_case(random, ((1, 4, 5, 2), (2, 2), (2, 2), (0, 0)), -60, "numbers that are all negative"))
    negative = _max_case(random, POOLS[5], -60)
    negative.what += ", numbers that are all negative"
    return [*cases, _max_case(random, POOLS[5], NOT_ZERO), negative]


# ---- dense


def dense_arrays(random: np.random.Generator, batch: int, inputs: int, units: int) -> dict[str, np.ndarray]:
    return {
        "x": numbers(random, batch, inputs),
        "w": numbers(random, inputs, units),
        "b": numbers(random, units),
        "dy": numbers(random, batch, units),
    }


def dense_case(arrays: dict[str, np.ndarray], what: str = "") -> Case:
    x, w, b = arrays["x"], arrays["w"], arrays["b"]
    sums = x @ w
    wrong = {
        "the bias is left out": sums,
        "the bias is added at every input": sums + b * len(w),
        "only the last input is counted (= where += is meant)": x[:, -1:] * w[-1] + b,
        "the first input is left out": x[:, 1:] @ w[1:] + b,
        "the last input is left out": x[:, :-1] @ w[:-1] + b,
        "every image has the answer of the first one": np.broadcast_to(sums[:1] + b, sums.shape),
    }
    if w.shape[0] == w.shape[1]:
        wrong["w is read turned round: w[k, c] where w[c, k] is meant"] = x @ w.T + b

    def behind(name: str, at: tuple[int, ...]) -> str:
        n, k = at
        rows = beside((f"x[{n}, :]", table([x[n]])), (f"w[:, {k}]", table([w[:, k]])))
        return f"{rows}\ntheir products add up to {number(float(sums[n, k]))}, and b[{k}] is {number(b[k])}"

    plain = f"{len(x)} images, {len(w)} inputs, {len(b)} units"
    return Case(what or plain, {"x": x, "w": w, "b": b, "y": None}, {"y": sums + b}, named("y", wrong), behind)


def dense_cases(random: np.random.Generator) -> list[Case]:
    first = np.random.default_rng(0)
    return [
        dense_case(dense_arrays(first, 1, 3, 2), "the example"),
        dense_case(dense_arrays(random, 1, 3, 2)),
        dense_case(dense_arrays(random, 3, int(random.integers(4, 7)), 3)),
        dense_case(dense_arrays(random, 2, 4, 4)),
        dense_case(dense_arrays(random, 2, 3, int(random.integers(5, 20)))),
    ]


EXERCISES = (
    Exercise("conv_shape", "the size of the output, and how many numbers are learned", _shape_cases, 4),
    Exercise(
        "conv2d_forward", "batch, channels and filters: the loop that trains LeNet-5", _forward_cases, 4,
        operation="conv2d_forward",
    ),
    Exercise(
        "max_pool2d_forward", "pooling with channels and padding, and where the largest stood", _max_cases, 3,
        operation="max_pool2d_forward",
    ),
    Exercise("relu_forward", "cut off what is below 0", _relu_cases, 4, operation="relu_forward"),
    Exercise("dense_forward", "the fully connected layer", dense_cases, 6, operation="dense_forward"),
)  # fmt: skip
