"""The training step of LeNet-5 on ``cuda_fused``: what ``Sequential`` calls in place of its stages."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...optimizers.clipping import NAMES as CLIPS
from .. import device
from ..launch import flat
from ..tiled.tile import parts
from . import kernels, phases
from .replay import Replay

INITIAL = ("name", "trainable", "kernel_initializer", "bias_initializer")
"""What layers may differ in and still be LeNet-5's."""
UPDATE_THREADS = 128
UPDATE_BLOCKS = 4 if device.SIMULATED else parts(phases.PARAMETERS, UPDATE_THREADS)
"""The simulator takes as long to start a thread as to let it update a dozen parameters."""


class Step:
    """``step(x, targets, weight)`` trains on one batch and returns logits and one loss an image, in memory that is
    overwritten by the next batch of the same size.

    values: the model's parameters in one vector, which it updates. Raises ``ValueError`` unless the network is
    LeNet-5 with cross-entropy in float32, and the optimiser one of loopnet's.
    """

    def __init__(self, layers: Sequence[Any], criterion: Any, optimizer: Any, values: Any):
        _expect_lenet5(layers, criterion, optimizer, values)
        self._optimizer, self._values = optimizer, values
        self._count = _OnDevice(np.int32(optimizer.iterations))
        self._rate = _OnDevice(np.float32(optimizer.learning_rate))
        self._turned = device.empty((phases.TURNED,), np.float32)
        self.values_changed = True
        """Whether somebody else may have changed the parameters since the last batch."""
        self._room: dict[int, tuple[Any, ...]] = {}
        self._replays: dict[tuple[Any, ...], Replay] = {}

    def __call__(self, x: Any, targets: Any, weight: Any) -> tuple[Any, Any]:
        batch = int(x.shape[0])
        if batch not in self._room:
            self._room[batch] = tuple(
                device.empty(shape, np.float32)
                for shape in (
                    (batch, 10), (batch,), (batch * phases.CONVOLUTIONS,), (batch * phases.LEFT_BEHIND,),
                )
            )  # fmt: skip
        logits, losses = self._room[batch][:2]
        self._rate.set(np.float32(self._optimizer.learning_rate))
        self._count.set(np.int32(self._optimizer.iterations))  # who restores a checkpoint sets it back
        self._optimizer.iterations += 1
        self._count.there = np.int32(self._optimizer.iterations)  # the first launch counts, too
        if self.values_changed:
            kernels.turn[UPDATE_BLOCKS, UPDATE_THREADS](self._values, self._turned)
            self.values_changed = False

        key = (_address(x), _address(targets), _address(weight), batch, _constants(self._optimizer))
        if key not in self._replays:
            self._replays[key] = Replay(self._launches(x, targets, weight, batch))
        self._replays[key]()
        return logits, losses

    def _launches(self, x: Any, targets: Any, weight: Any, batch: int) -> Any:
        logits, losses, shares, left = self._room[batch]
        update = kernels.update(type(self._optimizer).__name__, _constants(self._optimizer))
        slots = [self._optimizer.state[slot] for slot in self._optimizer.slots]
        images, one_hot, outputs = flat(x), flat(targets), flat(logits)
        count, rate = self._count.array, self._rate.array

        def launch(stream: Any) -> None:
            kernels.forward_backward[batch, phases.THREADS, stream](
                images, one_hot, weight, self._values, self._turned, losses, outputs, shares, left, count
            )
            update[UPDATE_BLOCKS, UPDATE_THREADS, stream](
                shares, left, np.int32(batch), self._values, self._turned, slots[0], slots[-1], rate, count
            )

        return launch


class _OnDevice:
    """One number in the device's memory, which is sent there only when it has changed."""

    def __init__(self, value: Any):
        self.array, self.there = device.asarray(np.array([value])), value

    def set(self, value: Any) -> None:
        if value != self.there:
            self.array.copy_to_device(np.array([value]))
            self.there = value


def _constants(optimizer: Any) -> tuple[Any, ...]:
    """What else the optimiser's update needs, in the order of its arguments in ``kernels.MOVES``."""
    names = {
        "SGD": ("momentum", "nesterov"),
        "RMSprop": ("rho", "epsilon"),
        "Adam": ("beta_1", "beta_2", "epsilon"),
        "AdamW": ("beta_1", "beta_2", "epsilon", "weight_decay"),
    }[type(optimizer).__name__]
    values = (getattr(optimizer, name) for name in names)
    return tuple(value if isinstance(value, bool) else np.float32(value) for value in values)


def _address(array: Any) -> int:
    """Where the array lies; which array it is, where that is not the device's memory."""
    interface = getattr(array, "__cuda_array_interface__", None)
    return int(interface["data"][0]) if interface else id(array)


def _expect_lenet5(layers: Sequence[Any], criterion: Any, optimizer: Any, values: Any) -> None:
    from ...lenet import lenet5

    expected = lenet5()
    if _described(layers) != _described(expected.layers) or layers[0].input_shape != expected.layers[0].input_shape:
        raise ValueError(
            "backend 'cuda_fused' is made for LeNet-5 (loopnet.lenet.lenet5(), 32x32x1, ten classes) and runs no other "
            "network; given another one, use backend 'cuda'"
        )
    if not (getattr(criterion, "joins_softmax", False) and criterion.from_logits):
        raise ValueError(
            f"backend 'cuda_fused' trains with cross-entropy; given {type(criterion).__name__}, use backend 'cuda'"
        )
    if values.dtype != np.float32:
        raise ValueError(f"backend 'cuda_fused' computes in float32; given {values.dtype}, use backend 'cuda'")
    name = type(optimizer).__name__
    if name not in kernels.MOVES:
        raise ValueError(f"backend 'cuda_fused' knows {', '.join(kernels.MOVES)}; given {name}, use backend 'cuda'")
    clips = [name for name in optimizer.config() if name in CLIPS]
    if clips:
        raise ValueError(f"backend 'cuda_fused' does not clip gradients; given {clips[0]}, use backend 'cuda'")
    if name != "AdamW" and optimizer.config().get("weight_decay"):
        raise ValueError(f"backend 'cuda_fused' knows weight_decay of AdamW; given {name}'s, use backend 'cuda'")


def _described(layers: Sequence[Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each layer's class and arguments; a softmax at the end is the loss's business."""
    described = [
        (type(layer).__name__, {name: value for name, value in layer.config().items() if name not in INITIAL})
        for layer in layers
    ]
    if described and described[-1][1].get("activation") == "softmax":
        described[-1][1]["activation"] = None
    return described
