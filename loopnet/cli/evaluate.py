"""``loopnet evaluate``: loss and accuracy of a trained model on a data set's test images."""

import argparse

from .train import RECIPES
from .usage import (
    DATA_SETS,
    Parser,
    UsageError,
    compute_options,
    data_of,
    known,
    load_model,
    model_argument,
    model_or_newest,
    use_threads,
)

SUMMARY = "test a trained network"


def options(parser: Parser) -> None:
    model_argument(parser)
    parser.add_argument("--data", help=f"{DATA_SETS} (default: the one it was trained on)")
    compute_options(parser)


def run(arguments: argparse.Namespace) -> None:
    from ..datasets import load_for

    if arguments.data:
        known("data set", arguments.data, RECIPES)
    use_threads(arguments.threads)
    path = model_or_newest(arguments.model)
    model = load_model(path, arguments.backend)
    if arguments.model is None:
        print(f"network: {path}, the newest in runs/")
    data = arguments.data or data_of(model, path)
    if data is None:
        raise UsageError(f"{path}: the file does not say what it was trained on; add --data, {DATA_SETS}")
    if model.loss is None or model.optimizer is None:
        raise UsageError(f"{path}: saved before model.compile, so there is no loss to evaluate")
    model.compile(model.optimizer, model.loss, metrics=["accuracy"], backend=arguments.backend)
    x_test, y_test = load_for(data, model.input_shape[1:])[1]
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{len(x_test)} test images of {data}")
    print(f"test loss: {loss:.4f}")
    print(f"test accuracy: {accuracy:.4f}")
