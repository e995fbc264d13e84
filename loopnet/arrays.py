"""What is answered where listings for Keras and TensorFlow expect a tensor: an array, whose numbers they ask for."""

from typing import Any

import numpy as np

from .missing import listed, refuse_attribute

MISSING = listed({
    "set weights with layer.set_weights, which gets all of the layer's": "assign assign_add assign_sub",
    "it is an array already": "eval value",
    "use .shape": "get_shape",
})  # fmt: skip
"""Of arrays."""

NUMBER_MISSING = listed({
    "set it: optimizer.learning_rate = 0.001": "assign_add assign_sub",
    "it is a number already": "eval value",
})  # fmt: skip
"""Of the learning rate."""


class Array(np.ndarray):
    """A NumPy array, which has its numbers as a plain one too: ``model(x).numpy()``, ``layer.kernel.numpy()``."""

    name: str | None = None
    """Of a weight: "kernel" or "bias", for instance, as in Keras."""

    def numpy(self) -> Any:
        """The same numbers as a plain array; one alone as a number of NumPy's, as in TensorFlow."""
        return np.asarray(self)[()]

    def __getitem__(self, part: Any) -> Any:
        """One number has ``.numpy()`` too: ``labels[0].numpy()``."""
        found = super().__getitem__(part)
        return found if isinstance(found, np.ndarray) else answer(found)

    def __hash__(self) -> int:  # type: ignore[override]
        """One number's, which may name something in a dictionary."""
        if self.ndim:
            raise TypeError(f"unhashable: an array of shape {self.shape}")
        return hash(self.item())

    def __getattr__(self, name: str) -> Any:
        refuse_attribute(name, MISSING)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class Number(float):
    """A float that gives its number to who asks for it, too: ``optimizer.learning_rate.numpy()``. Where it is an
    optimiser's, ``assign`` sets that; a copy is a number and no more.
    """

    _optimizer: Any = None

    @classmethod
    def of(cls, optimizer: Any, number: float) -> "Number":
        """``number``, which is the learning rate of ``optimizer``."""
        made = cls(number)
        made._optimizer = optimizer
        return made

    def numpy(self) -> np.float32:
        return np.float32(self)

    def assign(self, value: float) -> "Number":
        """``optimizer.learning_rate = value``, as Keras's variables spell it; returns the new one. Raises
        ``ValueError`` for a value that is no learning rate, and for a copy, which no optimiser looks at.
        """
        if self._optimizer is None:
            raise ValueError(f"assign: this {float(self)} is a copy; set its own: optimizer.learning_rate = 0.001")
        self._optimizer.learning_rate = value
        return self._optimizer.learning_rate

    def __reduce__(self) -> tuple[Any, ...]:
        return Number, (float(self),)

    def __copy__(self) -> "Number":
        return Number(self)

    def __deepcopy__(self, memo: Any) -> "Number":
        return Number(self)

    def __getattr__(self, name: str) -> Any:
        refuse_attribute(name, NUMBER_MISSING)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def answer(numbers: Any, name: str | None = None) -> Array:
    """``numbers`` as an ``Array``, in the same memory."""
    array = np.asarray(numbers).view(Array)
    if name is not None:
        array.name = name
    return array
