"""The README's table, written between its two markers from the results: ``loopnet bench table``."""

import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # python benchmarks/readme_table.py
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.peers import PEERS

BEGIN, END = "<!-- benchmarks: begin, written by loopnet bench table -->", "<!-- benchmarks: end -->"


def table(results: dict[str, Any]) -> str:
    """Times of loopnet, its share of the machine's peak, and how many times as long each peer takes."""
    train = results.get("train", {})
    rows = [row for row in train.get("race", []) if "seconds" in row["runners"].get("loopnet", {})]
    if not rows:
        raise ValueError("no race in the results yet: run loopnet bench train first")
    peers = [name for name in PEERS if any(name in row["runners"] for row in rows)]
    titles = [f"{PEERS[name].title} {train['versions'].get(PEERS[name].package, '')}".strip() for name in peers]
    lines = [
        "| " + " | ".join(["", "loopnet", "of the machine's peak", *titles]) + " |",
        "|" + "---|" + "---:|" * (2 + len(peers)),
    ]
    for row in rows:
        ours = row["runners"]["loopnet"]
        cells = [row["task"], time_of(ours["seconds"]["median"]), f"{100 * ours['share']['median']:.0f} %"]
        for name in peers:
            lead = row["runners"].get(name, {}).get("loopnet_is_faster")
            cells.append(f"{lead['median']:.1f} × as long" if lead else "–")
        lines.append("| " + " | ".join(cells) + " |")
    machine = train["machine"]
    rough = "; **quick run, not to be quoted**" if train["quick"] else ""
    lines += [
        "",
        f"{machine['processor']}, {train['threads']} threads, float32, {train['date']}{rough}. Each in its own process "
        "at its best settings, taking turns; medians of paired ratios. The peak is a measured one, in the textbook's "
        "multiply-adds: what loopnet's kernels leave out counts as done. How, and everything else: "
        "[benchmarks](benchmarks/README.md), [results](benchmarks/results/cpu.md).",
    ]
    return "\n".join(lines)


def time_of(seconds: float) -> str:
    """In the unit that suits it, with three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def write(readme: Path, results: dict[str, Any]) -> None:
    """Replace what stands between the markers. Raises ``ValueError`` where they are missing."""
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{readme}: expected one line {BEGIN} and, after it, one line {END}")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    from benchmarks.results import FOLDER, load

    write(FOLDER.parents[1] / "README.md", load(FOLDER))
