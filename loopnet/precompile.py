"""Compile a network's loops on several cores, when they are compiled at all: at the first training on a machine.

Numba compiles one function at a time, however many threads a process has. But what it has compiled it files on disk,
and it takes from there what another process has filed. So ``with_helpers`` starts processes as soon as a loop has to
be compiled. A helper builds the same network, goes through one step of training in which no loop runs, only notes
down what is called with which types of arguments, and compiles that from the last loop to the first, while the
training itself needs them from the first to the last. Who begins with a loop claims it; who needs a claimed one waits.

Nothing depends on a helper. Where none can be started, or it fails (it does not know a layer of your own), or it is
ended, the training compiles what is left, as it would have done alone.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba.core import event
from numba.core.dispatcher import Dispatcher

from . import losses, optimizers, saving
from .batches import Batch, Batches
from .layers import LAYERS, Input
from .ops import CPU_BACKENDS, Ops, get_ops

if TYPE_CHECKING:
    from .model import Sequential

MOST = 3
"""Helpers, each of them a process of some 200 MB: there are about two dozen loops, and a few take most of the time."""

PATIENCE = 60.0
"""Seconds to wait for a loop that a helper compiles; then it is compiled here as well."""


class Claims:
    """Who compiles what: a folder with an empty file for each loop that is claimed, and one for each that is done."""

    def __init__(self, folder: str | Path):
        self.folder, self.own = Path(folder), set[str]()

    def take(self, loop: str) -> bool:
        """False if another process was first. True where that cannot be known: better compiled twice than never."""
        try:
            (self.folder / loop).touch(exist_ok=loop in self.own)
        except FileExistsError:
            return False
        except OSError:
            pass
        self.own.add(loop)
        return True

    def finish(self, loop: str) -> None:
        (self.folder / f"{loop}.done").touch()

    def is_done(self, loop: str) -> bool:
        return (self.folder / f"{loop}.done").exists()


def _name(dispatcher: Any, signature: Any) -> str:
    """A loop and the types of its arguments, as the name of a file."""
    function = dispatcher.py_func
    return hashlib.sha256(f"{function.__module__}.{function.__qualname__}{signature}".encode()).hexdigest()


_compile = Dispatcher.compile


@contextmanager
def _instead_of_compiling(action: Callable[[Any, Any], Any]) -> Iterator[None]:
    """What Numba does in this block when a loop is called that is not in memory: Numba itself has no such hook."""
    setattr(Dispatcher, "compile", lambda dispatcher, signature: action(dispatcher, signature))  # noqa: B010
    try:
        yield
    finally:
        setattr(Dispatcher, "compile", _compile)  # noqa: B010


# ---- in the process that trains

_one_team = threading.Lock()


@contextmanager
def with_helpers(model: "Sequential", batch: Batch) -> Iterator[None]:
    """Helpers for whatever has to be compiled in this block, in which ``model`` is trained on batches like this."""
    helpers = min(numba.config.NUMBA_NUM_THREADS - 1, MOST)
    if not _can_be_helped(model._backend) or helpers < 1 or not _one_team.acquire(blocking=False):
        yield
        return
    team = _Team(lambda: _job(model, batch), helpers)
    try:
        with _instead_of_compiling(team.compile), event.install_listener("numba:compile", team):
            yield
    finally:
        team.dismiss()
        _one_team.release()


def _can_be_helped(rung: Ops) -> bool:
    """Whether Numba compiles the rung's loops for a CPU, a helper knows them, and Python can be started."""
    compiled = rung.name in CPU_BACKENDS and rung.name != "python" and not numba.config.DISABLE_JIT
    return compiled and get_ops(rung.name) is rung and not getattr(sys, "frozen", False)


def _job(model: "Sequential", batch: Batch) -> dict[str, Any]:
    """What a helper has to know, so that its arrays are of the same types."""
    data = batch.data
    assert model.optimizer is not None and model.loss is not None and data._targets is not None
    return {
        "backend": model._backend.name,
        "dtype": model.dtype.name,
        "input_shape": model.input_shape[1:],
        "layers": saving.describe_layers(model),
        "optimizer": model.optimizer.config(),
        "loss": model.loss.config(),
        "images": batch.picked.size,
        "targets": data._targets.shape[1:],
        "weighted": data.sample_weight is not None,
        "writable": (data._x.flags.writeable, data._targets.flags.writeable),
    }


