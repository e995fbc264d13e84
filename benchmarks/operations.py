"""Each operation as something to be checked and timed: drawn inputs, one call on a rung, the oracle's answer.

A class for each family of operations holds one size. All of them have

    operations    the names of what can be asked of it
    draw()        inputs, as plain NumPy arrays
    work(...)     the same inputs in a rung's memory: a call to be timed, and the answers it left
    expect(...)   the oracle's answers
    macs(...)     multiply-adds of the definition; 0 where there are none to count
    numbers(...)  how many numbers must at least be read and written
    part()        a small part of it, for the rungs that take too long over all of it

Inputs are whole quarters between -1 and 1: sums of their products are exact in float32 in any order, so that no
rounding can make another pixel win a pooling window.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from loopnet.ops import Ops

from .checking import Arrays, oracle

ONE, NONE, TWO = (1, 1), (0, 0), (2, 2)  # stride, padding, pooling window


class Work(NamedTuple):
    call: Callable[[], object]
    answers: Callable[[], Arrays]


def quarters(seed: int, **shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: (random.integers(-4, 5, size=shape) / 4).astype(np.float32) for name, shape in shapes.items()}


def unwritten(ops: Ops, shape: tuple[int, ...]) -> Any:
    """A tensor full of NaN, so that an element which a kernel forgets is found."""
    return ops.pack(np.full(shape, np.nan, np.float32))


def unwritten_weights(ops: Ops, shape: tuple[int, ...]) -> Any:
    return ops.asarray(np.full(shape, np.nan, np.float32))


@dataclass(frozen=True)
class Conv:
    """A convolution at stride 1 without padding."""

    batch: int
    height: int
    width: int
    channels: int
    filters: int
    window: int = 5
    operations: ClassVar[tuple[str, ...]] = ("conv2d_forward", "conv2d_backward_input", "conv2d_backward_weights")

    @property
    def x(self) -> tuple[int, ...]:
        return self.batch, self.height, self.width, self.channels

    @property
    def w(self) -> tuple[int, ...]:
        return self.window, self.window, self.channels, self.filters

    @property
    def y(self) -> tuple[int, ...]:
        return self.batch, self.height - self.window + 1, self.width - self.window + 1, self.filters

    def macs(self, operation: str) -> int:
        return prod(self.y) * self.window**2 * self.channels

    def __str__(self) -> str:
        side = f"{self.window}x{self.window}"
        return f"{self.batch} images {self.height}x{self.width}x{self.channels}, {self.filters} filters {side}"

    def part(self) -> "Conv":
        return replace(self, batch=1)

    def numbers(self, operation: str) -> int:
        return prod(self.x) + prod(self.w) + prod(self.y)

    def draw(self) -> dict[str, np.ndarray]:
        return quarters(3, x=self.x, w=self.w, b=(self.filters,), dy=self.y)

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        w, b = ops.asarray(given["w"]), ops.asarray(given["b"])
        x, dy = ops.pack(given["x"]), ops.pack(given["dy"])
        if operation == "conv2d_forward":
            y = unwritten(ops, self.y)
            return Work(lambda: ops.conv2d_forward(x, w, b, y, ONE, NONE), lambda: {"y": ops.to_host(y, self.y)})
        if operation == "conv2d_backward_input":
            dx = unwritten(ops, self.x)
            return Work(
                lambda: ops.conv2d_backward_input(dy, w, dx, ONE, NONE), lambda: {"dx": ops.to_host(dx, self.x)}
            )
        dw, db = unwritten_weights(ops, self.w), unwritten_weights(ops, (self.filters,))
        return Work(
            lambda: ops.conv2d_backward_weights(dy, x, dw, db, ONE, NONE),
            lambda: {"dw": np.asarray(dw), "db": np.asarray(db)},
        )

    def expect(self, operation: str, given: Arrays) -> Arrays:
        x, w, b, dy = (given[name] for name in ("x", "w", "b", "dy"))
        if operation == "conv2d_forward":
            return {"y": oracle().conv2d_forward(x, w, b, ONE, NONE, self.y[1:3])}
        if operation == "conv2d_backward_input":
            return {"dx": oracle().conv2d_backward_input(dy, w, self.x, ONE, NONE)}
        dw, db = oracle().conv2d_backward_weights(dy, x, self.w[:2], ONE, NONE)
        return {"dw": dw, "db": db}


@dataclass(frozen=True)
class ConvReluPool(Conv):
    """Convolution, ReLU and 2x2 max pooling in a row: fused where the rung can, else one after the other.

    Backward, pooling and ReLU are one operation; the convolution's own two follow and are ``Conv``'s.
    """

    operations: ClassVar = ("conv2d_relu_pool_forward", "relu_pool_backward")

    @property
    def pooled(self) -> tuple[int, ...]:
        return self.batch, self.y[1] // 2, self.y[2] // 2, self.filters

    def macs(self, operation: str) -> int:
        return 0 if operation == "relu_pool_backward" else super().macs(operation)

    def numbers(self, operation: str) -> int:
        if operation == "relu_pool_backward":
            return 2 * prod(self.pooled) + prod(self.y)
        return prod(self.x) + prod(self.w) + prod(self.pooled)

    def draw(self) -> dict[str, np.ndarray]:
        return quarters(4, x=self.x, w=self.w, b=(self.filters,), dy=self.pooled)

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        w, b = ops.asarray(given["w"]), ops.asarray(given["b"])
        x, dy = ops.pack(given["x"]), ops.pack(given["dy"])
        y, dz = unwritten(ops, self.pooled), unwritten(ops, self.y)
        run = self._fused if ops.conv2d_relu_pool_forward else self._one_by_one
        forward, backward = run(ops, x, w, b, y, dy, dz)
        if operation == "conv2d_relu_pool_forward":
            return Work(forward, lambda: {"y": ops.to_host(y, self.pooled)})
        forward()  # finds the winners, which the backward pass needs
        return Work(backward, lambda: {"dz": ops.to_host(dz, self.y)})

    def _fused(self, ops: Ops, x: Any, w: Any, b: Any, y: Any, dy: Any, dz: Any) -> tuple:
        winner = ops.empty(self.pooled, np.int8)
        forward, backward = (getattr(ops, name) for name in self.operations)
        return lambda: forward(x, w, b, y, winner), lambda: backward(dy, winner, dz)

    def _one_by_one(self, ops: Ops, x: Any, w: Any, b: Any, y: Any, dy: Any, dz: Any) -> tuple:
        winner, rectified = ops.empty(self.pooled, np.int32), unwritten(ops, self.y)

        def forward() -> None:
            ops.conv2d_forward(x, w, b, rectified, ONE, NONE)
            ops.relu_forward(rectified, rectified)
            ops.max_pool2d_forward(rectified, y, winner, TWO, TWO, NONE)

        def backward() -> None:
            ops.max_pool2d_backward(dy, winner, dz, TWO, TWO, NONE)
            ops.relu_backward(dz, rectified, dz)

        return forward, backward

    def expect(self, operation: str, given: Arrays) -> Arrays:
        convolved = oracle().conv2d_forward(given["x"], given["w"], given["b"], ONE, NONE, self.y[1:3])
        rectified = oracle().relu_forward(convolved)
        y, winner = oracle().max_pool2d_forward(rectified, TWO, TWO, NONE, self.pooled[1:3])
        if operation == "conv2d_relu_pool_forward":
            return {"y": y}
        dz = oracle().max_pool2d_backward(given["dy"], winner, self.y, TWO, TWO, NONE)
        return {"dz": oracle().relu_backward(dz, rectified)}


@dataclass(frozen=True)
class Pool:
    """2x2 max pooling at stride 2."""

    batch: int
    height: int
    width: int
    channels: int
    operations: ClassVar = ("max_pool2d_forward", "max_pool2d_backward")

    @property
    def x(self) -> tuple[int, ...]:
        return self.batch, self.height, self.width, self.channels

    @property
    def y(self) -> tuple[int, ...]:
        return self.batch, self.height // 2, self.width // 2, self.channels

    def __str__(self) -> str:
        return f"{self.batch} images {self.height}x{self.width}x{self.channels}, 2x2"

    def macs(self, operation: str) -> int:
        return 0

    def part(self) -> "Pool":
        return replace(self, batch=1)

    def numbers(self, operation: str) -> int:
        return prod(self.x) + 2 * prod(self.y)

    def draw(self) -> dict[str, np.ndarray]:
        return quarters(5, x=self.x, dy=self.y)

    def work(self, ops: Ops, operation: str, given: Arrays) -> Work:
        x, dy = ops.pack(given["x"]), ops.pack(given["dy"])
        y, winner, dx = unwritten(ops, self.y), ops.empty(self.y, np.int32), unwritten(ops, self.x)

        def forward() -> None:
            ops.max_pool2d_forward(x, y, winner, TWO, TWO, NONE)

        if operation == "max_pool2d_forward":
            return Work(forward, lambda: {"y": ops.to_host(y, self.y), "winner": ops.to_host(winner, self.y)})
        forward()
        return Work(
            lambda: ops.max_pool2d_backward(dy, winner, dx, TWO, TWO, NONE), lambda: {"dx": ops.to_host(dx, self.x)}
        )

    def expect(self, operation: str, given: Arrays) -> Arrays:
        y, winner = oracle().max_pool2d_forward(given["x"], TWO, TWO, NONE, self.y[1:3])
        if operation == "max_pool2d_forward":
            return {"y": y, "winner": winner}
        return {"dx": oracle().max_pool2d_backward(given["dy"], winner, self.x, TWO, TWO, NONE)}
