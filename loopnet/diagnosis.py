"""Where numbers stopped being numbers: looked for only once something is wrong."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .borders import WholeBatch
from .branches import Merge
from .layers import Layer
from .plan import ConvReluPool, Linear

if TYPE_CHECKING:
    from .model import Sequential


def broken_weights(model: "Sequential") -> str | None:
    """The first layer whose weights are not all finite, in words; None if there is none."""
    for layer in model._layers:
        for p in layer.parameters:
            broken = np.count_nonzero(~np.isfinite(np.asarray(p.value)))
            if broken:
                return f"{broken} of the {np.size(p.value)} numbers in {layer.name}/{p.name} are NaN or infinite"
    return None


def broken_outputs(model: "Sequential", images: int) -> str:
    """The first layer whose outputs for the last batch, of so many images, were not all finite, and why in words."""
    largest, given = None, "the inputs"
    for name, y in _outputs(model, images):
        if not np.isfinite(y).all():
            reach = "finite" if largest is None else f"finite, at most {largest:.3g}"
            return (
                f"the outputs of {name} are the first that are not finite; {given} are {reach}, so its "
                "weights have grown out of bounds: try a smaller learning rate, or inputs scaled to 0..1"
            )
        largest, given = np.abs(y).max(initial=0), "its inputs"
    reach = "" if largest is None else f" (at most {largest:.3g})"
    return f"all layers' outputs are finite{reach}, the loss of them is not: try a smaller learning rate"


def _outputs(model: "Sequential", images: int) -> Iterator[tuple[str, np.ndarray]]:
    """The outputs that each layer still has from the last batch, in the order in which they were computed."""
    for stage in model._plan.stages:
        layers: list[Any] = [stage]
        if isinstance(stage, (Linear, Merge, WholeBatch)):
            layers = [stage.layer]
        elif isinstance(stage, ConvReluPool):
            layers = [stage.pool]
        elif getattr(stage, "_activation", None):
            layers = [stage, stage._activation]  # type: ignore[attr-defined]
        for layer in layers:
            y = layer._room.get("y", (0, None))[1] if isinstance(layer, Layer) else None
            ops = stage.ran_on if isinstance(stage, WholeBatch) else layer.ops
            if y is not None and ops.images(y) >= images:
                name = stage.conv.name if isinstance(stage, ConvReluPool) else layers[0].name
                yield name, ops.to_host(y, (images, *layer.output_shape[1:]))
