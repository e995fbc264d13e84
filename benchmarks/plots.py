"""Three pictures of the results: the ladder, the roofline, and the race of epochs.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; each rung has its own marker or hatch
too.
"""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

RUNGS = ("python", "lists", "literal", "parallel", "tuned unfused", "tuned")
COLOUR = dict(zip(RUNGS, ("#999999", "#000000", "#E69F00", "#56B4E9", "#CC79A7", "#009E73"), strict=True))
MARKER = dict(zip(RUNGS, "xvso^D", strict=True))
HATCH = dict(zip(RUNGS, ("....", "xxxx", "", "////", "\\\\\\\\", ""), strict=True))
PEER_COLOUR = "#BBBBBB"


def draw(folder: Path, results: dict[str, Any]) -> list[str]:
    """Every picture that the results allow; the names of the files."""
    pictures: dict[str, Figure | None] = {}
    if "kernels" in results:
        pictures["ladder.png"] = ladder(results["kernels"])
        pictures["roofline.png"] = roofline(results["kernels"])
    if "train" in results:
        pictures["race.png"] = race(results["train"])
    drawn = {name: figure for name, figure in pictures.items() if figure is not None}
    for name, figure in drawn.items():
        FigureCanvasAgg(figure)
        figure.savefig(folder / name, dpi=120)
    return list(drawn)


