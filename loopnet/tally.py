"""What people read of a pass over a data set: the mean loss and the metrics of the images seen so far.

They are added up on the host, batch by batch. Where the host cannot look at a batch without waiting for a device
(``Ops.on_device``), losses and outputs are set aside in the device's memory instead, and fetched, all at once, when
somebody reads the numbers: at the end of the pass, or a few times a second for a progress bar. The sums are the same.
"""

from collections import UserDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .batches import Batch
from .callbacks import Logs
from .metrics import Metric, Own, names
from .ops import Ops, Tensor


class Tally:
    """The sums of one pass over data; ``metrics`` look at outputs of ``shape`` an image.

    count: how many images there are at most; None if nobody knows, and then a device is waited for at each batch.
    room: memory on the device, used again by the next pass over as many images.
    """

    def __init__(self, ops: Ops, count: int | None, metrics: Sequence[Metric], shape: tuple[int, ...], room: dict):
        self.ops, self.count, self.metrics = ops, count, metrics
        self._shape, self._room = shape, room
        self._loss, self._names, self._sums = 0.0, names(metrics), [np.zeros(()) for _ in metrics]
        """The sum of the losses, and the sums of each metric."""
        self._seen = self._added = 0
        """How many images there were, and how many of them are in the totals."""
        self._set_aside: list[_SetAside] = []
        """The batches that are not, in their order."""
        self._batches = self._shares = self._most = 0
        """How many batches there were, how many numbers are the penalties of each, and how many batches there can be.
        """

    def add(self, batch: Batch, outputs: Tensor, losses: Tensor, penalties: Tensor | None = None) -> None:
        """A batch, with outputs and one loss for each of its images. penalties: what the weights add, in sum, to the
        mean loss of the batch, whatever weights its images have.
        """
        images = batch.picked.size
        if self.ops.on_device and self.count is not None:
            self._keep("losses", losses, (), self.count, self._seen, images)
            if self.metrics:
                self._keep("outputs", outputs, self._shape, self.count, self._seen, images)
            if penalties is not None:
                self._shares, self._most = penalties.size, self._most or -(-self.count // images)
                row = penalties.reshape(1, self._shares)
                self._keep("penalties", row, (self._shares,), self._most, self._batches, 1)
            self._set_aside.append(_SetAside(batch))
        else:
            on_host = self.ops.to_host(outputs, (images, *self._shape)) if self.metrics else None
            if penalties is not None and self.ops.on_device:
                penalties = self.ops.to_host(penalties, (penalties.size,))
            self._add_up(batch, on_host, self.ops.to_host(losses, (images,)), penalties)
        self._seen += images
        self._batches += 1

    def _keep(self, what: str, tensor: Tensor, shape: tuple[int, ...], rows: int, first: int, count: int) -> None:
        """Copy a batch behind those before it, on the device: there are so many rows, and it fills ``count`` from the
        ``first``.
        """
        if ("of all", what, rows) not in self._room:
            self._room["of all", what, rows] = self.ops.empty((rows, *shape), tensor.dtype)
        kept = self._room["of all", what, rows]
        self.ops.reshape(tensor, kept[first : first + count])

    def _add_up(
        self, batch: Batch, outputs: np.ndarray | None, losses: np.ndarray, penalties: np.ndarray | None
    ) -> None:
        data, picked, _ = batch
        if penalties is not None:
            self._loss += picked.size * float(penalties.sum(dtype=np.float64))
        if data.sample_weight is not None:
            losses = losses * data.sample_weight[picked]
        self._loss += float(losses.sum(dtype=np.float64))
        for at, metric in enumerate(self.metrics):
            assert outputs is not None and data.labels is not None and data.given is not None
            own = isinstance(metric, Own)
            labels = (data.given if own else data.labels).take(picked, axis=0)
            self._sums[at] = self._sums[at] + metric.sums(outputs, labels if own else labels.reshape(outputs.shape))
        self._added += picked.size

    def _fetch(self) -> None:
        """Add up what is set aside, all of it fetched at once."""
        if not self._set_aside:
            return
        first, count = self._added, self._seen - self._added
        assert self.count is not None
        losses = self._from_device("losses", self.count, first, (count,))
        outputs = self._from_device("outputs", self.count, first, (count, *self._shape)) if self.metrics else None
        penalties: Any = [None] * len(self._set_aside)
        if self._shares:
            shape = len(self._set_aside), self._shares
            penalties = self._from_device("penalties", self._most, self._batches - shape[0], shape)
        for kept, of_weights in zip(self._set_aside, penalties, strict=True):
            rows = slice(self._added - first, self._added - first + kept.batch.picked.size)
            self._add_up(kept.batch, None if outputs is None else outputs[rows], losses[rows], of_weights)
            if kept.logs is not None:
                kept.logs.contents = self._means()
        self._set_aside = []

    def _from_device(self, what: str, rows: int, first: int, shape: tuple[int, ...]) -> np.ndarray:
        kept = self._room["of all", what, rows]
        return self.ops.to_host(kept[first : first + shape[0]], shape)

    def so_far(self) -> Logs:
        """The means after the last batch; worked out when they are read."""
        if not self._set_aside:
            return self._means()
        self._set_aside[-1].logs = logs = _WhenRead(self._fetch)
        return logs  # type: ignore[return-value]

    def _means(self) -> Logs:
        """The means over the images in the totals."""
        numbers = {name: m.of_sums(s) for name, m, s in zip(self._names, self.metrics, self._sums, strict=False)}
        return {"loss": self._loss / self._added, **dict.fromkeys(self._names, 0.0), **numbers}

    def finish(self) -> Logs:
        """The means over all images seen."""
        self._fetch()
        return self._means()


class _WhenRead(UserDict):
    """A dictionary whose contents are fetched when somebody looks."""

    def __init__(self, fetch: Callable[[], None]):
        self._fetch = fetch
        self.contents: Logs | None = None

    @cached_property
    def data(self) -> Logs:  # type: ignore[override]
        if self.contents is None:
            self._fetch()
        assert self.contents is not None
        return self.contents


@dataclass
class _SetAside:
    """A batch on the device, and the logs after it if somebody has been given them."""

    batch: Batch
    logs: _WhenRead | None = None
