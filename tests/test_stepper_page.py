"""The stepper's page in a real browser: it says what the trace says, step by step, and what loopnet computed."""

import re

import numpy as np
import pytest

from loopnet import article, lenet
from loopnet.datasets import load_for
from loopnet.kernels.conv2d import conv2d_backward_weights, conv2d_forward
from loopnet.kernels.pool import max_pool2d_forward
from loopnet.ops import get_ops
from loopnet.stepper import Images, step, step_layer
from loopnet.stepper.page import data_of

pytest_plugins = ["browser"]


@pytest.fixture(scope="module")
def digit():
    x, y = load_for("digits", (32, 32, 1))[1]
    return Images(x[7:8], y[7:8], "image 7 of the digits")


@pytest.fixture(scope="module")
def model():
    return lenet.lenet5(seed=0)


@pytest.fixture(scope="module")
def forward(model, digit):
    return step_layer(model, digit, "conv2d_forward", "conv2", (3, 4, 5), limit=30_000)


@pytest.fixture(scope="module")
def backward(model, digit):
    return step_layer(model, digit, "conv2d_backward_weights", "conv1", (2, 2, 0, 1), limit=30_000)


@pytest.fixture
def opened(browser, tmp_path):
    def open_trace(trace, **options):
        trace.save(tmp_path / "step.html")
        tab = browser(tmp_path / "step.html", **options)
        tab.wait_for_selector(".line.now")
        return tab

    return open_trace


def now(tab):
    return tab.evaluate("stepper.now()")


def shown_number(text):
    return float(re.sub(r"[^\d.e+-]", "", text.replace("−", "-")))


# ---- what the page knows is what the trace knows


