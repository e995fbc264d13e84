"""The stepper's trace: the same code as is compiled, the same bits, and where every number came from."""

import ast
import inspect
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import OPERATIONS, assert_same_bits, operations_of, run

from loopnet import article
from loopnet.kernels import conv2d, dense, loss, optimizer, pool, softmax
from loopnet.kernels.conv2d import conv2d_backward_input, conv2d_backward_weights, conv2d_forward
from loopnet.ops import TEXTBOOK, get_ops
from loopnet.stepper import run as stepping
from loopnet.stepper import step
from loopnet.stepper.source import Source
from loopnet.stepper.words import deed

LITERAL: Any = get_ops("literal")


def drawn(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def replayed(trace, name):
    """An array after the steps of a trace, by what they wrote and nothing else."""
    array = trace.arrays[name].before.copy()
    for _, written, at, value in trace.record.writes:
        if written == name:
            array.reshape(-1)[at] = value
    return array


def lenet_conv(**options):
    """The first convolution of LeNet-5, on noise."""
    x, w, b, y = drawn(1, 32, 32, 1), drawn(5, 5, 1, 6, seed=1), drawn(6, seed=2), np.empty((1, 28, 28, 6), np.float32)
    return step(conv2d_forward, x, w, b, y, (1, 1), (0, 0), **options)


# ---- the same code, the same bits


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


# ---- what a step says


def small_conv():
    """3x3 pixels 1 .. 9 through a 2x2 filter 1 10 / 100 1000, bias 0.5: sums that can be read off."""
    x = np.arange(1.0, 10).reshape(1, 3, 3, 1)
    w = np.array([1.0, 10, 100, 1000]).reshape(2, 2, 1, 1)
    return step(conv2d_forward, x, w, np.array([0.5]), np.empty((1, 2, 2, 1)), (1, 1), (0, 0))


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


# ---- windows


def test_a_whole_map_is_stepped_and_the_rest_is_compiled():
    trace = lenet_conv(cell=(20, 21, 4))
    assert trace.window["k"] == range(4, 5) and "k = 4" in trace.window_in_words()
    ours, theirs = replayed(trace, "y"), trace.arrays["y"].after
    assert trace.same_bits and (ours[..., 4] == theirs[..., 4]).all()
    y = np.empty_like(theirs)
    LITERAL.conv2d_forward(*(trace.arrays[name].before for name in "xwb"), y, (1, 1), (0, 0))
    assert_same_bits({"y": theirs}, {"y": y})
    with pytest.raises(ValueError, match=r"y\[0, 20, 21, 3\] is outside the steps that were recorded: .*k = 4"):
        trace.span((20, 21, 3))


@pytest.mark.parametrize("cell", [(0, 0, 0), (61, 61, 511), (30, 0, 17)])
def test_a_huge_layer_is_windowed(cell):
    """More than 10 ** 11 products: what is stepped is near the cell, and little."""
    x, w = drawn(1, 64, 64, 256), drawn(3, 3, 256, 512, seed=1)
    y = np.empty((1, 62, 62, 512), np.float32)
    source = Source(conv2d_forward, ["x", "w", "b", "y"])
    given = {"x": x, "w": w, "b": np.zeros(512, np.float32), "y": y, "stride": (1, 1), "pad": (0, 0)}
    window, stepped, happened = stepping._stepped(conv2d_forward, given, source, "y", (0, *cell), 20_000)
    assert happened.complete and 2_000 < len(happened.lines) <= 30_000
    assert all(turn in window[name] for name, turn in zip("ijk", cell, strict=True))
    i, j, k = cell
    want = np.einsum("rsc,rsc->", x[0, i : i + 3, j : j + 3].astype(float), w[..., k].astype(float))
    assert stepped["y"][0, i, j, k] == pytest.approx(want, rel=1e-4, abs=1e-3)


def test_the_cell_stays_in_the_window_at_every_size():
    for limit in (200, 1000, 7000, 40_000):
        for cell in ((0, 0, 0), (27, 27, 5), (13, 2, 3)):
            trace = lenet_conv(cell=cell, limit=limit)
            assert len(trace) <= 1.5 * limit + 1 and trace.same_bits
            assert trace.terms(cell)[-1].total == trace.arrays["y"].after[(0, *cell)]


def test_a_cell_is_stepped_in_full_however_few_steps_were_asked_for():
    trace = lenet_conv(cell=(3, 4, 2), limit=1)
    assert len(trace.terms((3, 4, 2))) == 25 and all(len(turns) == 1 for turns in trace.window.values())


def test_a_cell_that_takes_too_long_is_cut_off(monkeypatch):
    monkeypatch.setattr(stepping, "MOST", 3000)
    dy, x = drawn(4, 20, 20, 2), drawn(4, 20, 20, 1, seed=1)
    dw, db = np.empty((1, 1, 1, 2), np.float32), np.empty(2, np.float32)
    trace = step(conv2d_backward_weights, dy, x, dw, db, (1, 1), (0, 0), cell=(0, 0, 0, 1))
    assert len(trace) == 3000 and not trace.record.complete and trace.terms((0, 0, 0, 1))
    assert trace.arrays["dw"].after[0, 0, 0, 1] == pytest.approx(float((dy[..., 1] * x[..., 0]).sum()), rel=1e-4)


def test_all_images_of_a_batch_are_in_the_sum_of_a_weight():
    dy, x = drawn(3, 4, 4, 2), drawn(3, 6, 6, 1, seed=1)
    dw, db = np.empty((3, 3, 1, 2), np.float32), np.empty(2, np.float32)
    trace = step(conv2d_backward_weights, dy, x, dw, db, (1, 1), (0, 0))
    terms = trace.provenance((1, 2, 0, 1))
    assert len(terms) == 3 * 4 * 4
    sizes = [abs(term.added) for term in terms]
    assert sizes == sorted(sizes, reverse=True)
    for term in terms:
        of_dy, of_x = term.reads
        n, i, j, k = of_dy.index
        assert k == 1 and of_x.index == (n, i + 1, j + 2, 0)
        assert term.added == pytest.approx(float(dy[of_dy.index]) * float(x[of_x.index]))
    total = sum(term.added for term in terms)
    assert total == pytest.approx(trace.arrays["dw"].after[1, 2, 0, 1], rel=1e-5)
    assert trace.output == "dw" and len(trace.terms((1,), "db")) == 3 * 4 * 4


def test_the_gradient_of_a_pixel_comes_from_the_cells_that_saw_it():
    dy, w, dx = drawn(1, 4, 4, 2), drawn(3, 3, 1, 2, seed=1), np.empty((1, 6, 6, 1), np.float32)
    trace = step(conv2d_backward_input, dy, w, dx, (1, 1), (0, 0), cell=(2, 3, 0))
    saw = {read.index[1:3] for term in trace.terms((2, 3, 0)) for read in term.reads if read.array == "dy"}
    assert saw == {(i, j) for i in (0, 1, 2) for j in (1, 2, 3)}


def carries(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i]
        y[i] = total


def carries_by_assignment(x, y):
    last = 0.0
    for i in range(x.size):
        last = last + x[i]
        y[i] = last


def test_turns_that_hand_on_a_total_are_not_left_out():
    x = np.arange(1.0, 301)
    trace = step(carries, x, np.zeros(300), limit=100)
    assert not trace.window and not trace.record.complete
    np.testing.assert_array_equal(trace.arrays["y"].after, np.cumsum(x))
    assert trace.arrays["y"].after[20] == 231 and trace.terms((20,))[-1].reads[-1].value == 21
    with pytest.raises(ValueError, match="outside the steps that were recorded: the first 100 steps"):
        trace.span((299,))


def test_turns_that_turn_out_to_depend_on_each_other_are_not_left_out():
    """The source does not show it; the compiled loop's numbers do."""
    x = np.arange(1.0, 301)
    assert "i" in Source(carries_by_assignment, ["x", "y"]).owners()
    with pytest.raises(ValueError, match="outside the steps that were recorded: the first 100 steps"):
        step(carries_by_assignment, x, np.zeros(300), cell=(200,), limit=100)
    trace = step(carries_by_assignment, x, np.zeros(300), cell=(200,))
    np.testing.assert_array_equal(replayed(trace, "y"), np.cumsum(x))


def test_owners_are_the_loops_that_may_leave_turns_out():
    def owners(kernel):
        return set(Source(kernel, list(inspect.signature(kernel).parameters)).owners())

    assert owners(conv2d.conv2d_forward) == set("nijk")
    assert owners(conv2d.conv2d_backward_weights) == set("rsck")  # n, i and j are summed over
    assert owners(pool.max_pool2d_backward) == set("nc")  # a pixel may win in several windows
    assert owners(softmax.softmax_cross_entropy) == {"n"}
    assert owners(loss.mean_squared_error) == {"n"}
    assert owners(optimizer.adam_update) == {"i"}
    assert owners(carries) == set()


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
