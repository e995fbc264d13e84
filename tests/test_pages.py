"""The machinery of the pages: one file, which carries its data safely, and which neither asks nor lets in anything."""

import math
from html.parser import HTMLParser

import numpy as np
import pytest

from loopnet.pages import Page, bundle
from loopnet.pages import page as bundling

pytest_plugins = ["browser"]

NASTY = "</script><script>document.title='broken out'</script><!-- & \" ' ${x} $title \u2028"


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A folder of page sources to write into, with the shared ones; the page is called "small"."""
    for name in ("frame.html", "theme.css", "theme.js", "data.js", "numbers.js", "cells.js"):
        (tmp_path / name).write_text((bundling.FOLDER / name).read_text())
    monkeypatch.setattr(bundling, "FOLDER", tmp_path)
    for name in ("small.html", "small.css", "small.js"):
        (tmp_path / name).write_text("")
    return tmp_path


def test_data_arrive_as_they_were(sources, opened):
    (sources / "small.js").write_text('import { readData } from "./data.js";\nwindow.data = readData();\n')
    rng = np.random.default_rng(0)
    arrays = {
        "float32": rng.normal(size=(3, 4)).astype(np.float32)[:, ::2],  # not contiguous
        "float64": np.array([math.pi, math.nan, -math.inf]),
        "int32": np.array([-(2**31), 2**31 - 1], np.int32),
        "uint8": np.array([[0, 255]], np.uint8),
        "swapped": np.array([1.5, -2], ">f4"),
    }
    tab = opened(bundle("small", "t", {**arrays, "count": np.int64(3), "nested": [{"x": 0.1}, None]}))
    for name, array in arrays.items():
        parts = f"[data.{name}.constructor.name, Array.from(data.{name}), data.{name}.shape]"
        kind, values, shape = tab.evaluate(parts)
        assert kind.lower() == f"{array.dtype.name}array" and tuple(shape) == array.shape
        np.testing.assert_array_equal(np.array(values, array.dtype), array.reshape(-1))
    assert tab.evaluate("[data.count, data.nested]") == [3, [{"x": 0.1}, None]]


def test_names_cannot_break_out(sources, opened):
    (sources / "small.js").write_text('import { readData } from "./data.js";\nwindow.data = readData();\n')
    tab = opened(bundle("small", NASTY, {NASTY: NASTY}))
    assert tab.evaluate("data") == {NASTY: NASTY}
    assert tab.evaluate("document.querySelector('title').textContent") == NASTY
    assert tab.locator("script").count() == 2


def test_the_policy_stops_what_is_not_the_page_s_own(sources, chromium):  # without the fixture that objects
    body = "<p id=p onclick=\"document.title='inline'\">x</p><img src='http://127.0.0.1:9/x'>"
    (sources / "small.html").write_text(body)
    (sources / "small.js").write_text("""
        window.outcome = [];
        fetch("http://127.0.0.1:9/").catch(() => outcome.push("fetch"));
        try { eval("1"); } catch { outcome.push("eval"); }
        const other = document.createElement("script");
        other.textContent = "outcome.push('injected')";
        document.body.append(other);
        document.getElementById("p").click();
    """)
    page = bundle("small", "title", {})
    page.save(sources / "page.html")
    tab = chromium.new_page()
    sent = []
    tab.on("requestfinished", lambda request: sent.append(request.url))
    tab.on("response", lambda response: sent.append(response.url))
    tab.goto((sources / "page.html").as_uri())
    tab.wait_for_timeout(100)
    assert sorted(tab.evaluate("outcome")) == ["eval", "fetch"] and tab.title() == "title"
    assert all(url.startswith("file:") for url in sent)
    tab.close()


@pytest.mark.parametrize("misdeed, complaint", [
    ("console.error('oh')", "oh"),
    ("console.warn('careful')", "careful"),
    ("throw new Error('bang')", "bang"),
    ("new Image().src = 'http://127.0.0.1:9/pixel.png'", "127.0.0.1"),
])  # fmt: skip
def test_the_browser_fixture_objects(misdeed, complaint, sources, chromium):
    from browser import watched  # here, once pytest has taken the module for a plugin

    (sources / "small.js").write_text(misdeed)
    bundle("small", "t", {}).save(sources / "page.html")
    with pytest.raises(AssertionError, match=complaint), watched(chromium) as open_page:
        open_page(sources / "page.html").wait_for_timeout(100)


def test_modules_run_before_their_users_and_once_each_in_its_own_scope(sources, opened):
    one = 'let hidden = 0;\nwindow.runs = (window.runs ?? 0) + 1;\nexport function next() {\n  return ++hidden;\n}\n'
    two = (
        'import { next } from "./one.js";\n\nconst hidden = next();\nexport const two = () => hidden * 10 + next();\n'
        "export class Thing {}\n"
    )
    small = (
        'import { next } from "./one.js";\nimport {\n  Thing,\n  two as second,\n} from "./two.js";\n'
        "const hidden = [next(), second(), new Thing().constructor.name];\nwindow.seen = hidden;\n"
    )
    for name, source in {"one": one, "two": two, "small": small}.items():
        (sources / f"{name}.js").write_text(source)
    tab = opened(bundle("small", "t", {}))
    assert tab.evaluate("[runs, ...seen]") == [1, 2, 13, "Thing"]


def test_style_sheets_import_others(sources, opened):
    (sources / "small.html").write_text("<p id=p>x</p>")
    (sources / "more.css").write_text("#p { color: rgb(1, 2, 3); margin-top: 7px; }\n")
    (sources / "small.css").write_text('/* small */\n@import "./more.css";\n#p { margin-top: 9px; }\n')
    tab = opened(bundle("small", "t", {}))
    style = tab.evaluate("(({ color, marginTop }) => [color, marginTop])(getComputedStyle(p))")
    assert style == ["rgb(1, 2, 3)", "9px"]  # the rule below the import wins


def test_modules_that_import_each_other_are_refused(sources):
    (sources / "one.js").write_text('import { small } from "./small.js";\nexport const one = 1;\n')
    (sources / "small.js").write_text('import { one } from "./one.js";\nexport const small = one;\n')
    with pytest.raises(ValueError, match="small imports one imports small"):
        bundle("small", "t", {})


@pytest.mark.parametrize("source", [
    'import x from "./theme.js";\n', "export default 1;\n",
    'export { a };\n', "const s = '</SCRIPT>';\n", "// <!-- \n",
])  # fmt: skip
def test_what_cannot_be_bundled_is_refused(sources, source):
    (sources / "small.js").write_text(source)
    with pytest.raises(ValueError, match="small.js: cannot be bundled"):
        bundle("small", "t", {})


@pytest.mark.parametrize("data, error", [
    ({"x": math.nan}, ValueError),
    ({"x": np.zeros(2, np.complex64)}, TypeError),
    ({"x": object()}, TypeError),
])  # fmt: skip
def test_data_that_javascript_has_no_words_for(sources, data, error):
    with pytest.raises(error):
        bundle("small", "t", data)


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    seen = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            seen[tag] = dict(attributes)

    page = Page(f"<p>{NASTY}</p>")
    Reader().feed(page._repr_html_())
    assert set(seen) == {"iframe"} and seen["iframe"]["srcdoc"] == page.html
    assert seen["iframe"]["sandbox"] == "allow-scripts"


def test_the_frame_in_a_notebook_runs_the_page(sources, browser):
    (sources / "small.html").write_text("<p id=said></p>")
    (sources / "small.js").write_text(
        'import { readData } from "./data.js";\nimport { isNight } from "./numbers.js";\n'
        "const say = () => {\n"
        "  document.getElementById('said').textContent = `${readData().word}, ${isNight()}`;\n"
        "  requestAnimationFrame(say);\n"
        "};\nsay();\n"
    )
    (sources / "notebook.html").write_text(bundle("small", "t", {"word": NASTY})._repr_html_())
    tab = browser(sources / "notebook.html", dark=True)
    said = tab.frame_locator("iframe").locator("#said")
    said.filter(has_text=", true").wait_for()  # Chromium may tell a frame a moment later that it is night
    assert said.text_content() == f"{NASTY}, true"


FORMATTED = [
    (0, "0"), (-0.0, "0"), (1, "1.00"), (-1.5, "−1.50"), (0.123456, "0.123"), (99.96, "100"), (12.345, "12.3"),
    (1234.5, "1235"), (0.00012, "1.2e-4"), (-123456789, "−1.2e+8"), (math.nan, "NaN"), (-math.inf, "−∞"),
    (0.9994, "0.999"), (0.9996, "1.00"), (0.0123, "0.0123"), (99999, "1.0e+5"), (99949, "99949"),
    (1e5, "1.0e+5"), (1e-30, "1.0e-30"),
]  # fmt: skip


def test_numbers_as_text_and_colours(sources, opened):
    (sources / "small.js").write_text(
        'import { colourScale, formatNumber, inkOn, largestOf } from "./numbers.js";\n'
        "Object.assign(window, { colourScale, formatNumber, inkOn, largestOf });\n"
    )
    page = bundle("small", "t", {"numbers": np.array([x for x, _ in FORMATTED])})
    tab = opened(page)
    for number, text in FORMATTED:
        literal = {"nan": "NaN", "-inf": "-Infinity"}.get(str(float(number)), repr(float(number)))
        assert tab.evaluate(f"formatNumber({literal})") == text
    assert tab.evaluate("[[-2, 0, 2, 9].map(colourScale('signed', 2)), [-1, 0, 1, 2].map(colourScale('grey', 1))]") == [
        [[127, 59, 8], [247, 247, 247], [45, 0, 75], [45, 0, 75]],
        [[0] * 3, [0] * 3, [255] * 3, [255] * 3],
    ]
    assert tab.evaluate("[colourScale('signed', 1)(NaN), largestOf([0, -3, NaN, Infinity]), largestOf([0])]") == [
        [255, 0, 255], 3, 1,
    ]  # fmt: skip


def test_the_signed_colours_are_those_of_the_pictures(sources, opened):
    """matplotlib's map of the same name, to a few shades of 255: its ends, its middle and between."""
    from matplotlib import colormaps

    from loopnet.plot import style

    script = 'import { colourScale } from "./numbers.js";\nwindow.colourScale = colourScale;\n'
    (sources / "small.js").write_text(script)
    tab = opened(bundle("small", "t", {}))
    positions = np.linspace(-1, 1, 21)
    ours = np.array(tab.evaluate(f"{positions.tolist()}.map(colourScale('signed', 1))"))
    theirs = colormaps[style.SIGNED]((positions + 1) / 2)[:, :3] * 255
    assert np.abs(ours - theirs).max() < 4


