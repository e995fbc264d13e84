"""Gradients made smaller before a step, in Keras's names; the loops are those of ``kernels.clip``."""

from collections.abc import Sequence
from math import ceil, inf
from numbers import Real
from typing import Any

import numpy as np

from ..kernels.penalty import SHARE
from ..ops import Ops

NAMES = ("clipnorm", "clipvalue", "global_clipnorm")


class Clipping:
    """clipvalue: the most that any number of a gradient may be; clipnorm: the most that the norm of the gradient of one
    array of weights may be; global_clipnorm: the same of all arrays together. None asks for nothing.

    who: for errors. Raises ``ValueError`` for a limit that is no finite number above 0, and for more than one.
    """

    def __init__(self, who: str, clipnorm: Any, clipvalue: Any, global_clipnorm: Any):
        limits = zip(NAMES, (clipnorm, clipvalue, global_clipnorm), strict=True)
        given = {name: limit for name, limit in limits if limit is not None}
        for name, limit in given.items():
            if isinstance(limit, bool) or not isinstance(limit, Real) or not 0 < float(limit) < inf:
                raise ValueError(f"{who}: {name}: expected a finite number above 0, given {limit!r}")
        if len(given) > 1:
            raise ValueError(f"{who}: expected one of {', '.join(NAMES)}, given {', '.join(given)}")
        self._given = {name: float(limit) for name, limit in given.items()}

    def bind(self, ops: Ops, sizes: Sequence[int], dtype: np.dtype) -> None:
        """Take memory on a rung for arrays of weights of these sizes, which follow each other in one vector."""
        self._limits = {name: dtype.type(limit) for name, limit in self._given.items()}
        of_norms = {"clipnorm": sizes, "global_clipnorm": [sum(sizes)]}
        self._squares = [
            (size, ops.asarray(np.zeros(ceil(size / SHARE), dtype)))
            for name in self._given
            for size in of_norms.get(name, ())
        ]

    def clip(self, ops: Ops, grads: Any) -> None:
        """Clip ``grads`` in place."""
        for name, limit in self._limits.items():
            if name == "clipvalue":
                ops.clip_by_value(grads, limit)
            at = 0
            for size, squares in self._squares:  # none of them for clipvalue
                dw = grads[at : at + size]
                ops.sum_of_squares(dw, squares)
                ops.clip_by_norm(dw, squares, limit)
                at += size

    def config(self) -> dict[str, float]:
        """What was given."""
        return dict(self._given)
