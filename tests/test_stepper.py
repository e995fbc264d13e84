"""The stepper's trace: what each step says, where every number came from, and what cannot be stepped.

The steps are those of the compiled loops: test_stepper_bits.py. Layers too large for that: test_stepper_windows.py.
"""

import ast
import inspect
import sys

import numpy as np
import pytest
from stepped import carries, drawn, lenet_conv, small_conv

from loopnet import article
from loopnet.kernels import conv2d, dense, pool
from loopnet.kernels.conv2d import conv2d_forward
from loopnet.kernels.merge import concatenate
from loopnet.stepper import step
from loopnet.stepper.source import Source
from loopnet.stepper.words import deed

# ---- what a step says


def test_a_sum_by_hand():
    trace = small_conv()
    assert trace.arrays["y"].after.reshape(-1).tolist() == [5421.5, 6532.5, 8754.5, 9865.5]
    terms = trace.terms((1, 0, 0))
    assert [term.added for term in terms] == [4, 50, 700, 8000]
    assert [term.total for term in terms] == [4.5, 54.5, 754.5, 8754.5]
    assert [[(read.array, read.index, read.value) for read in term.reads] for term in terms] == [
        [("x", (0, 1, 0, 0), 4), ("w", (0, 0, 0, 0), 1)], [("x", (0, 1, 1, 0), 5), ("w", (0, 1, 0, 0), 10)],
        [("x", (0, 2, 0, 0), 7), ("w", (1, 0, 0, 0), 100)], [("x", (0, 2, 1, 0), 8), ("w", (1, 1, 0, 0), 1000)],
    ]  # fmt: skip
    assert [term.added for term in trace.provenance((1, 0, 0))] == [8000, 700, 50, 4]


def test_every_line_in_words():
    trace = small_conv()
    start, end = trace.span((1, 0, 0))
    said = [deed(trace, at) for at in range(start, end + 1)]
    assert said[:12] == [
        "k = 0", "total = 0.5", "r = 0", "s = 0", "row = 1 * 1 + 0 - 0 = 1", "col = 0 * 1 + 0 - 0 = 0",
        "0 <= 1 < 3 and 0 <= 0 < 3: True", "c = 0", "total = 0.5 + 4 * 1 = 4.5", "no further c: the loop is over",
        "s = 1", "row = 1 * 1 + 0 - 0 = 1",
    ]  # fmt: skip
    assert said[-3:] == ["no further s: the loop is over", "no further r: the loop is over", "y[0, 1, 0, 0] = 8754.5"]
    assert trace.record.lines[end] == inspect.getsourcelines(conv2d_forward)[1] + 21


def test_a_step_is_the_line_python_ran():
    """Against Python's own account of the lines of a plain call, taken without the stepper."""
    seen = []

    def tracer(frame, event, argument):
        if frame.f_code is not dense.dense_forward.__code__:
            return None

        def line(frame, event, argument):
            if event == "line":
                seen.append(frame.f_lineno)
            return line

        return line

    arguments = drawn(2, 3), drawn(3, 2), drawn(2), np.empty((2, 2), np.float32)
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        dense.dense_forward(*arguments)
    finally:
        sys.settrace(before)
    assert step(dense.dense_forward, *arguments).record.lines == seen


def test_variables_and_values_at_a_step():
    trace = small_conv()
    start, end = trace.span((0, 1, 0))
    assert {name: trace.variables(start)[name] for name in "nijk"} == {"n": 0, "i": 0, "j": 1, "k": 0}
    assert trace.variables(start)["total"] == 5421.5  # still the total of the cell before
    assert trace.value("y", 1, end) != 6532.5 and trace.value("y", 1, end + 1) == 6532.5
    assert trace.variables(0)["height"] == 3 and "total" not in trace.variables(0)


def test_padding_is_skipped_not_multiplied():
    x, w = np.ones((1, 2, 2, 1)), np.ones((3, 3, 1, 1))
    trace = step(conv2d_forward, x, w, np.zeros(1), np.empty((1, 2, 2, 1)), (1, 1), (1, 1))
    assert len(trace.terms((0, 0, 0))) == 4
    start, end = trace.span((0, 0, 0))
    assert sum(trace.holds(at) is False for at in range(start, end)) == 5


# ---- moving about


def test_over_out_and_ends_of_loops():
    trace = small_conv()
    start, end = trace.span((0, 1, 0))
    line = {text.strip(): number for number, text in trace.source.lines}
    r_head = start + 2
    assert trace.record.lines[r_head] == line["for r in range(window_height):"]
    after = trace.over(r_head)
    assert after == end and trace.loop_ends(after - 1) and not trace.loop_ends(r_head)
    inside = r_head + 4
    assert trace.record.lines[trace.out(inside)] == line["for r in range(window_height):"]
    assert trace.over(start + 1) == start + 2
    assert trace.over(len(trace) - 1) == trace.out(len(trace) - 1) == len(trace) - 1


def test_every_step_belongs_to_the_work_on_one_cell_at_most():
    trace = lenet_conv(limit=5000, cell=(3, 4, 2))
    spans = sorted(trace.span(trace.unravel("y", at)) for _, _, at, _ in trace.record.writes)
    assert all(a[1] < b[0] for a, b in zip(spans, spans[1:], strict=False))


# ---- pooling


