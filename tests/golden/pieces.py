"""How `fit`, `evaluate` and `predict` take data in pieces, whose sizes differ: calls whose answers are golden, by
Keras's names and arguments.

`make_pieces_golden.py` makes them of Keras and `tests/test_pieces.py` of loopnet: the line of `fitting`.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .fitting import WEIGHTS, X, Y

CUTS = 0, 4, 7, 10
COUNTS = np.linspace(0.5, 2, 10)
"""What the points count, where they are weighted."""


def pieces(weighted: bool = False) -> list[tuple[np.ndarray, ...]]:
    """The points in batches of 4, 3 and 3."""
    return [(X[a:b], Y[a:b], COUNTS[a:b])[: 3 if weighted else 2] for a, b in pairwise(CUTS)]


def endless(weighted: bool = False) -> Iterator[Any]:
    while True:
        yield from pieces(weighted)


def numbered(base: type) -> Any:
    """An object of a subclass of ``base`` that gives them by number."""

    class Numbered(base):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return pieces()[i]

    return Numbered()


def fits(base: type) -> dict[str, Callable[[], dict[str, Any]]]:
    """The arguments of each call, made when it is called."""
    return {
        "a generator": lambda: {"x": (piece for piece in pieces())},
        "an endless one": lambda: {"x": endless(), "steps_per_epoch": 2, "epochs": 5},
        "weighted": lambda: {"x": endless(weighted=True), "steps_per_epoch": 3, "epochs": 2},
        "one that runs out": lambda: {"x": (piece for piece in pieces()), "steps_per_epoch": 5},
        "by number": lambda: {"x": numbered(base), "epochs": 3, "validation_data": numbered(base)},
        "two of three": lambda: {"x": numbered(base), "steps_per_epoch": 2, "epochs": 4},
        "validated on arrays": lambda: {"x": numbered(base), "epochs": 2, "validation_data": (X, Y)},
        "from the first on": lambda: {
            "x": X, "y": Y, "batch_size": 5, "epochs": 3, "validation_data": numbered(base), "validation_steps": 2,
        },
        "a generator to validate on": lambda: {
            "x": numbered(base), "validation_data": endless(), "validation_steps": 4,
        },
    }  # fmt: skip


LOOKS: dict[str, Callable[[type], dict[str, Any]]] = {
    "a generator": lambda base: {"x": (piece for piece in pieces())},
    "two of them": lambda base: {"x": endless(), "steps": 2},
    "by number": lambda base: {"x": numbered(base)},
}


def answers(model: Any, base: type) -> dict[str, np.ndarray]:
    """What the model, compiled, answers to each: the history, and the outputs of the weights that were learned."""
    arrays: dict[str, np.ndarray] = {}
    for name, how in fits(base).items():
        model.set_weights(WEIGHTS)
        history = model.fit(shuffle=False, verbose=0, **how())
        arrays |= {f"{name}/{key}": np.array(values) for key, values in history.history.items()}
        arrays[f"{name}/epoch"] = np.array(history.epoch)
        arrays[f"{name}/outputs"] = np.asarray(model.predict(X, verbose=0))
    model.set_weights(WEIGHTS)
    for name, look in LOOKS.items():
        arrays[f"{name}/evaluate"] = np.array(model.evaluate(verbose=0, **look(base)))
        arrays[f"{name}/predict"] = np.asarray(model.predict(verbose=0, **look(base)))
    return arrays
