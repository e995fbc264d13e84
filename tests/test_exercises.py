"""Every exercise: its solution passes, and each plausible wrong answer is refused with words that fit.

The wrong answers are files in exercises/<exercise>/, see answers.py. Here each is graded on cases that are always the
same; test_faults_exercises.py draws them anew.
"""

import ast
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import RIGHT, WRONG, misfit, said_to_be, seed_of

from loopnet import article
from loopnet.exercises import EXERCISES, check, starter
from loopnet.exercises.checking import grade
from loopnet.exercises.exercise import Case
from loopnet.exercises.judge import Fault, judge
from loopnet.ops import OPERATIONS, TEXTBOOK

TIME_LIMIT = 30.0  # for machines that are busy; milliseconds are needed
HANGS = 1.0


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes(name):
    solution = EXERCISES[name].solution
    verdict = grade(EXERCISES[name], solution, seed_of(solution), TIME_LIMIT)
    assert verdict, str(verdict)
    assert verdict.reached == verdict.cases >= 4


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_another_right_answer_passes(path):
    verdict = grade(EXERCISES[path.parent.name], path, seed_of(path), TIME_LIMIT)
    assert verdict, str(verdict)


@pytest.mark.parametrize("path", WRONG, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_wrong_answer_is_refused_with_words_that_fit(path):
    time_limit = HANGS if path.stem == "hangs" else TIME_LIMIT
    verdict = grade(EXERCISES[path.parent.name], path, seed_of(path), time_limit)
    assert misfit(path, verdict) == "", str(verdict)


def test_every_exercise_has_wrong_answers():
    assert len(EXERCISES) >= 12
    for name in EXERCISES:
        wrong = [path for path in WRONG if path.parent.name == name]
        assert len(wrong) >= 4, name
        assert all(said_to_be(path) != [""] for path in wrong)
    assert {path.parent.name for path in WRONG} == set(EXERCISES)


@pytest.mark.parametrize("name", EXERCISES)
def test_starter_and_solution_have_the_same_arguments(name):
    exercise = EXERCISES[name]
    (function,) = (n for n in ast.parse(exercise.solution.read_text()).body if isinstance(n, ast.FunctionDef))
    assert function.name == name
    assert [argument.arg for argument in function.args.args] == exercise.parameters
    assert (ast.get_docstring(ast.parse(starter(name)).body[-1]) or "").count("\n") >= 3  # type: ignore[arg-type]
    if exercise.operation in TEXTBOOK and exercise.adapter is None:
        assert exercise.parameters == list(inspect.signature(TEXTBOOK[exercise.operation]).parameters)
    assert not exercise.operation or exercise.operation in OPERATIONS


@pytest.mark.parametrize("name", EXERCISES)
def test_cases_are_drawn_anew_and_repeat_with_their_seed(name):
    def inputs(seed: int) -> list[bytes]:
        cases = EXERCISES[name].cases(np.random.default_rng(seed))
        return [
            b"".join(map(np.ndarray.tobytes, case.given().values())) + repr(case.arguments).encode() for case in cases
        ]

    first, again, other = inputs(1), inputs(1), inputs(2)
    assert first == again
    assert first[0] == other[0]  # the example
    assert sum(a != b for a, b in zip(first, other, strict=True)) >= len(first) - 2


# What the answers are is settled outside this package: our own kernels, which the oracle and PyTorch's golden values
# hold to account, answer the cases too.
@pytest.mark.parametrize("name", [name for name in EXERCISES if EXERCISES[name].operation in TEXTBOOK])
@pytest.mark.parametrize("seed", range(3))
def test_the_expected_answers_are_those_of_the_kernels(name, seed):
    exercise = EXERCISES[name]
    kernel: Any = getattr(article, name) if exercise.adapter else TEXTBOOK[exercise.operation]
    for case in exercise.cases(np.random.default_rng(seed)):
        given = case.given()
        with np.errstate(all="ignore"):
            kernel(*(given[name][()] if name in given else value for name, value in case.arguments.items()))
        for output, expected in case.expected.items():
            assert given[output].dtype == expected.dtype
            np.testing.assert_allclose(given[output], expected, rtol=2e-5, atol=2e-6, err_msg=f"{case.what}: {output}")


@pytest.mark.parametrize("name", EXERCISES)
def test_no_mistake_is_the_right_answer_everywhere(name):
    """Words for a mistake that changes nothing in any case would never be said, or wrongly."""
    cases = EXERCISES[name].cases(np.random.default_rng(5))
    told: dict[str, bool] = {}
    for case in cases:
        for words, gives in case.mistakes.items():
            differs = any(
                np.shape(gives[o]) == np.shape(case.expected[o]) and not np.array_equal(gives[o], case.expected[o])
                for o in gives
            )
            told[words] = told.get(words, False) or differs
    assert [words for words, differs in told.items() if not differs] == []


# ---- the judge by itself


def answer(case: Case, **changed: np.ndarray) -> Fault | None:
    back = {**case.given(), **case.expected, **changed}
    return judge(EXERCISES["basic_conv"], case, {"returned": None}, back)


def small_case() -> Case:
    return Case("small", {"x": np.ones(3), "y": None}, {"y": np.array([1.0, 2.0, 3.0])})


def test_the_judge_accepts_the_right_numbers_and_nothing_else():
    case = small_case()
    assert answer(case) is None
    for wrong in ([1, 2, 4], [1, 2, np.nan], [1, 2, np.inf], [np.nan] * 3):
        assert answer(case, y=np.array(wrong, float)) is not None
    assert "shape" not in str(answer(case))
    assert "(2,)" in str(answer(case, y=np.array([1.0, 2.0])))
    assert "float32" in str(answer(case, y=case.expected["y"].astype(np.float32)))
    assert "changes x" in str(answer(case, x=np.array([1.0, 1.0, 5.0])))


def test_nan_is_never_right_even_where_nan_is_expected():
    case = Case("nan", {"x": np.ones(1), "y": None}, {"y": np.array([np.nan])})
    assert answer(case) is not None


def test_a_nan_that_was_computed_is_told_from_a_cell_that_nobody_wrote():
    case = small_case()
    untouched = case.given()["y"]
    assert "nothing is ever written" in str(answer(case, y=untouched))
    assert "and is nan" in str(answer(case, y=np.full(3, np.nan)))


# ---- check()


def test_check_prints_and_returns_a_verdict(capsys):
    verdict = check("relu_forward", EXERCISES["relu_forward"].solution, seed=3)
    assert verdict and verdict.seed == 3 and bool(verdict) is True
    assert capsys.readouterr().out.startswith("relu_forward: passed. 5 cases right")
    verdict = check("relu_forward", WRONG_RELU)
    assert not verdict
    printed = capsys.readouterr().out
    assert printed.startswith("relu_forward: not yet. Case 1 of 5")
    assert f"seed={verdict.seed}" in printed


WRONG_RELU = Path(__file__).parent / "exercises/relu_forward/absolute.py"


def test_the_seed_repeats_a_check():
    one, two = (grade(EXERCISES["conv2d_forward"], PAD_IGNORED, seed=11, time_limit=TIME_LIMIT) for _ in range(2))
    assert str(one) == str(two)


PAD_IGNORED = Path(__file__).parent / "exercises/conv2d_forward/pad_ignored.py"


def test_bad_requests():
    with pytest.raises(ValueError, match="unknown exercise 'basic_con'; did you mean basic_conv"):
        check("basic_con", WRONG_RELU)
    with pytest.raises(FileNotFoundError):
        check("basic_conv", "no-such-file.py")
    with pytest.raises(ValueError, match="expected a function, given int"):
        check("basic_conv", 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="given a lambda"):
        check("basic_conv", lambda x: x)
    with pytest.raises(ValueError, match="loopnet's own"):
        check("conv2d_forward", TEXTBOOK["conv2d_forward"])
