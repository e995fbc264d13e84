"""One image, one channel: the article's loops."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import reference
from ..adapters import conv2d_from_basic_conv, max_pool2d_from_max_pool
from ..exercise import Case, Exercise
from ..reference import numbers, out_size
from ..words import pool_window, product_window

IMAGE = np.array([[1, 2, 0, 1], [0, 1, 3, 1], [2, 0, 1, 2], [1, 1, 0, 3]], float)
FILTER = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], float)
Pair = tuple[int, int]


def _conv(image: np.ndarray, filter: np.ndarray, out: Pair, stride: Pair = (1, 1), pad: Pair = (0, 0)) -> np.ndarray:
    x, w = image[None, :, :, None], filter[:, :, None, None]
    return reference.conv2d(x, w, np.zeros(1), out, stride, pad)[0, :, :, 0]


def conv_mistakes(
    image: np.ndarray, filter: np.ndarray, out: Pair, stride: Pair = (1, 1), pad: Pair = (0, 0)
) -> dict[str, np.ndarray]:
    """What is usually written instead of a convolution, and what comes out of it."""
    rows, cols = filter.shape

    def only(keep: Callable[[int, int], bool]) -> np.ndarray:
        kept = [[filter[r, s] if keep(r, s) else 0.0 for s in range(cols)] for r in range(rows)]
        return _conv(image, np.array(kept), out, stride, pad)

    right = _conv(image, filter, out, stride, pad)
    wrong = {
        "the filter is flipped: a window of deep learning is laid on as it stands": _conv(
            image, filter[::-1, ::-1], out, stride, pad
        ),
        "the sum is never set back to 0 between two outputs": np.cumsum(right).reshape(out),
        "the sum is never set back to 0 within a row of outputs": np.cumsum(right, axis=1),
        "each product replaces the sum (= where += is meant)": only(lambda r, s: (r, s) == (rows - 1, cols - 1)),
        "the last row and column of the filter are left out": only(lambda r, s: r < rows - 1 and s < cols - 1),
        "the last row of the filter is left out": only(lambda r, s: r < rows - 1),
        "the last column of the filter is left out": only(lambda r, s: s < cols - 1),
        "the first row and column of the filter are left out": only(lambda r, s: r > 0 and s > 0),
        "only the first row of the filter is used": only(lambda r, s: r == 0),
        "the filter is added up, not multiplied with the image": np.full(out, filter.sum()),
    }
    if rows == cols:
        wrong["rows and columns of the filter are exchanged"] = _conv(image, filter.T, out, stride, pad)
    if stride != (1, 1):
        wrong["the stride is ignored: every answer is that of stride 1"] = _conv(image, filter, out, (1, 1), pad)
    if stride[0] != stride[1]:
        wrong["the two strides are exchanged"] = _conv(image, filter, out, (stride[1], stride[0]), pad)
        wrong["the first stride is used both ways"] = _conv(image, filter, out, (stride[0], stride[0]), pad)
    return wrong


def _named(name: str, wrong: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    return {words: {name: numbers} for words, numbers in wrong.items()}


# ---- one stop of the window


def _pixel_case(image: np.ndarray, filter: np.ndarray, at: Pair, what: str = "") -> Case:
    row, col = at
    rows, cols = filter.shape
    patch = image[row : row + rows, col : col + cols]
    wrong = {
        "the filter is flipped: a window of deep learning is laid on as it stands": (patch * filter[::-1, ::-1]).sum(),
        "row and column are exchanged": _at(image, filter, col, row),
        "the window is laid on around (row, column), not from there down and right": _around(image, filter, row, col),
        "the window always lies at the top left corner": (image[:rows, :cols] * filter).sum(),
        "each product replaces the sum (= where += is meant)": patch[-1, -1] * filter[-1, -1],
        "the last row and column of the filter are left out": (patch * filter)[:-1, :-1].sum(),
        "the products are averaged, not added up": (patch * filter).mean(),
        "the image under the filter is added up, and nothing multiplied": patch.sum(),
    }
    arguments = {"image": image, "filter": filter, "row": row, "column": col}
    mistakes = {words: {"return": np.array(value)} for words, value in wrong.items() if value is not None}
    return Case(
        what or f"an image {_size(image)}, a filter {_size(filter)}, row {row}, column {col}",
        arguments,
        {"return": float((patch * filter).sum())},
        mistakes,
        lambda name, index: product_window(image, filter, row, col),
    )


def _at(image: np.ndarray, filter: np.ndarray, row: int, col: int) -> Any:
    patch = image[row : row + filter.shape[0], col : col + filter.shape[1]]
    return (patch * filter).sum() if patch.shape == filter.shape else None


def _around(image: np.ndarray, filter: np.ndarray, row: int, col: int) -> Any:
    top, left = row - filter.shape[0] // 2, col - filter.shape[1] // 2
    return _at(image, filter, top, left) if top >= 0 and left >= 0 else None


def _pixel_cases(random: np.random.Generator) -> list[Case]:
    cases = [_pixel_case(IMAGE, FILTER, (0, 0), "the example")]
    for filter_size in ((3, 3), (2, 2), (3, 2), (1, 1), (2, 4)):
        high, wide = int(random.integers(6, 9)), int(random.integers(9, 12))
        image, filter = numbers(random, high, wide, dtype=float), numbers(random, *filter_size, dtype=float)
        at = int(random.integers(1, high - filter_size[0] + 1)), int(random.integers(1, wide - filter_size[1] + 1))
        cases.append(_pixel_case(image, filter, at))
    last = numbers(random, 5, 6, dtype=float), numbers(random, 3, 3, dtype=float)
    return [*cases, _pixel_case(*last, (2, 3))]


# ---- the article's loop


def _basic_case(image: np.ndarray, filter: np.ndarray, stride: int, what: str = "") -> Case:
    (high, wide), size = image.shape, len(filter)
    out = out_size(high, size, stride), out_size(wide, size, stride)
    expected = _conv(image, filter, out, (stride, stride))
    wrong = conv_mistakes(image, filter, out, (stride, stride))
    arguments = {
        "image": image, "out": None, "in_width": wide, "in_height": high, "out_width": out[1], "out_height": out[0],
        "filter": filter, "filter_dim": size, "stride": stride,
    }  # fmt: skip
    return Case(
        what or f"an image {_size(image)}, a filter {_size(filter)}, stride {stride}",
        arguments,
        {"out": expected},
        _named("out", wrong),
        lambda name, at: product_window(image, filter, at[0] * stride, at[1] * stride),
    )


def _basic_cases(random: np.random.Generator) -> list[Case]:
    def draw(size: int, stride: int, high: int, wide: int) -> Case:
        return _basic_case(numbers(random, high, wide, dtype=float), numbers(random, size, size, dtype=float), stride)

    high, wide = int(random.integers(5, 7)), int(random.integers(8, 11))
    return [
        _basic_case(IMAGE, FILTER, 1, "the example"),
        draw(3, 1, 4, 4),
        draw(3, 1, high, wide),
        draw(2, 1, wide, high),
        draw(3, 2, high + 2, wide),
        draw(2, 3, 9, 2 + 3 * int(random.integers(1, 4)) + 1),  # the last column is under no window
        draw(1, 2, 5, 6),
        draw(5, 1, 5, 5),
    ]


# ---- two strides, and filters that are not square


def _strided_case(image: np.ndarray, filter: np.ndarray, stride: Pair, what: str = "") -> Case:
    out = out_size(image.shape[0], filter.shape[0], stride[0]), out_size(image.shape[1], filter.shape[1], stride[1])
    return Case(
        what or f"an image {_size(image)}, a filter {_size(filter)}, strides {stride[0]} down and {stride[1]} across",
        {"image": image, "filter": filter, "out": None, "stride": stride},
        {"out": _conv(image, filter, out, stride)},
        _named("out", conv_mistakes(image, filter, out, stride)),
        lambda name, at: product_window(image, filter, at[0] * stride[0], at[1] * stride[1]),
    )


def _strided_cases(random: np.random.Generator) -> list[Case]:
    def draw(filter: Pair, stride: Pair) -> Case:
        high, wide = (f + s * int(random.integers(2, 4)) + 1 for f, s in zip(filter, stride, strict=True))
        image = numbers(random, high, wide, dtype=float)
        return _strided_case(image, numbers(random, *filter, dtype=float), stride)

    first = np.random.default_rng(0)
    return [
        _strided_case(numbers(first, 7, 8, dtype=float), numbers(first, 3, 2, dtype=float), (2, 3), "the example"),
        _strided_case(numbers(random, 7, 8, dtype=float), numbers(random, 3, 2, dtype=float), (2, 3)),
        draw((3, 3), (1, 1)),
        draw((3, 3), (2, 2)),
        draw((2, 4), (1, 3)),
        draw((4, 2), (3, 2)),
        draw((1, 2), (2, 1)),
    ]


# ---- padding


def _padded_case(image: np.ndarray, filter: np.ndarray, what: str = "") -> Case:
    high, wide = image.shape
    before = (filter.shape[0] - 1) // 2, (filter.shape[1] - 1) // 2
    wrong = conv_mistakes(image, filter, image.shape, (1, 1), before)
    after = filter.shape[0] - 1 - before[0], filter.shape[1] - 1 - before[1]
    edge = np.pad(image, tuple(zip(before, after, strict=True)), mode="edge")
    around = np.pad(image, tuple(zip(before, after, strict=True)), mode="wrap")
    inner = np.zeros_like(image)
    valid = _conv(image, filter, (max(0, high - sum((before[0], after[0]))), max(0, wide - sum((before[1], after[1])))))
    inner[before[0] : before[0] + valid.shape[0], before[1] : before[1] + valid.shape[1]] = valid
    size = image.shape
    wrong = {
        "the window starts at the output's own pixel: it is not shifted by half the filter": _conv(image, filter, size),
        "the image goes on at its other side: a negative index wraps round": _conv(around, filter, size),
        "the pixels at the border are repeated; outside there are zeros": _conv(edge, filter, size),
        "the border is left at 0: only windows that lie wholly inside are added up": inner,
        "the window is shifted one pixel too far": _conv(image, filter, size, pad=(before[0] + 1, before[1] + 1)),
        **wrong,
    }
    return Case(
        what or f"an image {_size(image)}, a filter {_size(filter)}",
        {"image": image, "filter": filter, "out": None},
        {"out": _conv(image, filter, size, pad=before)},
        _named("out", wrong),
        lambda name, at: product_window(image, filter, at[0] - before[0], at[1] - before[1]),
    )


def _padded_cases(random: np.random.Generator) -> list[Case]:
    def draw(filter: Pair, high: int, wide: int) -> Case:
        return _padded_case(numbers(random, high, wide, dtype=float), numbers(random, *filter, dtype=float))

    high, wide = int(random.integers(5, 7)), int(random.integers(7, 10))
    return [
        _padded_case(IMAGE, FILTER, "the example"),
        draw((3, 3), 4, 4),
        draw((3, 3), high, wide),
        draw((5, 5), wide, high),
        draw((1, 3), 5, 6),
        draw((5, 1), 6, 4),
        draw((1, 1), 3, 4),
        draw((5, 5), 3, 4),
    ]


# ---- pooling


def _pool(image: np.ndarray, size: int, stride: int, fill: float = -np.inf) -> tuple[np.ndarray, np.ndarray]:
    """The windows' numbers, (i, j, r * s), for whole windows only."""
    out = out_size(image.shape[0], size, stride), out_size(image.shape[1], size, stride)
    under = reference.windows(image[None, :, :, None], (size, size), out, (stride, stride), fill=fill)[0, :, :, 0]
    return under, out  # type: ignore[return-value]


