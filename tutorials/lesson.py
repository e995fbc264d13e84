"""What the notebooks share: how they show a loop's source and a picture, and how they run in less time."""

import ast
import base64
import inspect
import io
import os
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import loopnet

QUICK = os.environ.get("LOOPNET_TUTORIALS") == "quick"
"""Whether the notebooks are only being checked: fewer epochs and images, the same cells."""


def at_most(number: int, quick: int) -> int:
    """``number``, or ``quick`` if the notebook is only being checked."""
    return min(number, quick) if QUICK else number


def source(function: Callable, docstring: bool = False) -> None:
    """Show the loop itself: the text that Python, or Numba, is given. Without its docstring, unless asked for."""
    from IPython.display import display

    name, text = written(function, docstring)
    bundle = {"text/markdown": f"```python\n{text}\n```", "text/plain": text}
    display(bundle, raw=True, metadata={"loopnet": {"source": name, "docstring": docstring}})


def written(function: Callable, docstring: bool = False) -> tuple[str, str]:
    """``module:name`` of a function and its source; compiled functions are what they were compiled from."""
    function = getattr(function, "py_func", function)
    text = textwrap.dedent(inspect.getsource(function)).rstrip()
    if not docstring:
        lines = text.splitlines()
        first = ast.parse(text).body[0].body[0]  # type: ignore[attr-defined]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            del lines[first.lineno - 1 : first.end_lineno]
        text = "\n".join(lines)
    method = "." in function.__qualname__
    return f"{function.__module__}:{function.__qualname__ if method else function.__code__.co_name}", text


def picture(figure: Any, alt: str, dpi: int = 110) -> None:
    """Show a figure. ``alt`` says what is to be seen, for those who do not see it."""
    from IPython.display import display

    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=dpi)
    bundle = {"image/png": base64.b64encode(small(drawn.getvalue())).decode(), "text/plain": alt}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}})


def small(png: bytes) -> bytes:
    """The same picture in 256 colours: enough for every one here, and a third of the bytes."""
    from PIL import Image

    packed = io.BytesIO()
    full = Image.open(io.BytesIO(png)).convert("RGB")
    full.quantize(256, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def stepper(trace: Any, at: int, alt: str) -> None:
    """Show a trace of ``loopnet.stepper``. A page that runs no programs shows a picture of step ``at`` instead."""
    from IPython.display import display

    bundle = {"text/html": trace.page()._repr_html_(), "text/plain": alt}
    display(bundle, raw=True, metadata={"loopnet": {"step": at}, "image/png": {"alt": alt}})


def photograph(height: int = 160) -> Any:
    """A photograph in colour, uint8 (height, width, 3): Grace Hopper, who wrote the first compiler.

    The picture is the US Navy's, free for all, and comes with matplotlib.
    """
    import matplotlib.cbook
    import numpy as np
    from PIL import Image

    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(path) as image:
        width, full = image.size
        face = image.convert("RGB").crop((60, 20, 460, 420)) if (width, full) == (512, 600) else image.convert("RGB")
        return np.asarray(face.resize((height * face.width // face.height, height), Image.Resampling.LANCZOS))


def is_here(name: str) -> bool:
    """Whether a data set is on this computer, complete: then, and only then, can it be loaded without a network."""
    from loopnet.datasets import FILES
    from loopnet.datasets.fetch import find

    if name == "digits":
        return True
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")  # pooch's progress bar: nothing is downloaded here
        return len(find(FILES[name])) == len(FILES[name].sha256)


def relative(path: str | Path) -> str:
    """A path inside the package as it stands in the repository."""
    return (Path("loopnet") / Path(path).relative_to(Path(loopnet.__file__).parent)).as_posix()
