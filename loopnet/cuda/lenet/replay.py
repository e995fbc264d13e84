"""Launches recorded once and replayed: a CUDA graph, which costs the host one call however many kernels are in it.

Numba launches a kernel on whatever stream stands in its brackets, and takes a ``GraphBuilder`` of ``cuda.core`` for
one: between ``begin_building`` and ``end_building`` the launches are noted down and not run. What is recorded must
neither take memory nor wait for the device; kernels are compiled and loaded beforehand, by running them.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..device import SIMULATED


class Replay:
    """Calls ``launch(stream)``, which launches kernels on a stream, and from the third time on replays a graph of it.

    The graph holds addresses: ``launch`` has to keep its arrays. Where no graph can be recorded, with an older driver
    or library say, it goes on launching, and warns once; ``why_not`` then says what was missing.
    """

    def __init__(self, launch: Callable[[Any], None]):
        self._launch, self._calls = launch, 0
        self._graph: Any = None
        self.why_not = "the simulator has no graphs" if SIMULATED else ""

    @property
    def recorded(self) -> bool:
        return self._graph is not None

    def __call__(self) -> None:
        self._calls += 1
        if self._calls > 2 and not self.recorded and not self.why_not:
            self._record()
        if self._graph is not None:
            self._graph.launch(self._stream)
        else:
            self._launch(0)

    def _record(self) -> None:
        try:
            graph, self._stream = _graph_of(self._launch)
        except Exception as error:  # what is not there is a different error for each version of driver and library
            self.why_not = f"{type(error).__name__}: {' '.join(str(error).split())}"
            warnings.warn(
                f"cuda_fused: no CUDA graph could be recorded ({self.why_not}); "
                "the kernels are launched one by one instead, which takes the host longer",
                RuntimeWarning, stacklevel=2,
            )  # fmt: skip
        else:
            self._graph = graph


def _graph_of(launch: Callable[[Any], None]) -> tuple[Any, Any]:
    """The graph, and the stream to replay it on: the one that Numba means by 0, so that nothing overtakes anything."""
    from cuda.core import Device, Stream

    device = Device()  # that of the context which Numba has made current
    device.set_current()
    builder = device.create_graph_builder()
    builder.begin_building()
    try:
        launch(builder)
    except Exception:
        with suppress(Exception):  # the first error is the one to be told
            builder.end_building()
        raise
    return builder.end_building().complete(), Stream.from_handle(0)
