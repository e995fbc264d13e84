"""What to step through: a layer of a network on an image, or one of the article's two loops."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import article
from ..kernels.textbook import TEXTBOOK
from ..model import Sequential
from ..ops import get_ops
from ..plot.convolution import FILTERS
from ..plot.receptive import receptive_field
from .calls import Call, find_call
from .run import step
from .trace import Trace
from .window import LIMIT

ARTICLE = ("basic_conv", "max_pool")
SHORT = {"cross_entropy": "softmax_cross_entropy", "softmax": "softmax_forward", "batch_norm": "batch_norm_forward"}
"""Names that say less than the operation's own."""


@dataclass(frozen=True)
class Images:
    """Images as a network takes them, what they show, and where they come from, in words."""

    x: np.ndarray
    labels: np.ndarray | None
    words: str


def operation_named(name: str, backward: str = "") -> str:
    """The operation of the table for a name as one says it: ``conv2d``, and with ``backward`` its way back.

    backward: "" (forward), "weights" or "input"; where there is one backward loop only, either names it. Full names
    (``conv2d_backward_weights``) are taken as they are. Raises ``ValueError`` if there is no such loop.
    """
    tried = [f"{name}_backward_{backward}", f"{name}_backward"] if backward else [
        SHORT.get(name, name), f"{name}_forward", f"{name}_update",
    ]  # fmt: skip
    for operation in tried:
        if operation in TEXTBOOK:
            return operation
    if backward and any(operation in TEXTBOOK for operation in (SHORT.get(name, name), f"{name}_update")):
        raise ValueError(f"{name}: it has no backward loop ({backward})")
    raise ValueError(f"unknown loop {name!r}; there are {', '.join(names())}")


def names() -> list[str]:
    """What can be stepped, each by its short name."""
    short = [operation.removesuffix("_update") for operation in TEXTBOOK if "_backward" not in operation]
    return [*ARTICLE, *(operation.removesuffix("_forward") for operation in short)]


def step_layer(
    model: Sequential,
    images: Images | np.ndarray,
    operation: str = "conv2d_forward",
    layer: str | None = None,
    cell: tuple[int, ...] | None = None,
    limit: int = LIMIT,
) -> Trace:
    """Step through the loop that a layer of ``model`` runs on real images.

        step_layer(model, x_test[:1], "conv2d_forward", "conv2")

    images: (images, *input_shape), or one image; without labels the network's own answers stand for them where a
    loss is needed, or the images themselves where it answers with images of their shape. operation: a field of
    ``Ops``. layer: its name, ``loss`` or ``optimizer``; the first that runs this operation if None. cell: of the
    output; the one with the largest number if None. Works on a copy of the model.

    Raises ``ValueError`` for a layer or cell that does not exist, or an operation that the layer does not run.
    """
    shown = images if isinstance(images, Images) else Images(_batch(model, images), None, "")
    labels, words = shown.labels, shown.words
    if _has_targets_for_each(model) and (labels is None or labels.ndim < 2):
        labels = shown.x if model.output_shape == model.input_shape else model.predict(shown.x)
    elif labels is None:
        labels = np.asarray(model.predict(shown.x)).argmax(axis=1)
        words += f"; taken for {_listed(labels)}, the network's answer" if words and _needs_labels(operation) else ""
    call = find_call(_copy(model), shown.x, labels, operation, layer)
    if cell is None:
        cell = _most_striking(call)
    trace = step(TEXTBOOK[operation], *call.arguments, cell=cell, limit=limit)
    trace.title = f"{operation} · {call.caller} of {model.name}"
    trace.notes = [words] if words else []
    names_of_layers = [other.name for other in model._layers]
    if call.caller in names_of_layers and names_of_layers.index(call.caller) > 0 and operation.endswith("forward"):
        trace.picture = _picture(model, call.caller, shown.x)
    return trace


