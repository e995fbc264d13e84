"""A network as the boxes that textbooks draw: every tensor between two layers, in proportion."""

from math import log2
from typing import TYPE_CHECKING, Any

from .style import BLUE, GREEN, GREY, ORANGE, SKY, SMALL, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..model import Sequential

SLANT = 0.35  # how far to the right and up the third axis runs, as a share of its length
GAP = 1.0  # between boxes, in the unit of the drawing


def plot_architecture(model: "Sequential") -> "Figure":
    """The tensors of a network as boxes, from the image to the outputs, and over the arrows the layers between them.

    A box is as high and deep as its maps, and the wider the more maps there are (the logarithm: LeNet-5 goes from 1
    to 120). A vector is a bar. Where the network branches, lines below lead from a tensor to those who take it later.
    """
    shapes = [model.input_shape[1:], *(layer.output_shape[1:] for layer in model._layers)]
    kinds = ["image", *(type(layer).__name__ for layer in model._layers)]
    tallest = max((shape[0] for shape in shapes if len(shape) == 3), default=1)
    longest = max(shape[0] for shape in shapes if len(shape) == 1) if any(len(s) == 1 for s in shapes) else 1
    boxes = [_size(shape, tallest, longest) for shape in shapes]
    total = sum(width + depth * SLANT + GAP for width, _, depth in boxes)

    takes = _places_of_makers(model)
    later, levels = _taken_later(takes)
    figure = new_figure(max(4.0, 0.56 * total + 0.3), 3.9 + 0.28 * (max(levels.values(), default=-1) + 1))
    figure.suptitle(f"{model.name}: {model.count_params():,} parameters", fontsize=SMALL + 3)
    panel = figure.subplots()
    panel.set_axis_off()
    panel.set_aspect("equal")
    at = 0.0
    middles: list[float] = []
    for number, (shape, kind, (width, height, depth)) in enumerate(zip(shapes, kinds, boxes, strict=True)):
        if number:
            layer = model._layers[number - 1]
            if number - 1 in takes[number]:
                _arrow(panel, at - GAP + 0.12, at - 0.12)
            panel.text(
                at - GAP / 2, 2.35 if number % 2 else 2.75, layer.name, ha="center", fontsize=SMALL, color=GREY
            )
            panel.plot([at - GAP / 2] * 2, [0.15, 2.25 if number % 2 else 2.65], color=GREY, linewidth=0.5, alpha=0.5)
        _box(panel, at, width, height, depth, _colour(kind))
        middle = at + (width + depth * SLANT) / 2
        panel.text(middle, -2.15, "x".join(map(str, shape)), ha="center", va="top", fontsize=SMALL)
        middles.append(middle)
        at += width + depth * SLANT + GAP
    panel.set_xlim(-0.3, at - GAP + 0.3)
    for maker, takers in later.items():
        _line_below(panel, middles[maker], [middles[taker] for taker in takers], levels[maker])
    panel.set_ylim(-2.7 - 0.4 * (max(levels.values(), default=-1) + 1), 3.1)
    _legend(panel, kinds)
    return figure


def _places_of_makers(model: "Sequential") -> list[set[int]]:
    """For the image, and each layer: whose outputs it takes, by number, where the image is 0."""
    place: dict[Any, int] = {None: 0, **{layer: number for number, layer in enumerate(model._layers, start=1)}}
    return [set(), *({place[maker] for maker in makers} for makers in model._graph.values())]


def _taken_later(takes: list[set[int]]) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Whose outputs are taken by others than the next one, and by whom; and how low a line leads there, from 0 on, so
    that no two lines are one.
    """
    later: dict[int, list[int]] = {}
    for number, makers in enumerate(takes):
        for maker in makers - {number - 1}:
            later.setdefault(maker, []).append(number)
    levels: dict[int, int] = {}
    for maker in sorted(later, key=lambda maker: later[maker][-1] - maker):
        beside = {levels[other] for other in levels if other < later[maker][-1] and maker < later[other][-1]}
        levels[maker] = min(set(range(len(later))) - beside)
    return later, levels


def _size(shape: tuple[int, ...], tallest: int, longest: int) -> tuple[float, float, float]:
    """Width, height and depth of a box, 3 the largest height."""
    if len(shape) == 3:
        side = max(3 * shape[0] / tallest, 0.3)
        return 0.12 + 0.11 * log2(shape[2] + 1), side, max(3 * shape[1] / tallest, 0.3)
    return 0.16, max(3 * shape[0] / longest, 0.35) if len(shape) == 1 else 1.0, 0.0


_KINDS = {"image": GREY, "convolution": BLUE, "pooling": ORANGE, "dense": GREEN, "other": SKY}


def _kind(kind: str) -> str:
    if kind == "image":
        return "image"
    found = [name for name, part in (("convolution", "Conv"), ("pooling", "Pool"), ("dense", "Dense")) if part in kind]
    return found[0] if found else "other"


def _colour(kind: str) -> str:
    return _KINDS[_kind(kind)]


def _box(panel: Any, x: float, width: float, height: float, depth: float, colour: str) -> None:
    """Front, top and side of a box whose front's left edge is at x, centred on the line of the arrows."""
    from matplotlib.patches import Polygon

    along, bottom = depth * SLANT, -height / 2 - depth * SLANT / 2
    top, right = bottom + height, x + width
    faces = (
        ([(x, bottom), (right, bottom), (right, top), (x, top)], 0.9),
        ([(x, top), (right, top), (right + along, top + along), (x + along, top + along)], 0.45),
        ([(right, bottom), (right + along, bottom + along), (right + along, top + along), (right, top)], 0.65),
    )
    for corners, alpha in faces:
        if depth or alpha == 0.9:
            panel.add_patch(Polygon(corners, facecolor="white", edgecolor="none"))
            panel.add_patch(Polygon(corners, facecolor=colour, edgecolor="white", linewidth=0.8, alpha=alpha))


def _arrow(panel: Any, start: float, end: float) -> None:
    panel.annotate("", (end, 0), (start, 0), arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1})


def _line_below(panel: Any, start: float, ends: list[float], level: int) -> None:
    """From one box to others further on, below the sizes."""
    down = -2.9 - 0.4 * level
    panel.plot([start + 0.1] * 2 + [ends[-1] - 0.1], [-2.5, down, down], color=GREY, linewidth=1)
    for end in ends:
        panel.annotate("", (end - 0.1, -2.45), (end - 0.1, down),
                       arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1, "shrinkA": 0})  # fmt: skip


def _legend(panel: Any, kinds: list[str]) -> None:
    from matplotlib.patches import Patch

    there = {_kind(kind) for kind in kinds}
    patches = [Patch(color=colour, label=name) for name, colour in _KINDS.items() if name in there]
    panel.legend(handles=patches, loc="lower center", ncols=len(patches), frameon=False, fontsize=SMALL,
                 bbox_to_anchor=(0.5, -0.1))  # fmt: skip
