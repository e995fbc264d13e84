"""``loopnet bench records``: every recipe, and every step of the time machine, trained from many seeds and tested once.

Settings were chosen on the last 10,000 of the 60,000 training images (``--validate`` trains on the others and tests on
those). The runs counted here train on all 60,000, take the weights at the end of the last epoch, and
look at the 10,000 test images once, when they are finished. Every run that was finished is in the log, the bad ones
too; a run that is in the log already is not made again, so an interrupted command goes on where it was.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from loopnet.callbacks import Callback
from loopnet.datasets import CHANNELS, load_for
from loopnet.recipes import RECIPES, TIME_MACHINE, Recipe

Row = dict[str, Any]
LOG = "records.jsonl"
HELD_OUT = 10_000


def all_recipes() -> dict[str, Recipe]:
    """The named ones, and the steps between them that have no name of their own; each once."""
    recipes = dict(RECIPES)
    for name, recipe in TIME_MACHINE.items():
        if recipe not in recipes.values():
            recipes[name] = recipe
    return recipes


def run(
    folder: Path,
    data: str = "mnist",
    names: Iterable[str] | None = None,
    seeds: Iterable[int] = range(10),
    validate: bool = False,
    report: Callable[[str], object] = print,
) -> list[Row]:
    """Train what is not in the log yet, seed by seed, so that an interruption leaves every recipe as many of them."""
    recipes = all_recipes()
    chosen = [name for name in recipes if (name == "colour") == (data == "cifar10")] if names is None else list(names)
    unknown = [name for name in chosen if name not in recipes]
    if unknown:
        raise ValueError(f"--recipe: unknown {', '.join(unknown)}; there are {', '.join(recipes)}")
    folder.mkdir(parents=True, exist_ok=True)
    training, test = load_for(data, (32, 32, CHANNELS[data]))
    for seed in seeds:
        for name in chosen:
            if not any(same(row, data, name, seed, validate) for row in read(folder)):
                row = train(recipes[name], name, data, seed, training, None if validate else test)
                with open(folder / LOG, "a") as file:
                    file.write(json.dumps(row) + "\n")
                report(describe(row))
    return read(folder)


def same(row: Row, data: str, name: str, seed: int, validate: bool) -> bool:
    key = "validation_error" if validate else "test_error"
    return (row["data"], row["recipe"], row["seed"]) == (data, name, seed) and key in row


class Stopwatch(Callback):
    """Seconds of training, without what comes before its first step is done: that may be compiling."""

    def on_train_begin(self, logs=None):
        self.started: float | None = None

    def on_batch_end(self, batch, logs):
        self.now = time.perf_counter()
        if self.started is None:
            self.started = self.now

    @property
    def seconds(self) -> float:
        assert self.started is not None
        return self.now - self.started


def train(recipe: Recipe, name: str, data: str, seed: int, training: Any, test: Any) -> Row:
    """One run. test: None to keep the last images of the training set for validation, and test on those."""
    x, y = training
    what = "test_error"
    if test is None:
        x, y, test, what = x[:-HELD_OUT], y[:-HELD_OUT], (x[-HELD_OUT:], y[-HELD_OUT:]), "validation_error"
    model = recipe.model(x.shape[1:], images=len(x), seed=seed)
    how, watch = recipe.fit(), Stopwatch()
    model.fit(x, y, **{**how, "callbacks": [*how["callbacks"], watch]}, verbose=0)
    accuracy = model.evaluate(test[0], test[1], batch_size=500, verbose=0)[1]
    return {
        "data": data, "recipe": name, "seed": seed, "parameters": model.count_params(), "epochs": recipe.epochs,
        "seconds": round(watch.seconds, 2), what: round(100 * (1 - accuracy), 2),
    }  # fmt: skip


def read(folder: Path) -> list[Row]:
    path = folder / LOG
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def describe(row: Row) -> str:
    what = "validation_error" if "validation_error" in row else "test_error"
    return f"{row['recipe']}, seed {row['seed']}: {what.replace('_', ' ')} {row[what]:.2f} %, {row['seconds']:.1f} s"


# ---- the table


def summary(rows: list[Row], data: str, name: str) -> Row | None:
    """Errors in per cent over the seeds: mean, standard deviation of one run, best and worst."""
    runs = [row for row in rows if row["data"] == data and row["recipe"] == name and "test_error" in row]
    if not runs:
        return None
    errors = [row["test_error"] for row in runs]
    return {
        "seeds": len(runs), "parameters": runs[0]["parameters"], "epochs": runs[0]["epochs"],
        "seconds": min(row["seconds"] for row in runs), "mean": statistics.fmean(errors),
        "deviation": statistics.stdev(errors) if len(runs) > 1 else 0.0, "best": min(errors), "worst": max(errors),
    }  # fmt: skip


def table(rows: list[Row], data: str, names: Iterable[str]) -> list[str]:
    lines = [
        "| | seeds | parameters | epochs | seconds (fastest) | test error, mean ± standard deviation | best | worst |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in names:
        line = summary(rows, data, name)
        if line is None:
            lines.append(f"| {name} | not run yet | | | | | | |")
        else:
            spread = f" ± {line['deviation']:.2f}" if line["seeds"] > 1 else ""
            lines.append(
                f"| {name} | {line['seeds']} | {line['parameters']:,} | {line['epochs']} | {line['seconds']:.0f} | "
                f"{line['mean']:.2f}{spread} % | {line['best']:.2f} % | {line['worst']:.2f} % |"
            )
    return lines


def step_name(name: str) -> str:
    """What a step of the time machine is called in the log: by the recipe that it is, if that has a name."""
    return next((known for known, recipe in RECIPES.items() if recipe == TIME_MACHINE[name]), name)


def page(folder: Path) -> str:
    rows = read(folder)
    parts = [
        "# The record table", "",
        "Written by `loopnet bench records`. Each run trains on all training images, keeps the weights of its last",
        f"step, and is tested once; all of them are in [`{LOG}`]({LOG}). Settings were chosen on the last 10,000",
        "training images of MNIST, and for the other data sets not at all.", "",
    ]  # fmt: skip
    for data in dict.fromkeys(row["data"] for row in rows if "test_error" in row):
        run_here = {row["recipe"] for row in rows if row["data"] == data}
        parts += [f"## {data}", "", *table(rows, data, [name for name in RECIPES if name in run_here]), ""]
        if data == "mnist":
            names = {name: step_name(name) for name in TIME_MACHINE}
            renamed = [{**row, "recipe": step} for row in rows for step, log in names.items() if row["recipe"] == log]
            parts += ["### From 1998 to the best, one change a row", ""]
            parts += [*table(renamed, data, TIME_MACHINE), "", "![](records.png)", ""]
    return "\n".join(parts)


def draw(folder: Path) -> Any:
    """The time machine: test errors, every seed a dot, their mean a line with its standard error."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [row for row in read(folder) if row["data"] == "mnist" and "test_error" in row]
    steps = [(name, [r["test_error"] for r in rows if r["recipe"] == step_name(name)]) for name in TIME_MACHINE]
    figure = Figure(figsize=(9, 0.55 * len(steps) + 1.6), layout="constrained")
    axes = figure.subplots()
    labelled = False
    for at, (_, errors) in enumerate(steps):
        if not errors:
            axes.annotate("not run yet", (0.01, at), xycoords=("axes fraction", "data"), va="center", color="#666666")
            continue
        spread = np.linspace(-0.12, 0.12, len(errors)) if len(errors) > 1 else np.zeros(1)
        axes.plot(errors, at + spread, "o", color="#56B4E9", markersize=4, label=None if labelled else "one run")
        error = statistics.stdev(errors) / len(errors) ** 0.5 if len(errors) > 1 else 0
        axes.errorbar(
            statistics.fmean(errors), at, xerr=error, fmt="D", color="black", markersize=5, capsize=4,
            label=None if labelled else "mean, with its standard error",
        )  # fmt: skip
        labelled = True
    axes.set_yticks(range(len(steps)), [name if at == 0 else f"+ {name}" for at, (name, _) in enumerate(steps)])
    axes.set(xlabel="test error on MNIST, per cent", ylim=(len(steps) - 0.5, -0.5), xlim=(0, None))
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    FigureCanvasAgg(figure)
    return figure


def publish(folder: Path) -> None:
    """Table and picture from the log."""
    if not any("test_error" in row for row in read(folder)):
        raise ValueError(f"no finished runs in {folder} yet: run loopnet bench records first")
    (folder / "records.md").write_text(page(folder))
    if any(row["data"] == "mnist" for row in read(folder)):
        draw(folder).savefig(folder / "records.png", dpi=120)
