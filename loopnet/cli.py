"""The ``loopnet`` command: train, evaluate, predict, bench, doctor.

What a command needs is imported when it runs, so that ``loopnet --help`` answers at once.
"""

import argparse
import contextlib
import csv
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from . import __version__
from .ops import BACKENDS, DEFAULT_BACKEND


class Recipe(NamedTuple):
    """How a data set is trained unless the options say otherwise."""

    epochs: int
    batch_size: int


# The articles' recipes for MNIST and CIFAR-10. The digits are 40 times fewer, so smaller batches and more epochs.
RECIPES = {
    "digits": Recipe(epochs=25, batch_size=16),
    "mnist": Recipe(epochs=10, batch_size=128),
    "fashion_mnist": Recipe(epochs=10, batch_size=128),
    "cifar10": Recipe(epochs=10, batch_size=32),
}


class UsageError(Exception):
    """Something the user asked for cannot be done; the message says what, in one line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0, 2 after an error that the user can mend, 130 after Ctrl-C."""
    parser = _parser()
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        if argv[:1] == ["bench"]:  # reads its own options
            return bench(argv[1:])
        arguments = parser.parse_args(argv)
        if arguments.run is None:
            parser.print_help()
        else:
            arguments.run(arguments)
    except (UsageError, ValueError, OSError) as error:  # loopnet raises ValueError for what it cannot compute
        print(f"loopnet: error: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nloopnet: interrupted", file=sys.stderr)
        return 130
    return 0


ENOUGH_TO_CHOOSE = 1000
"""With fewer validation images than this, chance picks the epoch, and the last one is kept."""


def train(arguments: argparse.Namespace) -> None:
    """``loopnet train``: train an architecture on a data set, write it to a folder, and test it."""
    from . import optimizers
    from .callbacks import BestWeights
    from .datasets import CHANNELS, load_for
    from .lenet import ARCHITECTURES
    from .losses import SparseCategoricalCrossentropy

    build = ARCHITECTURES[_known("architecture", arguments.architecture, ARCHITECTURES)]
    recipe = RECIPES[_known("data set", arguments.data, RECIPES)]
    rate = {} if arguments.lr is None else {"learning_rate": arguments.lr}
    optimizer = optimizers.get({"name": arguments.optimizer, **rate})
    epochs = arguments.epochs or recipe.epochs
    batch_size = arguments.batch_size or recipe.batch_size
    threads = _use_threads(arguments.threads)

    model: Any = build((32, 32, CHANNELS[arguments.data]), seed=arguments.seed)
    loss = SparseCategoricalCrossentropy(from_logits=True)  # every architecture here ends in logits
    model.compile(optimizer, loss, metrics=["accuracy"], backend=arguments.backend)
    (x_train, y_train), (x_test, y_test) = load_for(arguments.data, model.input_shape[1:])
    validated = int(len(x_train) * arguments.validation_split)
    folder = _output_folder(arguments)

    model.summary()
    images = f"{len(x_train) - validated} images to train, {validated} to validate, {len(x_test)} to test"
    print(
        f"\n{arguments.data}: {images}\n"
        f"epochs {epochs}, batch size {batch_size}, {arguments.optimizer}, "
        f"learning rate {optimizer.learning_rate:g}, seed {arguments.seed}, "
        f"backend {arguments.backend}, threads {threads}\n"
    )
    best = BestWeights()
    chooses = validated >= ENOUGH_TO_CHOOSE
    try:
        split = arguments.validation_split
        history = model.fit(
            x_train, y_train, batch_size, epochs, validation_split=split, callbacks=[best] if chooses else []
        )
    except BaseException:  # Ctrl-C above all: no empty folder for a run that gave nothing
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    if chooses:
        print(f"\nkept the weights of epoch {(best.epoch or 0) + 1}, the best on the validation images")
    _write_run(folder, model, history.history)
    print(f"test accuracy: {model.evaluate(x_test, y_test, verbose=0)[1]:.4f}")


