"""What the commands share: their errors, the kinds of number they take, the trained model they are given."""

import argparse
import difflib
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from ..ops import BACKENDS, DEFAULT_BACKEND

DATA_SETS = "digits (bundled), mnist, fashion_mnist or cifar10"


class UsageError(Exception):
    """Something the user asked for cannot be done; the message says what, in one line."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like every other error of this command."""

    def error(self, message: str) -> NoReturn:
        wrong = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            known("command", wrong[1], wrong[2].replace("'", "").split(", "))
        raise UsageError(message)


def known(what: str, name: str, names: Iterable[str]) -> str:
    """``name``, if it is one of ``names``. Raises ``UsageError`` otherwise, which says what may have been meant."""
    names = list(names)
    if name not in names:
        longer = [other for other in names if name and other.startswith(name)]  # conv: conv2d, which comes first
        close = longer or difflib.get_close_matches(name, names, n=1)
        meant = f": did you mean {close[0]}? There" if close else "; there"
        raise UsageError(f"unknown {what} {name!r}{meant} are {', '.join(names)}")
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
    words = "model.safetensors, or the folder it is in (default: the newest in runs/)"
    parser.add_argument("model", type=Path, nargs="?", metavar="MODEL", help=words)


def model_or_newest(path: Path | None) -> Path:
    """The path that was given, or else the folder of the network that was trained last."""
    from ..stepper.scenes import newest_run

    newest = newest_run() if path is None else path
    if newest is None:
        raise UsageError("there is no trained network in runs/ yet: loopnet train makes one, in about a minute")
    return newest.parent if path is None else newest


def load_model(path: Path, backend: str = DEFAULT_BACKEND) -> Any:
    """The model in a file, or in the folder that train wrote."""
    from ..model import Sequential

    return Sequential.load(path / "model.safetensors" if path.is_dir() else path, backend)


def data_of(model: Any, path: Path) -> str | None:
    """The data set that a network was trained on. Files of earlier versions do not say it; then the folder they are in
    may, as runs are named ARCH-DATA-TIME.
    """
    from ..datasets import NAMES

    if model.trained_on is not None:
        return model.trained_on if model.trained_on in NAMES else None
    parts = (path if path.is_dir() else path.parent).resolve().name.split("-")
    return next((name for name in NAMES if name in parts), None)


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
