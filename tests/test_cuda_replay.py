"""When launches are recorded as a CUDA graph, and what happens where none can be: with a library that only notes what
it is asked for, and, where the real one is installed, that it has what is asked for.
"""

import inspect
import sys
from types import SimpleNamespace

import pytest

from loopnet.cuda.lenet import replay
from loopnet.cuda.lenet.replay import Replay


class Library:
    """``cuda.core``, as far as it is used; ``told`` is what it was asked to do, in order."""

    def __init__(self, broken=""):
        self.told, self.broken = [], broken
        self.Device = lambda: SimpleNamespace(
            set_current=lambda: self.tell("current"), create_graph_builder=self.builder
        )
        self.Stream = SimpleNamespace(from_handle=lambda handle: f"stream {handle}")

    def tell(self, what):
        self.told.append(what)
        if what == self.broken:
            raise RuntimeError(f"{what}:\nnot supported")

    def builder(self):
        builder = SimpleNamespace(name="builder")
        graph = SimpleNamespace(launch=lambda stream: self.tell(f"replay on {stream}"))

        def begin():
            self.tell("begin")
            return builder

        def end():
            self.tell("end")
            return builder

        def complete():
            self.tell("complete")
            return graph

        builder.begin_building, builder.end_building, builder.complete = begin, end, complete
        return builder


@pytest.fixture
def card(monkeypatch):
    """A library, and a function that launches through it."""

    def with_library(library):
        monkeypatch.setitem(sys.modules, "cuda", SimpleNamespace(core=library))
        monkeypatch.setitem(sys.modules, "cuda.core", library)
        monkeypatch.setattr(replay, "SIMULATED", False)

        def launch(stream):
            library.tell("launch" if stream == 0 else f"launch on {stream.name}")

        return library.told, Replay(launch)

    return with_library


def test_two_launches_a_recording_and_replays(card):
    told, step = card(Library())
    for _ in range(5):
        step()
    recording = ["current", "begin", "launch on builder", "end", "complete"]
    assert told == ["launch", "launch", *recording, *["replay on stream 0"] * 3]
    assert step.recorded and step.why_not == ""


@pytest.mark.parametrize("broken", ["current", "begin", "launch on builder", "end", "complete"])
def test_what_cannot_be_recorded_is_launched_and_said_once(card, broken):
    told, step = card(Library(broken))
    step()
    step()
    with pytest.warns(RuntimeWarning, match=f"no CUDA graph .*RuntimeError: {broken}: not supported.*one by one"):
        step()
    step()
    launched = [what for what in told if what in ("launch", "replay on stream 0")]
    assert launched == ["launch"] * 4 and not step.recorded
    assert told[-1] == "launch" and told.count("begin") <= 1
    if broken == "launch on builder":
        assert "end" in told  # the stream is not left recording


def test_no_such_library(card, monkeypatch):
    told, step = card(Library())
    monkeypatch.setitem(sys.modules, "cuda.core", None)
    step()
    step()
    with pytest.warns(RuntimeWarning, match="ModuleNotFoundError.*one by one"):
        step()
    assert told == ["launch"] * 3


def test_the_simulator_has_no_graphs(card, monkeypatch, recwarn):
    told, _ = card(Library())
    monkeypatch.setattr(replay, "SIMULATED", True)
    step = Replay(lambda stream: told.append(stream))
    for _ in range(4):
        step()
    assert told == [0] * 4 and not recwarn.list


def test_the_library_has_what_is_asked_for():
    """The names in the fake are the real ones, and Numba launches on a builder."""
    core = pytest.importorskip("cuda.core", reason="cuda-core is not installed: pip install 'loopnet[cuda13]'")
    pytest.importorskip("numba_cuda", reason="numba-cuda is not installed: pip install 'loopnet[cuda13]'")
    from numba.cuda.cudadrv import driver

    for owner, names in (
        (core.Device, ("set_current", "create_graph_builder")),
        (core.Stream, ("from_handle",)),
        (driver.GraphBuilder, ("begin_building", "end_building", "complete", "stream")),
    ):
        for name in names:
            assert hasattr(owner, name), f"{owner.__name__}.{name}"
    assert "GraphBuilder" in inspect.getsource(driver._to_core_stream)
