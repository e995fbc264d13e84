"""The results file: one JSON with a section for each command, and where, when and how each was measured."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from .machine import machine, versions

FOLDER = Path(__file__).parent / "results"
NAME = "cpu.json"


def section(command: str, threads: int, quick: bool, **measured: Any) -> dict[str, Any]:
    """Measurements with their origin. Nothing that names the machine or a folder."""
    return {
        "command": command,
        "date": date.today().isoformat(),
        "threads": threads,
        "quick": quick,
        "machine": machine(),
        "versions": versions(),
        **measured,
    }


def load(folder: Path, file: str = NAME) -> dict[str, Any]:
    """All sections; none if nothing was measured yet."""
    path = folder / file
    return json.loads(path.read_text()) if path.is_file() else {}


def save(folder: Path, name: str, content: dict[str, Any], file: str = NAME) -> None:
    """Put one section into the file; the others stay."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = {**load(folder, file), name: content}
    (folder / file).write_text(json.dumps(rounded(sections), indent=1) + "\n")


def rounded(value: Any) -> Any:
    """Every float to five digits: more would only be noise, in the file and in its history."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value