def pool_mistakes(image: np.ndarray, size: int, stride: int, reduce: Callable[[Any], Any]) -> dict[str, np.ndarray]:
    under, out = _pool(image, size, stride)
    square = under.reshape(*under.shape[:2], size, size)
    inner = square[:, :, :-1, :-1] if size > 1 else square
    wrong = {
        "the last row and column of each window are left out": reduce(inner.reshape(*under.shape[:2], -1)),
        "only the first number of each window is looked at": under[..., 0],
        "only the diagonal of each window is looked at": reduce(np.diagonal(square, axis1=2, axis2=3)),
    }
    if stride > 1:
        step1 = reference.windows(image[None, :, :, None], (size, size), under.shape[:2], (1, 1))[0, :, :, 0]
        wrong["the stride is ignored: every answer is that of stride 1"] = reduce(step1)
    if stride != size:
        by_size = reference.windows(image[None, :, :, None], (size, size), under.shape[:2], (size, size), fill=0)
        wrong["windows step by their own size, not by the stride"] = reduce(by_size[0, :, :, 0])
    return wrong


def _max_pool_case(image: np.ndarray, size: int, stride: int, what: str = "") -> Case:
    under, out = _pool(image, size, stride)
    largest = under.max(-1)
    wrong = {
        "the largest starts at 0, so a window of negative numbers gives 0": np.maximum(largest, 0),
        "the smallest is kept, not the largest": under.min(-1),
        "the average is taken, not the largest": under.mean(-1),
        "the largest is never set back: it is that of all windows so far": np.maximum.accumulate(
            largest.reshape(-1)
        ).reshape(largest.shape),
        "the largest is never set back within a row of outputs": np.maximum.accumulate(largest, axis=1),
        "the largest by absolute value is kept": np.take_along_axis(under, np.abs(under).argmax(-1)[..., None], -1)[
            ..., 0
        ],
        **pool_mistakes(image, size, stride, lambda numbers: numbers.max(-1)),
    }
    arguments = {
        "input": image, "out": None, "in_width": image.shape[1], "in_height": image.shape[0],
        "out_width": out[1], "out_height": out[0], "kernel_dim": size, "stride": stride,
    }  # fmt: skip
    return Case(
        what or f"an image {_size(image)}, windows {size}x{size}, stride {stride}",
        arguments,
        {"out": largest},
        _named("out", wrong),
        lambda name, at: pool_window(image, at[0] * stride, at[1] * stride, (size, size), "input"),
    )


