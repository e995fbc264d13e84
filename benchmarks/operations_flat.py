"""The operations without a window, in the form that ``operations.py`` describes: dense, softmax, optimisers."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from loopnet.ops import Ops

from .checking import Arrays, oracle
from .operations import Work, quarters, unwritten, unwritten_weights


@dataclass(frozen=True)
class Dense:
    batch: int
    inputs: int
    units: int
    operations: ClassVar = ("dense_forward", "dense_backward_input", "dense_backward_weights")

    def macs(self, operation: str) -> int:
        return self.batch * self.inputs * self.units

    def __str__(self) -> str:
        return f"{self.batch} images, {self.inputs} to {self.units}"

    def part(self) -> "Dense":
        return replace(self, batch=1)

    def numbers(self, operation: str) -> int:
        return self.batch * (self.inputs + self.units) + self.inputs * self.units

    def draw(self) -> dict[str, np.ndarray]:
        x, y = (self.batch, self.inputs), (self.batch, self.units)
        return quarters(6, x=x, w=(self.inputs, self.units), b=(self.units,), dy=y)

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        x, dy = ops.pack(given["x"]), ops.pack(given["dy"])
        w, b = ops.asarray(given["w"]), ops.asarray(given["b"])
        if operation == "dense_forward":
            y = unwritten(ops, given["dy"].shape)
            return Work(lambda: ops.dense_forward(x, w, b, y), lambda: {"y": ops.to_host(y, given["dy"].shape)})
        if operation == "dense_backward_input":
            dx = unwritten(ops, given["x"].shape)
            return Work(lambda: ops.dense_backward_input(dy, w, dx), lambda: {"dx": ops.to_host(dx, given["x"].shape)})
        dw, db = unwritten_weights(ops, given["w"].shape), unwritten_weights(ops, (self.units,))
        return Work(
            lambda: ops.dense_backward_weights(dy, x, dw, db), lambda: {"dw": np.asarray(dw), "db": np.asarray(db)}
        )

    def expect(self, operation: str, given: Arrays) -> Arrays:
        if operation == "dense_forward":
            return {"y": oracle().dense_forward(given["x"], given["w"], given["b"])}
        if operation == "dense_backward_input":
            return {"dx": oracle().dense_backward_input(given["dy"], given["w"])}
        dw, db = oracle().dense_backward_weights(given["dy"], given["x"])
        return {"dw": dw, "db": db}


@dataclass(frozen=True)
class Softmax:
    batch: int
    classes: int = 10
    operations: ClassVar = ("softmax_cross_entropy",)

    def __str__(self) -> str:
        return f"{self.batch} images, {self.classes} classes"

    def macs(self, operation: str) -> int:
        return 0

    def part(self) -> "Softmax":
        return replace(self, batch=1)

    def numbers(self, operation: str) -> int:
        return self.batch * (3 * self.classes + 2)

    def draw(self) -> dict[str, np.ndarray]:
        random = np.random.default_rng(7)
        labels = random.integers(self.classes, size=self.batch)
        return {
            "logits": random.standard_normal((self.batch, self.classes)).astype(np.float32),
            "targets": np.eye(self.classes, dtype=np.float32)[labels],
            "weight": np.full(self.batch, 1 / self.batch, np.float32),
        }

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        logits, targets, weight = (ops.pack(given[name]) for name in ("logits", "targets", "weight"))
        shape = given["logits"].shape
        losses, dlogits = unwritten(ops, shape[:1]), unwritten(ops, shape)
        return Work(
            lambda: ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits),
            lambda: {"losses": ops.to_host(losses, shape[:1]), "dlogits": ops.to_host(dlogits, shape)},
        )

    def expect(self, operation: str, given: Arrays) -> Arrays:
        losses, dlogits = oracle().softmax_cross_entropy(given["logits"], given["targets"], given["weight"])
        return {"losses": losses, "dlogits": dlogits}


@dataclass(frozen=True)
class Optimizer:
    """One step of an optimiser over all parameters of a network; step number 3, for Adam's corrections."""

    name: str
    size: int
    slots: ClassVar = {"sgd": ("velocity",), "rmsprop": ("v",), "adam": ("m", "v")}
    constants: ClassVar[dict[str, tuple[Any, ...]]] = {
        "sgd": (0.01, 0.9, False),
        "rmsprop": (0.001, 0.9, 1e-7),
        "adam": (0.001, 0.9, 0.999, 1e-7),
    }

    @property
    def operations(self) -> tuple[str, ...]:
        return (f"{self.name}_update",)

    def __str__(self) -> str:
        return f"{self.size:,} parameters"

    def macs(self, operation: str) -> int:
        return 0

    def part(self) -> "Optimizer":
        return replace(self, size=min(self.size, 1000))

    def numbers(self, operation: str) -> int:
        return self.size * (3 + 2 * len(self.slots[self.name]))

    def draw(self) -> dict[str, np.ndarray]:
        random = np.random.default_rng(8)
        names = ("w", "dw", *self.slots[self.name])
        given = {name: random.standard_normal(self.size).astype(np.float32) for name in names}
        return {name: array**2 if name == "v" else array for name, array in given.items()}

    def _scalars(self) -> tuple[Any, ...]:
        """In float32, as a model hands them to the kernel: the oracle must not know the constants any better."""
        return tuple(value if value is False else np.float32(value) for value in self.constants[self.name])

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        arrays = {name: ops.asarray(array.copy()) for name, array in given.items()}
        scalars = self._scalars()
        if self.name == "adam":
            scalars += tuple(np.float32(1 - float(beta) ** 3) for beta in scalars[1:3])
        update = getattr(ops, operation)
        return Work(
            lambda: update(*arrays.values(), *scalars),
            lambda: {name: np.asarray(array) for name, array in arrays.items() if name != "dw"},
        )

    def expect(self, operation: str, given: Arrays) -> Arrays:
        scalars = [value if value is False else float(value) for value in self._scalars()]
        step = {"step": 3} if self.name == "adam" else {}
        answers = getattr(oracle(), self.name)(*given.values(), *scalars, **step)
        return dict(zip(("w", *self.slots[self.name]), answers, strict=True))
