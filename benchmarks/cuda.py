"""``loopnet bench cuda``: the training of the networks, convolutions beside cuDNN's, and every operation, on CPU and
CUDA rungs side by side; what is asked for most comes first.

Operations are timed on the card by CUDA events, on the CPU by the wall clock; training steps by the wall clock, up to
the moment when the card has finished. Compilation is timed apart. Nothing is timed that was not right just before.
"""

import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from loopnet.cuda.device import cuda, require
from loopnet.ops import get_ops

from . import cuda_convolutions, cuda_page, cuda_timing
from .cases import Case, all_cases
from .checking import check
from .kernels import checked
from .nets import NETS, Net, images
from .peers import loopnet_peer
from .results import load, save, section
from .timing import burst_of

CPU, GPU = ("parallel", "tuned"), ("cuda_literal", "cuda")
TOLERANCE, OF_TF32 = 1e-4, 1e-2
"""Of a training step's losses, as a share of them; products of ten bits of mantissa are allowed more."""


PARTS: dict[str, Callable[[int], Iterator[dict[str, Any]]]] = {
    "steps": lambda rounds: (row for net in NETS.values() for row in steps(net, rounds)),
    "convolutions": cuda_convolutions.rows,
    "operations": lambda rounds: (operation(case, rounds) for case in all_cases()),
}
"""What is measured, in this order -> the rows of results for so many rounds."""


def run(
    folder: Path,
    command: str,
    quick: bool,
    threads: int,
    parts: Sequence[str] = tuple(PARTS),
    report: Callable[[str], object] = print,
) -> int:
    """Measure, and write ``cuda.json``, ``cuda.md`` and ``cuda.png``: after every row, so that what cuts it off takes
    no more than that. Parts that are not asked for stay as they are in the folder, if they are of the same card.
    Raises ``OSError`` with one line where there is no card.
    """
    require()
    rounds = 3 if quick else 7
    card = cuda.get_current_device().name
    card = card if isinstance(card, str) else card.decode()
    known = load(folder, cuda_page.RESULTS).get("cuda", {})
    known = known if known.get("card") == card else {}
    found: dict[str, Any] = {"card": card, "roofs": cuda_timing.roofs(rounds)}
    found |= {part: [] if part in parts else known.get(part, []) for part in PARTS}
    report("{card}: {peak_gflops:.0f} GFLOP/s, {memory_gb_s:.0f} GB/s".format(card=card, **found["roofs"]))
    for part in PARTS:
        for row in PARTS[part](rounds) if part in parts else ():
            found[part].append(row)
            report(cuda_page.line(row))
            save(folder, "cuda", section(command, threads, quick, **found), cuda_page.RESULTS)
            cuda_page.write_text(folder, found)
    cuda_page.write(folder, found)
    report(f"wrote {cuda_page.RESULTS}, cuda.md and cuda.png to {folder}")
    return 0


def operation(case: Case, rounds: int) -> dict[str, Any]:
    """One operation at one size on every rung."""
    size, flops, numbers = case.size, 2 * case.size.macs(case.operation), case.size.numbers(case.operation)
    given = size.draw()
    want = size.expect(case.operation, given)
    rungs: dict[str, Any] = {}
    for name in (*CPU, *GPU):
        try:
            began = time.perf_counter()
            work = checked(size.work(get_ops(name), case.operation, given), want)
            first = time.perf_counter() - began
            burst = burst_of(work.call, 0.005) if name in CPU else None
            seconds = median(burst() for _ in range(rounds)) if burst else cuda_timing.kernel_seconds(work.call, rounds)
        except Exception as error:  # a rung that fails must not take the others with it
            rungs[name] = {"refused": cuda_timing.excuse(error)}
            continue
        rungs[name] = {"seconds": seconds, "first_call_seconds": first, "gb_s": 4 * numbers / seconds / 1e9}
        if flops:
            rungs[name]["gflops"] = flops / seconds / 1e9
    return {
        "net": case.net, "layer": case.layer, "operation": case.operation, "size": str(size), "rungs": rungs,
    }  # fmt: skip


def steps(net: Net, rounds: int) -> Iterator[dict[str, Any]]:
    """A training step on every rung, and PyTorch's where it is installed with CUDA."""
    expected = [losses[0] for losses in loopnet_peer.reference(net, "train", net.batch)]
    candidates: dict[str, Any] = {}
    for rung in ("tuned", "cuda_literal", "cuda", "cuda_fused"):
        if rung != "cuda_fused" or net.key == "a":
            candidates[rung] = lambda rung=rung: _loopnet_step(net, rung)
    if importlib.util.find_spec("torch"):
        from . import cuda_torch

        for way in cuda_torch.WAYS:
            candidates[f"PyTorch, {way}"] = lambda way=way: cuda_torch.step(net, way)
    for name, build in candidates.items():
        row = {"net": net.key, "title": net.title, "batch": net.batch, "who": name}
        try:
            began = time.perf_counter()
            call, loss, wait = build()
            losses = []
            for _ in range(3):
                call()
                losses.append(loss())
            first = time.perf_counter() - began
            tolerance = OF_TF32 if "TF32" in name else TOLERANCE
            check({"losses": np.array(losses)}, {"losses": np.array(expected)}, tolerance)
            seconds = cuda_timing.wall_seconds(call, rounds, wait)
        except Exception as error:  # as above
            yield {**row, "refused": cuda_timing.excuse(error)}
            continue
        yield {**row, "seconds": seconds, "first_steps_seconds": first}


def _loopnet_step(net: Net, rung: str) -> tuple[Callable[[], Any], Callable[[], float], Callable[[], Any]]:
    model = loopnet_peer.model_of(net, rung)
    ops = model._ready()
    data = model._data("benchmark", *images(net, net.batch))
    batch = data.load(ops.asarray(np.arange(net.batch)))
    result: list[Any] = []

    def call() -> None:
        result[:] = model._train(*batch)

    def loss() -> float:
        return float(ops.to_host(result[1], (net.batch,)).mean())

    return call, loss, cuda.synchronize
