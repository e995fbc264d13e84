"""The one table that says which kernel runs for which operation on which rung.

A layer never names a kernel; it asks its ``ops``. To train a network with a loop of your own, put it in the table:

    import dataclasses, loopnet
    ops = dataclasses.replace(loopnet.get_ops("parallel"), conv2d_forward=my_conv)
    model.compile("adam", loss, backend=ops)
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np

from .kernels import activation, batch, conv2d, dense, loss, optimizer, pool, reshape, softmax
from .rungs import compile_rung

Kernel = Callable[..., None]
Tensor = Any  # what flows between layers; only the table knows how a rung lays it out in memory


@dataclass(frozen=True)
class Ops:
    """Every operation of one rung. Signatures are the kernels' own (see :mod:`loopnet.kernels`)."""

    name: str

    gather: Kernel
    conv2d_forward: Kernel
    conv2d_backward_input: Kernel
    conv2d_backward_weights: Kernel
    max_pool2d_forward: Kernel
    max_pool2d_backward: Kernel
    dense_forward: Kernel
    dense_backward_input: Kernel
    dense_backward_weights: Kernel
    relu_forward: Kernel
    relu_backward: Kernel
    flatten_forward: Kernel
    flatten_backward: Kernel
    softmax_forward: Kernel
    softmax_cross_entropy: Kernel
    cross_entropy: Kernel
    sigmoid_cross_entropy: Kernel
    binary_cross_entropy: Kernel
    mean_squared_error: Kernel
    sgd_update: Kernel
    rmsprop_update: Kernel
    adam_update: Kernel
    adamw_update: Kernel

    # fused operations: None on a rung that has none, and then each layer runs by itself (see plan.py)
    conv2d_relu_pool_forward: Kernel | None = None
    relu_pool_backward: Kernel | None = None

    # memory
    asarray: Callable[[np.ndarray], Any] = np.ascontiguousarray
    """A host array into this rung's memory, laid out as it is: data sets, parameters, indices."""
    empty: Callable[..., Tensor] = np.empty
    """``empty(shape, dtype)``: room for a tensor of that shape, first axis the batch; contents undefined."""
    images: Callable[[Tensor], int] = len
    """How many images a tensor has room for."""
    to_host: Callable[[Tensor, tuple[int, ...]], np.ndarray] = lambda tensor, shape: tensor[: shape[0]].copy()
    """``to_host(tensor, shape)``: a plain NumPy copy of the batch that the shape says."""

    def pack(self, array: np.ndarray) -> Tensor:
        """A host array (batch first) as a tensor of this rung."""
        array = np.ascontiguousarray(array)
        packed = self.empty(array.shape, array.dtype)
        self.gather(self.asarray(array), self.asarray(np.arange(len(array))), packed)
        return packed


# operation -> its textbook loop: what the rungs "python", "literal" and "parallel" have in common
TEXTBOOK: dict[str, Any] = {
    "gather": batch.gather,
    "conv2d_forward": conv2d.conv2d_forward,
    "conv2d_backward_input": conv2d.conv2d_backward_input,
    "conv2d_backward_weights": conv2d.conv2d_backward_weights,
    "max_pool2d_forward": pool.max_pool2d_forward,
    "max_pool2d_backward": pool.max_pool2d_backward,
    "dense_forward": dense.dense_forward,
    "dense_backward_input": dense.dense_backward_input,
    "dense_backward_weights": dense.dense_backward_weights,
    "relu_forward": activation.relu_forward,
    "relu_backward": activation.relu_backward,
    "flatten_forward": reshape.flatten_forward,
    "flatten_backward": reshape.flatten_backward,
    "softmax_forward": softmax.softmax_forward,
    "softmax_cross_entropy": softmax.softmax_cross_entropy,
    "cross_entropy": loss.cross_entropy,
    "sigmoid_cross_entropy": loss.sigmoid_cross_entropy,
    "binary_cross_entropy": loss.binary_cross_entropy,
    "mean_squared_error": loss.mean_squared_error,
    "sgd_update": optimizer.sgd_update,
    "rmsprop_update": optimizer.rmsprop_update,
    "adam_update": optimizer.adam_update,
    "adamw_update": optimizer.adamw_update,
}


def _python() -> Ops:
    """The textbook loops, run by Python: slow, and what the stepper steps through."""
    return Ops(name="python", **TEXTBOOK)


def _literal() -> Ops:
    """The same source, compiled: one core, every operation in the order it is written."""
    loops = {name: compile_rung(kernel, "literal") for name, kernel in TEXTBOOK.items()}
    return Ops(name="literal", **loops)


def _parallel() -> Ops:
    """The same source, compiled, with the outermost loop (``prange``) shared among the cores."""
    loops = {name: compile_rung(kernel, "parallel", parallel=True) for name, kernel in TEXTBOOK.items()}
    return Ops(name="parallel", **loops)


def _tuned() -> Ops:
    """Loops over many images side by side, tiled and fused; what has no tuned kernel of its own is the parallel
    rung's.
    """
    from .kernels.tuned import table

    shared = {name: getattr(get_ops("parallel"), name) for name in TEXTBOOK}
    turned = {name: _over_lanes(shared[name]) for name in LOSSES}
    return Ops(name="tuned", **{**shared, **turned, **table.KERNELS}, **table.MEMORY)


# losses whose textbook loop the tuned rung runs too: a few numbers an image, too few for a loop of its own to pay
LOSSES = ("cross_entropy", "sigmoid_cross_entropy", "binary_cross_entropy", "mean_squared_error")


def _over_lanes(kernel: Kernel) -> Kernel:
    """A loss for outputs stored [output][image]: the same loop is handed views with the axes turned round."""

    def run(outputs: Tensor, targets: Tensor, weight: Tensor, losses: Tensor, doutputs: Tensor) -> None:
        kernel(outputs.T, targets.T, weight, losses, doutputs.T)

    return run


RUNGS = {"python": _python, "literal": _literal, "parallel": _parallel, "tuned": _tuned}
BACKENDS = tuple(RUNGS)
DEFAULT_BACKEND = "tuned"

OPERATIONS = tuple(f.name for f in fields(Ops) if f.type in (Kernel, Kernel | None))


@cache
def _rung(name: str) -> Ops:
    return RUNGS[name]()


def get_ops(backend: str | Ops) -> Ops:
    """The operations of a rung by name, or ``backend`` itself if it already is an :class:`Ops`.

    Raises ``ValueError`` for a name that is not in :data:`BACKENDS`.
    """
    if isinstance(backend, Ops):
        return backend
    if backend not in RUNGS:
        raise ValueError(f"unknown backend {backend!r}; expected one of {', '.join(BACKENDS)}")
    return _rung(backend)
