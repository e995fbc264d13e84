"""Augmentation, in the form that ``operations.py`` describes: what distorting a batch costs beside training on it."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from loopnet.kernels.augment import CONSTANT
from loopnet.layers.augmentation import gaussian
from loopnet.ops import Ops

from .checking import Arrays, oracle
from .operations import Work, quarters, unwritten

LIMITS = ((1.5, 1.5), 0.17, 0.1, 0.1)  # shift, rotation, zoom, shear
ALPHA, SIGMA, CUTOUT = 12.0, 4.0, 8
DRAWN = (7, 1)  # key, step


@dataclass(frozen=True)
class Distortion:
    """The four operations of ``kernels.augment`` on one batch."""

    batch: int
    height: int
    width: int
    channels: int
    operations: ClassVar[tuple[str, ...]] = ("affine_flow", "elastic_flow", "warp", "cutout")

    @property
    def x(self) -> tuple[int, ...]:
        return self.batch, self.height, self.width, self.channels

    @property
    def flow(self) -> tuple[int, ...]:
        return self.batch, 2, self.height, self.width

    def macs(self, operation: str) -> int:
        return 0

    def __str__(self) -> str:
        return f"{self.batch} images {self.height}x{self.width}x{self.channels}"

    def part(self) -> "Distortion":
        return replace(self, batch=1)

    def numbers(self, operation: str) -> int:
        moved = {"affine_flow": (1, 0), "elastic_flow": (6, 0), "warp": (1, 2), "cutout": (0, 2)}[operation]
        return moved[0] * prod(self.flow) + moved[1] * prod(self.x)

    def draw(self) -> dict[str, np.ndarray]:
        return quarters(9, x=self.x, flow=self.flow)

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        ops = ops.rung_for(self.operations, (4,))
        x, flow, taps = ops.pack(given["x"]), ops.pack(given["flow"]), ops.asarray(gaussian(SIGMA).astype(np.float32))
        noise, smooth, y = unwritten(ops, self.flow), unwritten(ops, self.flow), unwritten(ops, self.x)
        calls: dict[str, Any] = {
            "affine_flow": lambda: ops.affine_flow(flow, *LIMITS, *DRAWN),
            "elastic_flow": lambda: ops.elastic_flow(noise, smooth, flow, taps, np.float32(ALPHA), *DRAWN),
            "warp": lambda: ops.warp(x, flow, y, CONSTANT),
            "cutout": lambda: ops.cutout(x, y, CUTOUT, *DRAWN),
        }
        if operation.endswith("flow"):
            return Work(calls[operation], lambda: {"flow": ops.to_host(flow, self.flow)})
        return Work(calls[operation], lambda: {"y": ops.to_host(y, self.x)})

    def expect(self, operation: str, given: Arrays) -> Arrays:
        if operation == "affine_flow":
            return {"flow": oracle().affine_flow(self.x, *LIMITS, *DRAWN)}
        if operation == "elastic_flow":
            return {"flow": oracle().elastic_flow(given["flow"], gaussian(SIGMA), ALPHA, *DRAWN)}
        if operation == "warp":
            return {"y": oracle().warp(given["x"], given["flow"])}
        return {"y": oracle().cutout(given["x"], CUTOUT, *DRAWN)}
