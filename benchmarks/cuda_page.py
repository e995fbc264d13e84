"""The page of ``loopnet bench cuda``: one that a newcomer can read. Tables, and one operation's rungs as a picture."""

from pathlib import Path
from typing import Any

RESULTS = "cuda.json"
PLOT = "cuda.png"
COLOUR = {"parallel": "#56B4E9", "tuned": "#009E73", "cuda_literal": "#E69F00", "cuda": "#D55E00"}
SHOWN = "conv2d_forward", "conv2"
"""The operation, and its layer in network b, that the picture is of."""


def line(row: dict[str, Any]) -> str:
    """One result, for the terminal."""
    if "who" in row:
        what = row["refused"] if "refused" in row else f"{1e6 * row['seconds']:.1f} us a step"
        return f"{row['net']} {row['who']}: {what}"
    times = {
        name: "refused" if "refused" in entry else f"{1e6 * entry['seconds']:.1f} us"
        for name, entry in (row["rungs"] if "rungs" in row else row["ways"]).items()
    }
    in_words = ", ".join(f"{name} {text}" for name, text in times.items())
    return f"{row.get('net', 'b')} {row['layer']} {row['operation']}: {in_words}"


def write(folder: Path, found: dict[str, Any]) -> None:
    """Page and picture."""
    figure = picture(found)
    if figure is not None:
        figure.savefig(folder / PLOT, dpi=120)
    else:
        (folder / PLOT).unlink(missing_ok=True)
    write_text(folder, found)


def write_text(folder: Path, found: dict[str, Any]) -> None:
    """The page, with the picture if that has been drawn."""
    (folder / "cuda.md").write_text(page(found, (folder / PLOT).is_file()))


def page(found: dict[str, Any], with_picture: bool) -> str:
    roofs = found["roofs"]
    text = [
        "# The same loops on a CPU and on a GPU",
        f"Measured on one {found['card']}: {roofs['peak_gflops']:,.0f} GFLOP/s of float32 multiply-adds in registers, "
        f"{roofs['memory_gb_s']:,.0f} GB/s from memory, both measured here too. `loopnet bench cuda` writes this page.",
        "The rungs: `parallel` is the textbook loop on all cores of the CPU, `tuned` the same in vectors; "
        "`cuda_literal` is the textbook loop with one GPU thread for each output, `cuda` the same in tiles.",
    ]
    if with_picture:
        text += ["## One operation, rung by rung", f"![One convolution on every rung]({PLOT})"]
    text += ["## Training steps", "Microseconds, wall clock, until the card has finished; without the batch's loading."]
    text += [table(*_steps(found))]
    if found.get("convolutions"):
        text += [
            "## Convolutions beside cuDNN's",
            "Network b's at a large batch. Microseconds by CUDA events. cuDNN may choose its algorithm and the order "
            "of the axes; TF32 multiplies with ten bits of mantissa, where all others have 23. Of cuDNN: how fast the "
            "rung `cuda` is, cuDNN without TF32 being 100 %. Of the peak: as below.",
            table(*_convolutions(found)),
        ]
    text += [
        "## Operations",
        "Microseconds; on the card by CUDA events, without the host's launching. Share: of the measured multiply-add "
        "peak, for the rung `cuda`; where nothing is multiplied, of the memory's GB/s.",
        table(*_operations(found)),
    ]
    return "\n\n".join(text) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def _steps(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    nets = {row["net"]: f"{row['title']}, batch {row['batch']}" for row in found["steps"]}
    rows: dict[str, dict[str, str]] = {}
    for row in found["steps"]:
        cell = "refused" if "refused" in row else f"{1e6 * row['seconds']:,.1f}"
        rows.setdefault(row["who"], {})[row["net"]] = cell
    return ["", *nets.values()], [[who, *(cells.get(net, "") for net in nets)] for who, cells in rows.items()]


def _convolutions(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    names = list(dict.fromkeys(name for row in found["convolutions"] for name in row["ways"]))
    rows = []
    for row in found["convolutions"]:
        ways = row["ways"]
        ours, theirs = (ways.get(name, {}).get("seconds") for name in ("cuda", "cuDNN"))
        of_cudnn = f"{100 * theirs / ours:.0f} %" if ours and theirs else ""
        cells = [_microseconds(ways.get(name, {})) for name in names]
        of_peak = share(ways.get("cuda", {}), found["roofs"])
        rows.append([f"{row['operation']}, {row['size']}", *cells, of_cudnn, of_peak])
    return ["", *names, "of cuDNN", "of the peak"], rows


def _microseconds(entry: dict[str, Any]) -> str:
    layout = f" ({entry['layout']})" if "layout" in entry else ""
    return f"{1e6 * entry['seconds']:,.1f}{layout}" if "seconds" in entry else "refused"


def _operations(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rungs = list(COLOUR)
    rows = []
    for row in found["operations"]:
        entries = [row["rungs"].get(name, {}) for name in rungs]
        cells = [_microseconds(entry) for entry in entries]
        rows.append([f"{row['operation']}, {row['size']}", *cells, share(entries[-1], found["roofs"])])
    return ["", *rungs, "share"], rows


def share(entry: dict[str, Any], roofs: dict[str, float]) -> str:
    """Of what the card could do at best."""
    if "gflops" in entry:
        return f"{100 * entry['gflops'] / roofs['peak_gflops']:.1f} %"
    return f"{100 * entry['gb_s'] / roofs['memory_gb_s']:.1f} %" if "gb_s" in entry else ""


def picture(found: dict[str, Any]) -> Any:
    """GFLOP/s of every rung for one convolution, on a log scale; None if it was not measured, or without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    rows = [row for row in found["operations"] if (row["operation"], row["layer"], row["net"]) == (*SHOWN, "b")]
    if not rows:
        return None
    entries = {name: entry["gflops"] for name, entry in rows[0]["rungs"].items() if "gflops" in entry}
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    bars = axes.bar(list(entries), list(entries.values()), color=[COLOUR[name] for name in entries])
    axes.bar_label(bars, fmt="{:,.0f}")
    axes.axhline(found["roofs"]["peak_gflops"], color="black", linewidth=1, linestyle="--", label="this card's peak")
    axes.set(yscale="log", ylabel="GFLOP/s", title=f"conv2d_forward: {rows[0]['size']}")
    axes.legend()
    return figure
