"""``python tests/faults_table.py``: run the heavy fault tests and write what they counted into docs/reliability.md.

With names of test files, only those; their rows are replaced and the others stay.
"""

import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numba

import loopnet

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin, written by make test-faults -->", "<!-- faults: end -->"
HEAD = "| what is done to it | times | survived | lost | minutes | tests | when |\n|---|---:|---:|---:|---:|---|---|\n"


def files() -> list[Path]:
    return [*sorted((ROOT / "tests").glob("test_faults_*.py")), ROOT / "tests" / "test_determinism.py"]


def run(file: Path) -> tuple[list[str], bool]:
    """The rows of the table that one test file makes, and whether all its tests passed."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LOOPNET_FAULTS": "heavy", "LOOPNET_TALLY": folder}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file.relative_to(ROOT))]
        passed = subprocess.run(command, cwd=ROOT, env=environment).returncode == 0
        counts: dict[str, dict[str, float]] = {}
        for part in Path(folder).glob("*.json"):
            for row, more in json.loads(part.read_text()).items():
                total = counts.setdefault(row, dict.fromkeys(more, 0.0))
                for key, value in more.items():
                    total[key] += value
    return [row_of(name, count, file.name) for name, count in sorted(counts.items())], passed


def row_of(name: str, count: dict[str, float], file: str) -> str:
    injected, survived = int(count["injected"]), int(count["survived"])
    minutes = f"{count['seconds'] / 60:.1f}" if count["seconds"] >= 3 else "< 0.1"
    numbers = f"{injected:,} | {survived:,} | {injected - survived} | {minutes}"
    return f"| {name} | {numbers} | `{file}` | {datetime.date.today()} |"


def write(new: dict[str, list[str]]) -> None:
    """Put the rows of each file into the page; the rows of files that did not run stay."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    kept = [line for line in old.splitlines() if "test_" in line and not any(f"`{name}`" in line for name in new)]
    order = [file.name for file in files()]
    rows = sorted([*kept, *(row for rows in new.values() for row in rows)], key=lambda row: order.index(_file(row)))
    versions = f"loopnet {loopnet.__version__}, Python {platform.python_version()}, Numba {numba.__version__}"
    note = f"{versions}, {platform.system()} on {platform.machine()}."
    PAGE.write_text(f"{before}{BEGIN}\n{HEAD}" + "\n".join(rows) + f"\n\n{note}\n{END}{after}")


def _file(row: str) -> str:
    found = re.search(r"`(test_\w+\.py)`", row)
    assert found is not None
    return found[1]


def main(names: list[str]) -> int:
    chosen = [file for file in files() if not names or file.name in {Path(name).name for name in names}]
    failed = []
    for file in chosen:
        rows, passed = run(file)
        write({file.name: rows})
        failed += [] if passed else [file.name]
    print(f"wrote {PAGE.relative_to(ROOT)}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
