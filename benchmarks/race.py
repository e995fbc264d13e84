"""The race: loopnet and its peers, each in its own process, take turns in short bursts over the same task.

First each peer tries all its ways (environments and variants) on the task, and the fastest one races. Before
anybody is timed, its first answers are compared with those of the literal rung in float64: three losses in a row, so
that forward, backward and optimiser have all had their say, or the logits. Who answers wrong is refused.
"""

import math
import statistics
from collections.abc import Callable
from typing import Any

from .nets import NETS, describe
from .peers import LOOPNET, PEAK, PEERS, Peer
from .timing import Burst, ratios, summary, take_turns
from .worker import Task
from .workers import PeerFailed, Worker

TOLERANCE = 1e-3
"""Relative, in the loss: float32 sums in another order, and Adam's epsilon a little elsewhere in TensorFlow."""

TASKS = [(net.key, "train", net.batch) for net in NETS.values()] + [("a", "infer", 1), ("a", "infer", 128)]


class Field:
    """All processes of a race, started when they are first needed."""

    def __init__(self, threads: int, peers: list[str], report: Callable[[str], object] = print):
        self.threads, self.peers, self.report = threads, peers, report
        self._workers: dict[tuple[str, str], Worker] = {}

    def worker(self, peer: Peer, environment: str = "") -> Worker:
        key = peer.module, environment
        if key not in self._workers:
            self._workers[key] = Worker(peer, self.threads, environment)
        return self._workers[key]

    def __enter__(self) -> "Field":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()


def agree(got: list[list[float]], want: list[list[float]], tolerance: float = TOLERANCE) -> bool:
    """Whether all answers are finite and within ``tolerance`` of the largest one."""
    if [len(row) for row in got] != [len(row) for row in want]:
        return False
    largest = max(abs(value) for row in want for value in row)
    return all(
        math.isfinite(a) and abs(a - b) <= tolerance * largest
        for rows in zip(got, want, strict=True)
        for a, b in zip(*rows, strict=True)
    )


def entrants(
    field: Field, peer: Peer, net: str, kind: str, batch: int, want: Any, quick: bool
) -> dict[str, tuple[Worker, Task]]:
    """Every way of a peer that works and answers right, by its name."""
    ways: dict[str, tuple[Worker, Task]] = {}
    for environment in peer.environments:
        try:
            worker = field.worker(peer, environment)
            variants = worker.ask("variants", kind=kind, batch=batch)["variants"]
        except PeerFailed as failed:
            field.report(f"    {failed}")
            continue
        for variant in variants:
            if quick and "compile" in variant:  # takes half a minute
                continue
            task = Task(net, kind, batch, variant)
            name = ", ".join(part for part in (variant, environment) if part)
            try:
                answers = worker.build(task)
            except PeerFailed as failed:
                field.report(f"    {failed} ({name})")
                continue
            if peer is PEAK or agree(answers, want):
                ways[name] = worker, task
            else:
                field.report(f"    {peer.title} ({name}): refused, it answers {answers[:3]}, expected {want[:3]}")
    return ways


def fastest(ways: dict[str, tuple[Worker, Task]], seconds: float) -> tuple[str | None, dict[str, float]]:
    """The name of the fastest way, and the median seconds of all: a short trial of three rounds."""
    bursts: dict[str, Burst] = {name: worker.burst_of(task, seconds) for name, (worker, task) in ways.items()}
    times = {name: statistics.median(of) for name, of in take_turns(bursts, 3).items()} if bursts else {}
    return min(times, key=times.__getitem__, default=None), times


def race(
    field: Field, net: str, kind: str, batch: int, rounds: int, seconds: float, quick: bool = False
) -> dict[str, Any]:
    """One task. The row of results: for each runner its way, seconds, share of the peak, and loopnet's lead over it."""
    flops = NETS[net].flops_step(batch) if kind == "train" else NETS[net].flops_forward(batch)
    row: dict[str, Any] = {"net": net, "kind": kind, "batch": batch, "flops": flops, "runners": {}}
    row["task"] = describe(NETS[net], kind, batch)
    want = field.worker(LOOPNET).ask("reference", net=net, kind=kind, batch=batch)["answers"]
    bursts: dict[str, Burst] = {}
    for name, peer in {"loopnet": LOOPNET, "peak": PEAK, **{name: PEERS[name] for name in field.peers}}.items():
        ways = entrants(field, peer, net, kind, batch, want, quick)
        way, trial = fastest(ways, seconds / 2) if len(ways) > 1 else (next(iter(ways), None), {})
        if way is None:
            continue
        bursts[name] = ways[way][0].burst_of(ways[way][1], seconds)
        row["runners"][name] = {"title": peer.title, "way": way, "trial": trial}
    if "loopnet" not in bursts:
        return row
    times = take_turns(bursts, rounds)
    peak_flops = field.worker(PEAK).build(Task(net, kind, batch, "multiply-add"))[0][0]
    peak_gflops = [peak_flops / s / 1e9 for s in times.pop("peak")]
    row["peak_gflops"] = summary(peak_gflops)
    del row["runners"]["peak"]
    for name, of_runner in times.items():
        entry = row["runners"][name]
        entry["seconds"] = summary(of_runner)
        entry["share"] = summary(ratios([flops / s / 1e9 for s in of_runner], peak_gflops))
        if name != "loopnet":
            entry["loopnet_is_faster"] = summary(ratios(of_runner, times["loopnet"]))
    return row


def fastest_peer(row: dict[str, Any]) -> str | None:
    """The runner that loopnet leads by least."""
    leads = {name: e["loopnet_is_faster"]["median"] for name, e in row["runners"].items() if "loopnet_is_faster" in e}
    return min(leads, key=leads.__getitem__, default=None)


def report(row: dict[str, Any]) -> str:
    """A few lines for the terminal."""
    lines = [row["task"]]
    for entry in row["runners"].values():
        if "seconds" not in entry:
            continue
        lead = entry.get("loopnet_is_faster")
        ahead = f"loopnet is {lead['median']:.2f} x as fast ({lead['low']:.2f} to {lead['high']:.2f})" if lead else ""
        milliseconds = f"{1e3 * entry['seconds']['median']:9.3f} ms"
        share = f"{100 * entry['share']['median']:5.1f} % of peak"
        lines.append(f"    {entry['title']:<11}{milliseconds}  {share}  {ahead}  [{entry['way']}]")
    return "\n".join(lines)
