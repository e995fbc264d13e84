"""``loopnet bench``: hands over to the folder ``benchmarks``, which is in a checkout but not in the package."""

import sys
from pathlib import Path

from .usage import UsageError

SUMMARY = "time the rungs against each other, and loopnet against other frameworks"


def run(options: list[str]) -> int:
    checkout = Path(__file__).parents[2]
    if not (checkout / "benchmarks" / "cli.py").is_file():
        checkout = Path.cwd()
    if not all((checkout / part).is_file() for part in ("benchmarks/cli.py", "tests/oracle/__init__.py")):
        raise UsageError(
            "the benchmarks are not part of the installed package: get loopnet's source, and run "
            "loopnet bench in its folder"
        )
    sys.path.append(str(checkout))
    from benchmarks import cli

    return cli.main(options)
