"""What stands for numbers before there are any: a layer called on an ``Input``, or on what another layer made of it."""

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

from .missing import ONE_INPUT

if TYPE_CHECKING:
    from .base import Layer


class Symbolic:
    """What a layer can be called on: an ``Input``, or what another layer made, a ``SymbolicTensor``.

    Arithmetic puts layers behind it: ``x + y`` is ``Add()([x, y])``, and ``x / 255`` is ``Rescaling(1 / 255)(x)``.
    """

    def __add__(self, other: Any) -> Any:
        return _merged("Add", self, other) if isinstance(other, Symbolic) else _shifted(self, "+", other)

    def __sub__(self, other: Any) -> Any:
        return _merged("Subtract", self, other) if isinstance(other, Symbolic) else _shifted(self, "-", other, -1)

    def __mul__(self, other: Any) -> Any:
        return _merged("Multiply", self, other) if isinstance(other, Symbolic) else _rescaled(self, "*", other)

    def __truediv__(self, other: Any) -> Any:
        return _rescaled(self, "/", other)

    def __rsub__(self, other: Any) -> Any:
        return _shifted(-self, "-", other)

    def __neg__(self) -> Any:
        return _rescaled(self, "*", -1)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: Any) -> NoReturn:
        raise NotImplementedError(f"{self!r} ** {power!r} is not in loopnet: x * x is the square of x")

    def __getitem__(self, part: Any) -> NoReturn:
        raise NotImplementedError(f"{self!r}[...] is not in loopnet: Cropping1D to Cropping3D cut a part out")

    def __abs__(self) -> NoReturn:
        raise NotImplementedError(f"abs({self!r}) is not in loopnet: layers.ReLU()(x) + layers.ReLU()(-x) is the same")


class SymbolicTensor(Symbolic):
    """What ``layer`` makes of ``below``, or, if it merges several, of a list of them: a shape, and the way back to the
    ``Input``.
    """

    dtype = "float32"

    def __init__(self, layer: "Layer", below: Any, shape: tuple[Any, ...]):
        self.layer, self.below, self.shape = layer, below, shape

    @property
    def name(self) -> str:
        """That of the layer: as in Keras 2 without what came behind it, ``conv2d`` for ``conv2d/Relu:0``."""
        return self.layer.name

    @property
    def inputs(self) -> list[Any]:
        """What the layer takes."""
        return list(self.below) if isinstance(self.below, list) else [self.below]

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, made by {self.layer._who}>"

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(f"{self!r} has no numbers yet: make a Model of it, and predict")


def only_symbolic(
    who: str, inputs: tuple[Any, ...], arguments: dict[str, Any], layers: "Sequence[Layer]" = ()
) -> Any:
    """The one symbolic tensor that ``who``, these ``layers``, was called on, or None if that was something else. Raises
    ``NotImplementedError`` for several, and for arguments beside it, but training=False where that is all the same.
    """
    several = [x for one in inputs for x in (one if isinstance(one, (list, tuple)) else [one])]
    if not any(isinstance(x, Symbolic) for x in several):
        return None
    if len(several) > 1:
        raise NotImplementedError(f"{who}: called on {len(several)} inputs; {ONE_INPUT}")
    for name, value in arguments.items():
        if name == "training" and value is False:
            other = next((layer for layer in layers if layer.differs_in_training), None)
            if other is not None:
                raise NotImplementedError(
                    f"{who}: training=False is not in loopnet: in fit, {other._who} does as in training; "
                    "a BatchNormalization that is frozen, trainable=False, does not"
                )
        elif value is not None:
            raise NotImplementedError(f"{who}: {name}={value!r} is not in loopnet: fit trains, and predict does not")
    return several[0]


def _merged(layer: str, *several: Symbolic) -> Any:
    from . import merging  # which needs this module

    return getattr(merging, layer)()(list(several))


def _rescaled(x: Symbolic, operator: str, number: Any) -> Any:
    from .rescaling import Rescaling  # which needs this module

    factor = _number(x, operator, number)
    return Rescaling(1 / factor if operator == "/" else factor)(x)


def _shifted(x: Symbolic, operator: str, number: Any, sign: int = 1) -> Any:
    from .rescaling import Rescaling

    return Rescaling(1.0, sign * _number(x, operator, number))(x)


def _number(x: Symbolic, operator: str, number: Any) -> float:
    if not isinstance(number, Real):
        raise NotImplementedError(f"{x!r} {operator} {number!r} is not in loopnet: expected a number or a tensor")
    return float(number)