@pytest.mark.parametrize("which", ["forward", "backward"])
def test_every_cell_s_sum_is_loopnet_s(which, opened, request):
    """Go to cells as the reader does, forward and backward, and read the numbers off the page."""
    trace = request.getfixturevalue(which)
    tab = opened(trace)
    after = trace.arrays[trace.output].after
    cells = sorted({trace.unravel(trace.output, at) for _, name, at, _ in trace.record.writes if name == trace.output})
    for cell in cells[:: max(len(cells) // 5, 1)]:
        tab.fill("#jump-to", ",".join(map(str, cell)))
        tab.press("#jump-to", "Enter")
        assert now(tab) == trace.span(cell)[0]
        assert tab.text_content("#cell-name") == f"{trace.output}[{', '.join(map(str, cell))}]"
        assert shown_number(tab.text_content("#cell-value")) == pytest.approx(after[cell], rel=1e-4, abs=1e-7)
        place = trace.ravel(trace.output, cell)
        terms = tab.evaluate(
            f"stepper.trace.terms(stepper.trace.workOn({list(trace.arrays).index(trace.output)}, {place}))"
        )
        expected = trace.terms(cell)
        assert [term["step"] for term in terms] == [term.step for term in expected]
        np.testing.assert_allclose([t["added"] for t in terms], [t.added for t in expected], rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose([t["total"] for t in terms], [t.total for t in expected], rtol=1e-5, atol=1e-9)
        assert terms[-1]["total"] == pytest.approx(after[cell], rel=1e-5)


def test_the_numbers_are_those_of_the_compiled_network(forward, model, digit, opened):
    """Not by way of the trace: from loopnet's own forward pass."""
    from loopnet.plot.network import outputs_of_layers

    tab = opened(forward)
    twin = lenet.lenet5(seed=0)
    twin.set_weights(model.get_weights())
    y = outputs_of_layers(twin, digit.x)[2]
    output = list(forward.arrays).index("y")
    after = np.array(tab.evaluate(f"Array.from(stepper.data.arrays[{output}].after)")).reshape(1, 10, 10, 16)
    np.testing.assert_allclose(np.maximum(after, 0), y, atol=1e-5)
    last = np.array(tab.evaluate(f"""Array.from({{length: 1600}}, (_, p) => stepper.trace.isStepped({output}, p)
        ? stepper.trace.valueBefore({output}, p, stepper.trace.length) : NaN)""")).reshape(after.shape)  # fmt: skip
    stepped = ~np.isnan(last.astype(float))
    assert stepped.sum() > 50 and stepped[0, 3, 4, 5]
    np.testing.assert_array_equal(last[stepped], after[stepped])


def test_variables_reads_and_moves_agree_with_python(forward, opened):
    tab = opened(forward)
    start = forward.span((3, 4, 5))[0]
    picked = np.random.default_rng(0).integers(0, len(forward), 15).tolist()
    steps = [0, 1, len(forward) - 1, *range(start, start + 12), *picked]
    said = tab.evaluate(
        """(steps) => { const { trace, data } = stepper; return steps.map((at) => ({
            variables: Object.fromEntries(data.variables.map((name) => [name, trace.local(name, at)?.value])),
            reads: trace.readsOf(at).map((r) => [r.array, r.place, r.value]),
            moves: [trace.over(at), trace.out(at), trace.loopEnds(at)] })) }""",
        steps,
    )
    names = list(forward.arrays)
    for at, page in zip(steps, said, strict=True):
        variables = {name: value for name, value in page["variables"].items() if value is not None}
        assert variables == pytest.approx({n: float(v) for n, v in forward.variables(at).items()}, rel=1e-6)
        assert page["reads"] == [
            [names.index(read.array), forward.ravel(read.array, read.index), pytest.approx(float(read.value), rel=1e-6)]
            for read in forward.reads(at)
        ]
        assert page["moves"] == [forward.over(at), forward.out(at), forward.loop_ends(at)]


# ---- the reader's hands


def test_keys_and_buttons(forward, opened):
    tab = opened(forward)
    start = forward.span((3, 4, 5))[0]
    assert now(tab) == start
    tab.keyboard.press("ArrowRight")
    tab.click("#forward")
    assert now(tab) == start + 2
    line = forward.record.lines[start + 2]
    assert tab.text_content(".line.now .line-number") == str(line)
    tab.keyboard.press("ArrowLeft")
    assert now(tab) == start + 1
    tab.keyboard.press("ArrowDown")  # no loop begins at "total = b[k]"
    tab.keyboard.press("ArrowDown")  # over "for r"
    assert now(tab) == forward.over(start + 2) == forward.span((3, 4, 5))[1]
    assert "y[0, 3, 4, 5]" in tab.text_content("#deed")
    tab.keyboard.press("Shift+ArrowRight")
    assert tab.text_content("#cell-name") != "y[0, 3, 4, 5]"
    tab.keyboard.press("Shift+ArrowLeft")
    assert now(tab) == start
    tab.keyboard.press("Home")
    assert now(tab) == 0
    tab.keyboard.press("End")
    assert now(tab) == len(forward) - 1
    tab.keyboard.press("ArrowRight")
    assert now(tab) == len(forward) - 1
    tab.locator("#scrub").evaluate("(s) => { s.value = 1234; s.dispatchEvent(new Event('input')); }")
    assert now(tab) == 1234 and "1,235" in tab.text_content("#where")
    tab.keyboard.press("ArrowUp")
    assert now(tab) == forward.out(1234)


def test_play_and_pause(forward, opened):
    tab = opened(forward)
    begin = now(tab)
    tab.locator("#speed").evaluate("(s) => { s.value = 60; }")
    tab.keyboard.press("Space")
    tab.wait_for_timeout(300)
    tab.keyboard.press("Space")
    stopped = now(tab)
    assert stopped > begin
    tab.wait_for_timeout(150)
    assert now(tab) == stopped
    tab.keyboard.press("End")
    tab.click("#play")  # plays again from the start
    tab.wait_for_timeout(100)
    tab.click("#play")
    assert now(tab) < len(forward) - 1


def test_a_click_on_the_output_goes_to_that_cell(forward, opened):
    tab = opened(forward)
    box = tab.locator('.array[data-array="y"] canvas').bounding_box()
    tab.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.45)  # row 4, column 2
    assert tab.text_content("#cell-name") == "y[0, 4, 2, 5]"
    assert now(tab) == forward.span((4, 2, 5))[0]


def test_a_click_on_a_pixel_goes_to_where_it_is_used(forward, opened):
    tab = opened(forward)
    box = tab.locator('.array[data-array="x"] canvas').bounding_box()
    tab.mouse.click(box["x"] + box["width"] * 5.5 / 14, box["y"] + box["height"] * 4.5 / 14)
    read = [read.index for read in forward.reads(now(tab)) if read.array == "x"]
    assert read and read[0][1:3] == (4, 5)


def test_a_cell_that_was_not_stepped_says_so(forward, opened):
    tab = opened(forward)
    begin = now(tab)
    for text, answer in (
        ("0,0,0,15", "was computed by the compiled loop; recorded here:"), ("99,0,0", "there is no cell 99,0,0"),
        ("x", "there is no cell x"), ("", "there is no cell"),
    ):  # fmt: skip
        tab.fill("#jump-to", text)
        tab.press("#jump-to", "Enter")
        assert answer in tab.text_content("#hint")
    assert now(tab) == begin


# ---- where numbers come from


def test_a_weight_s_products_the_largest_first(backward, opened):
    tab = opened(backward)
    tab.click("#largest")
    rows = tab.locator("#terms .term")
    expected = backward.provenance((2, 2, 0, 1))
    assert rows.count() == min(len(expected), 200) and len(expected) == 784
    added = [shown_number(text) for text in rows.locator(".added").all_text_contents()[:20]]
    np.testing.assert_allclose(added, [term.added for term in expected[:20]], rtol=0.01, atol=1e-9)
    of_dy, of_x = expected[0].reads
    first = rows.first.text_content()
    assert f"dy[{', '.join(map(str, of_dy.index))}]" in first and f"x[{', '.join(map(str, of_x.index))}]" in first
    rows.nth(1).click()
    assert now(tab) == expected[1].step
    assert "and 584 more" in tab.text_content("#terms")


def test_a_bias_s_gradient_is_a_sum_of_its_own(backward, opened):
    tab = opened(backward)
    box = tab.locator('.array[data-array="db"] canvas').bounding_box()
    tab.mouse.click(box["x"] + box["width"] * 1.5 / 6, box["y"] + box["height"] / 2)
    assert tab.text_content("#cell-name") == "db[1]"
    value = backward.arrays["db"].after[1]
    assert shown_number(tab.text_content("#cell-value")) == pytest.approx(value, rel=1e-4)


def test_the_winner_of_a_pool(opened):
    x = np.random.default_rng(1).normal(size=(1, 6, 6, 2)).astype(np.float32)
    y, winner = np.empty((1, 3, 3, 2), np.float32), np.empty((1, 3, 3, 2), np.int32)
    get_ops("literal").max_pool2d_forward(x, y, winner, (2, 2), (2, 2), (0, 0))
    tab = opened(step(max_pool2d_forward, x, y, winner, (2, 2), (2, 2), (0, 0), cell=(1, 2, 1)))
    r, s = divmod(int(winner[0, 1, 2, 1]), 2)
    assert f"of 4 candidates: x[0, {2 + r}, {4 + s}, 1] wins" in tab.text_content("#cell-words")
    marked = tab.locator("#lens .winner")
    assert marked.count() == 1
    assert marked.get_attribute("data-row") == str(r) and marked.get_attribute("data-column") == str(s)


def test_the_pixels_that_a_cell_sees(forward, opened):
    tab = opened(forward)
    assert forward.picture is not None
    (top, bottom), (left, right) = forward.picture["rows"][3], forward.picture["columns"][4]
    assert f"rows {top} to {bottom - 1} and columns {left} to {right - 1}" in tab.text_content("#picture-words")
    box, frame = tab.locator("#picture").bounding_box(), tab.locator("#picture-frame").bounding_box()
    assert (frame["y"] - box["y"]) / box["height"] * 32 == pytest.approx(top, abs=0.2)
    assert frame["height"] / box["height"] * 32 == pytest.approx(bottom - top, abs=0.2)


# ---- what is drawn


def test_the_output_fills_up(opened):
    """Not yet computed: nothing. Computed: its number's colour. Outside the steps: pale."""
    x, w = np.ones((1, 8, 8, 1)), np.ones((3, 3, 1, 2))
    trace = step(conv2d_forward, x, w, np.zeros(2), np.empty((1, 6, 6, 2)), (1, 1), (0, 0), cell=(2, 2, 1), limit=4500)
    assert trace.window["k"] == range(1, 2)
    tab = opened(trace)
    opacity = """(place) => stepper.panel.pictures[3].stateOf(place, stepper.now()).opacity"""
    done, here, other = trace.ravel("y", (0, 0, 0, 1)), trace.ravel("y", (0, 2, 2, 1)), trace.ravel("y", (0, 0, 0, 0))
    assert [tab.evaluate(opacity, at) for at in (done, here)] == [255, 0]
    assert 0 < tab.evaluate(opacity, other) < 255
    tab.evaluate("stepper.moveTo(stepper.trace.cellAt(stepper.now()).end)")
    assert tab.evaluate(opacity, here) == 255
    pixel = """(at) => Array.from(document.querySelector('[data-array="y"] canvas').getContext('2d')
        .getImageData(at, at, 1, 1).data)"""
    assert tab.evaluate(pixel, 2)[3] == 255 and tab.evaluate(pixel, 4)[3] == 0


def test_a_large_array_is_cut_to_what_the_steps_touch(opened):
    x, w = np.random.default_rng(0).normal(size=(1, 400)), np.random.default_rng(1).normal(size=(400, 900))
    from loopnet.kernels.dense import dense_forward

    trace = step(dense_forward, x, w, np.zeros(900), np.empty((1, 900)), cell=(0, 500), limit=8_000)
    sent = next(array for array in data_of(trace)["arrays"] if array["name"] == "w")
    assert sent["origin"][0] == 0 and sent["origin"][1] > 400 and sent["after"].size < 10_000
    tab = opened(trace)
    assert tab.text_content("#cell-name") == "y[0, 500]"
    assert shown_number(tab.text_content("#cell-value")) == pytest.approx((x @ w)[0, 500], rel=1e-4)
    assert "w[0, 500]" in tab.locator("#terms .term").first.text_content()


def test_nan_and_infinity_are_shown(opened):
    x = np.ones((1, 4, 4, 1))
    x[0, 1, 1] = np.nan
    x[0, 3, 3] = np.inf
    w, y = np.ones((2, 2, 1, 1)), np.empty((1, 3, 3, 1))
    tab = opened(step(conv2d_forward, x, w, np.zeros(1), y, (1, 1), (0, 0), cell=(0, 0, 0)))
    assert "NaN" in tab.text_content("#cell-value")
    tab.evaluate("stepper.goToCell('2,2,0')")
    assert "∞" in tab.text_content("#cell-value")


@pytest.mark.parametrize(
    "width, height, dark", [(1280, 900, False), (1280, 900, True), (390, 844, False), (390, 844, True)]
)
def test_it_fits_the_screen_by_day_and_by_night(width, height, dark, forward, opened):
    tab = opened(forward, width=width, height=height, dark=dark, touch=width < 500)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for part in ("#play", "#deed", ".line.now", "#scrub"):
        assert tab.locator(part).is_visible()
    colours = tab.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, paper = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert (ink > 500 and paper < 150) if dark else (ink < 150 and paper > 600)


# ---- the page as a file


def test_the_page_of_a_32x32_image_is_small_and_asks_for_nothing(model, digit, tmp_path):
    trace = step_layer(model, digit, "conv2d_forward", "conv1")
    assert len(trace) > 100_000
    trace.save(tmp_path / "step.html")
    text = (tmp_path / "step.html").read_text(encoding="utf-8")
    assert len(text) < 1_500_000
    assert "default-src 'none'" in text and not re.search(r"(src|href)=", text)


def test_in_a_notebook(forward):
    shown = forward._repr_html_()
    assert shown.startswith("<iframe") and "srcdoc=" in shown and "conv2d_forward" in shown


def test_the_page_says_whether_python_and_compiled_code_agree(opened):
    image, out = np.random.default_rng(0).normal(size=(6, 6)).astype("f4"), np.zeros((4, 4), "f4")
    filter = np.random.default_rng(1).normal(size=(3, 3)).astype("f4")
    tab = opened(step(article.basic_conv, image, out, 6, 6, 4, 4, filter, 3, 1))
    assert "differ in the last bits" in tab.text_content("#hint")
    trace = step(article.basic_conv, image.astype(float), out.astype(float), 6, 6, 4, 4, filter.astype(float), 3, 1)
    trace.notes.append("</script><b>")
    tab = opened(trace)
    assert "bit for bit" in tab.text_content("#hint") and tab.text_content("#notes") == "</script><b>"


def test_backward_page_of_a_padded_strided_convolution(opened):
    rng = np.random.default_rng(0)
    dy, x = rng.normal(size=(2, 3, 3, 2)), rng.normal(size=(2, 5, 5, 1))
    dw, db = np.empty((3, 3, 1, 2)), np.empty(2)
    trace = step(conv2d_backward_weights, dy, x, dw, db, (2, 2), (1, 1), cell=(0, 0, 0, 1))
    tab = opened(trace)
    want = sum(dy[n, i, j, 1] * x[n, 2 * i - 1, 2 * j - 1, 0] for n in range(2) for i in (1, 2) for j in (1, 2))
    assert tab.text_content("#cell-words").startswith("8 products") or "4 products" in tab.text_content("#cell-words")
    assert shown_number(tab.text_content("#cell-value")) == pytest.approx(want, rel=1e-4)