def ladder(section: dict[str, Any]) -> Figure | None:
    """GFLOP/s of each rung as bars, on a log scale, for the second convolution and the first dense layer."""
    rows = [row for row in section["rows"] if row["flops"] and row["layer"] in ("conv2", "dense1")]
    nets = [net for net in ("a", "b") if any(row["net"] == net for row in rows)]
    if not nets:
        return None
    figure = Figure(figsize=(12, 4.8 * len(nets)), layout="constrained")
    shown = set()
    for axes, net in zip(figure.subplots(len(nets), squeeze=False)[:, 0], nets, strict=True):
        ours = [row for row in rows if row["net"] == net]
        for at, row in enumerate(ours):
            entries = [entry for entry in row["rungs"] if "gflops" in entry]
            for number, entry in enumerate(entries):
                rung = entry["rung"]
                label = "" if rung in shown else named(rung)
                axes.bar(
                    at + 0.15 * (number - (len(entries) - 1) / 2), entry["gflops"]["median"], 0.14,
                    color=COLOUR[rung], hatch=HATCH[rung], edgecolor="white", label=label,
                )  # fmt: skip
                shown.add(rung)
        peak = section["roofs"]["peak_gflops"]
        axes.axhline(peak, color="black", linewidth=1, linestyle="--")
        axes.annotate(
            f"this machine's peak, {peak:.0f}", (0, peak), (4, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )  # fmt: skip
        axes.set(yscale="log", ylabel="GFLOP/s", ylim=(None, 3 * max(peak, fastest(ours))))
        axes.set_xticks(range(len(ours)), [short(row) for row in ours], fontsize=9)
        sizes = {row["layer"]: row["size"] for row in ours}
        axes.set_title(f"{net}: " + "; ".join(f"{layer}: {size}" for layer, size in sizes.items()), fontsize=10)
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
    bars = {text: bar for axes in figure.axes for bar, text in zip(*axes.get_legend_handles_labels(), strict=True)}
    order = [text for text in map(named, RUNGS) if text in bars]
    figure.legend([bars[text] for text in order], order, loc="outside upper center", ncols=6, frameon=False)
    return figure


def fastest(rows: list[dict[str, Any]]) -> float:
    """GFLOP/s of the best rung of all rows."""
    return max((e["gflops"]["median"] for row in rows for e in row["rungs"] if "gflops" in e), default=1.0)


def named(rung: str) -> str:
    return {"python": "python (extrapolated)", "lists": "pure Python lists (extrapolated)"}.get(rung, rung)


def short(row: dict[str, Any]) -> str:
    """Two or three short lines for a label."""
    operation = row["operation"].replace("conv2d_relu_pool_", "conv ReLU pool\n").replace("conv2d_", "conv\n")
    return operation.replace("dense_", "dense\n").replace("_", "\n")


def roofline(section: dict[str, Any]) -> Figure | None:
    """Every rung of every operation under the machine's three roofs."""
    rows = [row for row in section["rows"] if row["flops"]]
    if not rows:
        return None
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    axes = figure.subplots()
    intensities = [row["flops"] / row["bytes"] for row in rows]
    roofs = section["roofs"]
    peak = roofs["peak_gflops"]
    span = [min(*intensities, peak / roofs["cache_gb_s"]) / 3, max(intensities) * 1.5]
    for name, words, style in (("cache_gb_s", "cache", "-."), ("memory_gb_s", "memory", ":")):
        ridge = peak / roofs[name]
        axes.plot(
            [span[0], max(span[0], ridge)], [min(peak, span[0] * roofs[name]), peak], style,
            color="black", linewidth=1.2, label=f"{words}: {roofs[name]:.0f} GB/s",
        )  # fmt: skip
    axes.plot(span, [peak, peak], "-", color="black", linewidth=1.2, label=f"multiply-adds: {peak:.0f} GFLOP/s")
    for rung in RUNGS:
        points = [
            (row["flops"] / row["bytes"], entry["gflops"]["median"])
            for row in rows
            for entry in row["rungs"]
            if entry["rung"] == rung and "gflops" in entry
        ]
        if points:
            x, y = zip(*points, strict=True)
            axes.scatter(x, y, s=28, color=COLOUR[rung], marker=MARKER[rung], label=named(rung), alpha=0.85, zorder=3)
    axes.set(
        xscale="log", yscale="log", xlim=span, ylim=(None, 2 * max(peak, fastest(rows))), ylabel="GFLOP/s",
        xlabel="FLOP for each byte that must be read or written at least once",
    )  # fmt: skip
    axes.set_title("Roofline: convolutions and dense layers of all networks, forward and backward", fontsize=11)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def race(section: dict[str, Any]) -> Figure | None:
    """Seconds an epoch of 60,000 images of the first network: the rungs of loopnet, and the peers by their ratios."""
    epochs = section.get("epochs") or []
    if not epochs:
        return None
    row = epochs[0]
    bars = [(named(rung), of["median"], rung) for rung, of in row["rungs"].items()]
    raced = [other for other in section.get("race", []) if other["net"] == row["net"] and other["kind"] == "train"]
    for entry in raced[0]["runners"].values() if raced else ():
        if "loopnet_is_faster" in entry:  # the ratio, not the time: the two were not measured in the same minute
            seconds = row["rungs"]["tuned"]["median"] * entry["loopnet_is_faster"]["median"]
            bars.append((f"{entry['title']} ({entry['way'].partition(',')[0]}, ...)", seconds, ""))
    bars.sort(key=lambda bar: -bar[1])
    figure = Figure(figsize=(9, 0.55 * len(bars) + 1.4), layout="constrained")
    axes = figure.subplots()
    for at, (_, seconds, rung) in enumerate(bars):
        colour, hatch = (COLOUR[rung], HATCH[rung]) if rung else (PEER_COLOUR, "")
        axes.barh(at, seconds, color=colour, hatch=hatch, edgecolor="white")
        axes.text(seconds * 1.15, at, duration(seconds), va="center")
    axes.set_yticks(range(len(bars)), [label if not rung else f"loopnet {label}" for label, _, rung in bars])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel=f"seconds for an epoch of {row['images']:,} images (log scale)")
    axes.set_xlim(bars[-1][1] / 3, bars[0][1] * 6)
    axes.set_title(f"{row['task']}, {section['threads']} threads", fontsize=11)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    return figure


def duration(seconds: float) -> str:
    """As people say it."""
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
