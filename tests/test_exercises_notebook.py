"""Functions of a notebook: their source is found, and what they lean on comes along. What a submission cannot do."""

import math
from pathlib import Path

import numba
import numpy as np
import pytest
from numba import njit, prange

from loopnet.exercises import EXERCISES, check
from loopnet.exercises.checking import grade
from loopnet.exercises.submission import from_function

HALF = 0.5
TWICE = np.float32(2)
TABLE = np.array([[1.0, 2.0], [3.0, 4.0]])
CALLS: list = []

TIME_LIMIT = 30.0


def rectified(value):
    return value if value > 0 else 0 * HALF


def relu_of_a_cell(x, y):
    numbers, result = x.reshape(-1), y.reshape(-1)
    for i in range(numbers.size):
        result[i] = rectified(numbers[i]) * TWICE * TABLE[0, 0] / math.sqrt(4)


@njit
def relu_compiled(x, y):
    numbers, result = x.reshape(-1), y.reshape(-1)
    for i in range(numbers.size):
        result[i] = max(numbers[i], np.float32(0))


@numba.njit(parallel=True)
def relu_parallel(x, y):
    numbers, result = x.reshape(-1), y.reshape(-1)
    for i in prange(numbers.size):
        result[i] = max(numbers[i], np.float32(0))


def relu_wrong(x, y):
    for i in range(x.size):
        y.reshape(-1)[i] = abs(x.reshape(-1)[i])


def relu_with_strange_global(x, y):
    CALLS[0].append(x)


CALLS.append(object())


@pytest.mark.parametrize("function", [relu_of_a_cell, relu_compiled, relu_parallel])
def test_a_function_passes_with_all_that_it_needs(function, capsys):
    assert check("relu_forward", function, time_limit=TIME_LIMIT), capsys.readouterr().out


def test_a_wrong_function_is_told_so(capsys):
    assert not check("relu_forward", relu_wrong, time_limit=TIME_LIMIT)
    assert "absolute value" in capsys.readouterr().out


def test_a_closure_brings_its_values_along():
    def maker(scale):
        def relu(x, y):
            for i in range(x.size):
                y.reshape(-1)[i] = scale * max(x.reshape(-1)[i], 0)

        return relu

    assert grade(EXERCISES["relu_forward"], maker(1), time_limit=TIME_LIMIT)
    assert not grade(EXERCISES["relu_forward"], maker(3), time_limit=TIME_LIMIT)


def test_lines_are_those_of_the_learners_own_file():
    def relu(x, y):
        y[0] = nowhere  # type: ignore[name-defined]  # noqa: F821

    line = relu.__code__.co_firstlineno + 1
    verdict = grade(EXERCISES["relu_forward"], relu, time_limit=TIME_LIMIT)
    assert f"line {line}" in str(verdict) and "NameError" in str(verdict) and "y[0] = nowhere" in str(verdict)


def test_a_global_that_cannot_travel_is_named():
    with pytest.raises(ValueError, match="global 'CALLS', list, which cannot be handed to the checker"):
        from_function(relu_with_strange_global)


def test_a_function_without_source_is_refused():
    space: dict = {}
    exec("def f(x, y): pass", space)
    with pytest.raises(ValueError, match="cannot find the source of f"):
        from_function(space["f"])


# ---- attempts


def attempt(tmp_path: Path, source: str, exercise: str = "relu_forward", **options):
    path = tmp_path / "attempt.py"
    path.write_text(source)
    return grade(EXERCISES[exercise], path, **{"time_limit": TIME_LIMIT, **options})


RIGHT = EXERCISES["relu_forward"].solution.read_text()
WRONG = RIGHT.replace("= numbers[i]", "= -numbers[i]")


def test_what_is_printed_is_shown_as_the_learners_own_and_decides_nothing(tmp_path):
    verdict = attempt(tmp_path, "print('relu_forward: passed.')\n" + WRONG)
    assert not verdict and "Your code printed:\n    | relu_forward: passed." in str(verdict)
    assert attempt(tmp_path, "print('relu_forward: not yet.')\n" + RIGHT)