def test_day_and_night(sources, opened):
    (sources / "small.html").write_text("<button id=theme></button>")
    (sources / "small.js").write_text(
        'import { isNight } from "./numbers.js";\nimport { installTheme } from "./theme.js";\n'
        'window.told = [];\ndocument.addEventListener("themechange", () => told.push(isNight()));\n'
        "installTheme(document.getElementById('theme'));\n"
    )
    tab = opened(bundle("small", "t", {}), dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    night = tab.evaluate(paper)
    tab.click("#theme")
    day = tab.evaluate(paper)
    assert day != night and tab.evaluate("told") == [True, False]
    tab.click("#theme")
    assert tab.evaluate(paper) == night
    tab.emulate_media(color_scheme="light")  # the button was pressed, and outweighs the system
    assert tab.evaluate(paper) == night


def test_cells_and_maps(sources, opened):
    (sources / "small.html").write_text(
        '<div id="grid"></div><div class="framed"><canvas class="map"></canvas><div class="frame"></div></div>'
    )
    (sources / "small.js").write_text("""import { cellAt, fillCells, layFrame, paintMap } from "./cells.js";
const grid = document.getElementById("grid");
const canvas = document.querySelector("canvas");
fillCells(grid, 3, 3, () => 9, 9);
fillCells(grid, 2, 3, (i, j) => (i === 1 && j === 2 ? null : i * 3 + j), 5, { mark: (i, j) => (i === j ? "hot" : "") });
paintMap(canvas, 2, 4, (i, j) => (i === 0 && j === 1 ? null : i === 1 && j === 3 ? 1 : 0), 1, "grey");
layFrame(document.querySelector(".frame"), 2, 4, 1, 2, 1, 2);
window.pixel = (x, y) => Array.from(canvas.getContext("2d").getImageData(x, y, 1, 1).data);
canvas.addEventListener("click", (event) => { window.hit = cellAt(canvas, event); });
""")
    tab = opened(bundle("small", "t", {}))
    cells = tab.locator("#grid > .cell")
    assert cells.all_text_contents() == ["0", "1.00", "2.00", "3.00", "4.00", ""]
    assert tab.locator(".hot").evaluate_all("all => all.map(c => [c.dataset.row, c.dataset.column])") == [
        ["0", "0"], ["1", "1"],
    ]  # fmt: skip
    assert tab.evaluate("[pixel(0, 0), pixel(3, 1)]") == [[0, 0, 0, 255], [255] * 4]
    box, frame = tab.locator("canvas").bounding_box(), tab.locator(".frame").bounding_box()
    assert frame["x"] - box["x"] == pytest.approx(box["width"] / 2, abs=1)
    assert frame["y"] - box["y"] == pytest.approx(box["height"] / 2, abs=1)
    assert (frame["width"], frame["height"]) == pytest.approx((box["width"] / 2, box["height"] / 2), abs=1)
    assert tab.evaluate("pixel(1, 0)") == [0] * 4  # there is no number
    tab.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.9 * box["height"])
    assert tab.evaluate("hit") == [1, 3]
