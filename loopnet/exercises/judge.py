"""Compares what a submission did with what it should have done, and finds the words for it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .compare import close
from .exercise import POISON, Case, Exercise
from .words import cell, number

Reply = dict[str, Any]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Fault:
    """What is wrong. ``short`` fits into a row of a table; ``details`` are the numbers."""

    short: str
    details: str = ""
    numeric: bool = False
    """Whether it is the numbers: a known mistake may be behind them."""


def crashed(error: Reply, doing: str = "") -> Fault:
    """An exception that left the submission."""
    kind, message = error["type"], error["message"]
    if kind == "SystemExit":
        short = "it leaves Python with SystemExit instead of returning"
    elif kind == "MemoryError":
        short = "it ran out of memory (MemoryError)"
    else:
        short = f"{kind}: {message.splitlines()[0] if message else 'no message'}"
    if error.get("line"):
        text = f"\n    {error['text']}" if error.get("text") else ""
        return Fault(
            f"{short} (line {error['line']})", f"line {error['line']}{doing}:{text}\n{_rest(message)}".rstrip()
        )
    return Fault(short, _rest(message))


def _rest(message: str) -> str:
    lines = message.splitlines()[1:9]
    return "\n".join(line for line in lines if line.strip())


def judge(exercise: Exercise, case: Case, reply: Reply, back: Arrays) -> Fault | None:
    """The first thing that is wrong with one answer, the most telling one; None if all is well."""
    notes = reply.get("notes", {})
    if "error" in reply:
        return _with_notes(crashed(reply["error"]), {key: notes[key] for key in notes if key == "outside"})
    fault = _returned_wrongly(exercise, case, reply, back)
    fault = fault or _inputs_changed(case, back) or _nothing_changed(case, back) or _outputs_wrong(case, back, notes)
    if fault:
        return fault
    return _watched_wrong(case, reply, back) or _noticed(case, notes)


# ---- what came back


def _returned_wrongly(exercise: Exercise, case: Case, reply: Reply, back: Arrays) -> Fault | None:
    returned = reply["returned"]
    if "return" in case.expected:
        return _with_notes(_number_wrong(case, returned), reply.get("notes", {}))
    if returned is None or set(returned.get("arguments", ["?"])) <= set(case.expected):
        return None
    if "array" in returned:
        if _outputs_wrong(case, back, {}) is None:
            return None
        name = case.outputs[0] if case.outputs else next(iter(case.expected))
        return Fault(
            f"it returns a new array and leaves {name} as it was",
            f"Write into {name}, the array that you were given; the caller looks there.",
        )
    return Fault(f"it returns {_said_returned(returned)}; expected nothing, or the output array")


def _number_wrong(case: Case, returned: Any) -> Fault | None:
    expected = case.expected["return"]
    if returned is None:
        return Fault("it returns nothing (None)", f"Expected {_said(expected)}. End with a return.")
    given = returned.get("number", returned.get("numbers"))
    if isinstance(expected, tuple):
        if not isinstance(given, list) or len(given) != len(expected):
            return Fault(f"it returns {_said_returned(returned)}; expected {len(expected)} numbers, {_said(expected)}")
        whole = all(isinstance(n, int) or float(n).is_integer() for n in given)
        if whole and any(isinstance(n, float) for n in given) and list(given) == list(expected):
            return Fault(f"it returns {_said(given)}: sizes are whole numbers, use // instead of /")
        same = list(given) == list(expected)
    else:
        if given is None or isinstance(given, list):
            return Fault(f"it returns {_said_returned(returned)}; expected one number, {_said(expected)}")
        same = bool(abs(given - expected) <= case.tolerance * max(1.0, abs(expected)))
    if same:
        return None
    return Fault(f"it returns {_said(given)}, expected {_said(expected)}", _behind(case, "return", ()), numeric=True)


def _said(value: Any) -> str:
    return f"({', '.join(map(number, value))})" if isinstance(value, tuple | list) else number(value)


def _said_returned(returned: Reply) -> str:
    if returned.get("array"):
        return "an array"
    if "arguments" in returned:
        return f"its argument {', '.join(returned['arguments'])}"
    if "other" in returned:
        return f"something of the kind {returned['other']}"
    return _said(returned.get("numbers", returned.get("number")))


def _inputs_changed(case: Case, back: Arrays) -> Fault | None:
    for name, before in case.given().items():
        if name in case.expected:
            continue
        after = back[name]
        if after.shape != before.shape or after.dtype != before.dtype or after.tobytes() != before.tobytes():
            changed: Any = np.argwhere(after != before) if after.shape == before.shape else ()
            where = ""
            if len(changed):
                at = tuple(changed[0])
                where = (
                    f"{cell(name, at)} was {number(before[at])} before the call and is {number(after[at])} after it."
                )
            return Fault(f"it changes {name}, which is only to be read", where)
    return None


def _nothing_changed(case: Case, back: Arrays) -> Fault | None:
    updated = [name for name in case.expected if case.arguments.get(name) is not None]
    before = case.given()
    if updated and all(np.array_equal(back[name], before[name]) for name in updated):
        return Fault(f"nothing is ever written to {', '.join(updated)}", "They are to be changed in place.")
    return None


# ---- numbers


def _outputs_wrong(case: Case, back: Arrays, notes: Reply) -> Fault | None:
    for name, expected in case.expected.items():
        if name == "return":
            continue
        fault = _compare(case, name, back[name], expected, back, notes)
        if fault:
            return fault
    return None


def _compare(
    case: Case, name: str, given: np.ndarray, expected: np.ndarray, back: Arrays, notes: Reply
) -> Fault | None:
    if given.shape != expected.shape:
        return Fault(f"{name} has become {given.shape}; expected it to stay {expected.shape}")
    if given.dtype != expected.dtype:
        return Fault(f"{name} has become {given.dtype}; expected it to stay {expected.dtype}")
    untouched = _untouched(given) if name in case.outputs else np.zeros(given.shape, bool)
    wrong = np.atleast_1d(untouched | ~close(given, expected, case.tolerance))
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    count = f"{int(wrong.sum())} of {wrong.size} numbers"
    where = cell(name, at)
    behind = _behind(case, name, at)
    if untouched[at]:
        if notes.get("unwritten", {}).get("array") == name:
            return Fault(*_unwritten(notes["unwritten"]))
        if untouched.all():
            return Fault(f"nothing is ever written to {name}", f"Expected {where} to be {number(expected[at])}.")
        kept = f"{int(untouched.sum())} of {wrong.size} cells keep what was in them before the call"
        said = f"{kept}; {where} should be {number(expected[at])}."
        return _with_notes(Fault(f"{where} is never written", _join(said, behind)), notes)
    said = f"{where} should be {number(expected[at])}, and is {number(given[at])}"
    return _with_notes(Fault(said, _join(f"{count} differ; this is the first.", behind), numeric=True), notes)


def _untouched(given: np.ndarray) -> np.ndarray:
    """Which cells still hold the poison, to the bit."""
    bits = {4: np.uint32, 8: np.uint64}[given.dtype.itemsize]
    poison = np.array(POISON[given.dtype]).view(bits)
    return np.ascontiguousarray(given).view(bits).reshape(given.shape) == poison


def _behind(case: Case, name: str, at: tuple[int, ...]) -> str:
    return case.behind(name, at) if case.behind else ""


# ---- what the watched arrays saw


def _watched_wrong(case: Case, reply: Reply, back: Arrays) -> Fault | None:
    """The same call a second time, on watched arrays: it must give the same."""
    if "again" not in reply:
        return None
    again = reply["again"]
    if "error" in again:
        library = reply["notes"].get("library")
        if library:
            return _library(library)
        error = crashed(again["error"])
        return Fault(f"called a second time it fails: {error.short}", error.details)
    for name, expected in case.expected.items():
        given = again["returned"] if name == "return" else back[f"again {name}"]
        if name == "return":
            if given != reply["returned"]:
                return Fault("called again with the same numbers it answers differently")
        elif given.shape != expected.shape or not bool(np.all(close(given, expected, case.tolerance))):
            if reply.get("loops"):
                race = reply["notes"].get("race")
                return _race(race) if race else Fault("its answer depends on the order in which prange takes its turns")
            return Fault(
                "called again with the same numbers it answers differently",
                "Something is kept from one call to the next: a global, or a list that grows.",
            )
    return None


def _noticed(case: Case, notes: Reply) -> Fault | None:
    """Right numbers, in a wrong way."""
    if "race" in notes:
        return _race(notes["race"])
    if "unwritten" in notes:
        short, details = _unwritten(notes["unwritten"])
        return Fault(short, details)
    if "library" in notes:
        return _library(notes["library"])
    return None


def _library(note: Reply) -> Fault:
    return Fault(
        f"the numbers are right, but line {note['line']} uses {note['call']}, which does the work of the loop",
        "This exercise is about the loop itself: take one number at a time.",
    )


def _race(note: Reply) -> Fault:
    first, then = (_turn(owner) for owner in (note["first"], note["then"]))
    where = cell(note["array"], note["index"])
    return Fault(
        f"a race: {where} is {note['how']} by {first} and by {then}" + _line(note),
        "In parallel either may come first, or both at once, and one of the sums is lost.\n"
        "Let each turn own what it writes.",
    )


def _turn(owner: list[Any]) -> str:
    if len(owner) == 2:
        return f"thread {tuple(owner[1])} of block {tuple(owner[0])}"
    return "several turns of prange" if owner[0] is None else f"turn {owner[0]} of prange"


def _unwritten(note: Reply) -> tuple[str, str]:
    where = cell(note["array"], note["index"])
    return (
        f"{where} is read before anything was written to it" + _line(note),
        "An output arrives with whatever was in memory before, not with zeros. Add up in a variable of your own, "
        "then write the sum.",
    )


def remark(notes: Reply) -> str:
    """What is not wrong by itself, but often is a mistake that these cases did not show."""
    return f"Noticed: {' — '.join(_negative(notes['negative']))}" if "negative" in notes else ""


def _negative(note: Reply) -> tuple[str, str]:
    return (
        f"{note['array']} is asked for index {note['index']} on axis {note['axis']}" + _line(note),
        "A negative index does not fail: it wraps round to the other side of the array.",
    )


def _outside(note: Reply) -> tuple[str, str]:
    return (
        f"{note['array']} is asked for index {note['index']} on axis {note['axis']}, which has {note['size']}"
        + _line(note),
        "",
    )


def _line(note: Reply) -> str:
    return f" (line {note['line']})" if note.get("line") else ""


def _with_notes(fault: Fault | None, notes: Reply) -> Fault | None:
    """The fault with what was noticed on the way, which is often the reason."""
    if fault is None:
        return None
    reasons = {"negative": _negative, "unwritten": _unwritten, "outside": _outside}
    texts = [" — ".join(filter(None, reasons[kind](notes[kind]))) for kind in reasons if kind in notes]
    if "race" in notes:
        texts.append(_race(notes["race"]).short)
    return replace(fault, details=_join(fault.details, *(f"Noticed: {text}" for text in texts)))


def _join(*texts: str) -> str:
    return "\n".join(text for text in texts if text)
