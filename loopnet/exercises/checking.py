"""From an exercise and a submission to a verdict."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import rules
from .diagnosis import Answer, named
from .draw import draw
from .exercise import Case, Exercise
from .judge import Fault, crashed, judge, remark
from .runner import Runner, Stopped
from .submission import Submission, from_file, from_function

TIME_LIMIT = 10.0
"""Seconds for one case, which takes milliseconds if all is well."""
ALLOWANCE_COMPILED = 60.0
"""More seconds for the first call of a function that Numba compiles."""


@dataclass
class Verdict:
    """What came of a check. True in an ``if`` when the exercise is passed."""

    exercise: str
    passed: bool
    cases: int
    """How many cases there are."""
    reached: int
    """How many of them were right, before the first that was not."""
    fault: Fault | None
    where: str
    """The case that went wrong, in words."""
    seed: int
    printed: str = ""
    remarks: list[str] = field(default_factory=list)
    submission: Submission | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def summary(self) -> str:
        """One line."""
        if self.fault is None:
            return f"passed, {self.cases} cases"
        return f"{self.fault.short}" + (f" ({self.where})" if self.where else "")

    def __str__(self) -> str:
        if self.fault is None:
            lines = [f"{self.exercise}: passed. {self.cases} cases right, most of them drawn for this check."]
        else:
            at = f" {self.where[0].upper()}{self.where[1:]}." if self.where else ""
            lines = [f"{self.exercise}: not yet.{at}", f"  {self.fault.short}"]
            lines += [f"  {line}" for line in self.fault.details.splitlines()]
            if self.where:
                lines.append(f"  (the same cases again: seed={self.seed})")
        lines += [f"  {remark}" for remark in self.remarks]
        if self.printed:
            lines += ["  Your code printed:", *(f"    | {line}" for line in self.printed.splitlines()[:8])]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{self.exercise}: {'passed' if self.passed else 'not yet'}>"

    def train(self, epochs: int = 3, ladder: str | Path | None = None) -> Any:
        """Train LeNet-5 on the bundled digits with the checked loop in place of ours; see ``training.train``."""
        from .training import train

        return train(self, epochs, ladder)


def submitted(exercise: Exercise, what: Any) -> Submission:
    """A function, or a path to a file, as source."""
    if isinstance(what, str | Path):
        return from_file(what, exercise.name)
    return from_function(what)


def grade(exercise: Exercise, what: Any, seed: int | None = None, time_limit: float = TIME_LIMIT) -> Verdict:
    """Check a submission on fresh cases; prints nothing. ``seed`` draws the cases of an earlier verdict again.

    Raises ``OSError`` or ``ValueError`` if there is nothing to check.
    """
    submission = submitted(exercise, what)
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    cases = draw(exercise, np.random.default_rng(seed))
    verdict = Verdict(exercise.name, False, len(cases), 0, None, "", seed, submission=submission)
    verdict.fault = _offence(submission) or _on_cases(exercise, cases, verdict, time_limit)
    if verdict.fault is None:
        verdict.fault = _form(exercise, submission)
    if verdict.fault is None and exercise.compiled:
        verdict.fault = _compiled(exercise, cases, verdict, time_limit)
    verdict.passed = verdict.fault is None
    return verdict


# ---- the source


def _offence(submission: Submission) -> Fault | None:
    for piece in submission.pieces:
        try:
            for offence in rules.offences(piece.source):
                line = offence.line + piece.line - 1
                return Fault(f"line {line} {offence.words}")
        except SyntaxError as error:
            return Fault(
                f"SyntaxError: {error.msg} (line {(error.lineno or 1) + piece.line - 1})", (error.text or "").strip()
            )
        except ValueError as error:  # null bytes
            return Fault(f"it is not Python: {error}")
    return None


def _form(exercise: Exercise, submission: Submission) -> Fault | None:
    """What the numbers cannot show."""
    if exercise.compiled == "parallel":
        sources = [(piece, piece.source) for piece in submission.pieces]
        if not any(rules.has_prange(source) for _, source in sources):
            return Fault("the numbers are right, but no loop is a prange", "Let one loop run over prange(...).")
        for piece, source in sources:
            carried = rules.carried(source, exercise.name)
            if carried:
                line, name = carried
                return Fault(
                    f"a race: {name} is carried from one turn of prange to the next (line {line + piece.line - 1})",
                    f"Give {name} its first value inside the parallel loop, so that each turn has its own.",
                )
    return None


# ---- the cases


def _on_cases(exercise: Exercise, cases: list[Case], verdict: Verdict, time_limit: float) -> Fault | None:
    assert verdict.submission is not None
    with Runner(verdict.submission, exercise.mode, time_limit) as runner:
        try:
            fault = _unfit(exercise, verdict.submission.function, runner.load())
            fault = fault or examine(runner, exercise, cases, verdict)
        except Stopped as stopped:
            fault = Fault(str(stopped))
        verdict.printed = runner.printed()
    if fault is None:
        verdict.where = ""
    return fault


def examine(runner: Runner, exercise: Exercise, cases: list[Case], verdict: Verdict) -> Fault | None:
    """Ask for the cases up to the first wrong answer; if its numbers are wrong, for the others too, to tell why."""
    fault: Fault | None = None
    answers: list[tuple[Case, Answer | None]] = []
    for number, case in enumerate(cases, 1):
        verdict.where = f"case {number} of {len(cases)}, {case.what}"
        reply, back = runner.run(_question(case, verdict.seed), case.given())
        fault = judge(exercise, case, reply, back)
        answers.append((case, _answer(case, reply, back)))
        if fault is not None:
            break
        verdict.reached = number
        noticed = remark(reply.get("notes", {}))
        if noticed and noticed not in verdict.remarks:
            verdict.remarks.append(noticed)
    if fault is None or not fault.numeric:
        return fault
    wrong = len(answers) - 1
    with suppress(Stopped):
        for case in cases[len(answers) :]:
            answers.append((case, _answer(case, *runner.run(_question(case, verdict.seed), case.given()))))
    return named(fault, wrong, answers)


def _answer(case: Case, reply: dict[str, Any], back: dict[str, np.ndarray]) -> Answer | None:
    """The numbers that came back; None if something else did."""
    if "error" in reply:
        return None
    if "return" not in case.expected:
        return back
    returned = reply["returned"] or {}
    given = returned.get("number", returned.get("numbers"))
    return None if given is None else {"return": np.array(given, float)}


def _unfit(exercise: Exercise, name: str, loaded: dict[str, Any]) -> Fault | None:
    """Whether there is a function that can be called as the cases will call it."""
    if "error" in loaded:
        return crashed(loaded["error"], ", while the file was read")
    expected = exercise.parameters
    if loaded["takes"] is None and not loaded["functions"]:
        return Fault(f"it defines no function; expected {name}({', '.join(expected)})")
    if loaded["takes"] is None and name not in loaded["functions"]:
        others = ", ".join(loaded["functions"][:6])
        return Fault(f"it defines no function {name}; it defines {others}")
    takes = loaded["takes"]
    if takes is not None and len(takes) != len(expected):
        return Fault(
            f"it takes {len(takes)} arguments, expected {len(expected)}",
            f"given {name}({', '.join(takes)})\nexpected {name}({', '.join(expected)})",
        )
    if exercise.mode == "cuda" and not loaded["kernel"]:
        return Fault(f"{name} is not a CUDA kernel", "Put @cuda.jit above it (from numba import cuda).")
    return None


def _question(case: Case, seed: int) -> dict[str, Any]:
    values = {name: value for name, value in case.arguments.items() if not isinstance(value, np.ndarray | np.generic)}
    return {
        "arguments": list(case.arguments),
        "values": {name: value for name, value in values.items() if value is not None},
        "outputs": case.outputs,
        "seed": seed,
        "launch": case.launch,
    }


# ---- as Numba compiles it


def _compiled(exercise: Exercise, cases: list[Case], verdict: Verdict, time_limit: float) -> Fault | None:
    assert verdict.submission is not None
    with Runner(verdict.submission, exercise.compiled, time_limit + ALLOWANCE_COMPILED) as runner:
        try:
            loaded = runner.load()
            fault = crashed(loaded["error"]) if "error" in loaded else None
            for number, case in enumerate(cases):
                if fault is not None:
                    break
                verdict.where = f"case {number + 1} of {len(cases)}, {case.what}, compiled"
                reply, back = runner.run(_question(case, verdict.seed), case.given())
                if "error" in reply and "numba" in reply["error"]["type"].lower() + reply["error"]["message"].lower():
                    fault = _not_compiled(reply["error"])
                else:
                    fault = judge(exercise, case, reply, back)
                if fault is None and exercise.compiled == "vector" and number == 0:
                    fault = _not_vectorised(reply.get("vector") or {}, verdict)
        except Stopped as stopped:
            fault = Fault(str(stopped))
    if fault is None:
        verdict.where = ""
    return fault


def _not_compiled(error: dict[str, Any]) -> Fault:
    lines = [line.strip() for line in error["message"].splitlines() if line.strip()]
    return Fault("Numba cannot compile it", "\n".join(lines[:6]))


def _not_vectorised(vector: dict[str, int], verdict: Verdict) -> Fault | None:
    from ..doctor import simd

    if vector:
        widest = max(map(int, vector))
        verdict.remarks.append(f"Its loop became vector instructions that add {widest} float32 at once.")
        return None
    if simd() == "none known":
        verdict.remarks.append("No vector unit is known on this processor, so that was not checked.")
        return None
    return Fault(
        "the numbers are right, but the loop adds up one number at a time: it was not vectorised",
        "The innermost loop must step through neighbouring cells of what it writes, and each of its turns must leave "
        "the others alone.\nA sum into one variable has to wait for itself; y[n, k] for k next to k + 1 need not.",
    )
