"""A folder of submissions, graded offline: one row for each exercise that a file has a function for."""

import ast
import csv
import secrets
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from .catalogue import EXERCISES, find
from .checking import TIME_LIMIT, grade


@dataclass(frozen=True)
class Row:
    file: str
    """Relative to the folder."""
    exercise: str
    score: str
    """Cases right, of all."""
    verdict: str
    passed: bool
    seed: int


def grade_folder(
    folder: Path, exercise: str | None = None, seed: int | None = None, time_limit: float = TIME_LIMIT
) -> Iterator[Row]:
    """Rows in the order of the files' names, as they are found. All submissions get the same cases.

    A file is checked for every exercise that it defines a function for, or for ``exercise`` only. A file that cannot be
    read, or that has none, gets a row that says so. Raises ``ValueError`` without any Python file.
    """
    if exercise is not None:
        find(exercise)
    if not folder.is_dir():
        raise ValueError(f"{folder}: expected a folder")
    files = sorted(path for path in folder.rglob("*.py") if path.is_file() and "__pycache__" not in path.parts)
    if not files:
        raise ValueError(f"{folder}: expected Python files (*.py), found none")
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    for path in files:
        name = str(path.relative_to(folder))
        try:
            found = [exercise] if exercise else exercises_in(path)
        except (OSError, ValueError, SyntaxError) as error:
            yield Row(name, "-", "-", f"{type(error).__name__}: {' '.join(str(error).split())}", False, seed)
            continue
        if not found:
            yield Row(name, "-", "-", "it defines no function of an exercise's name", False, seed)
        for one in found:
            try:
                verdict = grade(EXERCISES[one], path, seed, time_limit)
            except (OSError, ValueError) as error:
                yield Row(name, one, "-", " ".join(str(error).split()), False, seed)
                continue
            yield Row(name, one, f"{verdict.reached} of {verdict.cases}", verdict.summary, verdict.passed, seed)


def exercises_in(path: Path) -> list[str]:
    """The exercises whose function a file defines. Raises ``SyntaxError``, ``OSError``, ``ValueError``."""
    tree = ast.parse(path.read_text(encoding="utf-8-sig"), str(path))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [name for name in EXERCISES if name in defined]


def write_csv(path: Path, rows: list[Row]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([field.name for field in fields(Row)])
        table.writerows(astuple(row) for row in rows)