class _Team(event.Listener):
    """The process that trains, and its helpers, once there is something to compile."""

    def __init__(self, job: Callable[[], dict[str, Any]], size: int):
        self.job, self.size, self.started = job, size, False
        self.claims: Claims | None = None
        self.helpers: list[subprocess.Popen] = []

    def on_start(self, event: event.Event) -> None:
        if not self.started:
            self.started = True
            with suppress(Exception):  # no folder, no process, a layer that JSON cannot tell
                self._start(_name(event.data["dispatcher"], event.data["args"]))

    def on_end(self, event: event.Event) -> None:
        pass

    def _start(self, loop: str) -> None:
        """Start the helpers, and claim the loop that is being compiled already."""
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
        self._folder = tempfile.TemporaryDirectory(prefix="loopnet_", ignore_cleanup_errors=True)
        self.claims = Claims(self._folder.name)
        self.claims.take(loop)
        job = json.dumps({**self.job(), "claims": self._folder.name})
        for _ in range(self.size):
            helper = subprocess.Popen(
                command, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self.helpers.append(helper)
            assert helper.stdin is not None
            helper.stdin.write(job)
            helper.stdin.close()

    def compile(self, dispatcher: Any, signature: Any) -> Any:
        """Take the place of ``dispatcher.compile``, which looks on the disk first."""
        if self.claims is None:
            return _compile(dispatcher, signature)
        loop = _name(dispatcher, signature)
        if not self.claims.take(loop):
            self._wait(loop)
        return _compile(dispatcher, signature)

    def _wait(self, loop: str) -> None:
        assert self.claims is not None
        until = time.monotonic() + PATIENCE
        while not self.claims.is_done(loop) and time.monotonic() < until:
            if all(helper.poll() is not None for helper in self.helpers):
                return
            time.sleep(0.01)

    def dismiss(self) -> None:
        for helper in self.helpers:
            helper.kill()
            helper.wait()
        if self.claims is not None:
            self._folder.cleanup()


# ---- in a helper


def loops_of_a_step(job: dict[str, Any]) -> list[tuple[Any, Any]]:
    """The compiled loops that one step of training calls, each with its types of arguments, in their order."""
    from .model import Sequential

    model = Sequential([Input(job["input_shape"])], dtype=job["dtype"])
    for arguments in job["layers"]:
        layer, makers = LAYERS[arguments.pop("class")], saving.makers_in(model, arguments)
        model._put(layer(**arguments), makers)
    model.compile(optimizers.get(job["optimizer"]), losses.get(job["loss"]), backend=job["backend"])
    x = np.zeros((job["images"], *job["input_shape"]), job["dtype"])
    targets = np.zeros((job["images"], *job["targets"]), job["dtype"])
    weight = np.ones(job["images"]) if job["weighted"] else None
    for array, writable in zip((x, targets), job["writable"], strict=True):
        array.flags.writeable = writable

    called: dict[tuple[Any, Any], None] = {}

    def note(dispatcher: Any, signature: Any) -> Callable[..., None]:
        called[dispatcher, signature] = None
        return lambda *arguments: None

    with _instead_of_compiling(note):
        data = Batches(model._ready(), x, targets, None, weight, model._room, model._door())
        model._train(*data.load(model._ready().asarray(np.arange(job["images"]))), images=job["images"])
    return list(called)


def main() -> None:
    """Be a helper; the job comes through standard input."""
    job, parent = json.load(sys.stdin), os.getppid()
    claims = Claims(job["claims"])
    for dispatcher, signature in reversed(loops_of_a_step(job)):
        if os.getppid() != parent:
            return  # whoever wanted it is gone
        loop = _name(dispatcher, signature)
        if claims.take(loop):
            dispatcher.compile(signature)
            claims.finish(loop)
