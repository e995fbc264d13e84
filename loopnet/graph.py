"""How the layers of a network hang together: which layer takes what which others made.

In a chain each takes what the one before it made. Where a network branches, several take the same, and a merging layer
(``layers.merging``) takes from several. No layer comes before one that it takes from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from .layers import Layer

Maker = Layer | None
"""Who made what a layer takes: a layer, or nobody, for the images themselves."""

Graph = dict[Layer, tuple[Maker, ...]]
"""Each layer of a network, in the order of ``model.layers``, and whom it takes from: one, or several that it merges."""


def chain(layers: Iterable[Layer]) -> Graph:
    """The graph of layers on top of each other."""
    graph: Graph = {}
    below: Maker = None
    for layer in layers:
        graph[layer] = (below,)
        below = layer
    return graph


def is_chain(graph: Graph) -> bool:
    return graph == chain(graph)


def above_what_learns(graph: Graph) -> set[Layer]:
    """The layers with one beneath them that learns: they are asked for the gradient of what they take."""
    found: set[Layer] = set()
    for layer, makers in graph.items():
        if any(maker is not None and (maker.learns or maker in found) for maker in makers):
            found.add(layer)
    return found


def depth_first(ends: Sequence[Layer], beneath: Callable[[Layer], Sequence[Layer]]) -> list[Layer]:
    """``ends`` and all that they are made from, each once, one branch after the other: what a layer takes comes before
    it, and the last that it takes right before it, unless another has taken that already.
    """
    found: dict[Layer, None] = {}
    for end in ends:
        waiting = [(end, iter(beneath(end)))] if end not in found else []
        while waiting:  # not a recursion: networks may be deeper than Python's stack
            layer, rest = waiting[-1]
            following = next((below for below in rest if below not in found), None)
            if following is None:
                found.setdefault(layer)
                waiting.pop()
            else:
                waiting.append((following, iter(beneath(following))))
    return list(found)


def by_depth(graph: Mapping[Layer, tuple[Maker, ...]], outputs: Sequence[Layer]) -> list[Layer]:
    """The layers of ``graph`` in Keras's order, which is that of weights in its files: those that are farthest from the
    outputs come first, and among equals those whom a walk back from the outputs meets first.
    """
    met: dict[Layer, int] = {}
    depth: dict[Layer, int] = {}
    finished: list[Layer] = []
    waiting: list[tuple[Layer, bool]] = [(layer, False) for layer in reversed(outputs)]
    while waiting:
        layer, done = waiting.pop()
        if done:
            finished.append(layer)
        elif layer not in met:
            met[layer] = len(met)
            waiting.append((layer, True))
            waiting += [(maker, False) for maker in reversed(graph[layer]) if maker is not None]
    for layer in reversed(finished):
        depth.setdefault(layer, 0)
        for maker in graph[layer]:
            if maker is not None:
                depth[maker] = max(depth.get(maker, 0), depth[layer] + 1)
    return sorted(graph, key=lambda layer: (-depth[layer], met[layer]))