def _max_pool_cases(random: np.random.Generator) -> list[Case]:
    def draw(size: int, stride: int, high: int, wide: int, shift: float = 1 / 8, what: str = "") -> Case:
        image = random.permutation(high * wide).reshape(high, wide) / 2 - high * wide / 4 + shift  # and no 0 in it
        return _max_pool_case(image, size, stride, what)

    high, wide = int(random.integers(5, 8)), int(random.integers(8, 11))
    return [
        _max_pool_case(numbers(np.random.default_rng(0), 6, 8, dtype=float), 2, 2, "the example"),
        draw(2, 2, 6, 8),
        draw(2, 2, high, wide),
        draw(2, 3, 8, 9),
        draw(3, 2, 7, wide),
        draw(2, 1, wide, high),
        draw(2, 2, 6, 4, -60, "numbers that are all negative"),
        draw(1, 1, 3, 4),
    ]


def _average_case(image: np.ndarray, size: int, stride: int, what: str = "") -> Case:
    under, _ = _pool(image, size, stride)
    wrong = {
        "the sum is never divided": under.sum(-1),
        "the sum is divided by the window's width, not by how many numbers it has": under.sum(-1) / size,
        "the average is rounded down (// where / is meant)": under.sum(-1) // size**2,
        "the sum is never set back to 0 between two outputs": np.cumsum(under.mean(-1)).reshape(under.shape[:2]),
        "the sum is never set back to 0 within a row of outputs": np.cumsum(under.mean(-1), axis=1),
        "it is divided by the stride, not by the window": under.sum(-1) / stride**2,
        "the largest is kept, not the average": under.max(-1),
        **pool_mistakes(image, size, stride, lambda numbers: numbers.mean(-1)),
    }
    return Case(
        what or f"an image {_size(image)}, windows {size}x{size}, stride {stride}",
        {"image": image, "out": None, "window": size, "stride": stride},
        {"out": under.mean(-1)},
        _named("out", wrong),
        lambda name, at: pool_window(image, at[0] * stride, at[1] * stride, (size, size), "image"),
    )


