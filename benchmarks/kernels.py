"""``loopnet bench kernels``: the ladder. Every operation on every rung: checked against the oracle, then timed.

python          the textbook loop, run by Python over NumPy arrays: a small part is timed, the rest extrapolated
lists           the same in nested lists (conv2d_forward only), likewise extrapolated
literal         the textbook loop, compiled, on one core
parallel        the same source, on all cores
tuned unfused   where convolution, ReLU and pooling are asked for in one: the tuned kernels, one after the other
tuned           the rung that a model runs on
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from loopnet.ops import Ops, get_ops

from . import lists
from .cases import Case
from .checking import Arrays, Refused, check
from .operations import ConvReluPool, Work
from .peak import MultiplyAdd
from .timing import Burst, burst_of, ratios, summary, take_turns, timed

COMPILED = ("literal", "parallel", "tuned unfused", "tuned")
Row = dict[str, Any]

TURNS_OF_PYTHON = 5
"""How often what Python runs is timed; on a shared machine a part of a second may be worth half of the next."""


@cache
def rung(name: str) -> Ops:
    if name == "tuned unfused":
        fused = dict.fromkeys(ConvReluPool.operations)  # None: not there
        return replace(get_ops("tuned"), **fused)  # type: ignore[arg-type]
    return get_ops(name)


def ladder(
    case: Case, rounds: int, seconds: float, python: bool = True, report: Callable[[str], object] = print
) -> Row:
    """One row: all rungs of one operation at one size, taking turns with the machine's peak."""
    size = case.size
    given = size.draw()
    want = size.expect(case.operation, given)
    entries: dict[str, Row] = {}
    bursts: dict[str, Burst] = {}
    for name in COMPILED:
        if name == "tuned unfused" and not isinstance(size, ConvReluPool):
            continue
        entries[name] = {"rung": name}
        try:
            work = checked(size.work(rung(name), case.operation, given), want)
        except Refused as refused:
            entries[name]["refused"] = str(refused)
            report(f"{case.operation} ({case.layer} of {case.net}), {name}: refused, {refused}")
            continue
        bursts[name] = burst_of(work.call, seconds)
    peak = MultiplyAdd()
    times = take_turns({**bursts, "peak": burst_of(peak, seconds)}, rounds)
    peak_gflops = [peak.flops / s / 1e9 for s in times.pop("peak")]

    flops = 2 * size.macs(case.operation)
    for name, of_rung in times.items():
        entry = entries[name]
        entry["seconds"] = summary(of_rung)
        if flops:
            gflops = [flops / s / 1e9 for s in of_rung]
            entry["gflops"] = summary(gflops)
            entry["share"] = summary(ratios(gflops, peak_gflops))
    slow = extrapolated(case, report) if python else {}
    row_entries = compared({**slow, **entries}, times)
    return {
        "net": case.net,
        "layer": case.layer,
        "operation": case.operation,
        "size": str(size),
        "flops": flops,
        "bytes": 4 * size.numbers(case.operation),
        "peak_gflops": summary(peak_gflops),
        "rungs": row_entries,
    }


def checked(work: Work, want: Arrays) -> Work:
    """``work``, after one call whose answers are right. Raises ``Refused`` if they are not."""
    work.call()
    check(work.answers(), want)
    return work


def extrapolated(case: Case, report: Callable[[str], object]) -> dict[str, Row]:
    """The rungs that Python runs: one image, or a thousand parameters, and the rest in proportion to the work."""
    part = case.size.part()
    given = part.draw()
    want = part.expect(case.operation, given)
    works = {"python": part.work(rung("python"), case.operation, given)}
    if case.operation == "conv2d_forward":
        works["lists"] = of_lists(given)
    macs, macs_of_part = case.size.macs(case.operation), part.macs(case.operation)
    factor = macs / macs_of_part if macs else case.size.numbers(case.operation) / part.numbers(case.operation)
    entries: dict[str, Row] = {name: {"rung": name, "extrapolated_from": str(part)} for name in works}
    bursts: dict[str, Burst] = {}
    for name, work in works.items():
        try:
            bursts[name] = partial(timed, checked(work, want).call, 1)
        except Refused as refused:
            entries[name]["refused"] = str(refused)
            report(f"{case.operation} ({case.layer} of {case.net}), {name}: refused, {refused}")
    for name, times in (take_turns(bursts, TURNS_OF_PYTHON) if bursts else {}).items():
        seconds = [factor * s for s in times]
        entries[name]["seconds"] = summary(seconds)
        if macs:
            entries[name]["gflops"] = summary([2 * macs / s / 1e9 for s in seconds])
    return entries


def of_lists(given: Arrays) -> Work:
    x, w, b = given["x"][0].tolist(), given["w"].tolist(), given["b"].tolist()
    y: list[Any] = []

    def call() -> None:
        y[:] = lists.conv2d_forward(x, w, b)

    return Work(call, lambda: {"y": np.array(y)[np.newaxis]})


def compared(entries: dict[str, Row], times: dict[str, list[float]]) -> list[Row]:
    """Each rung's speed-up over the one below it and over the bottom; refused rungs are passed over."""
    below: str | None = None
    bottom: float | None = None
    for name, entry in entries.items():
        if "seconds" not in entry:
            continue
        if below is not None:
            both = below in times and name in times
            paired = ratios(times[below], times[name]) if both else None
            apart = entries[below]["seconds"]["median"] / entry["seconds"]["median"]
            entry["over_below"] = summary(paired or [apart])
        bottom = bottom or entry["seconds"]["median"]
        entry["over_bottom"] = bottom / entry["seconds"]["median"]
        below = name
    return list(entries.values())


def describe(row: Row) -> str:
    """A few lines for the terminal."""
    lines = [f"{row['net']} {row['layer']}: {row['operation']}, {row['size']}"]
    for entry in row["rungs"]:
        if "refused" in entry:
            lines.append(f"    {entry['rung']:<14} refused: {entry['refused']}")
            continue
        numbers = [f"{1e3 * entry['seconds']['median']:12.4f} ms"]
        numbers.append(f"{entry['gflops']['median']:8.2f} GFLOP/s" if "gflops" in entry else " " * 16)
        numbers.append(f"{100 * entry['share']['median']:6.1f} % of peak" if "share" in entry else " " * 16)
        numbers.append(f"{entry['over_below']['median']:9.1f} x" if "over_below" in entry else " " * 11)
        note = "extrapolated" if "extrapolated_from" in entry else ""
        lines.append(f"    {entry['rung']:<14}{'  '.join(numbers)}  {note}".rstrip())
    return "\n".join(lines)
