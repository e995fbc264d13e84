"""A step in plain text: the line that ran, with its numbers filled in."""

from typing import Any

import numpy as np

from .trace import Read, Trace


def deed(trace: Trace, step: int) -> str:
    """What a step did: ``total = -0.25 + 0.5 * -0.12 = -0.31``."""
    statement = trace.statement(step)
    after = trace.variables(step)
    if statement.kind in ("for", "while"):
        if trace.loop_ends(step):
            return f"no further {', '.join(statement.assigned)}: the loop is over"
        return ", ".join(f"{name} = {number(after.get(name))}" for name in statement.assigned)
    value = _value(trace, step)
    if statement.kind == "if":
        return f"{value}: {trace.holds(step)}"
    writes = trace.writes(step)
    if writes:
        target, result = place(writes[0]), number(writes[0].value)
    else:
        target = ", ".join(statement.assigned)
        result = ", ".join(number(after.get(name)) for name in statement.assigned)
    if not target:
        return value
    if statement.kind == "augment":
        before = trace.reads(step)[0].value if writes else trace.variables(step - 1).get(target)
        value = f"{number(before)} {statement.operator} {value}"
    plain = all(part.kind in ("text", "item") for part in statement.parts)
    return f"{target} = {result}" if plain or value == result else f"{target} = {value} = {result}"


def _value(trace: Trace, step: int) -> str:
    """The value of a line as written, with numbers in the places of names."""
    before, reads = trace.variables(step - 1), trace.reads(step)
    text = ""
    for part in trace.statement(step).parts:
        if part.kind == "read":
            text += number(reads[part.number].value) if part.number < len(reads) else "..."
        elif part.kind == "local" and part.text in {**trace.constants, **before}:
            text += number({**trace.constants, **before}[part.text])
        else:
            text += _item(trace, part.text) if part.kind == "item" else part.text
    return text


def _item(trace: Trace, text: str) -> str:
    """``stride[0]`` as its number, which does not change."""
    name, _, index = text.rstrip("]").partition("[")
    items = trace.constants.get(name)
    return number(items[int(index)]) if isinstance(items, (tuple, list)) and index.isdigit() else text


def place(read: Read) -> str:
    """``y[0, 3, 4, 2]``."""
    return f"{read.array}[{', '.join(map(str, read.index))}]"


def number(value: Any) -> str:
    """A number in five digits, anything else as Python prints it."""
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.5g}"
    return str(value)
