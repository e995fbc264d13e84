"""Pictures for the tutorials, in the style of ``loopnet.plot``: arrays with their numbers, windows, bars."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loopnet.plot.style import (
    AMOUNT,
    BLUE,
    GREEN,
    GREY,
    IMAGE,
    ORANGE,
    SIGNED,
    SKY,
    SMALL,
    draw,
    grid,
    largest,
    new_figure,
)

Box = tuple[int, int, int, int]  # row, column, height, width


def cells(
    arrays: Sequence[Any],
    captions: Sequence[str],
    boxes: Mapping[int, Sequence[Box]] | None = None,
    colours: Sequence[str] | str = IMAGE,
    size: float = 2.6,
    form: str = "{:.3g}",
    limit: float | None = None,
    title: str = "",
) -> Any:
    """Arrays side by side, the number written into each cell. boxes: frames on the array of that place."""
    arrays = [np.asarray(array) for array in arrays]
    colours = [colours] * len(arrays) if isinstance(colours, str) else colours
    tallest = max(array.shape[0] for array in arrays)
    across = [max(array.shape[1], 0.55 * tallest) + 0.4 for array in arrays]  # room for a caption
    unit = size / (max(across) - 0.4)
    figure = new_figure(unit * sum(across) + 0.2, unit * tallest + 0.4 + (0.3 if title else 0), title)
    axes = figure.subplots(1, len(arrays), squeeze=False, width_ratios=across)[0]
    for place, (panel, array, caption, colour) in enumerate(zip(axes, arrays, captions, colours, strict=True)):
        panel.set_axis_off()
        top = limit or (float(array.max()) or 1.0 if colour == IMAGE else largest(array))
        draw(panel, array.astype(float), "", colour, top)
        rows, columns = array.shape
        panel.set_xlim((columns - 1 - across[place]) / 2, (columns - 1 + across[place]) / 2)
        panel.set_ylim((rows + tallest) / 2 - 0.5, (rows - tallest) / 2 - 0.5)
        panel.set_title(caption, fontsize=SMALL, y=(tallest + rows) / 2 / tallest, pad=4)
        letters = min(12.0, 34 * unit / max(2.0, max(len(form.format(v)) for v in array.flat)) * 2)
        for (i, j), value in np.ndenumerate(array):
            light = value < 0.5 * top if colour != SIGNED else abs(value) > 0.6 * top
            panel.text(j, i, form.format(value), ha="center", va="center", fontsize=letters,
                       color="white" if light else "black")  # fmt: skip
        for number, box in enumerate((boxes or {}).get(place, ())):
            frame(panel, box, (ORANGE, BLUE, SKY, GREEN)[number % 4], inset=0.045 * number)
    return figure


def frame(panel: Any, box: Box, colour: str, width: float = 2.5, inset: float = 0.0) -> None:
    """A frame round some cells; one with an inset stays visible inside another."""
    from matplotlib.patches import Rectangle

    row, column, height, across = box
    panel.add_patch(  # fmt: skip
        Rectangle(
            (column - 0.5 + inset, row - 0.5 + inset),
            across - 2 * inset,
            height - 2 * inset,
            fill=False,
            edgecolor=colour,
            linewidth=width,
            zorder=5,
        )
    )


def images(
    pictures: Sequence[Any], captions: Sequence[str], colours: Sequence[str] | str = IMAGE, size: float = 1.8,
    columns: int = 4, limit: float | None = None, title: str = "",
) -> Any:  # fmt: skip
    """Images with captions, ``columns`` in a row."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    colours = [colours] * len(pictures) if isinstance(colours, str) else colours
    figure, axes = grid(rows, columns, title, size=size, caption=0.28)
    for panel, picture, caption, colour in zip(axes.flat, pictures, captions, colours, strict=False):
        draw(panel, picture, caption, colour, limit)
    return figure


