"""The process in which a learner's loop trains LeNet-5: reads a task from its standard input, writes a result."""

import json
import linecache
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from ..lenet import lenet5
from ..losses import SparseCategoricalCrossentropy
from ..ops import get_ops
from . import rules
from .catalogue import EXERCISES
from .measure import speeds


def compiled(task: dict[str, Any]) -> Callable:
    """The learner's function through Numba, with threads if it has a prange."""
    namespace: dict[str, Any] = {"__name__": "submission"}
    for piece in task["pieces"]:
        source = piece["source"]
        linecache.cache[piece["file"]] = (len(source), None, source.splitlines(keepends=True), piece["file"])
        exec(compile(source, piece["file"], "exec", dont_inherit=True), namespace)
    for name, value in namespace.items():  # the helpers too
        if getattr(value, "__module__", None) == "submission" and callable(value) and not hasattr(value, "py_func"):
            namespace[name] = njit(value)
    function = namespace[task["function"]].py_func
    parallel = any(rules.has_prange(piece["source"]) for piece in task["pieces"])
    return njit(parallel=parallel)(function)


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Train, test, and measure if asked to. Raises ``NumbaError``."""
    from ..datasets import load_for

    exercise = EXERCISES[task["exercise"]]
    loop = compiled(task)
    kernel = exercise.adapter(loop) if exercise.adapter else loop
    ops = replace(get_ops("parallel"), **{"name": "yours", exercise.operation: kernel})  # type: ignore[arg-type]
    model = lenet5(seed=0)
    optimizer: Any = "sgd" if exercise.operation == "sgd_update" else "adam"
    model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], backend=ops)
    train, test = load_for("digits", (32, 32, 1))
    print(f"LeNet-5 on {len(train[0])} handwritten digits, {exercise.operation} yours:", flush=True)

    def say(epoch: int, logs: dict[str, float]) -> None:
        print(f"  epoch {epoch + 1}: loss {logs['loss']:.3f}, accuracy {logs['accuracy']:.3f}", flush=True)

    model.fit(*train, batch_size=16, epochs=task["epochs"], verbose=0, callbacks=[say])
    accuracy = float(model.evaluate(*test, verbose=0)[1])
    print(f"test accuracy: {accuracy:.4f}", flush=True)
    ratios = speeds(exercise.operation, kernel) if task["measure"] else {}
    for name, ratio in ratios.items():
        print(f"  {name:<9} {ratio:10,.0f} times as fast as Python" if ratio >= 10 else
              f"  {name:<9} {ratio:10.1f} times as fast as Python", flush=True)  # fmt: skip
    return {"accuracy": accuracy, "operation": exercise.operation, "ratios": ratios}


def main() -> None:
    task = json.load(sys.stdin)
    try:
        with np.errstate(all="ignore"):
            result = run(task)
    except NumbaError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        result = {"error": f"Numba cannot compile it: {' '.join(lines[:4])}"}
    Path(task["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
