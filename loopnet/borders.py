"""Between rungs: where one stage runs on a rung with a layout of its own and its neighbour on the plain one beneath.

A rung need not have a kernel for everything. Layers that it lacks run on ``Ops.plain`` (see ``Layer.bind``), and
wherever two neighbours run on different rungs, a border stands between them and carries the tensors across: once on
the way up, and their gradients once on the way down. Plain layers in a row pay for it at the ends of the row only.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .layers import Layer
from .ops import Ops, Tensor
from .plan import Plan, Stage


class Border:
    """Carries tensors of one shape from the rung ``below`` it to the rung ``above``, and gradients back."""

    def __init__(self, below: Ops, above: Ops, shape: tuple[Any, ...]):
        self.below, self.above, self.input_shape = below, above, shape
        self.ops = below
        self.images: int | None = None
        """How many images the next batch has, where a tensor has room for more. The plain rung must not see
        the empty places: batch normalisation would take them for images.
        """

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        self._batch = self.below.images(x) if self.images is None else self.images
        return self._carry(x, self.below, self.above)

    def backward(self, dy: Tensor) -> Tensor:
        return self._carry(dy, self.above, self.below)

    def _carry(self, tensor: Tensor, source: Ops, target: Ops) -> Tensor:
        return target.pack(source.to_host(tensor, (self._batch, *self.input_shape[1:])))


def with_borders(plan: Plan, ops: Ops, output_shape: tuple[Any, ...]) -> Plan:
    """``plan`` with a border wherever the rung changes, and one at the end if what comes out is not of ``ops``."""
    stages: list[Stage] = []
    first_trained = None
    for at, stage in enumerate(plan.stages):
        if stages and stages[-1].ops is not stage.ops:
            stages.append(Border(stages[-1].ops, stage.ops, stage.input_shape))
        if at == plan.first_trained:
            first_trained = len(stages)
        stages.append(stage)
    if stages and stages[-1].ops is not ops:
        stages.append(Border(stages[-1].ops, ops, output_shape))
    return replace(plan, stages=stages, first_trained=len(stages) if first_trained is None else first_trained)


def one_by_one(layers: Sequence[Layer], images: int) -> list[Stage]:
    """``layers`` of a compiled model each by itself, nothing fused, with borders for batches of so many images: for
    who wants to look at what comes out of each. It begins and ends on the rungs of the first and the last.
    """
    stages = with_borders(Plan(list(layers), None, 0), layers[-1].ops, layers[-1].output_shape).stages
    for stage in stages:
        if isinstance(stage, Border):
            stage.images = images
    return stages