def evaluate(arguments: argparse.Namespace) -> None:
    """``loopnet evaluate``: loss and accuracy of a trained model on a data set's test images."""
    from .datasets import load_for

    _known("data set", arguments.data, RECIPES)
    _use_threads(arguments.threads)
    model = _load(arguments.model, arguments.backend)
    if model.loss is None or model.optimizer is None:
        raise UsageError(f"{arguments.model}: saved before model.compile, so there is no loss to evaluate")
    model.compile(model.optimizer, model.loss, metrics=["accuracy"], backend=arguments.backend)
    x_test, y_test = load_for(arguments.data, model.input_shape[1:])[1]
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{len(x_test)} test images of {arguments.data}")
    print(f"test loss: {loss:.4f}")
    print(f"test accuracy: {accuracy:.4f}")


def predict(arguments: argparse.Namespace) -> None:
    """``loopnet predict``: the class of each image file, with its probability."""
    import numpy as np

    from .images import read_image
    from .layers import Softmax

    model = _load(arguments.model)
    if len(model.input_shape) != 4 or model.input_shape[-1] != 1:
        raise UsageError(f"{arguments.model} takes {model.input_shape[1:]}, and predict prepares grey images")
    images = [read_image(path, *model.input_shape[1:3]) for path in arguments.images]
    p = model.predict(np.concatenate([x for x, _ in images]))
    last = model.layers[-1]
    if not isinstance(getattr(last, "activation", last), Softmax):
        p = np.exp(p - p.max(axis=1, keepdims=True))  # less the largest logit, so that exp cannot overflow
        p /= p.sum(axis=1, keepdims=True)
    for path, (_, done), of_class in zip(arguments.images, images, p, strict=True):
        print(f"{path}: {of_class.argmax()}, probability {of_class.max():.4f} ({done})")


def bench(options: list[str]) -> int:
    """``loopnet bench``: hands over to the folder ``benchmarks``, which is in a checkout but not in the package."""
    checkout = Path(__file__).parents[1]
    if not (checkout / "benchmarks" / "cli.py").is_file():
        checkout = Path.cwd()
    if not all((checkout / part).is_file() for part in ("benchmarks/cli.py", "tests/oracle.py")):
        raise UsageError(
            "the benchmarks are not part of the installed package: get loopnet's source, and run "
            "loopnet bench in its folder"
        )
    sys.path.append(str(checkout))
    from benchmarks import cli

    return cli.main(options)


def doctor(arguments: argparse.Namespace) -> None:
    """``loopnet doctor``: what loopnet finds on this computer."""
    from .doctor import report

    for name, found in report():
        print(f"{name:<13} {found}")


def _load(path: Path, backend: str = DEFAULT_BACKEND) -> Any:
    """The model in a file, or in the folder that train wrote."""
    from .model import Sequential

    return Sequential.load(path / "model.safetensors" if path.is_dir() else path, backend)


def _use_threads(threads: int | None) -> int:
    """Let parallel loops use that many threads, all by default; returns how many they use."""
    import numba

    most = numba.config.NUMBA_NUM_THREADS
    if threads is not None:
        if threads > most:
            raise UsageError(f"--threads {threads}: Numba has {most} here (see NUMBA_NUM_THREADS)")
        numba.set_num_threads(threads)
    return numba.get_num_threads()


def _output_folder(arguments: argparse.Namespace) -> Path:
    """The folder for this run, made and tried before training, which would otherwise be lost."""
    folder = arguments.out
    if folder is None:
        folder = Path("runs") / f"{arguments.architecture}-{arguments.data}-{datetime.now():%Y-%m-%d-%H%M%S}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from None
    return folder


