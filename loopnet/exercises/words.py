"""Numbers as a learner should see them: a little window, the filter beside it, the cell that differs."""

from typing import Any

import numpy as np

MOST = 7  # rows and columns of a window that are shown


def number(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:.7g}"


def cell(name: str, index: Any) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if len(index) else name


def table(rows: Any) -> list[str]:
    """Numbers in columns. NaN, which no exercise hands out, stands for what lies outside the image: a dot."""
    texts = [["." if value != value else number(value) for value in row[:MOST]] for row in rows[:MOST]]
    width = max((len(text) for row in texts for text in row), default=1)
    lines = ["  ".join(text.rjust(width) for text in row) for row in texts]
    if len(rows) > MOST or (len(rows) and len(rows[0]) > MOST):
        lines.append("... and more")
    return lines


def beside(*blocks: tuple[str, list[str]]) -> str:
    """Titled blocks of lines side by side."""
    columns = [[title, *lines] for title, lines in blocks]
    height = max(map(len, columns))
    padded = []
    for lines in columns:
        width = max(map(len, lines))
        padded.append([line.ljust(width) for line in lines + [""] * (height - len(lines))])
    return "\n".join("     ".join(row).rstrip() for row in zip(*padded, strict=True))


def under(image: np.ndarray, top: int, left: int, size: tuple[int, int]) -> np.ndarray:
    """The part of a (height, width) image under a window, NaN where it hangs over."""
    patch = np.full(size, np.nan)
    for r, s in np.ndindex(*size):
        if 0 <= top + r < image.shape[0] and 0 <= left + s < image.shape[1]:
            patch[r, s] = image[top + r, left + s]
    return patch


def product_window(
    image: np.ndarray, filter: np.ndarray, top: int, left: int, names: tuple[str, str] = ("image", "filter")
) -> str:
    """A (h, w) image under a filter, with the filter."""
    rows, cols = filter.shape
    patch = under(image, top, left, (rows, cols))
    title = f"{names[0]}, rows {top} to {top + rows - 1}, columns {left} to {left + cols - 1}"
    if np.isnan(patch).any():
        title += " (. is outside)"
    total = np.nansum(patch * filter)
    text = beside((title, table(patch)), (names[1], table(filter)))
    return f"{text}\ntheir products add up to {number(float(total))}"


def pool_window(image: np.ndarray, top: int, left: int, size: tuple[int, int], name: str) -> str:
    """A (h, w) image under a window."""
    title = f"{name}, rows {top} to {top + size[0] - 1}, columns {left} to {left + size[1] - 1}"
    patch = under(image, top, left, size)
    if np.isnan(patch).any():
        title += " (. is outside)"
    return beside((title, table(patch)))
