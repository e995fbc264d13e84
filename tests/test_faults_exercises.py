"""Files that a learner could hand in by mistake: right answers damaged by chance, and bytes that are no Python."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tally import HEAVY, fault, many
from test_faults_readers import damaged

import loopnet
from loopnet.exercises import Verdict, find, grade

RIGHT = Path(loopnet.__file__).parent / "exercises" / "solutions" / "relu_forward.py"
FUZZED = settings(deadline=None, database=None, derandomize=not HEAVY, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def right():
    return RIGHT.read_bytes()


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
