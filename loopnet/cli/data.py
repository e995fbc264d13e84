"""``loopnet data``: where the data sets are, fetching them, and checking what is there."""

import argparse
from typing import Any

from .usage import Parser, UsageError, known

SUMMARY = "list the data sets, fetch them, or verify the files that are here"


def options(parser: Parser) -> None:
    parser.set_defaults(what=_list)
    commands = parser.add_subparsers(title="commands (default: list)", metavar="COMMAND")
    for name, (run, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.set_defaults(what=run)
        if run is not _list:
            sub.add_argument("names", nargs="*", metavar="NAME", help="a data set, or several (default: all)")


def run(arguments: argparse.Namespace) -> None:
    from ..datasets import NAMES

    for name in getattr(arguments, "names", ()):
        known("data set", name, NAMES)
    arguments.what(arguments)


def _list(arguments: argparse.Namespace) -> None:
    """Downloads nothing, checks no sums."""
    from ..datasets import describe

    for name, state in describe().items():
        print(f"{name:<14} {state}")


def _fetch(arguments: argparse.Namespace) -> None:
    from ..datasets import FILES, describe
    from ..datasets.fetch import fetch

    for name in arguments.names or FILES:
        if name in FILES:
            fetch(FILES[name])
        print(f"{name:<14} {describe()[name]}")


def _verify(arguments: argparse.Namespace) -> None:
    """Every file's SHA-256, then the reader: what passes here, training can use."""
    from ..datasets import FILES, NAMES
    from ..datasets.fetch import find

    damaged = []
    for name in arguments.names or NAMES:
        missing = len(FILES[name].sha256) - len(find(FILES[name])) if name in FILES else 0
        if missing:
            state = f"{missing} of {len(FILES[name].sha256)} files are not here"
            if arguments.names:
                damaged.append(f"{name}: {state}")
        else:
            try:
                state = _checked(name)
            except (ValueError, OSError) as error:
                state = str(error)
                damaged.append(state)
        print(f"{name:<14} {state}")
    if damaged:
        raise UsageError("; ".join(damaged))


def _checked(name: str) -> str:
    from ..datasets import FILES, cifar10, digits, fashion_mnist, mnist
    from ..datasets.fetch import DataError, file_sum, find

    for file, path in find(FILES[name]).items() if name in FILES else ():
        if file_sum(path) != FILES[name].sha256[file]:
            raise DataError(f"{path} is damaged: it has another SHA-256 than the published file")
    sets: dict[str, Any] = {"digits": digits, "mnist": mnist, "fashion_mnist": fashion_mnist, "cifar10": cifar10}
    (x_train, _), (x_test, _) = sets[name].load_data()
    return f"whole: {len(x_train)} images to train, {len(x_test)} to test"


COMMANDS = {
    "list": (_list, "which data sets there are, and where"),
    "fetch": (_fetch, "download what is not here, and check it"),
    "verify": (_verify, "check every file that is here: its SHA-256, and that it can be read"),
}
