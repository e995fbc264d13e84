"""What the commands share: their errors, the kinds of number they take, the trained model they are given."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from ..ops import BACKENDS, DEFAULT_BACKEND

DATA_SETS = "digits (bundled), mnist, fashion_mnist or cifar10"


class UsageError(Exception):
    """Something the user asked for cannot be done; the message says what, in one line."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like every other error of this command."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def known(what: str, name: str, names: Any) -> str:
    if name not in names:
        raise UsageError(f"unknown {what} {name!r}; there is {', '.join(names)}")
    return name


# ---- where loops run


def compute_options(parser: Parser) -> None:
    rungs = f"{', '.join(BACKENDS)} (default: {DEFAULT_BACKEND})"
    parser.add_argument("--backend", default=DEFAULT_BACKEND, help=rungs)
    parser.add_argument("--threads", type=count, metavar="N", help="of parallel loops (default: all)")


def use_threads(threads: int | None) -> int:
    """Let parallel loops use that many threads, all by default; returns how many they use."""
    import numba

    most = numba.config.NUMBA_NUM_THREADS
    if threads is not None:
        if threads > most:
            raise UsageError(f"--threads {threads}: Numba has {most} here (see NUMBA_NUM_THREADS)")
        numba.set_num_threads(threads)
    return numba.get_num_threads()


# ---- a trained model


def model_argument(parser: Parser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="model.safetensors, or the folder it is in")


def load_model(path: Path, backend: str = DEFAULT_BACKEND) -> Any:
    """The model in a file, or in the folder that train wrote."""
    from ..model import Sequential

    return Sequential.load(path / "model.safetensors" if path.is_dir() else path, backend)


# ---- numbers


def count(text: str) -> int:
    return _number(int, text, "a whole number, at least 1", lambda n: n >= 1)


def seed(text: str) -> int:
    return _number(int, text, "a whole number, at least 0", lambda n: n >= 0)


def rate(text: str) -> float:
    return _number(float, text, "a positive number", lambda rate: 0 < rate < math.inf)


def share(text: str) -> float:
    return _number(float, text, "at least 0 and below 1", lambda share: 0 <= share < 1)


def _number(kind: Any, text: str, wanted: str, accept: Callable[[Any], bool]) -> Any:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not accept(number):
        raise argparse.ArgumentTypeError(f"must be {wanted}, not {text!r}")
    return number
