"""``loopnet step``: run a loop line by line on a real image."""

import argparse
import inspect
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .usage import DATA_SETS, Parser, UsageError, count, data_of, known, load_model, model_or_newest

if TYPE_CHECKING:
    from ..stepper import Images, Trace

SUMMARY = "step through a loop, line by line, on a real image"


def options(parser: Parser) -> None:
    loops = "conv2d, max_pool2d, dense, softmax, adam, basic_conv, ...; without one, all are listed"
    parser.add_argument("loop", nargs="?", metavar="LOOP", help=loops)
    parser.add_argument(
        "--backward", nargs="?", const="weights", default="", choices=("weights", "input"), metavar="weights|input",
        help="the way back: the gradient of the weights (default) or of the input",
    )  # fmt: skip
    parser.add_argument("--layer", metavar="NAME", help="of the network (default: the first that runs the loop)")
    parser.add_argument("--model", type=Path, help="model.safetensors, or its folder (default: the newest in runs/)")
    sets = f"{DATA_SETS} (default: the one the network was trained on)"
    parser.add_argument("--data", help=f"where images come from: {sets}")
    parser.add_argument(
        "--image", default="7", metavar="N|FILE", help="numbers of test images (7 or 7,8,9), or a picture (default: 7)"
    )
    parser.add_argument("--filter", default="vertical edge", help='for basic_conv (default: "vertical edge")')
    parser.add_argument("--cell", type=_cell, metavar="I,J,K", help="of the output (default: the largest number's)")
    parser.add_argument("--steps", type=count, metavar="N", help="to record, about (default: 160000)")
    parser.add_argument("-o", "--output", type=Path, metavar="PAGE.html", help="write a page that needs no network")


def run(arguments: argparse.Namespace) -> None:
    from ..stepper.scenes import ARTICLE
    from ..stepper.terminal import browse, can_browse, print_plain

    if arguments.loop is None:
        return _list()
    if not arguments.image:
        raise UsageError("--image: expected numbers of test images or a picture's file, given nothing")
    if arguments.output and not arguments.output.absolute().parent.is_dir():
        raise UsageError(f"cannot write {arguments.output}: there is no folder {arguments.output.parent}")
    trace = _of_article(arguments) if arguments.loop in ARTICLE else _of_network(arguments)
    if arguments.output:
        trace.save(arguments.output)
        for line in trace.notes:
            print(line)
        size = arguments.output.stat().st_size / 1e6
        what = f"{trace.title}, {trace.window_in_words()}, {size:.1f} MB"
        print(f"wrote {arguments.output}: {what}. Open it in a browser.")
    elif can_browse() and _has_rich():
        browse(trace)
    else:
        if can_browse():
            print('plain text, as rich is not installed: pip install "loopnet[terminal]" for arrow keys\n')
        print_plain(trace)


def _list() -> None:
    """Every loop there is, with its formula."""
    from .. import article
    from ..kernels.textbook import TEXTBOOK
    from ..stepper.scenes import ARTICLE, names, operation_named

    width = max(map(len, names()))
    for name in names():
        loop = getattr(article, name) if name in ARTICLE else TEXTBOOK[operation_named(name)]
        first = inspect.cleandoc(loop.__doc__ or "").partition("\n")[0]
        print(f"{name:<{width}}  {textwrap.shorten(first, 118 - width, placeholder=' ...')}")
    print("\nloopnet step LOOP               in the terminal")
    print("loopnet step LOOP -o step.html  as a page; with --backward, the loop's way back")


def _of_network(arguments: argparse.Namespace) -> "Trace":
    from ..kernels.textbook import TEXTBOOK
    from ..stepper import scenes

    if arguments.loop not in TEXTBOOK:
        known("loop", arguments.loop, scenes.names())
    operation = scenes.operation_named(arguments.loop, arguments.backward)
    model, data, where = _network(arguments)
    images = _images(arguments.image, data, model)
    trace = scenes.step_layer(model, images, operation, arguments.layer, arguments.cell, **_limit(arguments))
    trace.notes.insert(0, where)
    return trace


