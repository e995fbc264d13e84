"""The convolutions of network b at a batch that fills a large card, beside cuDNN's: forward and both gradients.

cuDNN is asked through PyTorch, in single precision and with TF32, whose products have ten bits of mantissa. It may
choose its own algorithm and order of the axes, channels first or last; what counts is the faster of the two.
"""

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from loopnet.ops import get_ops

from . import cuda_timing
from .checking import TOLERANCE, Arrays, check
from .nets import NETS
from .operations import Conv, Work

BATCH = 1024
RUNGS = ("cuda_literal", "cuda")
CUDNN = ("cuDNN", "cuDNN, TF32")
OF_CUDNN = 1e-3
"""What its answers may be off by, as a share of the largest: it transforms tiles of the image, which costs digits."""


def sizes(batch: int = BATCH) -> dict[str, Conv]:
    net = NETS["b"]
    return {
        f"conv{number}": Conv(batch, *image, filters, net.window)
        for number, (image, filters) in enumerate(zip(net.inputs(), net.filters, strict=False), start=1)
    }


def rows(rounds: int, batch: int = BATCH) -> Iterator[dict[str, Any]]:
    """One row for each of the two convolutions' three operations; ``ways`` has seconds and GFLOP/s, or why not."""
    for layer, size in sizes(batch).items():
        given = size.draw()
        for operation in size.operations:
            want, flops = size.expect(operation, given), 2 * size.macs(operation)
            ways = {
                who: timed(builds, want, OF_CUDNN if who in CUDNN else TOLERANCE, flops, rounds)
                for who, builds in candidates(size, operation, given).items()
            }
            yield {"layer": layer, "operation": operation, "size": str(size), "ways": ways}


def candidates(size: Conv, operation: str, given: Arrays) -> dict[str, dict[str, Callable[[], Work]]]:
    """Who computes it -> in which layouts it can; loopnet has one."""
    found: dict[str, dict[str, Callable[[], Work]]] = {
        rung: {"": lambda rung=rung: size.work(get_ops(rung), operation, given)}  # type: ignore[misc]
        for rung in RUNGS
    }
    if importlib.util.find_spec("torch"):
        from . import cuda_torch

        for who in CUDNN:
            found[who] = {
                layout: partial(cuda_torch.convolution, size, operation, given, layout, "TF32" in who)
                for layout in cuda_torch.LAYOUTS
            }
    return found


def timed(
    builds: dict[str, Callable[[], Work]], want: Arrays, tolerance: float, flops: int, rounds: int
) -> dict[str, Any]:
    """The fastest of several ways to the same answer, by its name; each is right before it is timed."""
    found: dict[str, Any] = {}
    for name, build in builds.items():
        try:
            work = build()
            work.call()
            check(work.answers(), want, tolerance)
            seconds = cuda_timing.kernel_seconds(work.call, rounds)
        except Exception as error:  # refused, or not to be had here; the next one may be
            found = found or {"refused": cuda_timing.excuse(error)}
            continue
        if seconds < found.get("seconds", float("inf")):
            found = {"seconds": seconds, "gflops": flops / seconds / 1e9} | ({"layout": name} if name else {})
    return found