def _write_run(folder: Path, model: Any, history: dict[str, list[float]]) -> None:
    """The trained model, the history as a table, and the history as a picture."""
    from .plot import plot_history

    model.save(folder / "model.safetensors")
    with open(folder / "history.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["epoch", *history])
        for epoch, values in enumerate(zip(*history.values(), strict=True), start=1):
            table.writerow([epoch, *(f"{value:.8g}" for value in values)])
    plot_history(history).savefig(folder / "history.png", dpi=150)
    print(f"\nwrote model.safetensors (the network), history.csv and history.png to {folder}")


def _known(what: str, name: str, known: Any) -> str:
    if name not in known:
        raise UsageError(f"unknown {what} {name!r}; there is {', '.join(known)}")
    return name


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like every other error of this command."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> _Parser:
    parser = _Parser(prog="loopnet", description="Convolutional networks whose loops you can read.")
    parser.add_argument("--version", action="version", version=f"loopnet {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    sets = "digits (bundled), mnist, fashion_mnist or cifar10"

    def command(run: Any, summary: str) -> _Parser:
        sub = commands.add_parser(run.__name__, help=summary, description=summary)
        sub.set_defaults(run=run)
        return sub

    def compute_options(sub: _Parser) -> None:
        rungs = f"{', '.join(BACKENDS)} (default: {DEFAULT_BACKEND})"
        sub.add_argument("--backend", default=DEFAULT_BACKEND, help=rungs)
        sub.add_argument("--threads", type=_count, metavar="N", help="of parallel loops (default: all)")

    sub = command(train, "train a network, test it, and write it to a folder")
    sub.add_argument("architecture", nargs="?", default="lenet5", metavar="ARCH", help="default: lenet5")
    sub.add_argument("--data", default="digits", help=f"{sets} (default: digits)")
    sub.add_argument("--epochs", type=_count, metavar="N", help=f"default: {_defaults('epochs')}")
    sub.add_argument("--batch-size", type=_count, metavar="N", help=f"default: {_defaults('batch_size')}")
    sub.add_argument("--optimizer", default="adam", help="adam (default), adamw, sgd or rmsprop")
    sub.add_argument("--lr", type=_rate, metavar="RATE", help="learning rate (default: 0.001, for sgd 0.01)")
    held_out = "of the training images, to validate each epoch (default: 0.1)"
    sub.add_argument("--validation-split", type=_share, default=0.1, metavar="SHARE", help=held_out)
    sub.add_argument("--seed", type=_seed, default=0, metavar="N", help="same seed, same result (default: 0)")
    sub.add_argument("--out", type=Path, metavar="FOLDER", help="to write to (default: runs/ARCH-DATA-TIME)")
    compute_options(sub)

    sub = command(evaluate, "test a trained network")
    sub.add_argument("model", type=Path, metavar="MODEL", help="model.safetensors, or the folder it is in")
    sub.add_argument("--data", required=True, help=sets)
    compute_options(sub)

    sub = command(predict, "say which digit each image shows")
    sub.add_argument("model", type=Path, metavar="MODEL", help="model.safetensors, or the folder it is in")
    sub.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="a picture, of any kind and size")

    commands.add_parser("bench", help="time the rungs against each other, and loopnet against other frameworks")
    command(doctor, "what loopnet finds on this computer: versions, processor, threads, CUDA, data")
    return parser


def _defaults(field: str) -> str:
    return ", ".join(f"{getattr(recipe, field)} for {name}" for name, recipe in RECIPES.items())


def _count(text: str) -> int:
    return _number(int, text, "a whole number, at least 1", lambda n: n >= 1)


def _seed(text: str) -> int:
    return _number(int, text, "a whole number, at least 0", lambda n: n >= 0)


def _rate(text: str) -> float:
    return _number(float, text, "a positive number", lambda rate: 0 < rate < math.inf)


def _share(text: str) -> float:
    return _number(float, text, "at least 0 and below 1", lambda share: 0 <= share < 1)


def _number(kind: Any, text: str, wanted: str, accept: Callable[[Any], bool]) -> Any:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not accept(number):
        raise argparse.ArgumentTypeError(f"must be {wanted}, not {text!r}")
    return number
