"""Inside a network: its filters, and what they make of an image."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..borders import one_by_one
from ..branches import Merge
from .style import AMOUNT, SIGNED, SMALL, colour_bar, draw, grid, largest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..layers import Layer
    from ..model import Sequential


def find_layer(model: "Sequential", layer: int | str) -> int:
    """The place of a layer among those that compute, given its place in ``model.layers`` or its name. ``ValueError`` if
    there is none, and for an Input.
    """
    names = [other.name for other in model._layers]
    found = model.find_layer(layer) if isinstance(layer, str) else None
    if found is not None:
        return model._layers.index(found)
    if isinstance(layer, int) and -len(model.layers) <= layer < len(model.layers):
        at = layer % len(model.layers) - (len(model.layers) - len(names))
        if at >= 0:
            return at
    raise ValueError(f"{model.name}: there is no layer {layer!r}; there are {', '.join(names)}")


def outputs_of_layers(model: "Sequential", images: np.ndarray) -> list[np.ndarray]:
    """What each layer, in turn, makes of a batch of images; the network is left as it was."""
    stages = one_by_one(model._graph, model._ready(), model._layers, len(images))
    x = stages[0].ops.pack(np.ascontiguousarray(images, model.dtype))
    outputs = {}
    for stage in stages:
        x = stage.forward(x)
        layer = stage.layer if isinstance(stage, Merge) else stage
        if layer in model._graph:
            outputs[layer] = stage.ops.to_host(x, (len(images), *layer.output_shape[1:]))
    return [outputs[layer] for layer in model._layers]


def one_image(model: "Sequential", image: Any) -> np.ndarray:
    """An image as a batch of one, whatever axes it came without."""
    image = np.asarray(image, model.dtype)
    shape = model.input_shape[1:]
    if image.size != np.prod(shape):
        raise ValueError(f"{model.name}: expected an image of shape {shape}, given {image.shape}")
    return image.reshape(1, *shape)


def plot_filters(model: "Sequential", layer: int | str | None = None, most: int = 32, channels: int = 8) -> "Figure":
    """The filters of a convolution, the first layer if none is named: orange weights are below 0, purple above, white
    0; one scale for all.

    With one input channel, filter by filter; with several, a column for each filter and a row for each channel. Shows
    the first ``most`` filters and ``channels`` channels, and says if there are more.
    """
    chosen: Layer = model._layers[0 if layer is None else find_layer(model, layer)]
    model._ready()
    weights = np.array(chosen.weights[0]) if chosen.weights else np.empty(0)
    if weights.ndim != 4:
        raise ValueError(f"{chosen.name}: {type(chosen).__name__} has no filters of rows and columns")
    rows, columns, depth, filters = (int(size) for size in weights.shape)
    shown, deep = min(filters, most if depth == 1 else 16), min(depth, channels)
    title = f"{chosen.name}: {_count(filters, shown, 'filters')} of {rows}x{columns}"
    if depth > 1:
        title += f" (columns), {_count(depth, deep, 'channels')} (rows)"
    wide = min(shown, 9 if shown <= 9 else 8) if depth == 1 else shown
    high = -(-shown // wide) if depth == 1 else deep
    figure, axes = grid(high, wide, title, size=0.8, caption=0.2 if depth == 1 else 0.06, bar=True)
    limit, drawn = largest(weights), None
    for k in range(shown):
        for c in range(deep):
            panel = axes.flat[k] if depth == 1 else axes[c, k]
            drawn = draw(panel, weights[:, :, c, k], f"{k}" if c == 0 else "", SIGNED, limit)
            if depth > 1 and k == 0:
                panel.text(-0.15, 0.5, f"{c}", transform=panel.transAxes, ha="right", va="center", fontsize=SMALL)
    colour_bar(figure, drawn, axes, "weight")
    return figure


def _count(there: int, shown: int, what: str) -> str:
    return f"{there} {what}" if shown == there else f"the first {shown} of {there} {what}"


def plot_feature_maps(model: "Sequential", image: Any, layers: Any = None, most: int = 8) -> "Figure":
    """What the layers make of an image: a row of maps for each, brighter is more; the image stands first.

    image: as the network takes it, with or without the batch and channel axes. layers: places or names; all that give
    maps if None. most: how many maps of each.
    """
    batch = one_image(model, image)
    outputs = outputs_of_layers(model, batch)
    places = range(len(outputs)) if layers is None else [find_layer(model, layer) for layer in layers]
    rows = [(model._layers[at], outputs[at][0]) for at in places if outputs[at].ndim == 4]
    if not rows:
        raise ValueError(f"{model.name}: none of its layers gives maps of rows and columns")
    columns = max(3, min(most, max(maps.shape[2] for _, maps in rows)))  # three have room for a caption
    figure, axes = grid(len(rows) + 1, columns, size=1.1, caption=0.22)
    draw(axes[0, 0], batch[0], "image")
    for row, (layer, maps) in zip(axes[1:], rows, strict=True):
        limit = largest(maps)
        signed = bool((maps < 0).any())
        for k in range(min(columns, maps.shape[2])):
            draw(row[k], maps[:, :, k], "", SIGNED if signed else AMOUNT, limit)
        height, width, count = maps.shape
        of = f", {columns} shown" if count > columns else ""
        caption = f"{layer.name}: {count} maps {height}x{width}{of}"
        # not part of the layout: it may run on over the next columns
        row[0].text(0, 1.04, caption, transform=row[0].transAxes, fontsize=SMALL, in_layout=False)
    return figure
