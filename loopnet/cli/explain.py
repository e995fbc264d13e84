"""``loopnet explain``: a trained network as a page to draw on and to look into."""

import argparse
from pathlib import Path
from typing import Any

from .usage import DATA_SETS, Parser, data_of, load_model, model_argument, model_or_newest

SUMMARY = "write a page that shows a trained network at work, number by number"


def options(parser: Parser) -> None:
    model_argument(parser)
    beside = "to write to (default: explain.html beside the model)"
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help=beside)
    sets = f"to take test images from: {DATA_SETS} (default: the one it was trained on)"
    parser.add_argument("--data", help=sets)


def run(arguments: argparse.Namespace) -> None:
    from ..explain import explain

    path = model_or_newest(arguments.model)
    model = load_model(path)
    data = arguments.data or data_of(model, path) or _data_for(model)
    page = explain(model, data=data)
    out = arguments.out or (path if path.is_dir() else path.parent) / "explain.html"
    page.save(out)
    size = f"{len(page.html) / 1e6:.1f} MB"
    print(f"wrote {out} ({size}, test images of {data}): open it in a browser, it needs nothing else")


def _data_for(model: Any) -> str:
    """A data set whose images suit a network that nobody knows the past of."""
    colour = model.input_shape[-1] == 3 and len(model.input_shape) == 4
    return "cifar10" if colour else "digits"
