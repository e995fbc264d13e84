"""Between rungs: where one stage runs on a rung with a layout of its own and its neighbour on the plain one beneath.

A rung need not have a kernel for everything. Layers that it lacks run on ``Ops.plain`` (see ``Layer.bind``), and
wherever two neighbours run on different rungs, a border stands between them and carries the tensors across: once on
the way up, and their gradients once on the way down. Plain layers in a row pay for it at the ends of the row only.

A layer may also have to change sides for one batch: see ``WholeBatch``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .branches import Merge, Take, as_a_chain
from .graph import Graph
from .layers import BatchNormalization, Layer
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


class WholeBatch:
    """Batch normalisation, whose outputs depend on every image, on a rung where a tensor may have room for more: it
    must not take empty places for images. A batch that leaves some empty is normalised on the plain rung beneath.
    """

    def __init__(self, layer: BatchNormalization, beneath: Ops):
        self.layer, self.ops, self.input_shape = layer, layer.ops, layer.input_shape
        self._down = Border(layer.ops, beneath, layer.input_shape)
        self._up = Border(beneath, layer.ops, layer.output_shape)
        self.images: int | None = None
        self.ran_on = self.ops

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        has_gaps = training and self.images not in (None, self.ops.images(x))
        self.ran_on = self._down.above if has_gaps else self.ops
        if not has_gaps:
            return self.layer.forward(x, training)
        self._down.images = self._up.images = self.images
        return self._up.forward(self._beneath(self.layer.forward, self._down.forward(x), training))

    def backward(self, dy: Tensor) -> Tensor:
        if self.ran_on is self.ops:
            return self.layer.backward(dy)
        return self._down.backward(self._beneath(self.layer.backward, self._up.backward(dy)))

    def _beneath(self, way: Callable[..., Tensor], *arguments: Any) -> Tensor:
        self.layer.ops = self.ran_on
        try:
            return way(*arguments)
        finally:
            self.layer.ops = self.ops


def by_the_batch(plan: Plan) -> Plan:
    """``plan`` ready to train: what looks at the batch as a whole sees no empty places."""
    whole: dict[int, Stage] = {
        id(stage): WholeBatch(stage, stage.ops.plain)
        for stage in plan.stages
        if isinstance(stage, BatchNormalization) and stage.ops.plain is not None
    }
    stages, trained = ([whole.get(id(stage), stage) for stage in some] for some in (plan.stages, plan.trained))
    return replace(plan, stages=stages, trained=trained)


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