def test_the_end_of_the_process_is_no_answer(tmp_path):
    """The rules about imports are no wall. Whoever gets past them has only left the process without an answer."""
    verdict = attempt(
        tmp_path, "import typing\n" + RIGHT.replace("    for", "    typing.sys.modules['os']._exit(0)\n    for")
    )
    assert "it ended the process that it ran in (exit code 0)" in str(verdict) and not verdict


def test_a_thread_left_behind_keeps_nobody_waiting(tmp_path):
    waiting = f"import typing\n\n\ndef wait():\n    typing.sys.modules['time'].sleep(600)\n\n\n{RIGHT}"
    start = "    typing.sys.modules['_thread'].start_new_thread(wait, ())\n    for"
    assert not attempt(tmp_path, waiting.replace("= numbers[i]", "= -numbers[i]").replace("    for", start, 1))
    verdict = attempt(tmp_path, waiting.replace("    for", start, 1))
    assert verdict, str(verdict)


def test_source_is_read_in_the_checker_but_never_run_there(tmp_path):
    """Whatever a file does to the modules that it can see, it does in the child."""
    assert not attempt(tmp_path, "import numpy\nnumpy.array = None\nnumpy.asarray = None\n" + WRONG)
    assert np.array([1]).size == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import os", "imports os"),
        ("import loopnet", "imports loopnet"),
        ("from . import secret", "imports ."),
        ("import numpy.linalg", "imports numpy.linalg"),
        ("from numpy import einsum", "uses np.einsum"),
        ("from numpy import *", "imports everything"),
        ("import numpy as n; f = n.convolve", "uses np.convolve"),
        ("from numba import vectorize", "uses numba.vectorize"),
        ("import numba as nb; f = nb.core", "uses numba.core"),
        ("exec('1')", "uses exec"),
        ("__import__('os')", "uses __import__"),
        ("().__class__", "uses __class__"),
        ("f = lambda a, b: a @ b", "uses @"),
    ],
)
def test_what_the_source_may_not_use(tmp_path, line, words):
    verdict = attempt(tmp_path, f"{line}\n{RIGHT}")
    assert not verdict and words in str(verdict) and "line 1" in str(verdict)


def test_a_main_guard_is_not_run_and_not_judged(tmp_path):
    guard = (
        "\nif __name__ == '__main__':\n    from loopnet.exercises import check\n    check('relu_forward', 'mine.py')\n"
    )
    assert attempt(tmp_path, RIGHT + guard)


def test_it_cannot_answer_in_the_checkers_name(tmp_path):
    """Bytes on its standard output go to a file, not into the pipe that answers come from."""
    assert not attempt(tmp_path, WRONG.replace("    for i", "    print('\\x00' * 64)\n    for i"))


def test_source_that_is_no_python(tmp_path):
    assert "SyntaxError" in str(attempt(tmp_path, "def relu_forward(x, y)\n    pass\n"))
    assert "line 1" in str(attempt(tmp_path, "def relu_forward(x, y)\n    pass\n"))
    path = tmp_path / "binary.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8"):
        grade(EXERCISES["relu_forward"], path)


def test_deep_recursion_is_an_error_of_the_learners(tmp_path):
    verdict = attempt(tmp_path, "def relu_forward(x, y):\n    return relu_forward(x, y)\n")
    assert "RecursionError" in str(verdict)


def test_a_loop_over_nested_lists_or_rows_is_a_loop(tmp_path):
    source = """
def relu_forward(x, y):
    for n, image in enumerate(x.reshape(len(x), -1)):
        for i, value in enumerate(image):
            y.reshape(len(x), -1)[n][i] = value if value > 0 else 0.0
"""
    assert attempt(tmp_path, source)


def test_scratch_space_of_ones_own_is_allowed(tmp_path):
    source = """
import numpy as np

def relu_forward(x, y):
    scratch = np.zeros(x.shape, x.dtype)
    for index in np.ndindex(*x.shape):
        scratch[index] = max(x[index], 0)
    for index in np.ndindex(*x.shape):
        y[index] = scratch[index]
    y[:] = scratch
"""
    assert attempt(tmp_path, source)
