"""``loopnet train``: train an architecture on a data set, write it to a folder, and test it."""

import argparse
import contextlib
import csv
import shlex
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from .usage import DATA_SETS, Parser, UsageError, compute_options, count, known, rate, seed, share, use_threads

SUMMARY = "train a network, test it, and write it to a folder"


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


OPTIMIZERS = ("adam", "adamw", "nadam", "adamax", "sgd", "rmsprop", "adagrad", "adadelta")

ENOUGH_TO_CHOOSE = 1000
"""With fewer validation images than this, chance picks the epoch, and the last one is kept."""


def options(parser: Parser) -> None:
    parser.add_argument("architecture", nargs="?", default="lenet5", metavar="ARCH", help="default: lenet5")
    parser.add_argument("--data", default="digits", help=f"{DATA_SETS} (default: digits)")
    recipes = "article, lecun1998, sprint, plain, best or colour: network and training, without choosing an epoch"
    parser.add_argument("--recipe", metavar="NAME", help=recipes)
    parser.add_argument("--epochs", type=count, metavar="N", help=f"default: {_defaults('epochs')}")
    parser.add_argument("--batch-size", type=count, metavar="N", help=f"default: {_defaults('batch_size')}")
    optimizers = "adam (default), adamw, nadam, adamax, sgd, rmsprop, adagrad or adadelta"
    parser.add_argument("--optimizer", metavar="NAME", help=optimizers)
    parser.add_argument("--lr", type=rate, metavar="RATE", help="learning rate (default: 0.001, for sgd 0.01)")
    held_out = "of the training images, to validate each epoch (default: 0.1, with a recipe 0)"
    parser.add_argument("--validation-split", type=share, metavar="SHARE", help=held_out)
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="same seed, same result (default: 0)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="to write to (default: runs/ARCH-DATA-TIME)")
    parser.add_argument("--resume", type=Path, metavar="FOLDER", help="go on with the run there, which was cut off")
    compute_options(parser)


def _defaults(field: str) -> str:
    return ", ".join(f"{getattr(recipe, field)} for {name}" for name, recipe in RECIPES.items())


def run(arguments: argparse.Namespace) -> None:
    from .. import checkpoint
    from ..callbacks import BackupAndRestore, BestWeights, TerminateOnNaN
    from ..datasets import CHANNELS, CLASS_NAMES, load_for
    from ..model import kept_for_training
    from .interrupt import FinishEpoch

    resumes = arguments.resume is not None
    if resumes:
        arguments = _resumed(arguments)
    known("data set", arguments.data, RECIPES)
    threads = use_threads(arguments.threads)
    split = arguments.validation_split
    if split is None:
        split = 0.0 if arguments.recipe else 0.1
    make = _from_recipe if arguments.recipe else _from_options
    make_model = make(arguments)  # so that a wrong name is told before the data are read
    shape = (32, 32, CHANNELS[arguments.data])
    (x_train, y_train), (x_test, y_test) = load_for(arguments.data, shape)
    validated = len(x_train) - kept_for_training(len(x_train), split)
    model, how = make_model(shape, len(x_train) - validated)
    model.trained_on, model.classes = arguments.data, CLASS_NAMES.get(arguments.data)
    folder = _output_folder(arguments)
    if not resumes and checkpoint.exists(folder):
        raise UsageError(f"{folder} holds a run that was cut off: --resume it, or take another folder with --out")

    model.summary()
    images = f"{len(x_train) - validated} images to train, {validated} to validate, {len(x_test)} to test"
    print(
        f"\n{arguments.data}: {images}\n"
        f"epochs {how['epochs']}, batch size {how['batch_size']}, {type(model.optimizer).__name__.lower()}, "
        f"learning rate {model.optimizer.learning_rate:g}, seed {arguments.seed}, "
        f"backend {arguments.backend}, threads {threads}\n"
    )
    best, ctrl_c, nan = BestWeights(), FinishEpoch(), TerminateOnNaN()
    backup = BackupAndRestore(folder, delete_checkpoint=False, settings=_settings(arguments))
    chooses = validated >= ENOUGH_TO_CHOOSE and not arguments.recipe
    how["callbacks"] = [*how["callbacks"], *([best] if chooses else []), ctrl_c, nan, backup]
    try:
        with ctrl_c:
            live = 1 if sys.stderr.isatty() else 2  # a bar that moves fills a log with junk
            history = model.fit(x_train, y_train, **how, validation_split=split, verbose=live)
        if nan.cause:
            checkpoint.remove(folder)  # to go on from there would end there again
            raise UsageError(nan.cause)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and checkpoint.exists(folder):
            raise KeyboardInterrupt(f"loopnet: interrupted; to go on: loopnet train --resume {folder}") from None
        # no empty folder for a run that gave nothing
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    if ctrl_c.asked and len(history.epoch) < how["epochs"]:
        raise KeyboardInterrupt(
            f"loopnet: stopped after epoch {len(history.epoch)} of {how['epochs']}; "
            f"to go on: loopnet train --resume {folder}"
        )
    if chooses:
        print(f"\nkept the weights of epoch {best.best_epoch + 1}, the best on the validation images")
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    _write_run(folder, model, history.history)
    checkpoint.remove(folder)
    print(
        f"draw on it:       loopnet explain {shlex.quote(str(folder))}\n"
        f"step through it:  loopnet step conv2d --model {shlex.quote(str(folder))}\n\n"
        f"test accuracy: {accuracy:.4f}"
    )


