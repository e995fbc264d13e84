"""The table that ``model.summary()`` prints."""

from collections.abc import Callable
from math import prod

from .graph import Maker, is_chain
from .layer_stack import Stack

LEFT = ("Layer (type)", "Output Shape", "   Connected to")
"""Columns that begin at the left."""


def summarize(
    stack: Stack, backend: str | None, print_fn: Callable[[str], object], show_trainable: bool = False
) -> None:
    """A line for each layer: its name and class, output shape, number of parameters; and which layers it takes from, if
    the network branches.

    backend: the rung the layers were asked to run on, if that is settled; a column says which run on another.
    show_trainable: a column says which may learn.
    """
    head: tuple[str, ...] = ("Layer (type)", "Output Shape", "Param #")
    total = sum(layer.count_params() for layer in stack._layers)
    rows: list[tuple[str, ...]] = []
    for layer in stack.layers:
        known = (str(layer.output_shape), f"{layer.count_params():,}") if layer.built else ("?", "0 (unbuilt)")
        rows.append((f"{layer.name} ({type(layer).__name__})", *known))
    if not is_chain(stack._graph):
        head = (*head, LEFT[-1])
        above = "input" if stack.listed_input is None else stack.listed_input.name
        names: dict[Maker, str] = {None: above, **{layer: layer.name for layer in stack._layers}}
        rows = [
            (*row, "   " + (", ".join(names[maker] for maker in stack._graph.get(layer, ())) or "-"))
            for row, layer in zip(rows, stack.layers, strict=True)
        ]
    if show_trainable:
        frozen = stack._to_freeze()
        head = (*head, "Trainable")
        rows = [
            (*row, "-" if not layer.parameters else "N" if layer in frozen else "Y")
            for row, layer in zip(rows, stack.layers, strict=True)
        ]
    backends = [layer.backend or "" for layer in stack.layers]
    if backend is not None and {*backends} - {""} != {backend}:
        head = (*head, "Backend")
        rows = [(*row, on) for row, on in zip(rows, backends, strict=True)]
    wide = [max(len(row[i]) for row in [head, *rows]) + 3 for i in range(len(head))]
    line = "─" * sum(wide)
    print_fn(f'Model: "{stack.name}"')
    print_fn(line)
    sides = ["<" if name in LEFT else ">" for name in head]
    for row in [head, *rows]:
        print_fn("".join(f"{cell:{side}{size}}" for cell, side, size in zip(row, sides, wide, strict=True)))
        if row is head:
            print_fn(line)
    print_fn(line)
    trainable = sum(prod(p.shape) for p in stack._trained(stack._to_freeze()))
    print_fn(f"Total params: {total:,}")
    print_fn(f"Trainable params: {trainable:,}")
    print_fn(f"Non-trainable params: {total - trainable:,}")
