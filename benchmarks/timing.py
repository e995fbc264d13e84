"""How things are timed: in short bursts, taking turns, and compared within a round.

A shared machine is faster in one second than in the next. So nothing is timed for long: everybody gets a short
burst, then the next one, round after round, and two things are compared by the median of their ratios within each
round. A ratio survives a noisy neighbour; a time does not.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Burst = Callable[[], float]
"""Runs something many times and returns the seconds that one time took."""


def burst_of(call: Callable[[], object], seconds: float) -> Burst:
    """A burst of about ``seconds``: as many calls as fit, at least one. Calls it three times to find out."""
    call()
    once = min(timed(call, 1), timed(call, 1))
    calls = max(1, round(seconds / once))
    return lambda: timed(call, calls) / calls


def timed(call: Callable[[], object], calls: int) -> float:
    """The seconds that ``calls`` calls take together."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - start


def take_turns(bursts: Mapping[str, Burst], rounds: int) -> dict[str, list[float]]:
    """One burst of each, ``rounds`` times over; each round starts with another one. Seconds a call, by name."""
    names = list(bursts)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            seconds[name].append(bursts[name]())
    return seconds


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Round by round, how many times ``over`` is ``under``."""
    return [a / b for a, b in zip(over, under, strict=True)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """The median and the quartiles around it, between which half of the values lie."""
    if len(values) == 1:
        return {"median": values[0], "low": values[0], "high": values[0]}
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": median, "low": low, "high": high}
