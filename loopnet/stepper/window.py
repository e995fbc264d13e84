"""Which turns of which loops are stepped: all of them if that is few enough, else those around the cell asked for.

Only loops over owners (see ``Source.owners``) leave turns out, so that what is stepped is what the whole run would do.
"""

from collections.abc import Mapping
from math import prod

from .source import Source

LIMIT = 160_000
"""Steps to record unless told otherwise: a map of 28x28 through a window of 5x5, and a page of about 1 MB."""

MOST = 1_000_000
"""Steps to record of a single cell, however many it has: a sum over a whole batch is long."""

_LAST = {"c": 1, "channel": 1, "k": 2, "n": 3}
"""These are widened after the others: first a whole map, then further channels and filters, further images last."""


def at_cell(source: Source, output: str, shape: tuple[int, ...], cell: tuple[int, ...]) -> dict[str, range]:
    """The window that holds a single cell of the array ``output``: for each owner, its one turn."""
    window = {}
    for variable, writes in source.owners().items():
        for write in writes:
            if source.array_of(write.name) == output and variable in write.index:
                index = as_reshaped(cell, shape, len(write.index))
                if index is not None:
                    turn = index[write.index.index(variable)]
                    window[variable] = range(turn, turn + 1)
    return window


def widened(
    window: Mapping[str, range], turns: Mapping[str, range], source: Source, steps: int, limit: int
) -> dict[str, range]:
    """A window of one cell, widened loop by loop as long as about ``limit`` steps will do.

    steps: those of the one cell. turns: all turns of each loop. Where only some fit, they are those around the cell.
    """
    depth = {loop.variable: loop.depth for loop in source.loops}
    order = sorted(window, key=lambda variable: (_LAST.get(variable, 0), -depth[variable]))
    result, cost = dict(window), max(steps, 1)
    for variable in order:
        every = turns.get(variable, range(0))
        fit = min(len(every), limit // cost)
        if fit <= 1 and len(every) > 1:
            break
        first = min(max(window[variable].start - fit // 2, every.start), every.stop - fit)
        result[variable] = range(first, first + fit)
        cost *= max(fit, 1)
    return result


def as_reshaped(cell: tuple[int, ...], shape: tuple[int, ...], rank: int) -> tuple[int, ...] | None:
    """The index of a cell in the array reshaped to ``rank`` axes, as loops do it: flat, a row for each image, or with
    all that lies between images and channels in one axis. None if it is reshaped in another way.
    """
    if rank == len(shape):
        return cell
    flat = sum(i * prod(shape[axis + 1 :]) for axis, i in enumerate(cell))
    if rank == 1:
        return (flat,)
    of_image = prod(shape[1:])
    if rank == 2:
        return flat // of_image, flat % of_image
    if rank == 3 and len(shape) > 3:
        return flat // of_image, flat % of_image // shape[-1], cell[-1]
    return None
