"""Launches recorded once and replayed: a CUDA graph, which costs the host one call however many kernels are in it."""

from collections.abc import Callable
from typing import Any

from ..device import SIMULATED


class Replay:
    """Calls ``launch(stream)``, which launches kernels on a stream, and from the third time on replays a graph of it.

    The first call compiles the kernels. Where no graph can be recorded, an older driver say, it goes on calling;
    ``why_not`` then says what was missing.
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
            from cuda.core import Device

            device = Device()
            device.set_current()
            builder = device.create_graph_builder()
            builder.begin_building()
            try:
                self._launch(builder)
            finally:
                builder.end_building()
            graph = builder.complete()
            self._stream = device.default_stream  # Numba's own, so that nothing overtakes anything
        except Exception as error:  # what is not there is a different error for each version of driver and library
            self.why_not = f"{type(error).__name__}: {error}"
        else:
            self._graph = graph
