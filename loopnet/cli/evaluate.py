"""``loopnet evaluate``: loss and accuracy of a trained model on a data set's test images."""

import argparse

from .train import RECIPES
from .usage import DATA_SETS, Parser, UsageError, compute_options, known, load_model, model_argument, use_threads

SUMMARY = "test a trained network"


def options(parser: Parser) -> None:
    model_argument(parser)
    parser.add_argument("--data", required=True, help=DATA_SETS)
    compute_options(parser)


def run(arguments: argparse.Namespace) -> None:
    from ..datasets import load_for

    known("data set", arguments.data, RECIPES)
    use_threads(arguments.threads)
    model = load_model(arguments.model, arguments.backend)
    if model.loss is None or model.optimizer is None:
        raise UsageError(f"{arguments.model}: saved before model.compile, so there is no loss to evaluate")
    model.compile(model.optimizer, model.loss, metrics=["accuracy"], backend=arguments.backend)
    x_test, y_test = load_for(arguments.data, model.input_shape[1:])[1]
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{len(x_test)} test images of {arguments.data}")
    print(f"test loss: {loss:.4f}")
    print(f"test accuracy: {accuracy:.4f}")
