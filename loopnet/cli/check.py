"""``loopnet check``: the exercises, what is wrong with a loop, and a folder of submissions graded."""

import argparse
from pathlib import Path

from .usage import Parser, UsageError, count, rate, seed

SUMMARY = "check your own loop against an exercise, or grade a folder of them"


def options(parser: Parser) -> None:
    parser.add_argument("exercise", nargs="?", metavar="EXERCISE", help="without one, the exercises are listed")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="defines the function; without it, the task")
    parser.add_argument("--all", type=Path, metavar="DIR", help="grade every .py file in a folder and its folders")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="with --all: write the table to a file too")
    parser.add_argument("--start", type=Path, metavar="FILE", help="write a file to start from")
    parser.add_argument("--seed", type=seed, metavar="N", help="the cases of an earlier check (default: new ones)")
    parser.add_argument("--time-limit", type=rate, default=10.0, metavar="S", help="seconds for a case (default: 10)")
    parser.add_argument("--train", action="store_true", help="if it passes, train LeNet-5 with it on the digits")
    parser.add_argument("--epochs", type=count, default=3, metavar="N", help="with --train (default: 3)")
    parser.add_argument("--ladder", type=Path, metavar="PNG", help="with --train: a picture of its speed beside ours")


def run(arguments: argparse.Namespace) -> int:
    """Returns 0, or 1 if a submission is not passed."""
    training = arguments.train or arguments.ladder
    if training and (arguments.all or not arguments.file):
        raise UsageError("--train and --ladder need an EXERCISE and a FILE")
    if arguments.all:
        return _grade_folder(arguments)
    if arguments.csv:
        raise UsageError("--csv needs --all DIR")
    if arguments.exercise is None:
        if arguments.start:
            raise UsageError("--start needs an EXERCISE")
        return _list()
    if arguments.file is None:
        return _task(arguments.exercise, arguments.start)
    if arguments.start:
        raise UsageError("--start writes a new file; give it without another FILE")
    return _check(arguments)


def _list() -> int:
    from ..exercises import EXERCISES

    width = max(map(len, EXERCISES))
    for exercise in EXERCISES.values():
        print(f"{exercise.name:<{width}}  tutorial {exercise.tutorial:>2}  {exercise.title}")
    print("\nloopnet check EXERCISE        the task")
    print("loopnet check EXERCISE FILE   what is right or wrong with your function")
    return 0


def _task(name: str, start: Path | None) -> int:
    from ..exercises import starter

    text = starter(name)
    if start is None:
        print(text, end="")
        return 0
    try:
        with open(start, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{start} is there already; it is left as it is") from None
    print(f"wrote {start}; fill in the loop, then: loopnet check {name} {start}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from ..exercises import check

    verdict = check(arguments.exercise, arguments.file, seed=arguments.seed, time_limit=arguments.time_limit)
    if verdict and (arguments.train or arguments.ladder):
        verdict.train(arguments.epochs, arguments.ladder)
    return 0 if verdict else 1


def _grade_folder(arguments: argparse.Namespace) -> int:
    from ..exercises.folder import Row, grade_folder, write_csv

    if arguments.file or arguments.start:
        raise UsageError("--all grades a folder: give no FILE and no --start")
    rows: list[Row] = []
    for row in grade_folder(arguments.all, arguments.exercise, arguments.seed, arguments.time_limit):
        if not rows:
            print(f"the cases of this table: --seed {row.seed}\n")
        rows.append(row)
        print(f"{row.file:<28} {row.exercise:<26} {row.score:>9}  {row.verdict}", flush=True)
    passed = sum(row.passed for row in rows)
    print(f"\n{passed} of {len(rows)} passed")
    if arguments.csv:
        write_csv(arguments.csv, rows)
        print(f"wrote {arguments.csv}")
    return 0 if passed == len(rows) else 1