def _average_cases(random: np.random.Generator) -> list[Case]:
    def draw(size: int, stride: int, high: int, wide: int) -> Case:
        return _average_case(numbers(random, high, wide, dtype=float), size, stride)

    high, wide = int(random.integers(5, 8)), int(random.integers(8, 11))
    return [
        _average_case(numbers(np.random.default_rng(0), 6, 8, dtype=float), 2, 2, "the example"),
        draw(2, 2, 6, 8),
        draw(2, 2, high, wide),
        draw(4, 2, 8, wide),
        draw(2, 1, wide, high),
        draw(2, 3, 8, 9),
        draw(3, 3, 7, 6),
    ]


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"


EXERCISES = (
    Exercise("convolve_pixel", "one stop of the window, by hand", _pixel_cases, 1),
    Exercise(
        "basic_conv",
        "the article's loop: slide a filter over a grey image",
        _basic_cases,
        2,
        operation="conv2d_forward",
        adapter=conv2d_from_basic_conv,
    ),
    Exercise("strided_conv", "a step of its own down and across, filters that are not square", _strided_cases, 2),
    Exercise("padded_conv", "as many outputs as pixels, without storing a zero", _padded_cases, 2),
    Exercise(
        "max_pool",
        "the article's pooling: keep the largest of each window",
        _max_pool_cases,
        3,
        operation="max_pool2d_forward",
        adapter=max_pool2d_from_max_pool,
    ),
    Exercise("average_pool", "keep the average of each window", _average_cases, 3),
)
