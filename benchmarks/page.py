"""The results page, ``cpu.md``: everything in ``cpu.json``, for people."""

from pathlib import Path
from typing import Any

from .nets import NETS
from .readme_table import time_of

INTRODUCTION = """# Results on a CPU

Written by `loopnet bench`; do not edit. How it is measured: [benchmarks/README.md](../README.md).

FLOPs are the textbook's: two for each multiply-add of the layer's definition, also where a kernel skips products with
zeros. Shares are of the peak that this machine reached in the same round, on the same threads. Where a
time stands for several rounds, it is their median, and brackets hold the quartiles."""


def write(folder: Path, results: dict[str, Any], pictures: list[str]) -> None:
    """``folder/cpu.md`` with the pictures that are in the same folder."""
    parts = [INTRODUCTION]
    if "train" in results:
        parts += training(results["train"], [name for name in pictures if name == "race.png"])
    if "kernels" in results:
        parts += kernels(results["kernels"], [name for name in pictures if name != "race.png"])
    (folder / "cpu.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def origin(section: dict[str, Any]) -> str:
    """Where, when and how a section was measured."""
    machine = section["machine"]
    lines = ["**Quick run: numbers to try things out with, not to quote.**\n"] if section["quick"] else []
    versions = ", ".join(f"{name} {version}" for name, version in section["versions"].items())
    return "\n".join(
        [
            *lines,
            f"- machine: {machine['processor']}, {machine['cores']} cores, {machine['simd']}, {machine['system']}",
            f"- threads: {section['threads']}, for everybody",
            f"- versions: Python {machine['python']}, {versions}",
            f"- date: {section['date']}",
            f"- command: `{section['command']}`",
        ]
    )


def table(head: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A Markdown table whose first ``left`` columns are words and the others numbers."""
    rule = "|" + "---|" * left + "---:|" * (len(head) - left)
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(row) + " |" for row in rows)])


def spread(of: dict[str, float], form: str) -> str:
    """Median and quartiles; the median alone if that is all there is."""
    median, low, high = (form.format(of[key]) for key in ("median", "low", "high"))
    return median if low == high == median else f"{median} ({low}–{high})"


def training(section: dict[str, Any], pictures: list[str]) -> list[str]:
    parts = ["## Training and inference, beside the peers", origin(section)]
    for row in section.get("race", []):
        parts += [f"### {row['task']}", f"{row['flops'] / 1e6:,.1f} MFLOP", race(row)]
    parts += [f"![an epoch on every rung]({name})" for name in pictures]
    if section.get("epochs"):
        parts += ["### An epoch of 60,000 images, on each rung", epochs(section["epochs"])]
    if section.get("fit"):
        parts += ["### An epoch through `fit`", fit(section["fit"])]
    if section.get("start"):
        parts += ["### Starting up", start(section["start"])]
    if section.get("memory"):
        parts += ["### Peak memory of training", memory(section["memory"])]
    return parts


def race(row: dict[str, Any]) -> str:
    lines = []
    for name, entry in row["runners"].items():
        if "seconds" in entry:
            lead = spread(entry["loopnet_is_faster"], "{:.2f}") + " ×" if name != "loopnet" else ""
            share = f"{100 * entry['share']['median']:.1f} %"
            lines.append([entry["title"], entry["way"], time_of(entry["seconds"]["median"]), share, lead])
    tried = [
        f"{entry['title']} also tried: "
        + "; ".join(f"{way} {time_of(s)}" for way, s in entry["trial"].items() if way != entry["way"])
        for entry in row["runners"].values()
        if len(entry["trial"]) > 1
    ]
    words = ["", "at its best settings", "time", "of the peak", "loopnet is faster"]
    return "\n\n".join([table(words, lines, left=2), *tried])


def epochs(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        bottom = row["rungs"]["python"]["median"]
        for rung, of in row["rungs"].items():
            note = f", extrapolated from {of['extrapolated_from']}" if "extrapolated_from" in of else ""
            lines.append([row["task"], rung + note, time_of(of["median"]), f"{bottom / of['median']:,.0f} ×"])
    return table(["", "rung", "time", "over python"], lines, left=2)


def fit(row: dict[str, Any]) -> str:
    return (
        f"MNIST, {row['images']:,} images, LeNet-5, batch {row['batch']}: an epoch through `fit`, with shuffling, "
        f"packing, metrics and progress bar, takes {time_of(row['fit_seconds']['median'])}; its bare steps on a batch "
        f"in place take {time_of(row['bare_seconds']['median'])}. Ratio: {spread(row['fit_over_bare'], '{:.3f}')}. "
        f"Before the first epoch, once, the data are checked: {time_of(row['door_seconds']['median'])}."
    )


def start(row: dict[str, Any]) -> str:
    says = "a line says so" if row["cold_says_so"] else "without a line that says so"
    return (
        "`loopnet train`, from starting the process until its first batch is trained: "
        f"{row['cold_seconds']:.1f} s with an empty Numba cache ({says}), "
        f"{spread(row['warm_seconds'], '{:.2f}')} s from then on."
    )


def memory(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        for entry in row["runners"].values():
            if "failed" in entry:
                lines.append([row["task"], entry["title"], entry["way"], "failed", ""])
                continue
            sizes = [f"{entry[key] / 1e6:,.0f} MB" for key in ("peak_bytes", "imported_bytes")]
            lines.append([row["task"], entry["title"], entry["way"], *sizes])
    note = (
        "In a fresh process each, without the malloc settings, which buy speed with memory, and without torch.compile."
    )
    return note + "\n\n" + table(["", "", "settings", "peak", "of which its import"], lines, left=3)


def kernels(section: dict[str, Any], pictures: list[str]) -> list[str]:
    roofs = section["roofs"]
    measured = (
        f"Measured peak {roofs['peak_gflops']:.0f} GFLOP/s; bandwidth {roofs['cache_gb_s']:.0f} GB/s from cache, "
        f"{roofs['memory_gb_s']:.0f} GB/s from memory. GB/s below count each array once, and can exceed both."
    )
    parts = [
        "## The ladder",
        origin(section),
        measured,
        *(f"![{name.removesuffix('.png')}]({name})" for name in pictures),
    ]
    for net in NETS.values():
        rows = [row for row in section["rows"] if row["net"] == net.key]
        if rows:
            parts += [f"### {net.key}: {net.title}, batch {net.batch}", ladder(rows)]
    return parts


def ladder(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        for number, entry in enumerate(row["rungs"]):
            first = [row["layer"], f"`{row['operation']}`, {row['size']}"] if number == 0 else ["", ""]
            if "refused" in entry:
                lines.append([*first, entry["rung"], f"refused: {entry['refused']}", "", "", "", "", ""])
                continue
            seconds = entry["seconds"]["median"]
            rung = entry["rung"] + (", extrapolated" if "extrapolated_from" in entry else "")
            lines.append(
                [
                    *first,
                    rung,
                    time_of(seconds),
                    f"{entry['gflops']['median']:.3g}" if "gflops" in entry else "",
                    f"{row['bytes'] / seconds / 1e9:.3g}",
                    f"{100 * entry['share']['median']:.1f} %" if "share" in entry else "",
                    spread(entry["over_below"], "{:.3g}") + " ×" if "over_below" in entry else "",
                    f"{entry['over_bottom']:,.0f} ×",
                ]
            )
    head = [
        "layer",
        "operation",
        "rung",
        "time",
        "GFLOP/s",
        "GB/s",
        "of the peak",
        "over the one below",
        "over python",
    ]
    return table(head, lines, left=3)
