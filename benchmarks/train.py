"""``loopnet bench train``: the race beside the peers, epochs on each rung, ``fit``, starting up, and memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import epochs, memory, race, start
from .machine import installed
from .peers import PEERS

PARTS = ("race", "epochs", "fit", "start", "memory")


def measure(
    nets: list[str],
    parts: list[str],
    peers: list[str],
    threads: int,
    quick: bool,
    report: Callable[[str], object] = print,
    save: Callable[[dict[str, Any]], object] = lambda _: None,
) -> dict[str, Any]:
    """All that is asked for; ``save`` gets what there is after each part, so that an interruption costs only the rest.

    quick: a third of the rounds, shorter bursts, no torch.compile; numbers to try things out with, not to show.
    """
    rounds, seconds = (5, 0.1) if quick else (15, 0.3)
    results: dict[str, Any] = {}
    if "race" in parts or "epochs" in parts:
        with race.Field(threads, peers, report) as field:
            if "race" in parts:
                results["race"] = []
                for net, kind, batch in race.TASKS:
                    if net in nets:
                        results["race"].append(race.race(field, net, kind, batch, rounds, seconds, quick))
                        report(race.report(results["race"][-1]))
                        save(results)
            if "epochs" in parts:
                results["epochs"] = []
                for net in nets:
                    results["epochs"].append(epochs.measure(field, net, 3 if quick else 7, seconds))
                    report(report_epochs(results["epochs"][-1]))
                    save(results)
    if "fit" in parts:
        results["fit"] = through_fit(threads, quick, report)
        save(results)
    if "start" in parts:
        results["start"] = start.measure(threads, warm=3 if quick else 7)
        cold, warm = results["start"]["cold_seconds"], results["start"]["warm_seconds"]["median"]
        report(f"loopnet train until its first batch is trained: {cold:.1f} s cold, {warm:.2f} s warm")
        save(results)
    if "memory" in parts:
        results["memory"] = []
        for net in nets:
            ways = next(
                (memory.ways_without_compiler(row) for row in results.get("race", []) if row["net"] == net),
                {"loopnet": "tuned", **{name: DEFAULT_WAY[name] for name in peers}},
            )
            results["memory"].append(memory.measure(net, ways, threads))
            report(report_memory(results["memory"][-1]))
            save(results)
    return results


DEFAULT_WAY = {"torch": "channels_last, fused", "tensorflow": "tf.function", "jax": "NHWC"}
"""For the memory, where there was no race to find the best way."""


def chosen_peers(names: str | None, report: Callable[[str], object] = print) -> list[str]:
    """The peers that are asked for (None: all, "none") and installed; says which are not."""
    wanted = list(PEERS) if names is None else [] if names == "none" else names.split(",")
    unknown = [name for name in wanted if name not in PEERS]
    if unknown:
        raise ValueError(f"--peers: unknown {', '.join(unknown)}; there are {', '.join(PEERS)}, or none")
    missing = [name for name in wanted if not installed(PEERS[name].package)]
    if missing:
        report(f"not installed, so not measured: {', '.join(missing)} (pip install 'loopnet[peers]')")
    return [name for name in wanted if name not in missing]


def through_fit(threads: int, quick: bool, report: Callable[[str], object]) -> dict[str, Any] | None:
    """An epoch of MNIST through ``fit`` in a process of its own, or None where there is no MNIST."""
    from loopnet.datasets import find, mnist

    if len(find(mnist.FILES)) < len(mnist.FILES.sha256):
        report("no MNIST here, so no epoch through fit: set LOOPNET_DATA to a folder that holds mnist/")
        return None
    rounds, images = ("3", "12000") if quick else ("7", "60000")
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.epoch", rounds, images],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "NUMBA_NUM_THREADS": str(threads)},
    )
    if child.returncode:
        raise RuntimeError(child.stderr[-500:])
    row = json.loads(child.stdout.splitlines()[-1])
    report(
        f"MNIST, {row['images']} images, an epoch through fit: {row['fit_seconds']['median']:.3f} s, "
        f"{row['fit_over_bare']['median']:.3f} times its bare steps; "
        f"checking the data at the door {row['door_seconds']['median']:.3f} s, once a fit"
    )
    return row


def report_epochs(row: dict[str, Any]) -> str:
    lines = [f"{row['task']}: an epoch of {row['images']:,} images"]
    for rung, seconds in row["rungs"].items():
        note = "  extrapolated" if "extrapolated_from" in seconds else ""
        lines.append(f"    {rung:<10}{seconds['median']:12.2f} s{note}")
    return "\n".join(lines)


def report_memory(row: dict[str, Any]) -> str:
    lines = [f"{row['task']}: peak memory of training"]
    for entry in row["runners"].values():
        if "failed" in entry:
            lines.append(f"    {entry['title']:<11}{entry['failed']}")
        else:
            peak, imported = entry["peak_bytes"] / 1e6, entry["imported_bytes"] / 1e6
            lines.append(f"    {entry['title']:<11}{peak:8.0f} MB, of which {imported:.0f} MB from its import alone")
    return "\n".join(lines)
