"""Draws ``docs/ladder.png``, the README's picture, from ``benchmarks/results/cpu.json``:  python docs/ladder.py"""

import json
from pathlib import Path

from loopnet.plot import plot_ladder

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parent / "benchmarks/results/cpu.json"
RUNGS = ("python", "literal", "parallel", "tuned")


def ratios() -> dict[str, float]:
    """How many times as fast as Python each rung runs LeNet-5's second convolution on 128 images."""
    rows = json.loads(RESULTS.read_text())["kernels"]["rows"]
    (row,) = (row for row in rows if (row["operation"], row["layer"], row["net"]) == ("conv2d_forward", "conv2", "a"))
    times = {rung["rung"]: rung["over_bottom"] for rung in row["rungs"]}
    return {rung: times[rung] for rung in RUNGS}


if __name__ == "__main__":
    drawn = ratios()
    figure = plot_ladder(drawn, "conv2d_forward")
    # what is drawn is kept in the picture, so that a test can tell when the results have moved on
    figure.savefig(FOLDER / "ladder.png", dpi=130, metadata={"Description": json.dumps(drawn)})
