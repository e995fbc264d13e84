"""The picture of the ladder: how many times as fast as Python each rung is, and a loop of one's own beside ours."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .style import GREEN, ORANGE, SMALL, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOUR = {"python": "#999999", "literal": "#E69F00", "parallel": "#56B4E9", "tuned": GREEN, "yours": ORANGE}
HATCH = {"literal": "..", "parallel": "////", "yours": "xx"}


def plot_ladder(ratios: Mapping[str, float], operation: str, yours: str = "yours") -> "Figure":
    """One bar a rung, on a logarithmic scale, in the order given; the bar named ``yours`` is set off.

    ratios: rung -> how many times as fast as Python, all from one run: as ``check(...).train(ladder=...)`` measures
    them. Raises ``ValueError`` if there are none, or if one is not a positive number.

    >>> plot_ladder({"python": 1, "literal": 190, "yours": 200, "parallel": 370}, "conv2d_forward")
    """
    if not ratios:
        raise ValueError("expected at least one rung")
    for name, ratio in ratios.items():
        if not 0 < ratio < float("inf"):
            raise ValueError(f"{name}: expected a positive number, given {ratio}")
    figure = new_figure(7, 0.42 * len(ratios) + 1.1, f"{operation}, the sizes of LeNet-5")
    axes = figure.subplots()
    for at, (name, ratio) in enumerate(ratios.items()):
        kind = "yours" if name == yours else name
        axes.barh(at, ratio, color=COLOUR.get(kind, "#BBBBBB"), hatch=HATCH.get(kind, ""), edgecolor="white", left=0)
        weight = "bold" if name == yours else "normal"
        axes.text(ratio * 1.15, at, said(ratio), va="center", fontsize=SMALL + 1, weight=weight)
    axes.set_yticks(range(len(ratios)), list(ratios))
    for label, name in zip(axes.get_yticklabels(), ratios, strict=True):
        label.set_fontweight("bold" if name == yours else "normal")
    axes.set(xscale="log", xlabel="times as fast as Python (log scale; ratios of one run)")
    axes.xaxis.set_major_formatter(lambda ratio, _: f"{ratio:,g}" if ratio < 1 else f"{ratio:,.0f}")
    axes.minorticks_off()
    axes.tick_params(labelsize=SMALL + 1)
    axes.set_xlim(min(0.5, min(ratios.values()) / 2), max(ratios.values()) * 4)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    return figure


def said(ratio: float) -> str:
    """Two figures, which is what such a measurement is good for."""
    return f"{float(f'{ratio:.2g}'):,.0f}" if ratio >= 10 else f"{ratio:.2g}"
