"""What Keras has and loopnet has not: it says so by name, with what to do instead, and never half-works.

Each module keeps its own table, from the name to the advice; ``listed`` writes one, the rest of this file speaks up.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib.abc import MetaPathFinder
from typing import Any

Missing = Mapping[str, str]
"""Name: what to do instead."""


def listed(instead: Mapping[str, str]) -> dict[str, str]:
    """``{"use Dropout": "A B"}`` as ``{"A": "use Dropout", "B": "use Dropout"}``."""
    return {name: advice for advice, names in instead.items() for name in names.split()}


def refuse(name: str, missing: Missing) -> None:
    """Raise ``NotImplementedError`` if ``name`` is one of the ``missing``."""
    if name in missing:
        raise NotImplementedError(f"{name} is not in loopnet: {missing[name]}")


class NotThere(NotImplementedError, AttributeError):
    """Of an object's attribute: who asks ``hasattr`` first is told that it is not there."""


def refuse_attribute(name: str, missing: Missing) -> None:
    """Raise ``NotThere`` if ``name`` is one of the ``missing``."""
    if name in missing:
        raise NotThere(f"{name} is not in loopnet: {missing[name]}")


def getattr_of(module: str, missing: Missing) -> Callable[[str], Any]:
    """A ``__getattr__`` for a module, which is asked for the names that the module does not have."""

    def __getattr__(name: str) -> Any:
        refuse(name, missing)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__


HARMLESS = {
    "auto_scale_loss": True, "decay": 0.0, "dtype": "float32", "ema_momentum": 0.99, "jit_compile": "auto",
    "loss_weights": 1.0, "momentum": 0.0, "reduction": "sum_over_batch_size", "save_format": "keras",
    "steps_per_execution": 1, "workers": 1,
    "beta_initializer": "zeros", "gamma_initializer": "ones", "moving_mean_initializer": "zeros",
    "moving_variance_initializer": "ones",
    "fill_mode": "constant", "fill_value": 0.0, "interpolation": "bilinear", "summation_method": "interpolation",
    "axis": -1,
}  # fmt: skip
"""Values of arguments that ask for what is done anyway, beside None and False."""

OF_NONE = ("reduction",)
"""Arguments of which None asks for something: all losses, and not their mean."""


def settle(who: str, given: Mapping[str, Any], missing: Missing, known: Iterable[str] = ()) -> None:
    """Pass over arguments of Keras's that ask for nothing, and refuse the others: ``NotImplementedError`` for one that
    is ``missing``, ``TypeError`` for one that nobody has heard of, with the nearest of the ``known``.
    """
    for name, value in given.items():
        if name not in missing:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{who}: unknown argument {name!r}{hint}")
        harmless, value = HARMLESS.get(name), _alone(value)
        asks_for_nothing = isinstance(value, (str, int, float)) and value == harmless
        asks_for_nothing = asks_for_nothing or value is False or (value is None and name not in OF_NONE)
        if not asks_for_nothing:
            raise NotImplementedError(f"{who}: {name} is not in loopnet: {missing[name]}")


def _alone(value: Any) -> Any:
    """What there is for the one output of a network, where Keras takes a list or a dictionary for several; None if that
    is empty.
    """
    several = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(several, (list, tuple)) or len(several) > 1:
        return value
    return several[0] if several else None


class _Modules(MetaPathFinder):
    """Asked for modules that nobody else has found."""

    def __init__(self, missing: Missing):
        self.missing = missing

    def find_spec(self, fullname, path=None, target=None):
        package, _, name = fullname.partition(".")  # loopnet, applications or optimizers.legacy
        if package == "loopnet" and name in self.missing:
            raise ModuleNotFoundError(f"{fullname} is not in loopnet: {self.missing[name]}", name=fullname)
        return None


def modules(missing: Missing) -> None:
    """Let ``from loopnet.applications import VGG16`` say what to do instead."""
    sys.meta_path.append(_Modules(missing))
