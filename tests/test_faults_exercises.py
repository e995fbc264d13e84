"""Answers on cases drawn anew, many times; and files that a learner could hand in by mistake: right answers damaged by
chance, and bytes that are no Python.
"""

import secrets
from pathlib import Path

import numpy as np
import pytest
from answers import FILES, RIGHT, misfit, seed_of
from hypothesis import HealthCheck, given, settings
from tally import HEAVY, fault, many
from test_faults_readers import damaged

import loopnet
from loopnet.exercises import EXERCISES, Verdict, checking, find, grade
from loopnet.exercises.draw import draw, tell_apart
from loopnet.exercises.runner import Runner

SOLUTION = Path(loopnet.__file__).parent / "exercises" / "solutions" / "relu_forward.py"
FUZZED = settings(deadline=None, database=None, derandomize=not HEAVY, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def right():
    return SOLUTION.read_bytes()


def test_the_checker_ends_with_a_verdict(tmp_path, right):
    """Or with ValueError in one line; the damaged code runs in a process of the checker's own, for a limited time."""
    path = tmp_path / "relu_forward.py"

    @settings(FUZZED, max_examples=many(4, 60))
    @given(damaged([right]))
    def examples(data):
        path.write_bytes(data)
        with fault("fuzz: files for the exercise checker"):
            try:
                verdict = grade(find("relu_forward"), path, seed=1, time_limit=3.0)
            except ValueError as error:
                assert "\n" not in str(error) and "relu_forward.py" in str(error)
            else:
                assert isinstance(verdict, Verdict) and "\n" not in verdict.summary
                assert verdict.passed == (verdict.fault is None)

    examples()


# ---- any cases


SOLUTIONS = [exercise.solution for exercise in EXERCISES.values()]
GRADED = [*FILES, *SOLUTIONS] if HEAVY else [*FILES, *SOLUTIONS][::20]


class Kept(Runner):
    """Stays for the next check of the same file: to start a process takes longer than all its cases."""

    loaded: dict | None = None

    def __enter__(self):
        return self if self.loaded else super().__enter__()

    def load(self):
        self.loaded = self.loaded or super().load()
        return self.loaded

    def __exit__(self, *error):
        pass

    def end(self):
        super().__exit__()


@pytest.fixture
def kept(monkeypatch):
    runners: dict[str, Kept] = {}

    def keep(submission, mode, time_limit):
        return runners.setdefault(mode, Kept(submission, mode, time_limit))

    monkeypatch.setattr(checking, "Runner", keep)
    yield
    for runner in runners.values():
        runner.end()


@pytest.mark.parametrize("path", GRADED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_whatever_is_drawn_right_answers_pass_and_words_fit_wrong_ones(path, request):
    name = path.stem if path in SOLUTIONS else path.parent.name
    hangs = path.stem == "hangs"
    if not hangs and path.stem != "remembers":  # these need a fresh process each time
        request.getfixturevalue("kept")
    for number in range(many(3, 4 if hangs else 40)):
        seed = secrets.randbelow(1_000_000) if HEAVY else seed_of(path) + number
        with fault("exercises: right and wrong answers, on cases drawn anew"):
            verdict = grade(EXERCISES[name], path, seed, time_limit=1.0 if hangs else 30.0)
            if path in RIGHT or path in SOLUTIONS:
                assert verdict, str(verdict)
            else:
                assert misfit(path, verdict) == "", str(verdict)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_cases_of_any_check_tell_mistakes_apart(name):
    for number in range(many(2, 100)):
        seed = secrets.randbelow(1_000_000) if HEAVY else number
        with fault("exercises: cases drawn, every two mistakes told apart"):
            assert tell_apart(draw(EXERCISES[name], np.random.default_rng(seed))), f"seed={seed}"