def stops(size: int, cases: Sequence[tuple[int, int, int]]) -> Any:
    """Where a window stops along one row of ``size`` pixels; a case is (window, stride, pad)."""
    from matplotlib.patches import Rectangle

    figure = new_figure(2.5 * len(cases), 2.0)
    for panel, (window, stride, pad) in zip(figure.subplots(1, len(cases), squeeze=False)[0], cases, strict=True):
        panel.set_axis_off()
        panel.set_aspect("equal")
        for at in range(-pad, size + pad):
            inside = 0 <= at < size
            panel.add_patch(
                Rectangle((at, 0), 1, 1, facecolor="0.78" if inside else "white", edgecolor="white" if inside else GREY,
                          linestyle="-" if inside else ":")
            )  # fmt: skip
            panel.text(at + 0.5, 0.5, str(at) if inside else "0", ha="center", va="center", fontsize=SMALL,
                       color="black" if inside else GREY)  # fmt: skip
        count = (size + 2 * pad - window) // stride + 1
        for i in range(count):
            y = 1.35 + 0.6 * i
            panel.add_patch(Rectangle((i * stride - pad, y), window, 0.4, color=(ORANGE, BLUE)[i % 2], alpha=0.85))
        panel.set_xlim(-1.3, size + 1.3)
        panel.set_ylim(1.45 + 0.6 * 6, -0.2)
        words = f"window {window}, stride {stride}, pad {pad}:\n{count} stops"
        panel.set_title(words, fontsize=SMALL + 1)
    return figure


def bars(
    names: Sequence[str], values: Sequence[float], words: Sequence[str], label: str, log: bool = True, title: str = "",
    colours: Sequence[str] | str = BLUE,
) -> Any:  # fmt: skip
    """Horizontal bars, the first on top, with a word at the end of each."""
    figure = new_figure(7.5, 0.45 * len(names) + 1.2, title)
    panel = figure.subplots()
    panel.barh(range(len(names)), values, color=colours, height=0.62)
    for at, (value, word) in enumerate(zip(values, words, strict=True)):
        panel.annotate(word, (value, at), (5, 0), textcoords="offset points", va="center", fontsize=SMALL + 1)
    panel.set_yticks(range(len(names)), names, fontsize=SMALL + 1)
    panel.invert_yaxis()
    panel.set_xlabel(label, fontsize=SMALL + 1)
    panel.tick_params(labelsize=SMALL + 1)
    if not log:
        panel.xaxis.set_major_formatter("{x:,.0f}")
    if log:
        panel.set_xscale("log")
        panel.set_xlim(min(values) / 3, max(values) * 12)
    else:
        panel.set_xlim(0, max(values) * 1.25)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", alpha=0.3)
    panel.set_axisbelow(True)
    return figure


def layouts(images: int = 4, columns: int = 4, channels: int = 3) -> Any:
    """A row of pixels of a few images, as it lies in memory: image by image, and in lanes."""
    from matplotlib.patches import Rectangle

    colours = (BLUE, ORANGE, GREEN, SKY)
    figure = new_figure(9.5, 2.3)
    ways = (
        ("image by image: the channels of one pixel are neighbours",
         [(n, j, c) for n in range(images) for j in range(columns) for c in range(channels)], channels),
        ("in lanes: the same pixel and channel of all images are neighbours",
         [(n, j, c) for c in range(channels) for j in range(columns) for n in range(images)], images * columns),
    )  # fmt: skip
    for panel, (title, order, run) in zip(figure.subplots(2, 1), ways, strict=True):
        panel.set_axis_off()
        for at, (n, j, c) in enumerate(order):
            panel.add_patch(Rectangle((at, 0), 1, 1, facecolor=colours[n % 4], edgecolor="white"))
            panel.text(at + 0.5, 0.5, f"{j}\n{'abc'[c]}", ha="center", va="center", fontsize=7,
                       color="black" if colours[n % 4] == SKY else "white")  # fmt: skip
        for start in range(0, len(order), run):
            panel.plot([start + 0.2, start + run - 0.2], [-0.2] * 2, color="black", linewidth=2, solid_capstyle="butt")
        panel.set_title(f"{title}; a run of {run}", fontsize=SMALL + 1, loc="left")
        panel.set_xlim(0, len(order))
        panel.set_ylim(-0.4, 1.05)
    return figure


