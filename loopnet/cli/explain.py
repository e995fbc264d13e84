"""``loopnet explain``: a trained network as a page to draw on and to look into."""

import argparse
from pathlib import Path
from typing import Any

from .usage import DATA_SETS, Parser, UsageError, load_model

SUMMARY = "write a page that shows a trained network at work, number by number"


def options(parser: Parser) -> None:
    latest = "model.safetensors, or the folder it is in (default: the latest in runs/)"
    parser.add_argument("model", type=Path, nargs="?", metavar="MODEL", help=latest)
    beside = "to write to (default: explain.html beside the model)"
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help=beside)
    sets = f"to take test images from: {DATA_SETS} (default: the one that the run's folder is named after, or digits)"
    parser.add_argument("--data", help=sets)


def run(arguments: argparse.Namespace) -> None:
    from ..explain import explain

    path = arguments.model or _latest()
    model = load_model(path)
    data = arguments.data or _data_of(path, model)
    page = explain(model, data=data)
    out = arguments.out or (path if path.is_dir() else path.parent) / "explain.html"
    page.save(out)
    size = f"{len(page.html) / 1e6:.1f} MB"
    print(f"wrote {out} ({size}, test images of {data}): open it in a browser, it needs nothing else")


def _data_of(path: Path, model: Any) -> str:
    """The data set that a network was trained on, as far as can be told: runs are named ARCH-DATA-TIME."""
    from ..datasets import NAMES

    parts = (path if path.is_dir() else path.parent).resolve().name.split("-")
    colour = model.input_shape[-1] == 3 and len(model.input_shape) == 4
    return next((name for name in NAMES if name in parts), "cifar10" if colour else "digits")


def _latest() -> Path:
    """The network that was trained last."""
    models = sorted(Path("runs").glob("*/model.safetensors"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise UsageError("there is no trained network in runs/ yet: loopnet train makes one, in less than a minute")
    return models[-1].parent