Made = tuple[Any, dict[str, Any]]  # the compiled model, and the arguments of fit


def _from_options(arguments: argparse.Namespace) -> Callable[[tuple[int, int, int], int], Made]:
    """A named architecture, trained as the options say."""
    from .. import optimizers
    from ..layers import RBF
    from ..lenet import ARCHITECTURES
    from ..losses import MaximumAPosteriori, SparseCategoricalCrossentropy

    build = ARCHITECTURES[known("architecture", arguments.architecture, ARCHITECTURES)]
    learning_rate = {} if arguments.lr is None else {"learning_rate": arguments.lr}
    named = known("optimizer", arguments.optimizer or "adam", OPTIMIZERS)
    optimizer = optimizers.get({"name": named, **learning_rate})

    def make(shape: tuple[int, int, int], images: int) -> Made:
        model = build(shape, seed=arguments.seed)
        of_rbf = isinstance(model._layers[-1], RBF)  # the others end in logits
        loss = MaximumAPosteriori() if of_rbf else SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"], backend=arguments.backend)
        of_data = RECIPES[arguments.data]
        epochs, batch_size = arguments.epochs or of_data.epochs, arguments.batch_size or of_data.batch_size
        return model, {"batch_size": batch_size, "epochs": epochs, "callbacks": []}

    return make


def _from_recipe(arguments: argparse.Namespace) -> Callable[[tuple[int, int, int], int], Made]:
    """A recipe (``recipes.py``), in which the options may change the rate, the epochs and the size of a batch."""
    from ..recipes import RECIPES as NAMED

    recipe = NAMED[known("recipe", arguments.recipe, NAMED)]
    if arguments.architecture != "lenet5":
        raise UsageError(f"--recipe: a recipe brings its own network, given {arguments.architecture}; expected lenet5")
    if arguments.optimizer not in (None, "adam"):
        raise UsageError(f"--recipe: a recipe trains with adam, given --optimizer {arguments.optimizer}")
    given = {"epochs": arguments.epochs, "batch_size": arguments.batch_size, "learning_rate": arguments.lr}
    recipe = replace(recipe, **{name: value for name, value in given.items() if value is not None})

    def make(shape: tuple[int, int, int], images: int) -> Made:
        return recipe.model(shape, images, arguments.seed, arguments.backend), recipe.fit()

    return make


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that a run goes on with; where it is and on how many cores does not matter to it."""
    return {key: value for key, value in vars(arguments).items() if key not in ("run", "out", "resume", "threads")}


def _resumed(arguments: argparse.Namespace) -> argparse.Namespace:
    """The options of the run in the folder ``--resume``, which must not be given others."""
    from .. import checkpoint

    folder, parser = arguments.resume, Parser()
    options(parser)
    usual = vars(parser.parse_args([]))
    for key, value in {**_settings(arguments), "out": arguments.out}.items():
        if value != usual[key]:
            option = key if key == "architecture" else f"--{key.replace('_', '-')}"
            raise UsageError(f"--resume goes on with the run's own options; leave out {option}")
    found = checkpoint.read(folder, print)
    if found is None:
        finished = (folder / "model.safetensors").is_file()
        raise UsageError(f"{folder}: " + ("the run there is finished" if finished else "no run to go on with"))
    settings = found[0]["training"].get("settings")
    if not isinstance(settings, dict) or settings.keys() != _settings(argparse.Namespace(**usual)).keys():
        raise UsageError(f"{folder}: the checkpoint there holds no settings of this version's loopnet train")
    return argparse.Namespace(**{**usual, **settings, "out": folder, "threads": arguments.threads})


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
    from ..plot import plot_history

    model.save(folder / "model.safetensors")
    with open(folder / "history.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["epoch", *history])
        for epoch, values in enumerate(zip(*history.values(), strict=True), start=1):
            table.writerow([epoch, *(f"{value:.8g}" for value in values)])
    plot_history(history).savefig(folder / "history.png", dpi=150)
    print(f"\nwrote model.safetensors (the network), history.csv and history.png to {folder}")