def _of_article(arguments: argparse.Namespace) -> "Trace":
    from ..stepper import scenes

    for name in ("layer", "model", "backward"):
        if getattr(arguments, name):
            raise UsageError(f"{arguments.loop} is the article's loop, it knows no --{name}; see conv2d, max_pool2d")
    image, words = _grey_image(arguments)
    trace = scenes.step_article(arguments.loop, image, arguments.filter, arguments.cell, **_limit(arguments))
    trace.notes.insert(0, words)
    return trace


def _limit(arguments: argparse.Namespace) -> dict[str, int]:
    return {} if arguments.steps is None else {"limit": arguments.steps}


# ---- the network


def _network(arguments: argparse.Namespace) -> tuple[Any, str, str]:
    """The network to step through, its data set, and a sentence on which it is: the one asked for, the newest, or a
    fresh LeNet-5.
    """
    from ..datasets import CHANNELS
    from ..lenet import lenet5
    from ..stepper.scenes import newest_run

    if arguments.model is not None or newest_run() is not None:
        path = model_or_newest(arguments.model)
        model, newest = load_model(path), "" if arguments.model else ", the newest in runs/"
        return model, arguments.data or data_of(model, path) or "digits", f"network: {path}{newest}"
    data = known("data set", arguments.data or "digits", CHANNELS)
    words = "network: a LeNet-5 that was not trained, seed 0; loopnet train trains one"
    return lenet5((32, 32, CHANNELS[data]), seed=0), data, words


# ---- the image


def _images(image: str, data: str, model: Any) -> "Images":
    """The images that ``--image`` asks for, as the network takes them."""
    from ..datasets import CHANNELS, load_for
    from ..images import read_image
    from ..stepper import Images

    numbers = _numbers(image)
    shape = model.input_shape[1:]
    if numbers is None:
        if len(shape) != 3 or shape[2] != 1:
            raise UsageError(f"the network takes {shape}, and a picture from a file is prepared as a grey one")
        x, done = read_image(image, shape[0], shape[1], model.trained_on)
        return Images(x, None, f"{image} ({done})")
    known("data set", data, CHANNELS)
    x, labels = load_for(data, shape)[1]
    _check(numbers, len(x), data)
    shown = ", ".join(str(labels[number]) for number in numbers)
    which = "image" if len(numbers) == 1 else "images"
    words = f"{which} {', '.join(map(str, numbers))} of the test images of {data}, of class {shown}"
    return Images(x[numbers], labels[numbers], words)


def _grey_image(arguments: argparse.Namespace) -> tuple[Any, str]:
    """One image for the article's loops: its bytes, 0 to 255, so that the sums can be checked by hand."""
    import numpy as np

    from ..datasets import CHANNELS, load_for
    from ..images import read_image

    numbers = _numbers(arguments.image)
    if numbers is None:
        x, done = read_image(arguments.image, 28, 28)
        return np.rint(x[0, :, :, 0] * 255), f"{arguments.image} ({done})"
    if len(numbers) > 1:
        raise UsageError(f"--image {arguments.image}: {arguments.loop} takes one image")
    data = known("data set", arguments.data or "digits", CHANNELS)
    if CHANNELS[data] != 1:
        raise UsageError(f"--data {data}: {arguments.loop} takes grey images")
    x, labels = load_for(data, (28, 28, 1))[1]
    _check(numbers, len(x), data)
    words = f"image {numbers[0]} of the test images of {data}, of class {labels[numbers[0]]}; pixels 0 to 255"
    return np.rint(x[numbers[0], :, :, 0] * 255), words


def _numbers(text: str) -> list[int] | None:
    """``7`` or ``7,8,9`` as numbers; None for anything else, which is a file's name."""
    parts = text.split(",")
    return [int(part) for part in parts] if all(part.strip().isdigit() for part in parts) else None


def _check(numbers: list[int], count: int, data: str) -> None:
    for number in numbers:
        if number >= count:
            raise UsageError(f"--image {number}: {data} has {count} test images, 0 to {count - 1}")


def _cell(text: str) -> tuple[int, ...]:
    parts = text.replace(" ", "").split(",")
    if not all(part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"must be whole numbers with commas between, not {text!r}")
    return tuple(int(part) for part in parts)


def _has_rich() -> bool:
    try:
        import rich  # noqa: F401
    except ImportError:
        return False
    return True
