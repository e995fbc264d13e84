"""Optimisers: they own the memory of past gradients and call one kernel for all parameters of a model at once."""

import re
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import numpy as np

from .. import backend
from ..arrays import Number
from ..missing import getattr_of, listed, refuse, refuse_attribute, settle
from ..ops import Ops
from ..shapes import real
from . import schedules
from .clipping import Clipping
from .schedules import LearningRateSchedule

_AVERAGE = "weights are not averaged by the optimizer"
ARGUMENTS = {
    "lr": "today's name is learning_rate",
    "decay": "it was learning_rate=schedules.InverseTimeDecay(learning_rate, 1, decay)",
    "momentum": "use SGD(momentum=...) or Adam",
    "centered": "use RMSprop without it, or Adam",
    "amsgrad": "use Adam without it",
    "schedule_decay": "the momentum rises as in Keras 3",
    **dict.fromkeys(("use_ema", "ema_momentum", "ema_overwrite_frequency"), _AVERAGE),
    "loss_scale_factor": "losses are not scaled; there is one dtype",
    "gradient_accumulation_steps": "use a larger batch_size",
}
"""Arguments that Keras's optimisers take and these do not, and what to do instead."""

MISSING = listed({
    "use SGD, RMSprop, Adam or AdamW": "Adafactor Ftrl Lamb Lion LossScaleOptimizer Muon",
    "the optimizers are in loopnet.optimizers itself": "legacy",
    "an optimizer is made again from its config(): optimizers.get": "deserialize serialize",
})  # fmt: skip

Rate = float | LearningRateSchedule | dict[str, Any]


def _small(epsilon: float | None) -> float:
    """An optimiser's epsilon; None is Keras 2's way to leave it to the backend."""
    return backend.epsilon() if epsilon is None else float(epsilon)


