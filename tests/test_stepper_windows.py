"""The stepper's windows: of a layer too large to step through, the turns near a cell; and what may not be left out."""

import inspect
from typing import Any

import numpy as np
import pytest
from checks import assert_same_bits
from stepped import carries, drawn, lenet_conv, replayed

from loopnet.kernels import conv2d, loss, optimizer, pool, softmax
from loopnet.kernels.conv2d import conv2d_backward_input, conv2d_backward_weights, conv2d_forward
from loopnet.ops import get_ops
from loopnet.stepper import run as stepping
from loopnet.stepper import step
from loopnet.stepper.source import Source

LITERAL: Any = get_ops("literal")


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
