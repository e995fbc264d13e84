"""A learner's code as text: from a file, or from a function that lives in a notebook, with all that it leans on."""

import ast
import builtins
import inspect
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from .rules import MODULES


@dataclass
class Piece:
    """Some source, and the file and line in which the learner sees it."""

    file: str
    line: int
    source: str


@dataclass
class Submission:
    function: str
    """The name of the function to call."""
    pieces: list[Piece] = field(default_factory=list)


def from_file(path: str | Path, function: str) -> Submission:
    """A file that defines the function. Raises ``OSError`` if it cannot be read, ``ValueError`` if it is not text."""
    path = Path(path)
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: expected a Python file in UTF-8") from None
    return Submission(function, [Piece(str(path), 1, source)])


def from_function(function: Any) -> Submission:
    """A function of this process. The source of the functions that it calls comes along, and the values of its globals.

    Raises ``ValueError`` if there is no source to be had, or if a global is neither a number, a text, a small array, a
    module nor a function.
    """
    written = getattr(function, "py_func", function)
    if not isinstance(written, FunctionType):
        raise ValueError(f"expected a function, given {type(function).__name__}")
    if (written.__module__ or "").partition(".")[0] == "loopnet":
        raise ValueError(f"{written.__name__} is loopnet's own; the exercise is to write one yourself")
    submission = Submission(written.__name__)
    _collect(written, submission.pieces, set())
    return submission


def _collect(function: FunctionType, pieces: list[Piece], known: set[str]) -> None:
    """Append the source of ``function``, after all that it needs."""
    known.add(function.__name__)
    if function.__name__ == "<lambda>":
        raise ValueError("expected a function written with def, given a lambda")
    try:
        lines, line = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise ValueError(
            f"cannot find the source of {function.__name__}; write it in a cell or in a file of its own"
        ) from None
    source = textwrap.dedent("".join(lines))
    held = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for name in _names(source):
        if name in known or name not in held or held[name] is getattr(builtins, name, held):
            continue
        known.add(name)
        _carry(name, held[name], pieces, known)
    pieces.append(Piece(f"<{function.__name__}>", max(line, 1), source))


def _names(source: str) -> list[str]:
    """The names that a piece of source reads."""
    read = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return list(dict.fromkeys(node.id for node in read if isinstance(node.ctx, ast.Load)))


def _carry(name: str, value: Any, pieces: list[Piece], known: set[str]) -> None:
    """Append source that gives ``name`` its value in another process."""
    function = getattr(value, "py_func", value)
    if isinstance(value, ModuleType):
        text = f"import {value.__name__} as {name}"
    elif isinstance(function, FunctionType) and _is_own(function):
        _collect(function, pieces, known)
        text = "" if function.__name__ == name else f"{name} = {function.__name__}"
    elif isinstance(value, np.ndarray) and value.size <= 10_000 and value.dtype.kind in "biuf":
        text = f"import numpy\n{name} = numpy.array({value.tolist()!r}, {value.dtype.name!r}).reshape({value.shape})"
    elif isinstance(value, np.generic):
        text = f"import numpy\n{name} = numpy.{value.dtype.name}({value.item()!r})"
    elif isinstance(value, bool | int | float | str | tuple | list | dict) or value is None:
        try:
            ast.literal_eval(repr(value))
        except (ValueError, SyntaxError):
            raise _cannot(name, value) from None
        text = f"{name} = {value!r}"
    else:
        text = _import_of(name, value)
    if text:
        pieces.append(Piece(f"<{name}>", 1, text))


def _is_own(function: FunctionType) -> bool:
    """Whether a function is the learner's, so that its source has to come along, and not a library's."""
    return (function.__module__ or "").partition(".")[0] not in {*MODULES, "loopnet"}


def _import_of(name: str, value: Any) -> str:
    """``from library import thing as name``, from the outermost package that has it."""
    own_name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    parts = (getattr(value, "__module__", None) or "").split(".")
    for end in range(1, len(parts) + 1):
        package = ".".join(parts[:end])
        if own_name and getattr(sys.modules.get(package), own_name, None) is value:
            return f"from {package} import {own_name} as {name}"
    raise _cannot(name, value)


def _cannot(name: str, value: Any) -> ValueError:
    return ValueError(
        f"your function uses the global {name!r}, {type(value).__name__}, which cannot be handed to the checker; "
        "make it inside the function, or pass it as an argument"
    )
