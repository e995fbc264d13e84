"""Which mistake is named: only one that every case allows. And cases that are drawn to tell mistakes apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import known_mistakes

from loopnet.exercises import EXERCISES, grade
from loopnet.exercises.compare import all_same, same
from loopnet.exercises.diagnosis import named
from loopnet.exercises.draw import DRAWS, THE_EXAMPLES, draw, tell_apart
from loopnet.exercises.exercise import Case, Exercise
from loopnet.exercises.judge import Fault

WRONG = Fault("it returns 1, expected 0", "these are the numbers", numeric=True)


def case(right: Any, **mistakes: Any) -> Case:
    return Case(
        "a case", {}, {"return": right}, {words: {"return": np.array(n, float)} for words, n in mistakes.items()}
    )


def told(first: int, *asked: tuple[Case, Any]) -> Fault:
    return named(WRONG, first, [(c, None if a is None else {"return": np.array(a, float)}) for c, a in asked])


def test_the_one_mistake_that_gives_the_numbers_is_named():
    fault = told(0, (case(0, late=1, early=2), 1))
    assert fault.short == "late"
    assert fault.details == "it returns 1, expected 0\nthese are the numbers"
    assert told(0, (case(0, late=3, early=2), 1)) == WRONG


def test_a_later_case_tells_two_mistakes_apart():
    first = case(0, late=1, early=1), 1
    assert told(0, first, (case(0, late=3, early=2), 2)).short == "early"
    assert told(0, first, (case(0, late=3), 2)).short == "early"  # which is not listed there, and so left possible


def test_mistakes_that_no_case_tells_apart_are_both_named():
    first = case(0, late=1, early=1), 1
    for other in ((case(0, late=2, early=2), 2), (case(0, late=2, early=3), None), (case(5), 5)):
        assert told(0, first, other).short == "either late; or early"
    many_alike = {f"mistake {n}": 1 for n in range(4)}
    assert told(0, (case(0, **many_alike), 1)) == WRONG


def test_an_earlier_case_that_was_right_speaks_against_a_mistake():
    assert told(1, (case(0, late=1, early=0), 0), (case(0, late=1, early=1), 1)).short == "early"
    assert told(1, (case(0, late=1), 0), (case(0, late=1), 1)) == WRONG


def test_a_mistake_that_a_later_case_contradicts_is_not_named():
    accident = (case(0, late=1), 1), (case(0, late=1), 2)
    assert told(0, *accident) == WRONG
    assert told(0, (case(0, late=1), 1), (case(0, late=1), 0)) == WRONG


def test_the_first_of_two_mistakes_is_in_the_details():
    """Cases get harder: a flipped filter shows first, and that the stride is ignored too, later."""
    fault = told(0, (case(0, late=1), 1), (case(0, late=1), 1), (case(0, late=1), 2))
    assert fault.short == WRONG.short
    assert "Cases 1 and 2 look like this mistake: late.\nCase 3 does not" in fault.details


def test_two_mistakes_at_once_in_a_check(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FLIPPED.read_text().replace("* stride", ""))
    verdict = grade(EXERCISES["basic_conv"], path, 1, time_limit=30)
    assert "look like this mistake: the filter is flipped" in str(verdict), str(verdict)
    assert "should be" in verdict.summary and "flipped" not in verdict.summary


FLIPPED = Path(__file__).parent / "exercises/basic_conv/flipped.py"


@pytest.mark.parametrize("afterwards", ["raise ValueError", "while True: pass", "return 'nothing'"])
def test_cases_without_an_answer_prove_nothing(afterwards, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ONLY_THE_EXAMPLE.replace("AFTERWARDS", afterwards))
    verdict = grade(EXERCISES["conv_shape"], path, 1, time_limit=1.0)
    assert verdict.summary.startswith("the biases are not counted (case 1"), str(verdict)


ONLY_THE_EXAMPLE = """
def conv_shape(height, width, channels, filters, window, stride, pad):
    if height != 32:
        AFTERWARDS
    return 28, 28, 6, 150
"""


# ---- cases


def alike(random: np.random.Generator) -> list[Case]:
    """Two mistakes that are the same in half of all draws."""
    late = int(random.integers(1, 3))
    return [case(7, late=7, early=7), case(0, late=late, early=1)]


def exercise(cases: Any) -> Exercise:
    return Exercise("any", "", cases, 1)


def test_cases_that_cannot_tell_mistakes_apart_are_drawn_again():
    assert not all(tell_apart(alike(np.random.default_rng(seed))) for seed in range(9))
    for seed in range(9):
        assert tell_apart(draw(exercise(alike), np.random.default_rng(seed)))


def test_drawing_comes_to_an_end():
    drawn = []

    def hopeless(random: np.random.Generator) -> list[Case]:
        drawn.append(random)
        return [case(0, late=1, early=1)]

    assert not tell_apart(draw(exercise(hopeless), np.random.default_rng(0)))
    assert len(drawn) == DRAWS


def test_a_mistake_that_is_right_everywhere_does_not_pass():
    assert not tell_apart([case(0, late=0), case(1, late=1)])
    assert not tell_apart([case(1, late=1 + 1e-7)])  # up to rounding
    assert tell_apart([case(0, late=0), case(1, late=2)])


def test_mistakes_about_different_arrays_need_not_differ():
    one = Case("", {}, {"w": np.zeros(2), "v": np.zeros(2)}, {"a": {"w": np.ones(2)}, "b": {"v": np.ones(2)}})
    assert tell_apart([one])


def test_the_examples_answer_is_a_mistake_in_cases_of_its_shape():
    cases = [Case("", {}, {"y": np.arange(float(n))}) for n in (2, 2, 3)]
    cases[1].expected["y"] += 1
    drawn = draw(exercise(lambda random: cases), np.random.default_rng(0))
    assert [THE_EXAMPLES in case.mistakes for case in drawn] == [False, True, False]
    assert THE_EXAMPLES in known_mistakes("convolve_pixel")


def test_when_numbers_are_the_same():
    assert same(1.0, 1 + 1e-7, 1e-6) and not same(1.0, 1 + 1e-5, 1e-6)
    assert same(1e6, 1e6 + 0.5, 1e-6) and not same(np.zeros(2), np.zeros(3), 1.0)
    assert same([np.nan, np.inf], [np.nan, np.inf], 0.0) and not same([np.nan], [0.0], 1.0)
    assert all_same({"a": 1, "b": 2}, {"a": 1, "c": 3}, 0.0)


def test_a_number_that_no_float_holds(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def convolve_pixel(image, filter, row, column):\n    return -(10**400)\n")
    assert "it returns -inf, expected -4" in str(grade(EXERCISES["convolve_pixel"], path, 1, time_limit=30))
