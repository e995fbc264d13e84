"""A trace as a page: what ``pages/stepper.js`` is given. Long columns of numbers travel as differences, compressed."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..pages import Page, bundle
from .source import Source
from .trace import Array, Trace

LARGEST = 300_000
"""Numbers of one array that a page carries; of a larger one, only the block that the steps touch."""

INT, FLOAT, TRUTH, TEXT = range(4)  # kinds of a local variable's value


def page_of(trace: Trace) -> Page:
    """The trace as one HTML file that needs no network."""
    return bundle("stepper", trace.title, data_of(trace))


def data_of(trace: Trace) -> dict[str, Any]:
    """What the page shows, as JSON and arrays."""
    source, record = trace.source, trace.record
    places = {name: number for number, name in enumerate(trace.arrays)}
    reads = [(step, places[name], at) for step, name, at in record.reads]
    writes = [(step, places[name], at) for step, name, at, _ in record.writes]
    touched: dict[int, set[int]] = {number: set() for number in places.values()}
    for _, array, at in (*reads, *writes):
        touched[array].add(at)
    arrays = {name: _array(array, source, touched[places[name]]) for name, array in trace.arrays.items()}
    cropped = [_in_crop(array.after.shape, arrays[name]) for name, array in trace.arrays.items()]
    variables = list(dict.fromkeys(name for _, name, _ in record.assigned))
    number = {name: at for at, name in enumerate(variables)}
    texts: list[str] = []
    values = [_value(value, texts) for _, _, value in record.assigned]
    return {
        "title": trace.title,
        "name": source.name,
        "file": _short(source.file),
        "notes": trace.notes,
        "source": source.lines,
        "statements": {line: _statement(source, line, trace) for line in source.statements},
        "loops": [[loop.variable, loop.line, loop.end, loop.depth] for loop in source.loops],
        "arrays": list(arrays.values()),
        "constants": {name: _words(value) for name, value in trace.constants.items()},
        "output": places[trace.output],
        "cell": trace.cell,
        "window": trace.window_in_words(),
        "whole": not trace.window and record.complete,
        "compiled": trace.compiled,
        "sameBits": trace.same_bits,
        "variables": variables,
        "texts": texts,
        "picture": trace.picture and {
            "image": np.asarray(trace.picture["image"], np.float32),
            "rows": trace.picture["rows"],
            "columns": trace.picture["columns"],
        },
        "lines": _integers(record.lines),
        "reads": _events(reads, cropped),
        "writes": {**_events(writes, cropped), "value": _floats([value for *_, value in record.writes])},
        "assigned": {
            "step": _integers([step for step, _, _ in record.assigned]),
            "variable": _integers([number[name] for _, name, _ in record.assigned]),
            "kind": _integers([kind for kind, _ in values]),
            "value": _floats([value for _, value in values]),
        },
    }  # fmt: skip


# ---- source


def _statement(source: Source, line: int, trace: Trace) -> dict[str, Any]:
    statement = source.statements[line]
    return {
        "kind": statement.kind,
        "depth": statement.depth,
        "assigned": statement.assigned,
        "parts": [_part(part.kind, part.text, part.number, trace.constants) for part in statement.parts],
        "operator": statement.operator,
        "body": statement.body,
        "accumulates": statement.accumulates,
    }


def _part(kind: str, text: str, number: int, constants: dict[str, Any]) -> list[Any]:
    """``stride[0]`` is settled before the loop starts: its number stands for it."""
    name, _, index = text.partition("[")
    if kind == "item" and name in constants:
        item = constants[name]
        if isinstance(item, (tuple, list)) and index.rstrip("]").lstrip("-").isdigit():
            return ["constant", _words(item[int(index.rstrip("]"))]), 0]
    if kind == "local" and text in constants:
        return ["constant", _words(constants[text]), 0]
    return ["text" if kind == "item" else kind, text, number]


def _short(file: Path) -> str:
    """A file of loopnet by its place in the package, another by its name."""
    parts = file.parts
    return "/".join(parts[len(parts) - parts[::-1].index("loopnet") - 1 :]) if "loopnet" in parts else file.name


def _words(value: Any) -> str:
    return f"{float(value):.6g}" if isinstance(value, (float, np.floating)) else str(value)


def _value(value: Any, texts: list[str]) -> tuple[int, float]:
    if isinstance(value, (bool, np.bool_)):
        return TRUTH, float(value)
    if isinstance(value, (int, np.integer)):
        return INT, float(value)
    if isinstance(value, (float, np.floating)):
        return FLOAT, float(value)
    text = str(value)
    texts.append(text if len(text) <= 60 else text[:57] + "...")
    return TEXT, float(len(texts) - 1)


# ---- arrays


def _array(array: Array, source: Source, touched: set[int]) -> dict[str, Any]:
    shape = array.after.shape
    low, high = [0] * len(shape), list(shape)
    if array.after.size > LARGEST:
        low, high = _bounds(shape, touched)
    block = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    before, after = (np.asarray(a[block], np.float32 if a.dtype == np.float32 else np.float64) for a in (
        array.before, array.after,
    ))  # fmt: skip
    if array.blank:
        before = np.zeros_like(after)  # whatever stood there means nothing
    finite = np.concatenate([before.reshape(-1), after.reshape(-1)])
    finite = finite[np.isfinite(finite)]
    return {
        "name": array.name,
        "whole": shape,
        "origin": low,
        "shape": after.shape,
        "shown": shown_axes(array.name, shape, source),
        "written": array.written,
        "blank": array.blank,
        "grey": not array.name.lstrip("d").startswith(("w", "b", "f")) and bool((finite >= 0).all()),
        "before": before.reshape(-1),
        "after": after.reshape(-1),
    }


def shown_axes(name: str, shape: tuple[int, ...], source: Source) -> list[int]:
    """The one or two axes that are laid out as a picture; along the others, the page shows the slice in use.

    Rows and columns if the array has them: any axes but images, channels and filters (``n c k`` in the loops), the
    last two of them. Otherwise the row of channels, or of whatever it has.
    """
    rank = len(shape)
    names = next((index for index in source.indices(name) if len(index) == rank and any(index)), None)
    if names is None:  # the loop goes through it under another name and shape
        usual = {2: ("n", "c"), 4: ("n", "row", "col", "c"), 5: ("n", "plane", "row", "col", "c")}
        names = usual.get(rank, ("",) * rank)
    if rank > 3 and not names[-1]:  # first + c, say: still the channels
        names = (*names[:-1], "c")
    pixels = [axis for axis in range(rank) if names[axis] not in ("n", "c", "k", "channel")]
    if len(pixels) >= 2:
        return pixels[-2:]
    row = next((names.index(wanted) for wanted in ("c", "channel", "k") if wanted in names), 0)
    return pixels or [row]


def _bounds(shape: tuple[int, ...], touched: set[int]) -> tuple[list[int], list[int]]:
    """The smallest block that holds all flat places touched: where it begins and ends along each axis."""
    if not touched:
        return [0] * len(shape), [min(size, 1) for size in shape]
    index = np.unravel_index(np.fromiter(touched, np.int64), shape)
    return [int(along.min()) for along in index], [int(along.max()) + 1 for along in index]


def _in_crop(shape: tuple[int, ...], array: dict[str, Any]) -> Any:
    """A function from flat places in the whole array to flat places in what the page carries."""
    if tuple(array["shape"]) == tuple(shape):
        return lambda at: at
    origin = np.array(array["origin"]).reshape(-1, 1)
    return lambda at: np.ravel_multi_index(tuple(np.array(np.unravel_index(at, shape)) - origin), array["shape"])


# ---- columns


def _events(events: list[Any], cropped: list[Any]) -> dict[str, Any]:
    steps, arrays, places = np.array(events, np.int64).reshape(-1, 3).T
    places = places.copy()
    for number, crop in enumerate(cropped):
        here = arrays == number
        if here.any():
            places[here] = crop(places[here])
    return {"step": _integers(steps), "array": _integers(arrays), "place": _integers(places)}


def _integers(column: Any) -> dict[str, Any]:
    values = np.asarray(column, np.int64)
    return _packed("int32", np.diff(values, prepend=0).astype("<i4"))


def _floats(column: Any) -> dict[str, Any]:
    values = np.array([float(value) for value in column], "<f8")
    with np.errstate(over="ignore"):
        short = values.astype("<f4")
    same = np.array_equal(short, values, equal_nan=True)
    return _packed("float32", short) if same else _packed("float64", values)


def _packed(kind: str, values: np.ndarray) -> dict[str, Any]:
    return {"kind": kind, "count": values.size, "packed": np.frombuffer(zlib.compress(values.tobytes(), 6), np.uint8)}
