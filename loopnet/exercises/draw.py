"""The cases of one check, drawn so that they tell every known mistake from the right answer and from each other."""

from itertools import combinations

import numpy as np

from .compare import all_same
from .exercise import Case, Exercise

DRAWS = 20
"""At most so many, though one is nearly always enough; cases that leave a doubt still tell right from wrong."""
APART = 4.0
"""Times the tolerance: so far apart must two mistakes be that no answer is close to both."""

THE_EXAMPLES = "the answer of the example seems to be written into the code"


def draw(exercise: Exercise, random: np.random.Generator) -> list[Case]:
    """The example, and cases that are new each time."""
    for _ in range(DRAWS):
        cases = exercise.cases(random)
        _list_the_example(cases)
        if tell_apart(cases):
            break
    return cases


def _list_the_example(cases: list[Case]) -> None:
    """The example's answer is a mistake in every other case that has room for it."""
    example, *others = cases
    for case in others:
        if all(np.shape(case.expected[name]) == np.shape(right) for name, right in example.expected.items()):
            case.mistakes = {**case.mistakes, THE_EXAMPLES: example.expected}


def tell_apart(cases: list[Case]) -> bool:
    """Whether each known mistake is wrong in some case, and no two of them are wrong in the same way throughout."""
    mistakes = list(dict.fromkeys(mistake for case in cases for mistake in case.mistakes))
    return all(any(_wrong(case, mistake) for case in cases) for mistake in mistakes) and all(
        _differ(cases, *pair) for pair in combinations(mistakes, 2)
    )


def _wrong(case: Case, mistake: str) -> bool:
    return mistake in case.mistakes and not all_same(case.mistakes[mistake], case.expected, APART * case.tolerance)


def _differ(cases: list[Case], one: str, other: str) -> bool:
    """Whether some case gives different numbers for the two, or none gives the same wrong ones."""
    shared = [case for case in cases if one in case.mistakes and other in case.mistakes]
    for case in shared:
        if not all_same(case.mistakes[one], case.mistakes[other], APART * case.tolerance):
            return True
    return not any(
        case.mistakes[one].keys() & case.mistakes[other].keys() and _wrong(case, one) and _wrong(case, other)
        for case in shared
    )