class Optimizer:
    """An optimiser is bound once to a parameter vector (:meth:`bind`) and then steps it in place (:meth:`step`).

    learning_rate: a number, at least 0, or a schedule from ``schedules``.

    clipnorm, clipvalue or global_clipnorm, of which one may be given: see ``clipping.Clipping``.

    weight_decay: all parameters, biases too, as in Keras, shrink by this share of the learning rate before each step;
    None is 0, but for ``AdamW``.
    """

    slots: tuple[str, ...] = ()
    """Names of the vectors it remembers between steps, each as long as the parameter vector."""

    def __init__(
        self,
        learning_rate: Rate,
        name: str | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        weight_decay: float | None = None,
        **others: Any,
    ):
        """name: what ``name`` says; nobody else reads it. others: refused by name, see ``ARGUMENTS``."""
        self._name = name
        known = [*signature(type(self)).parameters, *signature(Optimizer).parameters]
        settle(type(self).__name__, others, ARGUMENTS, known)
        self._clipping = Clipping(type(self).__name__, clipnorm, clipvalue, global_clipnorm)
        self._decay = None if weight_decay is None else real(weight_decay, f"{type(self).__name__}: weight_decay")
        if self._decay is not None and self._decay < 0:
            raise ValueError(f"{type(self).__name__}: expected a weight_decay of at least 0, given {weight_decay!r}")
        self.iterations = 0
        self.state: dict[str, Any] = {}
        self._owner: object = None
        self._size = 0
        self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> Number:
        """That of the next step. Can be set at any time, also by ``assign``, which also ends a schedule."""
        return Number.of(self, self._next_rate())

    @learning_rate.setter
    def learning_rate(self, rate: Rate) -> None:
        self._rate: float | LearningRateSchedule
        if isinstance(rate, dict):
            rate = schedules.get(rate)
        if isinstance(rate, LearningRateSchedule):
            self._rate = rate
        elif isinstance(rate, (int, float, np.number)) and 0 <= rate < float("inf"):
            self._rate = float(rate)
        else:
            raise ValueError(f"{type(self).__name__}: expected a learning_rate of at least 0, given {rate!r}")

    def _next_rate(self) -> float:
        return self._rate if isinstance(self._rate, float) else self._rate(self.iterations)

    def at_first(self) -> float:
        """What each number that it remembers is before the first step."""
        return 0.0

    def bind(
        self,
        ops: Ops,
        size: int,
        dtype: np.dtype,
        state: dict[str, np.ndarray] | None = None,
        owner: object = None,
        sizes: Sequence[int] | None = None,
    ) -> None:
        """Take memory for ``size`` parameters on a rung: as it is at first, or a copy of an earlier ``state`` of the
        same size.

        owner: whose parameters they are, see ``is_free_for``. sizes: of the arrays of weights that they are, one after
        the other; one array if not given. Raises ``ValueError`` for a state of another size.
        """
        for slot in self.slots if state else ():
            if state[slot].shape != (size,):  # type: ignore[index]
                raise ValueError(f"{slot}: expected shape {(size,)}, given {state[slot].shape}")  # type: ignore[index]
        self.state = {
            slot: ops.asarray(np.array(state[slot], dtype) if state else np.full(size, self.at_first(), dtype))
            for slot in self.slots
        }
        self._clipping.bind(ops, [size] if sizes is None else sizes, dtype)
        if state is None:
            self.iterations = 0
        self._size, self._owner = size, owner
        self._scalar: Callable[[float], Any] = dtype.type

    def is_bound_to(self, owner: object) -> bool:
        return self._owner is owner

    def is_free_for(self, owner: object) -> bool:
        """Whether ``owner`` may bind it: what it remembers is of its owner's parameters, and of no use to others."""
        return self._owner in (None, owner) or self.iterations == 0

    def expect_free_for(self, owner: object) -> None:
        """Raise ``ValueError`` unless ``is_free_for``."""
        if not self.is_free_for(owner):
            name = type(self).__name__
            raise ValueError(
                f"{name}: this optimizer belongs to the variables of another model, which it has trained; make a new "
                f"one for each model: model.compile({name}(...), ...)"
            )

    def step(self, ops: Ops, values: Any, grads: Any) -> None:
        """Move ``values`` one step against ``grads``, in place; ``grads`` are clipped first, if that was asked for.
        Raises ``ValueError`` if it is bound to more or fewer: its loop would not look.
        """
        if values.size != self._size:
            raise ValueError(f"{type(self).__name__}: bound to {self._size} parameters, given {values.size}")
        learning_rate = self._scalar(self._next_rate())
        self.iterations += 1
        self._clipping.clip(ops, grads)
        if self._decay:
            ops.rescale(values, values, self._scalar(1 - float(learning_rate) * self._decay), self._scalar(0))
        self.update(ops, values, grads, learning_rate)

    def update(self, ops: Ops, values: Any, grads: Any, learning_rate: Any) -> None:
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Its class in small letters, unless it was given another."""
        return self._name or re.sub(r"(?<=[a-z])([A-Z])", r"_\1", type(self).__name__).lower()

    @property
    def lr(self) -> None:
        refuse_attribute("lr", ARGUMENTS)

    @lr.setter
    def lr(self, rate: Any) -> None:
        refuse_attribute("lr", ARGUMENTS)

    def get_config(self) -> dict[str, Any]:
        """Keras's name for it."""
        return self.config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Optimizer":
        """One that begins anew with the arguments that ``get_config`` gave."""
        return cls(**{name: value for name, value in config.items() if name != "name"})

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as saved with a model."""
        own = {k: v for k, v in vars(self).items() if k not in ("iterations", "state") and not k.startswith("_")}
        rate = self._rate if isinstance(self._rate, float) else self._rate.config()
        decay = {} if self._decay is None else {"weight_decay": self._decay}
        return {"name": type(self).__name__, "learning_rate": rate, **own, **decay, **self._clipping.config()}


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with (Nesterov's) momentum: see ``kernels.optimizer.sgd_update``."""

    slots = ("velocity",)

    def __init__(self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False, **others: Any):
        super().__init__(learning_rate, **others)
        self.momentum, self.nesterov = float(momentum), bool(nesterov)

    def update(self, ops, values, grads, learning_rate):
        ops.sgd_update(values, grads, self.state["velocity"], learning_rate, self._scalar(self.momentum), self.nesterov)


class RMSprop(Optimizer):
    """Divide each gradient by its recent size; Keras's default. See ``kernels.optimizer.rmsprop_update``."""

    slots = ("v",)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float | None = 1e-7,
        centered: bool = False,
        **others: Any,
    ):
        """momentum, centered: Keras's, and refused unless they ask for nothing."""
        super().__init__(learning_rate, momentum=momentum, centered=centered, **others)
        self.rho, self.epsilon = float(rho), _small(epsilon)

    def update(self, ops, values, grads, learning_rate):
        scalar = self._scalar
        ops.rmsprop_update(values, grads, self.state["v"], learning_rate, scalar(self.rho), scalar(self.epsilon))


class Adam(Optimizer):
    """RMSprop with momentum, corrected for its start; the article's choice. See ``kernels.optimizer.adam_update``."""

    slots = ("m", "v")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = 1e-7,
        **others: Any,
    ):
        super().__init__(learning_rate, **others)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), _small(epsilon)

    def update(self, ops, values, grads, learning_rate):
        ops.adam_update(values, grads, self.state["m"], self.state["v"], learning_rate, *self._constants())

    def _constants(self) -> tuple[Any, ...]:
        """beta1, beta2, epsilon and the two corrections of this step."""
        scalar = self._scalar
        beta_1, beta_2 = scalar(self.beta_1), scalar(self.beta_2)
        # the corrections must be those of the rounded betas: 1 - float32(0.999) is 1.3e-5 off
        corrections = [scalar(1 - float(beta) ** self.iterations) for beta in (beta_1, beta_2)]
        return beta_1, beta_2, scalar(self.epsilon), *corrections


