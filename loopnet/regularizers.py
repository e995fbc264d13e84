"""Regularisers: what a layer's weights add to the loss by being large (``kernels.penalty``), in Keras's names.

Dense(64, activation="relu", kernel_regularizer=regularizers.l2(0.001))
"""

from math import ceil, inf
from numbers import Real
from typing import Any

import numpy as np

from .kernels.penalty import SHARE
from .missing import getattr_of, listed, refuse
from .ops import Ops, Tensor, get_ops


class L1L2:
    """l1 * the sum of |w| + l2 * the sum of w ** 2. Both are 0 unless given, as in Keras: "l1_l2" asks for nothing.

    Raises ``ValueError`` for a factor that is negative or no finite number.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0):
        self.l1, self.l2 = (_factor(self, name, value) for name, value in (("l1", l1), ("l2", l2)))

    def __call__(self, w: Any) -> np.floating:
        """The penalty of an array, by itself."""
        array = np.asarray(w)
        array = array.astype(array.dtype if array.dtype in (np.float32, np.float64) else np.float32).reshape(-1)
        penalty = np.empty(shares(array.size), array.dtype)
        self.on_weights(get_ops("literal"), array, penalty)
        return penalty.sum()

    def on_weights(self, ops: Ops, w: Tensor, penalty: Tensor, dw: Tensor | None = None) -> None:
        """Overwrite ``penalty``, which has ``shares(w.size)`` numbers; add its gradient to ``dw`` if there is one."""
        l1, l2 = w.dtype.type(self.l1), w.dtype.type(self.l2)
        ops.weight_penalty_forward(w, penalty, l1, l2)
        if dw is not None:
            ops.weight_penalty_backward(w, dw, l1, l2)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        return {"name": type(self).__name__, **self.get_config()}

    def get_config(self) -> dict[str, float]:
        return {"l1": self.l1, "l2": self.l2}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self.get_config().items())})"


class L1(L1L2):
    """l1 * the sum of |w|."""

    def __init__(self, l1: float | None = 0.01):
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self):
        return {"l1": self.l1}


class L2(L1L2):
    """l2 * the sum of w ** 2."""

    def __init__(self, l2: float | None = 0.01):
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self):
        return {"l2": self.l2}


l1, l2, l1_l2 = L1, L2, L1L2  # Keras's second names
REGULARIZERS: dict[str, type[L1L2]] = {"l1": L1, "l2": L2, "l1_l2": L1L2, "L1": L1, "L2": L2, "L1L2": L1L2}
MISSING = listed({
    "the regularizers are L1, L2 and L1L2": "OrthogonalRegularizer orthogonal_regularizer Regularizer",
    "a regularizer is made again from its config(): regularizers.get": "deserialize serialize",
})  # fmt: skip


def shares(size: int) -> int:
    """How many numbers the penalty of so many weights is, before they are added up."""
    return ceil(size / SHARE)


def _factor(regularizer: L1L2, name: str, value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < inf:
        who = type(regularizer).__name__
        raise ValueError(f"{who}: {name}: expected a finite number of at least 0, given {value!r}")
    return float(value)


def get(regularizer: Any, who: str = "regularizer") -> L1L2 | None:
    """A regulariser from its name, its class, its saved ``config()``, or itself; None for None. ``ValueError`` for
    unknown ones, ``NotImplementedError`` for Keras's others.
    """
    if regularizer is None or isinstance(regularizer, L1L2):
        return regularizer
    if isinstance(regularizer, type) and issubclass(regularizer, L1L2):
        return regularizer()
    config = {"name": regularizer} if isinstance(regularizer, str) else regularizer
    if not isinstance(config, dict) or "name" not in config:
        hint = f"; did you mean l2({regularizer!r})?" if isinstance(regularizer, Real) else ""
        raise ValueError(f"{who}: expected a name or an object of loopnet.regularizers, given {regularizer!r}{hint}")
    arguments = {key: value for key, value in config.items() if key != "name"}
    name = config["name"]
    if name not in REGULARIZERS:
        refuse(name, MISSING)
        raise ValueError(f"{who}: unknown regularizer {name!r}; expected one of {', '.join(REGULARIZERS)}")
    return REGULARIZERS[name](**arguments)


__getattr__ = getattr_of(__name__, MISSING)
