"""A learner's loop in LeNet-5: trained with it in place of ours, and put on the ladder beside ours.

The loop runs in a process of its own here too, but with Numba and all of loopnet; what comes back is what it printed
and a few numbers.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking import Verdict

TIME_LIMIT = 900  # seconds; the slowest loop that is right takes two minutes


@dataclass
class Training:
    """What came of training with the learner's loop."""

    accuracy: float
    """On the test images, of 1."""
    operation: str
    ratios: dict[str, float] = field(default_factory=dict)
    """How many times as fast as Python each rung ran the operation, and "yours"; empty without a ladder."""


def train(verdict: "Verdict", epochs: int = 3, ladder: str | Path | None = None) -> Training:
    """Train LeNet-5 on the bundled digits with the checked function in its place, and print the accuracy.

    ladder: a file for a picture of how fast the function is beside ours, in this one run. Raises ``ValueError`` if the
    exercise is not passed, if it has no place in LeNet-5, or if Numba cannot compile the function.
    """
    from .catalogue import EXERCISES

    exercise = EXERCISES[verdict.exercise]
    if not verdict.passed or verdict.submission is None:
        raise ValueError(f"{exercise.name} is not passed yet; only a loop that is right can train a network")
    if not exercise.operation:
        able = ", ".join(name for name, other in EXERCISES.items() if other.operation)
        raise ValueError(f"{exercise.name} has no place in LeNet-5; these have: {able}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    with tempfile.TemporaryDirectory() as folder:
        task = {
            "exercise": exercise.name, "function": verdict.submission.function, "epochs": epochs,
            "pieces": [asdict(piece) for piece in verdict.submission.pieces],
            "measure": ladder is not None, "result": str(Path(folder) / "result.json"),
        }  # fmt: skip
        result = _run(task)
    training = Training(**result)
    if ladder is not None:
        from ..plot.ladder import plot_ladder

        plot_ladder(training.ratios, training.operation).savefig(ladder, dpi=150)
        print(f"wrote {ladder}")
    return training


def _run(task: dict[str, Any]) -> dict[str, Any]:
    """In a process of its own; its lines are printed as they come."""
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    source = str(Path(__file__).parents[2])
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (source, kept.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", "loopnet.exercises.trainer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=kept,
    )  # fmt: skip
    watch = threading.Timer(TIME_LIMIT, process.kill)
    watch.start()
    try:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(task))
        process.stdin.close()
        for line in process.stdout:
            print(line, end="", flush=True)
        process.wait()
    finally:
        watch.cancel()
        process.kill()
        process.wait()
    try:
        result = json.loads(Path(task["result"]).read_text())
    except (OSError, ValueError):
        raise ValueError("training ended before its time; what it printed is above") from None
    if "error" in result:
        raise ValueError(result["error"])
    return result
