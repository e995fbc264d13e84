"""``loopnet predict``: the class of each image file, with its probability."""

import argparse
from pathlib import Path

from .usage import Parser, UsageError, load_model, model_argument, model_or_newest

SUMMARY = "say what each image shows"


def options(parser: Parser) -> None:
    model_argument(parser)
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="a picture, filled by what it shows")


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from ..images import is_picture, read_image
    from ..layers import Softmax

    path, pictures = arguments.model, arguments.images
    if path is None and (pictures[0].is_dir() or pictures[0].suffix == ".safetensors"):
        raise UsageError("the following arguments are required: IMAGE")
    if path is not None and is_picture(path):
        path, pictures = None, [path, *pictures]
    newest = path is None
    path = model_or_newest(path)
    if newest:
        print(f"network: {path}, the newest in runs/")
    model = load_model(path)
    if len(model.input_shape) != 4 or model.input_shape[-1] != 1:
        raise UsageError(f"{path} takes {model.input_shape[1:]}, and predict prepares grey images")
    height, width = model.input_shape[1:3]
    images = [read_image(path, height, width, model.trained_on) for path in pictures]
    p = model.predict(np.concatenate([x for x, _ in images]))
    last = model._layers[-1]
    if not isinstance(getattr(last, "activation", last), Softmax):
        p = np.exp(p - p.max(axis=1, keepdims=True))  # less the largest logit, so that exp cannot overflow
        p /= p.sum(axis=1, keepdims=True)
    names = model.classes or range(p.shape[1])
    for path, (_, done), of_class in zip(pictures, images, p, strict=True):
        print(f"{path}: {names[of_class.argmax()]}, probability {of_class.max():.4f} ({done})")
