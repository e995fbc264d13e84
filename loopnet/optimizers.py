"""Optimisers: they own the memory of past gradients and call one kernel for all parameters of a model at once."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .ops import Ops


class Optimizer:
    """An optimiser is bound once to a parameter vector (:meth:`bind`) and then steps it in place (:meth:`step`)."""

    slots: tuple[str, ...] = ()
    """Names of the vectors it remembers between steps, each as long as the parameter vector."""

    def __init__(self, learning_rate: float):
        if not isinstance(learning_rate, (int, float, np.number)) or not 0 < learning_rate < float("inf"):
            raise ValueError(f"{type(self).__name__}: expected a positive learning_rate, given {learning_rate!r}")
        self.learning_rate = float(learning_rate)
        self.iterations = 0
        self.state: dict[str, Any] = {}

    def bind(self, ops: Ops, size: int, dtype: np.dtype, state: dict[str, np.ndarray] | None = None) -> None:
        """Take memory for ``size`` parameters on a rung; zeros, or a copy of an earlier ``state`` of the same size."""
        self.state = {
            slot: ops.asarray(np.array(state[slot], dtype) if state else np.zeros(size, dtype)) for slot in self.slots
        }
        if state is None:
            self.iterations = 0
        self._scalar: Callable[[float], Any] = dtype.type

    def step(self, ops: Ops, values: Any, grads: Any) -> None:
        """Move ``values`` one step against ``grads``, in place."""
        self.iterations += 1
        self.update(ops, values, grads)

    def update(self, ops: Ops, values: Any, grads: Any) -> None:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        own = {k: v for k, v in vars(self).items() if k not in ("iterations", "state") and not k.startswith("_")}
        return {"name": type(self).__name__, **own}


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with (Nesterov's) momentum: see ``kernels.optimizer.sgd_update``."""

    slots = ("velocity",)

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False):
        super().__init__(learning_rate)
        self.momentum, self.nesterov = float(momentum), bool(nesterov)

    def update(self, ops, values, grads):
        scalar = self._scalar
        ops.sgd_update(
            values, grads, self.state["velocity"], scalar(self.learning_rate), scalar(self.momentum), self.nesterov
        )


class RMSprop(Optimizer):
    """Divide each gradient by its recent size; Keras's default. See ``kernels.optimizer.rmsprop_update``."""

    slots = ("v",)

    def __init__(self, learning_rate: float = 0.001, rho: float = 0.9, epsilon: float = 1e-7):
        super().__init__(learning_rate)
        self.rho, self.epsilon = float(rho), float(epsilon)

    def update(self, ops, values, grads):
        scalar = self._scalar
        ops.rmsprop_update(
            values, grads, self.state["v"], scalar(self.learning_rate), scalar(self.rho), scalar(self.epsilon)
        )


class Adam(Optimizer):
    """RMSprop with momentum, corrected for its start; the article's choice. See ``kernels.optimizer.adam_update``."""

    slots = ("m", "v")

    def __init__(self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7):
        super().__init__(learning_rate)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)

    def update(self, ops, values, grads):
        scalar = self._scalar
        beta_1, beta_2 = scalar(self.beta_1), scalar(self.beta_2)
        # the corrections must be those of the rounded betas: 1 - float32(0.999) is 1.3e-5 off
        correction_1, correction_2 = 1 - float(beta_1) ** self.iterations, 1 - float(beta_2) ** self.iterations
        ops.adam_update(
            values, grads, self.state["m"], self.state["v"], scalar(self.learning_rate), beta_1, beta_2,
            scalar(self.epsilon), scalar(correction_1), scalar(correction_2),
        )  # fmt: skip


OPTIMIZERS = {name: cls for cls in (SGD, RMSprop, Adam) for name in (cls.__name__.lower(), cls.__name__)}


def get(optimizer: str | dict[str, Any] | Optimizer) -> Optimizer:
    """An optimiser from its name, from its saved ``config()``, or itself. ``ValueError`` for unknown names."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    config = {"name": optimizer} if isinstance(optimizer, str) else dict(optimizer)
    name = config.pop("name")
    if name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r}; expected one of {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name](**config)
