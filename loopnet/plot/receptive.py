"""The receptive field: which pixels of the image one cell of a layer sees."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..borders import one_by_one
from ..layers import Cropping2D, UpSampling2D
from .network import find_layer, one_image
from .style import AMOUNT, BLUE, ORANGE, SMALL, colour_bar, draw, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..model import Sequential

Span = tuple[int, int]


def receptive_field(model: "Sequential", layer: int | str, cell: tuple[int, int]) -> tuple[Span, Span]:
    """Rows and columns of the image, ``(first, last + 1)`` each, that the cell (i, j) of a layer sees, by shapes alone.

    From the cell back to the image: a window of size k at stride s, with p zeros before, turns the rows a .. b of its
    output into a*s - p .. b*s - p + k - 1 of its input; an upsampling by u into a//u .. b//u, cropping by p into
    a + p .. b + p. What lies in the padding is cut off at the end. A cell of a dense layer sees all.
    """
    model._built()
    at = find_layer(model, layer)
    seen: dict[Any, list[Span]] = {model._layers[at]: [(cell[0], cell[0]), (cell[1], cell[1])]}
    for below in reversed(model._layers[: at + 1]):
        if below not in seen:
            continue
        if any(len(shape) != 4 for shape in (below.output_shape, below.input_shape)):
            return (0, model.input_shape[1]), (0, model.input_shape[2])
        for maker in model._graph[below]:
            spans = _one_layer_down(below, seen[below])
            if maker in seen:  # branches: it is seen along each of them
                spans = [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(seen[maker], spans, strict=True)]
            seen[maker] = spans
    (top, bottom), (left, right) = seen[None]
    height, width = model.input_shape[1:3]
    return (max(top, 0), min(bottom + 1, height)), (max(left, 0), min(right + 1, width))


def _one_layer_down(layer: Any, spans: list[Span]) -> list[Span]:
    """From rows and columns of a layer's output, the last of each included, to those of its input."""
    if isinstance(layer, UpSampling2D):
        return [(a // layer.size[axis], b // layer.size[axis]) for axis, (a, b) in enumerate(spans)]
    if isinstance(layer, Cropping2D):
        return [(a + before, b + before) for (a, b), (before, _) in zip(spans, layer.cropping, strict=True)]
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if window is None:
        if layer.input_shape[1:3] != layer.output_shape[1:3]:
            raise ValueError(f"{layer.name}: the receptive field of {type(layer).__name__} is not known")
        return spans
    apart, strides, pad = getattr(layer, "dilation_rate", (1, 1)), layer.strides, layer.pad
    return [
        (a * strides[axis] - pad[axis], b * strides[axis] - pad[axis] + (window[axis] - 1) * apart[axis])
        for axis, (a, b) in enumerate(spans)
    ]


def sensitivity(model: "Sequential", layer: int | str, cell: tuple[int, int], images: np.ndarray) -> np.ndarray:
    """(height, width): how much the cell's numbers move when a pixel does, by the gradient, the mean over ``images``.

    The backward pass of training, started at the cell instead of the loss.
    """
    ops, chosen = model._ready(), model._layers[find_layer(model, layer)]
    layers = model._layers
    asked = [below.needs_input_gradient for below in layers]
    try:
        for below in layers:
            below.needs_input_gradient = True  # in training nobody asks for the gradient of the pixels; here we do
        stages = one_by_one(model._graph, ops, [chosen], len(images))
        x = stages[0].ops.pack(np.ascontiguousarray(images, model.dtype))
        for stage in stages:
            x = stage.forward(x)
        dy = np.zeros((len(images), *chosen.output_shape[1:]), model.dtype)
        dy[:, cell[0], cell[1]] = 1
        gradient = stages[-1].ops.pack(dy)
        for stage in reversed(stages):
            gradient = stage.backward(gradient)
        return np.abs(stages[0].ops.to_host(gradient, images.shape)).sum(axis=3).mean(axis=0)
    finally:
        for below, before in zip(layers, asked, strict=True):
            below.needs_input_gradient = before


def plot_receptive_field(
    model: "Sequential", layer: int | str, cell: tuple[int, int] | None = None, image: Any = None
) -> "Figure":
    """Which pixels one cell of a layer sees: on the left by shapes, on the right by the gradient.

    cell: (row, column) of the layer's maps, the middle one if None. image: as the network takes it; without one, the
    gradient is the mean over 64 images of noise. ReLU and max pooling pass the gradient on only where a unit was on
    or won, so on one image the cell hears less than it could see.
    """
    at = find_layer(model, layer)
    chosen = model._layers[at]
    if len(chosen.output_shape) != 4:
        raise ValueError(f"{chosen.name}: a cell of {type(chosen).__name__} sees the whole image")
    if cell is None:
        cell = (chosen.output_shape[1] // 2, chosen.output_shape[2] // 2)
    if not (0 <= cell[0] < chosen.output_shape[1] and 0 <= cell[1] < chosen.output_shape[2]):
        raise ValueError(f"{chosen.name}: expected a cell inside {chosen.output_shape[1:3]}, given {tuple(cell)}")
    rows, columns = receptive_field(model, at, cell)
    noise = np.random.default_rng(0).uniform(size=(64, *model.input_shape[1:]))
    images = noise if image is None else one_image(model, image)

    height, width = rows[1] - rows[0], columns[1] - columns[0]
    title = f"{chosen.name}, cell ({cell[0]}, {cell[1]}): sees {height}x{width} pixels"
    figure = new_figure(7.2, 3.7, title)
    by_shapes, by_gradient = figure.subplots(1, 2)
    shown = np.full(model.input_shape[1:3], 0.85) if image is None else images[0].mean(axis=2)
    inside = np.zeros(shown.shape, bool)
    inside[slice(*rows), slice(*columns)] = True
    draw(by_shapes, np.where(inside, shown, 0.4 * shown))
    by_shapes.set_title("what it can see (shapes)", fontsize=SMALL + 1)
    drawn = draw(by_gradient, sensitivity(model, at, cell, images), colours=AMOUNT)
    on = "noise" if image is None else "this image"
    by_gradient.set_title(f"what moves it (gradient, {on})", fontsize=SMALL + 1)
    for panel, colour in ((by_shapes, BLUE), (by_gradient, ORANGE)):
        _frame(panel, rows, columns, colour)
        panel.tick_params(labelsize=SMALL)
        panel.set_xlabel("column", fontsize=SMALL)
    by_shapes.set_ylabel("row", fontsize=SMALL)
    colour_bar(figure, drawn, by_gradient, "|d cell / d pixel|")
    return figure


def _frame(panel: Any, rows: Span, columns: Span, colour: str) -> None:
    from matplotlib.patches import Rectangle

    corner, size = (columns[0] - 0.5, rows[0] - 0.5), (columns[1] - columns[0], rows[1] - rows[0])
    panel.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=2))