class AdamW(Adam):
    """Adam whose weights also shrink a little at each step. See ``kernels.optimizer.adamw_update``.

    All parameters shrink, biases too, as in Keras.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = 1e-7,
        **others: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **others)
        self.weight_decay = float(weight_decay)

    def update(self, ops, values, grads, learning_rate):
        ops.adamw_update(
            values, grads, self.state["m"], self.state["v"], learning_rate, *self._constants(),
            self._scalar(self.weight_decay),
        )  # fmt: skip


class Nadam(Adam):
    """Adam that looks a step ahead, as Nesterov's momentum does. See ``kernels.optimizer.nadam_update``."""

    def update(self, ops, values, grads, learning_rate):
        beta_1, beta_2, epsilon, _, correction_2 = self._constants()
        t, scalar = self.iterations, self._scalar
        now, next_one = (float(beta_1) * (1 - 0.96**step / 2) for step in (t, t + 1))
        of_mean = next_one / (1 - _momenta(float(beta_1), t + 1))
        of_gradient = (1 - now) / (1 - _momenta(float(beta_1), t))
        ops.nadam_update(
            values, grads, self.state["m"], self.state["v"], learning_rate, beta_1, beta_2, epsilon, scalar(of_mean),
            scalar(of_gradient), correction_2,
        )  # fmt: skip


_SHARES = np.cumprod(1 - 0.96 ** np.arange(1, 1001) / 2)
"""Products of the shares of beta_1 that Nadam's momentum is in the first steps; 0.96**1000 no longer counts."""


def _momenta(beta_1: float, steps: int) -> float:
    """The product of the momenta of so many steps, from the first one on, 1 or more."""
    return beta_1**steps * float(_SHARES[min(steps, len(_SHARES)) - 1])


class Adamax(Adam):
    """Adam that divides by the largest gradient of late. See ``kernels.optimizer.adamax_update``."""

    slots = ("m", "u")

    def update(self, ops, values, grads, learning_rate):
        constants = self._constants()[:4]
        ops.adamax_update(values, grads, self.state["m"], self.state["u"], learning_rate, *constants)


class Adagrad(Optimizer):
    """Divide each gradient by the size of all before it. See ``kernels.optimizer.adagrad_update``.

    initial_accumulator_value: what the sum of their squares starts from, at least 0.
    """

    slots = ("v",)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float | None = 1e-7,
        **others: Any,
    ):
        super().__init__(learning_rate, **others)
        if not 0 <= initial_accumulator_value < float("inf"):
            raise ValueError(
                f"{type(self).__name__}: expected an initial_accumulator_value of at least 0, "
                f"given {initial_accumulator_value!r}"
            )
        self.initial_accumulator_value, self.epsilon = float(initial_accumulator_value), _small(epsilon)

    def at_first(self):
        return self.initial_accumulator_value

    def update(self, ops, values, grads, learning_rate):
        ops.adagrad_update(values, grads, self.state["v"], learning_rate, self._scalar(self.epsilon))


class Adadelta(Optimizer):
    """RMSprop that finds its rate by itself, slowly. See ``kernels.optimizer.adadelta_update``.

    Zeiler's learning_rate, and Keras's of old, is 1; Keras's of today is 0.001, with which next to nothing happens.
    """

    slots = ("v", "moved")

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float | None = 1e-7, **others: Any):
        super().__init__(learning_rate, **others)
        self.rho, self.epsilon = float(rho), _small(epsilon)

    def update(self, ops, values, grads, learning_rate):
        rho, epsilon = self._scalar(self.rho), self._scalar(self.epsilon)
        ops.adadelta_update(values, grads, self.state["v"], self.state["moved"], learning_rate, rho, epsilon)


OPTIMIZERS = {
    name: cls
    for cls in (SGD, RMSprop, Adam, AdamW, Nadam, Adamax, Adagrad, Adadelta)
    for name in (cls.__name__.lower(), cls.__name__)
}


def get(optimizer: str | dict[str, Any] | Optimizer | type) -> Optimizer:
    """An optimiser from its name, in capitals or not, from its saved ``config()``, or itself. ``ValueError`` for
    unknown names, ``NotImplementedError`` for Keras's others.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, type):
        raise ValueError(f"optimizer: given the class {optimizer.__name__}; expected an object: {optimizer.__name__}()")
    if not isinstance(optimizer, (str, dict)):
        raise ValueError(f"optimizer: expected a name or an optimizer of loopnet's, given {optimizer!r}")
    config = {"name": optimizer} if isinstance(optimizer, str) else dict(optimizer)
    if "name" not in config:
        raise ValueError(f"optimizer: expected a dictionary as an optimizer's config() gives it, given {optimizer!r}")
    name = config.pop("name")
    if isinstance(name, str) and name.lower() in OPTIMIZERS:
        return OPTIMIZERS[name.lower()](**config)
    for other in MISSING:
        if str(name).lower() == other.lower():
            refuse(other, MISSING)
    raise ValueError(f"unknown optimizer {name!r}; expected one of {', '.join(OPTIMIZERS)}")


__getattr__ = getattr_of(__name__, MISSING)
