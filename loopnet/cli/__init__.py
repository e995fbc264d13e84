"""The ``loopnet`` command. Each of its commands is a module beside this one: ``SUMMARY``, ``options`` and ``run``.

What a command needs is imported when it runs, so that ``loopnet --help`` answers at once.
"""

import os
import sys
from collections.abc import Sequence

from .. import __version__
from . import bench, check, data, doctor, evaluate, explain, predict, step, train
from .usage import Parser, UsageError

COMMANDS = (train, evaluate, predict, step, explain, check, data, doctor)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0, 1 if a check was not passed, 2 after an error that can be mended, 130
    after Ctrl-C.
    """
    parser = _parser()
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        if argv[:1] == ["bench"]:  # reads its own options
            return bench.run(argv[1:])
        arguments = parser.parse_args(argv)
        if arguments.run is None:
            parser.print_help()
        else:
            return arguments.run(arguments) or 0
    except BrokenPipeError:  # whoever read our output has seen enough, as in loopnet check | head
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  Python writes what is left of it when it ends
        return 0
    # loopnet raises ValueError for what it cannot compute
    except (UsageError, ValueError, OSError, MemoryError) as error:
        print(f"loopnet: error: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"\n{str(stop) or 'loopnet: interrupted'}", file=sys.stderr)
        return 130
    return 0


def _parser() -> Parser:
    parser = Parser(prog="loopnet", description="Convolutional networks whose loops you can read.")
    parser.add_argument("--version", action="version", version=f"loopnet {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        sub = commands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
        sub.set_defaults(run=command.run)
        command.options(sub)
    commands.add_parser("bench", help=bench.SUMMARY)
    return parser


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"not enough memory ({error})"
    return " ".join(str(error).split()) or type(error).__name__