def test_the_winner_of_a_window():
    x = np.array([[1, 5, 2, 2], [7, 3, 2, 2.0]]).reshape(1, 2, 4, 1)
    y, winner = np.empty((1, 1, 2, 1)), np.empty((1, 1, 2, 1), np.int32)
    trace = step(pool.max_pool2d_forward, x, y, winner, (2, 2), (2, 2), (0, 0))
    first = trace.winner((0, 0, 0))
    assert first is not None and first.reads[0].index == (0, 1, 0, 0) and first.added == 7
    tie = trace.winner((0, 1, 0))
    assert tie is not None and tie.reads[0].index == (0, 0, 2, 0)  # the first of equals
    assert len(trace.terms((0, 0, 0))) == 4
    assert small_conv().winner((0, 0, 0)) is None


def test_nan_wins():
    x = np.array([1, np.nan, 2, 3]).reshape(1, 2, 2, 1)
    y, winner = np.empty((1, 1, 1, 1)), np.empty((1, 1, 1, 1), np.int32)
    trace = step(pool.max_pool2d_forward, x, y, winner, (2, 2), (2, 2), (0, 0))
    won = trace.winner((0, 0, 0))
    assert trace.same_bits and won is not None and won.reads[0].index == (0, 0, 1, 0)


def test_the_article_s_pooling_counts_each_candidate_once():
    image = np.array([[1, 4, 0, 0], [3, 2, 0, -1.0]])
    trace = step(article.max_pool, image, np.zeros((1, 2)), 4, 2, 2, 1, 2, 2)
    won = trace.winner((0, 0))
    assert len(trace.terms((0, 0))) == 4 and won is not None and won.reads[0].index == (0, 1)


# ---- a reader's own loop


def my_blur(x, y):
    """Slices, a call, an if, two names for one array."""
    flat = y.reshape(-1)
    for i in range(y.size):
        window = x[i : i + 3]
        if window[0] > 100:
            flat[i] = 0
        else:
            flat[i] = np.sum(window) / len(window)


def test_a_loop_of_one_s_own_with_slices():
    x = np.array([1.0, 2, 3, 4, 500, 6, 7])
    trace = step(my_blur, x, np.zeros(5), cell=(1,))
    assert trace.arrays["y"].after.tolist() == [2, 3, 169, 170, 0]
    start, end = trace.span((1,))
    read = {read.index for at in range(start, end + 1) for read in trace.reads(at)}
    assert read == {(1,), (2,), (3,)}


def rows(image, out):
    for i in range(len(image)):
        row = image[i]
        out[i] = row[0] - row[-1]


def test_rows_and_indices_from_the_end():
    trace = step(rows, np.arange(12.0).reshape(3, 4), np.zeros(3))
    assert trace.arrays["out"].after.tolist() == [-3, -3, -3]
    assert [read.index for read in trace.terms((2,))[-1].reads] == [(2, 0), (2, 3)]


# fmt: off
def several_lines(x, y):
    for i in range(
        x.size
    ):
        y[i] = (
            x[i]
            * 2
        )
# fmt: on


def test_a_line_that_is_several_lines():
    trace = step(several_lines, np.ones(3), np.zeros(3))
    assert len(trace) == 3 * 2 + 1
    assert deed(trace, trace.span((2,))[1]).split() == "y[2] = 1 * 2 = 2".split()


def test_a_compiled_function_is_stepped_by_its_source():
    out = np.zeros((1, 1))
    trace = step(article.max_pool_njit, np.ones((2, 2)), out, 2, 2, 1, 1, 2, 2)
    assert trace.source.name == "max_pool"


@pytest.mark.parametrize("call, message", [
    (lambda: step(np.add, np.zeros(2), np.zeros(2)), "expected a Python function"),
    (lambda: step(carries, np.zeros(2)), "carries: missing a required argument: 'y'"),
    (lambda: step(lambda x: x, np.zeros(2)), "expected a function"),
    (lambda: step(Source.loop_at, np.zeros(2), np.zeros(2)), "expected a function that writes"),
    (lambda: step(carries, np.zeros(0), np.zeros(0)), "y is empty"),
    (lambda: small_conv().span((2, 0, 0)), r"expected a cell inside y, whose shape is \(1, 2, 2, 1\), given 2,0,0"),
    (lambda: lenet_conv(cell=(0, 0, 0, 0, 0)), "expected a cell inside y"),
    (lambda: lenet_conv(cell=(-1, 0, 0)), "expected a cell inside y"),
])  # fmt: skip
def test_what_cannot_be_stepped(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_function_without_source():
    space: dict = {}
    exec("def f(x):\n    x[0] = 1\n", space)
    with pytest.raises(ValueError, match="f: expected a Python function whose source is in a file"):
        step(space["f"], np.zeros(1))


def test_source_is_shown_as_it_stands_in_the_file():
    source = Source(conv2d_forward, ["x", "w", "b", "y"])
    whole = inspect.getsource(conv2d).splitlines()
    assert all(whole[number - 1] == text for number, text in source.lines)
    tree = ast.parse(inspect.getsource(conv2d_forward)).body[0]
    assert not any('"""' in text for _, text in source.lines) and isinstance(tree, ast.FunctionDef)


def test_a_loop_that_writes_to_a_part_of_its_output_begins_there():
    x, y = np.ones((2, 2)), np.zeros((2, 5))
    assert step(concatenate, x, y, 1, 3).cell == (0, 3)
    assert step(concatenate, x, y, 1, 3, cell=(1, 4)).cell == (1, 4)
    assert step(concatenate, x, y, 1, 0).cell == (0, 0)
    with pytest.raises(ValueError, match=r"y\[1, 0\] is outside the steps that were recorded"):
        step(concatenate, x, y, 1, 3, cell=(1, 0))
