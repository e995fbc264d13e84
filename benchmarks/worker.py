"""A peer's own long-lived process: reads one request a line from standard input, writes one answer a line.

    python -m benchmarks.worker MODULE THREADS

Requests and answers are JSON objects. What a framework prints goes to standard error, never among the answers.
"""

import importlib
import json
import os
import sys
import time
from typing import Any, NamedTuple

from .nets import NETS
from .peers import Program


class Task(NamedTuple):
    """What is to be done: which network, "train" or "infer", at which batch size, in which of a peer's ways."""

    net: str
    kind: str
    batch: int
    variant: str


def main(module: str, threads: int) -> None:
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    confine(threads)
    peer = importlib.import_module(f"benchmarks.peers.{module}")
    peer.start(threads)
    programs: dict[Task, Program] = {}
    for line in sys.stdin:
        try:
            answer = serve(peer, programs, threads, **json.loads(line))
        except Exception as error:  # a framework may fail in any way; the parent reports it and goes on
            words = " ".join(f"{type(error).__name__}: {error}".split())
            answer = {"failed": words[:200]}
        print(json.dumps(answer), file=channel, flush=True)


def confine(threads: int) -> None:
    """Use the first so many cores, and no other: some frameworks take as many threads as they see cores."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if threads < len(cores):
            os.sched_setaffinity(0, cores[:threads])


def serve(peer: Any, programs: dict[Task, Program], threads: int, do: str, calls: int = 1, **of_task: Any) -> Any:
    if do == "memory":
        return {"bytes": peak_memory()}
    if do == "variants":
        return {"variants": peer.variants(of_task["kind"], of_task["batch"])}
    if do == "reference":
        return {"answers": peer.reference(NETS[of_task["net"]], of_task["kind"], of_task["batch"])}
    task = Task(**of_task)
    if do == "build":
        program = peer.build(NETS[task.net], task.kind, task.batch, task.variant, threads)
        programs[task] = program
        program.before()
        return {"answers": [program.answer(program.call()) for _ in range(3 if task.kind == "train" else 1)]}
    assert do == "burst", do
    return {"seconds": burst(programs[task], calls)}


def burst(program: Program, calls: int) -> float:
    """The seconds that ``calls`` calls take, after one more that wakes threads and caches up."""
    program.before()
    program.finish(program.call())
    call = program.call
    start = time.perf_counter()
    for _ in range(calls):
        result = call()
    program.finish(result)
    return time.perf_counter() - start


def peak_memory() -> int:
    """The most memory that this process ever had resident, in bytes.

    From Linux where it says so itself: the number of ``getrusage`` also covers what the process was forked from.
    """
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
