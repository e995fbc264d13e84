"""What stands for numbers before there are any: a layer called on an ``Input``, or on what another layer made of it."""

from typing import TYPE_CHECKING, Any, NoReturn

from .missing import BRANCHES

if TYPE_CHECKING:
    from .base import Layer


class Symbolic:
    """What a layer can be called on: an ``Input``, or what another layer made, a ``SymbolicTensor``."""


class SymbolicTensor(Symbolic):
    """What ``layer`` makes of ``below``: a shape, and the way back to the ``Input`` at the bottom of the chain."""

    dtype = "float32"

    def __init__(self, layer: "Layer", below: Any, shape: tuple[Any, ...]):
        self.layer, self.below, self.shape = layer, below, shape

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, made by {self.layer._who}>"

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(f"{self!r} has no numbers yet: make a Model of it, and predict")

    def _refuse(self, other: Any) -> NoReturn:
        raise NotImplementedError(f"{self!r}: arithmetic is not in loopnet; layers.Rescaling multiplies by a number")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refuse


def only_symbolic(who: str, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
    """The one symbolic tensor that ``who`` was called on, or None if that was something else. Raises
    ``NotImplementedError`` for several, and for arguments beside it.
    """
    several = [x for one in inputs for x in (one if isinstance(one, (list, tuple)) else [one])]
    if not any(isinstance(x, Symbolic) for x in several):
        return None
    if len(several) > 1:
        raise NotImplementedError(f"{who}: called on {len(several)} inputs; {BRANCHES}")
    for name, value in arguments.items():
        if value is not None:
            raise NotImplementedError(f"{who}: {name}={value!r} is not in loopnet: fit trains, and predict does not")
    return several[0]
