"""A network that branches, run as a chain all the same.

Stages run one after the other, each on what the one before it made. Where the layers do not hang together like that,
two stages stand between them: ``Keep`` puts by what has just been made, and ``Take`` goes back to it, to begin another
branch. Where branches meet, ``Merge`` takes what was kept of each.

    x -> conv -> conv -> add the x          Keep x, conv, conv, Keep, Merge

On the way back each branch brings its own gradient to what it began with, and there they are added up: a number that
does two things is answerable for both. ``Take`` and ``Merge`` then send none to the stage before them, whose output
they did not use; so they are always on the way back, also where nothing beneath them learns.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .graph import Graph, Maker, above_what_learns, depth_first
from .layers import Layer
from .layers.merging import Merging
from .ops import Ops, Tensor


class Kept:
    """What a layer made, or the images, for those who take it later; and the gradients that they send back."""

    def __init__(self, ops: Ops, shape: tuple[Any, ...], dtype: np.dtype, wanted: bool):
        self.shape, self.dtype = shape, dtype
        self.ops = ops.rung_for((), [len(shape)])
        self.wanted = wanted
        """Whether anybody asks for the gradient: whether something that learns made it."""
        self.tensor: Tensor
        self.gradient: Tensor | None
        self._sum: Tensor | None = None

    def keep(self, tensor: Tensor) -> None:
        self.tensor, self.gradient = tensor, None

    def collect(self, dy: Tensor | None) -> None:
        """Add another gradient to those that have come; None is that of a branch which sends none."""
        if not self.wanted or dy is None:
            return
        if self.gradient is None:
            self.gradient = dy
            return
        if self._sum is None or self.ops.images(self._sum) != self.ops.images(dy):
            self._sum = self.ops.empty((self.ops.images(dy), *self.shape[1:]), self.dtype)
        self.ops.add(self.gradient, dy, self._sum)
        self.gradient = self._sum


class Keep:
    """Puts by what has just been made."""

    def __init__(self, kept: Kept):
        self.kept, self.ops, self.input_shape = kept, kept.ops, kept.shape

    @property
    def wanted(self) -> bool:
        return self.kept.wanted

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        self.kept.keep(x)
        return x

    def backward(self, dy: Tensor) -> Tensor:
        self.kept.collect(dy)
        return self.kept.gradient


class Take:
    """Goes back to what was kept: another branch begins."""

    def __init__(self, kept: Kept):
        self.kept, self.ops, self.input_shape = kept, kept.ops, kept.shape

    @property
    def wanted(self) -> bool:
        return self.kept.wanted

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        return self.kept.tensor

    def backward(self, dy: Tensor) -> None:
        self.kept.collect(dy)


class Merge:
    """A merging layer with what it takes."""

    def __init__(self, layer: Merging, kept: list[Kept]):
        self.layer, self.kept = layer, kept
        self.ops, self.input_shape = layer.ops, layer.input_shape

    @property
    def wanted(self) -> bool:
        """Whether the gradient of any that it takes is asked for."""
        return any(kept.wanted for kept in self.kept)

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        return self.layer.forward([kept.tensor for kept in self.kept], training)

    def backward(self, dy: Tensor) -> None:
        if self.wanted:
            for kept, gradient in zip(self.kept, self.layer.backward(dy), strict=True):
                kept.collect(gradient)


Link = Layer | Keep | Take | Merge


def as_a_chain(graph: Graph, ops: Ops, ends: Sequence[Layer], down_to_the_images: bool = False) -> list[Link]:
    """The layers that ``ends`` are made from, and these, one branch after the other, with what stands between them.

    down_to_the_images: gradients are asked for everywhere, not only where something beneath learns.
    """
    order = depth_first(ends, lambda layer: [maker for maker in graph[layer] if maker is not None])
    place: dict[Maker, int] = {None: -1, **{layer: at for at, layer in enumerate(order)}}
    asked = above_what_learns(graph)
    kept: dict[Maker, Kept] = {}
    for layer in order:
        for maker in graph[layer]:
            if isinstance(layer, Merging) or place[maker] != place[layer] - 1:
                wanted = down_to_the_images or (maker is not None and (maker.learns or maker in asked))
                shape = layer.input_shape if maker is None else maker.output_shape
                kept.setdefault(maker, Kept(ops, shape, layer.dtype, wanted))
    links: list[Link] = [Keep(kept[None])] if None in kept else []
    for layer in order:
        makers = graph[layer]
        if isinstance(layer, Merging):
            links.append(Merge(layer, [kept[maker] for maker in makers]))
        else:
            if place[makers[0]] != place[layer] - 1:
                links.append(Take(kept[makers[0]]))
            links.append(layer)
        if layer in kept:
            links.append(Keep(kept[layer]))
    return links