def roofline(roofs: Mapping[str, float], points: Sequence[tuple[str, float, float]], title: str = "") -> Any:
    """Points (name, FLOP a byte, GFLOP/s) under a machine's roofs: ``peak_gflops``, ``cache_gb_s``, ``memory_gb_s``."""
    figure = new_figure(7.5, 4.8, title)
    panel = figure.subplots()
    peak = roofs["peak_gflops"]
    span = np.array([0.1, 300.0])
    for name, style, words in (("cache_gb_s", "-.", "cache"), ("memory_gb_s", ":", "memory")):
        ridge = peak / roofs[name]
        label = f"{words}: {roofs[name]:.0f} GB/s"
        panel.plot([span[0], ridge], [span[0] * roofs[name], peak], style, color="black", linewidth=1.2, label=label)
    panel.plot(span, [peak, peak], color="black", linewidth=1.2, label=f"multiply-adds: {peak:.0f} GFLOP/s")
    names = list(dict.fromkeys(name for name, _, _ in points))
    for name, colour, marker in zip(names, (GREY, ORANGE, SKY, GREEN, BLUE), "xso^D", strict=False):
        x, y = zip(*((a, b) for other, a, b in points if other == name), strict=True)
        panel.scatter(x, y, s=45, color=colour, marker=marker, label=name, zorder=3)
    panel.set(xscale="log", yscale="log", xlim=span, xlabel="FLOP for each byte touched", ylabel="GFLOP/s")
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize=SMALL, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def grid_of_threads(size: int, blocks: int, threads: int) -> Any:
    """Blocks of numbered threads, and the cell of an array that each one owns; those without a cell are crossed out."""
    from matplotlib.patches import Rectangle

    figure = new_figure(7.5, 2.2)
    panel = figure.subplots()
    panel.set_axis_off()
    panel.set_aspect("equal")
    for t in range(blocks * threads):
        block = t // threads
        x = t + 0.4 * block
        idle = t >= size
        fill, ink = ("white", GREY) if idle else ((BLUE, ORANGE, GREEN)[block % 3], "white")
        panel.add_patch(Rectangle((x, 2.0), 0.9, 0.9, facecolor=fill, edgecolor=GREY))
        panel.text(x + 0.45, 2.45, str(t), ha="center", va="center", color=ink, fontsize=SMALL + 1)
        if idle:
            panel.plot([x, x + 0.9], [2.0, 2.9], color=GREY)
        else:
            at = t + 0.4 * (blocks - 1) / 2
            panel.add_patch(Rectangle((at, 0), 1, 0.8, facecolor="0.85", edgecolor="white"))
            panel.text(at + 0.5, 0.4, f"y[{t}]", ha="center", va="center", fontsize=SMALL)
            panel.annotate("", (at + 0.5, 0.85), (x + 0.45, 1.95), arrowprops={"arrowstyle": "->", "color": GREY})
    for block in range(blocks):
        x = block * (threads + 0.4)
        panel.add_patch(Rectangle((x - 0.12, 1.85), threads + 0.14, 1.2, fill=False, edgecolor="black"))
        panel.text(x, 3.15, f"block {block}", fontsize=SMALL, va="bottom")
    panel.set_xlim(-0.3, blocks * (threads + 0.4))
    panel.set_ylim(-0.1, 3.6)
    return figure


__all__ = [
    "AMOUNT",
    "IMAGE",
    "SIGNED",
    "bars",
    "cells",
    "grid_of_threads",
    "images",
    "layouts",
    "roofline",
    "stops",
]
