"""``loopnet predict``: the class of each image file, with its probability."""

import argparse
from pathlib import Path

from .usage import Parser, UsageError, load_model, model_argument

SUMMARY = "say what each image shows"


def options(parser: Parser) -> None:
    model_argument(parser)
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="a picture, of any kind and size")


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from ..images import read_image
    from ..layers import Softmax

    model = load_model(arguments.model)
    if len(model.input_shape) != 4 or model.input_shape[-1] != 1:
        raise UsageError(f"{arguments.model} takes {model.input_shape[1:]}, and predict prepares grey images")
    images = [read_image(path, *model.input_shape[1:3]) for path in arguments.images]
    p = model.predict(np.concatenate([x for x, _ in images]))
    last = model.layers[-1]
    if not isinstance(getattr(last, "activation", last), Softmax):
        p = np.exp(p - p.max(axis=1, keepdims=True))  # less the largest logit, so that exp cannot overflow
        p /= p.sum(axis=1, keepdims=True)
    names = model.classes or range(p.shape[1])
    for path, (_, done), of_class in zip(arguments.images, images, p, strict=True):
        print(f"{path}: {names[of_class.argmax()]}, probability {of_class.max():.4f} ({done})")
