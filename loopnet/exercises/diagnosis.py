"""Which known mistake the answers are those of. Every case has a say in it, not only the first that went wrong.

Two mistakes can give the same numbers in one case: a window of 3x3 laid on around pixel (1, 1) is the window at the top
left corner. And one number can come out by accident.
"""

from dataclasses import replace
from typing import Any

from .compare import all_same
from .exercise import Case
from .judge import Fault

Answer = dict[str, Any]
"""What came back: the arrays by their names, and under "return" the number or the numbers that were returned."""

MOST = 3
"""Words for more mistakes than these say nothing any more."""


def named(fault: Fault, first: int, answers: list[tuple[Case, Answer | None]]) -> Fault:
    """The fault of case ``first`` under the name of the mistake behind it, if a known one fits every case.

    ``answers``: the cases in order; None where no answer came back, which proves nothing. If several mistakes fit, the
    fault names each. One that any case contradicts is not named; if two cases spoke for it before, the details say so,
    for whoever made two mistakes.
    """
    case, answer = answers[first]
    left = [mistake for mistake in case.mistakes if _explains(case, mistake, answer)]
    for case, answer in answers[:first]:
        left = [mistake for mistake in left if _fits(case, mistake, answer)]
    speaks = first  # the last case so far that speaks for what is left
    for number, (case, answer) in enumerate(answers[first + 1 :], first + 1):
        fitting = [mistake for mistake in left if _fits(case, mistake, answer)]
        if not fitting:
            return _contradicted(fault, left, first, speaks, number)
        left = fitting
        if any(_explains(case, mistake, answer) for mistake in left):
            speaks = number
    if not 0 < len(left) <= MOST:
        return fault
    words = left[0] if len(left) == 1 else f"either {'; or '.join(left)}"
    return Fault(words, f"{fault.short}\n{fault.details}")


def _fits(case: Case, mistake: str, answer: Answer | None) -> bool:
    """Whether the case leaves it possible that this is the mistake."""
    if answer is None or mistake not in case.mistakes:
        return True
    return all_same(answer, case.mistakes[mistake], case.tolerance)


def _explains(case: Case, mistake: str, answer: Answer | None) -> bool:
    """Whether the mistake gives this answer, and not the right one."""
    if answer is None or mistake not in case.mistakes or not _fits(case, mistake, answer):
        return False
    return not all_same(case.mistakes[mistake], case.expected, case.tolerance)


def _contradicted(fault: Fault, mistakes: list[str], first: int, speaks: int, against: int) -> Fault:
    """A single case that speaks for a mistake may be an accident, and one of several is none in particular."""
    if len(mistakes) != 1 or speaks == first:
        return fault
    return replace(
        fault,
        details=f"{fault.details}\nCases {first + 1} and {speaks + 1} look like this mistake: {mistakes[0]}.\n"
        f"Case {against + 1} does not: something else is wrong, or that is not all.",
    )
