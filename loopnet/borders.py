"""Between rungs: where one stage runs on a rung with a layout of its own and its neighbour on the plain one beneath.

A rung need not have a kernel for everything. Layers that it lacks run on ``Ops.plain`` (see ``Layer.bind``), and
wherever two neighbours run on different rungs, a border stands between them and carries the tensors across: once on
the way up, and their gradients once on the way down. Plain layers in a row pay for it at the ends of the row only.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .branches import Merge, Take, as_a_chain
from .graph import Graph
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
    on_the_way_back = {id(stage) for stage in plan.trained}

    def carry_to(above: Ops, shape: tuple[Any, ...]) -> None:
        if stages and (below := stages[-1]).ops is not above:
            border = Border(below.ops, above, shape)
            if below.wanted if isinstance(below, (Take, Merge)) else id(below) in on_the_way_back:
                on_the_way_back.add(id(border))
            stages.append(border)

    for stage in plan.stages:
        if not isinstance(stage, (Take, Merge)):  # which do not go on with what the stage before them has made
            carry_to(stage.ops, stage.input_shape)
        stages.append(stage)
    carry_to(ops, output_shape)
    return replace(plan, stages=stages, trained=[stage for stage in stages if id(stage) in on_the_way_back])


def one_by_one(graph: Graph, ops: Ops, ends: Sequence[Layer], images: int) -> list[Stage]:
    """``ends``, layers of a model compiled for ``ops``, and all that they are made from, each by itself, nothing fused,
    with borders for batches of so many images: for who wants to look at what comes out of each. It begins and ends on
    the rungs of the first and the last.
    """
    links = as_a_chain(graph, ops, ends, down_to_the_images=True)
    stages = with_borders(Plan(list(links), []), ends[-1].ops, ends[-1].output_shape).stages
    for stage in stages:
        if isinstance(stage, Border):
            stage.images = images
    return stages