def step_article(
    name: str, image: np.ndarray, filter: Any = "vertical edge", cell: Any = None, limit: int = LIMIT
) -> Trace:
    """Step through the article's ``basic_conv`` or ``max_pool`` on a grey image (height, width).

    filter: a name in ``plot.convolution.FILTERS`` or square rows of numbers, for basic_conv. max_pool takes windows of
    2x2, side by side.
    """
    image = np.asarray(image, np.float64)
    height, width = image.shape
    if name == "basic_conv":
        if isinstance(filter, str) and filter not in FILTERS:
            raise ValueError(f"unknown filter {filter!r}; there are {', '.join(FILTERS)}")
        w = np.array(FILTERS[filter] if isinstance(filter, str) else filter, np.float64)
        size = len(w)
        if w.shape != (size, size) or size > min(height, width):
            raise ValueError(f"basic_conv: expected a square filter no larger than the image, given {w.shape}")
        out = np.zeros((height - size + 1, width - size + 1))
        arguments: tuple[Any, ...] = (image, out, width, height, out.shape[1], out.shape[0], w, size, 1)
    elif name == "max_pool":
        out = np.zeros((height // 2, width // 2))
        arguments = image, out, width, height, out.shape[1], out.shape[0], 2, 2
    else:
        raise ValueError(f"unknown loop {name!r} of the article; there are {', '.join(ARTICLE)}")
    function = getattr(article, name)
    if cell is None:
        function(*arguments)  # fills out
        cell = np.unravel_index(np.abs(out).argmax(), out.shape)
        out[:] = 0
    trace = step(function, *arguments, cell=tuple(int(i) for i in cell), limit=limit)
    trace.title = f"{name} of the article"
    if name == "basic_conv" and isinstance(filter, str):
        trace.notes.append(f"filter: {filter}")
    return trace


def show(
    model: Sequential, images: Any, layer: str | None = None, loop: str = "conv2d", backward: str = "", **options: Any
) -> Trace:
    """The stepper in a notebook: ``show(model, x_test[7], "conv2")`` as a cell's last line embeds the page."""
    return step_layer(model, images, operation_named(loop, backward), layer, **options)


def newest_run(folder: Path = Path("runs")) -> Path | None:
    """The network that was trained last: the newest ``model.safetensors`` in a folder of ``runs``."""
    found = sorted(folder.glob("*/model.safetensors"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


# ---- details


def _batch(model: Sequential, images: Any) -> np.ndarray:
    """One image or several, as the network takes them."""
    x = np.asarray(images, model.dtype)
    shape = tuple(model.input_shape[1:])
    if x.shape == shape or x.shape == shape[:-1]:
        return x.reshape(1, *shape)
    if x.shape[1:] in (shape, shape[:-1]) and len(x):
        return x.reshape(len(x), *shape)
    raise ValueError(f"{model.name}: expected images of shape {shape}, given an array of shape {x.shape}")


def _copy(model: Sequential) -> Sequential:
    """The same network in memory of its own, so that the caller's keeps its loops and its weights."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.safetensors")
        return Sequential.load(Path(folder) / "model.safetensors")


def _has_targets_for_each(model: Sequential) -> bool:
    """Whether the loss wants a number for each of several outputs, as an autoencoder's: class numbers will not do."""
    return model.loss is not None and model.loss.takes_images and model.output_shape != (None, 1)


def _needs_labels(operation: str) -> bool:
    return "backward" in operation or "update" in operation or "entropy" in operation or "error" in operation


def _most_striking(call: Call) -> tuple[int, ...]:
    """The cell of the output with the largest number: more to see there than in a corner. NaN is passed over."""
    from .source import Source

    kernel = TEXTBOOK[call.operation]
    copies = [np.array(a) if isinstance(a, np.ndarray) else a for a in call.arguments]
    getattr(get_ops("literal"), call.operation)(*copies)
    arrays = dict(zip(kernel.__code__.co_varnames, copies, strict=False))
    source = Source(kernel, [name for name, value in arrays.items() if isinstance(value, np.ndarray)])
    written = {source.array_of(write.name) for write in source.writes}
    outputs = [array for name, array in arrays.items() if name in written]
    output = max(outputs, key=lambda array: array.ndim)
    size = np.nan_to_num(np.abs(output.astype(np.float64)), nan=-1)
    if call.operation.endswith("_update"):  # not the largest weight, but the one that is moved furthest
        size = np.abs(np.asarray(arrays["dw"], np.float64))
    return tuple(int(i) for i in np.unravel_index(size.argmax(), output.shape))


def _picture(model: Sequential, layer: str, x: np.ndarray) -> dict[str, Any] | None:
    """The network's input, and the rows and columns of it that each row and column of the layer's maps can see."""
    shape = model._layers[[other.name for other in model._layers].index(layer)].output_shape
    if len(shape) != 4 or x.ndim != 4:
        return None
    try:
        rows = [receptive_field(model, layer, (i, 0))[0] for i in range(shape[1])]
        columns = [receptive_field(model, layer, (0, j))[1] for j in range(shape[2])]
    except ValueError:  # a layer whose field is not known; the page does without
        return None
    return {"image": x, "rows": rows, "columns": columns}


def _listed(labels: np.ndarray) -> str:
    return ", ".join(str(label) for label in labels)
