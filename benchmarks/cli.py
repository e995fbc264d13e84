"""``loopnet bench``: reads the options, measures, and writes results, page and plots."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .machine import available_cores
from .nets import NETS
from .results import FOLDER, load, save, section


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like every other error of the ``loopnet`` command."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def main(argv: Sequence[str]) -> int:
    """Run a command. Raises ``ValueError`` with one line for what cannot be done."""
    arguments = _parser().parse_args(argv)
    what = arguments.what or "all"
    if what == "table":
        from .readme_table import write

        write(arguments.readme, load(arguments.results or FOLDER))
        print(f"wrote the table to {arguments.readme}")
        return 0
    if what == "page":
        return _publish(arguments.results or FOLDER)
    if what == "records":
        return _records(arguments)
    threads = _use_threads(arguments.threads)
    if what == "cuda":
        from . import cuda

        command = " ".join(["loopnet bench", *_options(argv)])
        folder = arguments.out or (Path("runs") / "bench" if arguments.quick else FOLDER)
        return cuda.run(folder, command, arguments.quick, threads, arguments.part or tuple(cuda.PARTS))
    folder = arguments.out or (FOLDER if _complete(arguments) else Path("runs") / "bench")
    command = " ".join(["loopnet bench", *_options(argv)])
    if what in ("kernels", "all"):
        _kernels(arguments, threads, folder, command)
    if what in ("train", "all"):
        _train(arguments, threads, folder, command)
    return _publish(folder)


def _kernels(arguments: Any, threads: int, folder: Path, command: str) -> None:
    from .cases import all_cases
    from .kernels import describe, ladder
    from .peak import roofs

    lines = roofs(arguments.quick)
    print(
        f"this machine, {threads} threads: {lines['peak_gflops']:.0f} GFLOP/s, "
        f"{lines['cache_gb_s']:.0f} GB/s from cache, {lines['memory_gb_s']:.0f} GB/s from memory"
    )
    rounds, seconds = (3, 0.005) if arguments.quick else (11, 0.02)
    rows: list[Any] = []
    for case in all_cases():
        if case.net in arguments.net and getattr(arguments, "operation", "") in case.operation:
            rows.append(ladder(case, rounds, seconds))
            print(describe(rows[-1]), flush=True)
            lines["peak_gflops"] = max(lines["peak_gflops"], rows[-1]["peak_gflops"]["high"])
            save(folder, "kernels", section(command, threads, arguments.quick, roofs=lines, rows=rows))
    if not rows:
        raise ValueError(f"no operation of {', '.join(arguments.net)} has {arguments.operation!r} in its name")


def _train(arguments: Any, threads: int, folder: Path, command: str) -> None:
    from . import train

    parts = getattr(arguments, "part", None) or list(train.PARTS)
    peers = train.chosen_peers(arguments.peers)
    train.measure(
        list(arguments.net), parts, peers, threads, arguments.quick,
        report=lambda line: print(line, flush=True),
        save=lambda results: save(folder, "train", section(command, threads, arguments.quick, **results)),
    )  # fmt: skip


def _records(arguments: Any) -> int:
    from . import records

    folder = arguments.out or FOLDER
    if not arguments.page:
        _use_threads(arguments.threads)
        records.run(folder, arguments.data, arguments.recipe, range(arguments.seeds), arguments.validate)
    if arguments.page or not arguments.validate:
        records.publish(folder)
        print(f"wrote records.md and records.png to {folder}")
    return 0


def _publish(folder: Path) -> int:
    """Plots and page from the results in ``folder``."""
    from . import page, plots

    results = load(folder)
    if not results:
        raise ValueError(f"no results in {folder} yet: run loopnet bench first")
    page.write(folder, results, plots.draw(folder, results))
    print(f"wrote cpu.json, cpu.md and the plots to {folder}")
    return 0


def _complete(arguments: Any) -> bool:
    """Whether everything is measured in earnest: only such results belong beside the ones in the repository."""
    narrowed = getattr(arguments, "operation", "") or getattr(arguments, "part", None)
    return not (arguments.quick or narrowed or tuple(arguments.net) != tuple(NETS) or arguments.peers)


def _options(argv: Sequence[str]) -> list[str]:
    """The command's options as given, without the folder, which is nobody's business."""
    options, skip = [], False
    for word in argv:
        if not skip and not word.startswith("--out"):
            options.append(word)
        skip = word == "--out"
    return options


def _use_threads(threads: int | None) -> int:
    import numba

    threads = threads or available_cores()
    if not 1 <= threads <= numba.config.NUMBA_NUM_THREADS:
        raise ValueError(f"--threads {threads}: Numba has {numba.config.NUMBA_NUM_THREADS} here")
    numba.set_num_threads(threads)
    return threads


def _parser() -> _Parser:
    parser = _Parser(prog="loopnet bench", description="Time the rungs against each other, and loopnet against others.")
    commands = parser.add_subparsers(dest="what", metavar="COMMAND", title="commands (default: kernels, then train)")
    everything = {"net": tuple(NETS), "operation": "", "part": None}
    parser.set_defaults(**everything)

    def options(sub: argparse.ArgumentParser, **default: Any) -> None:
        sub.add_argument("--quick", action="store_true", help="few rounds, short bursts: to try it out", **default)
        sub.add_argument("--threads", type=int, metavar="N", help="of everybody (default: all cores)", **default)
        out = "default: benchmarks/results if everything is measured, else runs/bench"
        sub.add_argument("--out", type=Path, metavar="FOLDER", help=out, **default)
        peers = "torch,tensorflow,jax or none (default: those that are installed)"
        sub.add_argument("--peers", metavar="NAMES", help=peers, **default)

    options(parser)
    nets = ", ".join(f"{net.key}: {net.title}" for net in NETS.values())
    for name, summary in (
        ("kernels", "every operation on every rung, checked and timed"),
        ("train", "whole training steps and inference, beside the peers"),
    ):
        sub = commands.add_parser(name, help=summary, description=summary)
        options(sub, default=argparse.SUPPRESS)  # what stands before the command's name keeps its value
        sub.add_argument("--net", nargs="+", choices=list(NETS), default=tuple(NETS), help=nets)
        if name == "kernels":
            sub.add_argument("--operation", default="", metavar="PART", help="only those with this in their name")
        else:
            from .train import PARTS

            sub.add_argument("--part", nargs="+", choices=PARTS, help="only these (default: all)")
    gpu = "every operation and training step on CPU and CUDA rungs; needs a CUDA card"
    sub = commands.add_parser("cuda", help=gpu, description=gpu)
    options(sub, default=argparse.SUPPRESS)
    cuda_parts = ("steps", "convolutions", "operations")  # cuda.PARTS, which would import CUDA
    sub.add_argument("--part", nargs="+", choices=cuda_parts, help="only these; the others stay (default: all)")
    record = "every recipe from many seeds, tested once: the record table (hours)"
    sub = commands.add_parser("records", help=record, description=record)
    sub.add_argument("--recipe", nargs="+", metavar="NAME", help="only these (default: all, and the steps between)")
    sub.add_argument("--data", default="mnist", choices=["mnist", "fashion_mnist", "cifar10"], help="default: mnist")
    sub.add_argument("--seeds", type=int, default=10, metavar="N", help="0 to N - 1 (default: 10)")
    sub.add_argument("--validate", action="store_true", help="on the last 10,000 training images, to choose settings")
    sub.add_argument("--page", action="store_true", help="train nothing, write table and picture from the log")
    sub.add_argument("--threads", type=int, metavar="N", default=argparse.SUPPRESS, help="of parallel loops")
    out = "default: benchmarks/results"
    sub.add_argument("--out", type=Path, metavar="FOLDER", default=argparse.SUPPRESS, help=out)
    results: dict[str, Any] = {
        "type": Path,
        "metavar": "FOLDER",
        "help": "where cpu.json is (default: benchmarks/results)",
    }
    page = "draw plots and page again from the results"
    commands.add_parser("page", help=page, description=page).add_argument("--results", **results)
    table = "write the README's table from the results"
    sub = commands.add_parser("table", help=table, description=table)
    sub.add_argument("--results", **results)
    sub.add_argument("--readme", type=Path, default=Path("README.md"), help="default: README.md")
    return parser
