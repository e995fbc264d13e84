"""The stepper runs the very code that is compiled, gets the same bits, and changes nothing else."""

import inspect
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import OPERATIONS, assert_same_bits, operations_of, run
from stepped import drawn, lenet_conv, replayed

from loopnet import article
from loopnet.kernels.conv2d import conv2d_forward
from loopnet.ops import TEXTBOOK, get_ops
from loopnet.stepper import step
from loopnet.stepper.source import Source

LITERAL: Any = get_ops("literal")


@pytest.mark.parametrize("operation", TEXTBOOK)
def test_the_code_that_is_stepped_is_the_code_that_is_compiled(operation):
    kernel = TEXTBOOK[operation]
    for rung in ("literal", "parallel"):
        compiled: Any = getattr(get_ops(rung), operation)
        assert compiled.py_func.__code__ is kernel.__code__
    names = list(inspect.signature(kernel).parameters)
    assert Source(kernel, names).lines[0][1].startswith(f"def {kernel.__name__}(")


def test_what_runs_is_that_code_object():
    assert lenet_conv(limit=500).record.code is LITERAL.conv2d_forward.py_func.__code__
    out = np.zeros((3, 3))
    trace = step(article.basic_conv, drawn(5, 5, dtype=float), out, 5, 5, 3, 3, drawn(3, 3, dtype=float), 3, 1)
    assert trace.record.code is article.basic_conv_njit.py_func.__code__


def stepped_rung():
    """A rung whose every loop is stepped, and which keeps only what the steps wrote."""

    def stepped(kernel):
        def call(*arguments):
            if any(isinstance(a, np.ndarray) and a.size == 0 for a in arguments):
                return kernel(*arguments)
            trace = step(kernel, *arguments, limit=2_000_000)
            assert not trace.window and trace.same_bits and trace.compiled == "the literal rung"
            for name, argument in zip(inspect.signature(kernel).parameters, arguments, strict=True):
                if isinstance(argument, np.ndarray) and trace.arrays[name].written:
                    argument[...] = replayed(trace, name)

        return call

    loops: dict[str, Any] = {name: stepped(kernel) for name, kernel in TEXTBOOK.items()}
    return replace(get_ops("python"), **loops)


@pytest.mark.parametrize("operation", operations_of(get_ops("python")))
def test_stepped_and_compiled_are_equal_bit_for_bit(operation):
    rung = stepped_rung()
    cases = OPERATIONS[operation].cases
    for number, case in enumerate(cases[:: -(-len(cases) // 4)]):  # four of them: it is the stepper that is on trial
        given = OPERATIONS[operation].draw(case, "float64" if number == 2 else "float32")
        assert_same_bits(run(rung, operation, case, given), run(LITERAL, operation, case, given))


@pytest.mark.parametrize("name", ["basic_conv", "max_pool"])
def test_the_article_s_loops_bit_for_bit(name):
    image, out, more = drawn(9, 11, dtype=float), np.zeros((4, 5)), (drawn(3, 3, seed=1, dtype=float), 3, 2)
    arguments = (image, out, 11, 9, 5, 4) + (more if name == "basic_conv" else (3, 2))
    trace = step(getattr(article, name), *arguments)
    getattr(article, f"{name}_njit")(*arguments)
    assert trace.same_bits and not out.tobytes() == bytes(out.nbytes)
    np.testing.assert_array_equal(replayed(trace, "out"), out)


def test_a_difference_in_the_last_bit_is_seen():
    """The article's convolution of float32 is one: Numba adds in double precision, as its docstring says."""
    image, filter, out = drawn(6, 6), drawn(3, 3, seed=1), np.zeros((4, 4), np.float32)
    trace = step(article.basic_conv, image, out, 6, 6, 4, 4, filter, 3, 1)
    assert trace.compiled and not trace.same_bits
    np.testing.assert_allclose(replayed(trace, "out"), trace.arrays["out"].after, rtol=1e-5)


def test_arguments_are_left_alone():
    x, w, b, y = drawn(1, 6, 6, 1), drawn(3, 3, 1, 2), drawn(2), np.full((1, 4, 4, 2), 7, np.float32)
    before = [array.copy() for array in (x, w, b, y)]
    trace = step(conv2d_forward, x, w, b, y, (1, 1), (0, 0))
    for array, was in zip((x, w, b, y), before, strict=True):
        np.testing.assert_array_equal(array, was)
    assert (trace.arrays["y"].before == 7).all() and not (trace.arrays["y"].after == 7).any()


def test_python_s_own_tracing_is_as_it_was():
    def tracer(frame, event, argument):
        return None

    before = sys.gettrace()
    try:
        sys.settrace(tracer)
        lenet_conv(limit=300)
        assert sys.gettrace() is tracer
        with pytest.raises(ZeroDivisionError):
            step(divides_by_zero, np.zeros(1))
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def divides_by_zero(y):
    y[0] = 1 // 0
