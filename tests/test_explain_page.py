"""The page of a trained network, as a reader uses it: drawing, choosing, walking through a sum, on every screen."""

import numpy as np
import pytest
from explained import NETWORKS, SEVEN, ZERO, draw, frames, images_for, probabilities, small

from loopnet import Sequential, layers
from loopnet.datasets import load_for
from loopnet.explain import explain
from loopnet.lenet import lenet5
from loopnet.losses import SparseCategoricalCrossentropy

pytest_plugins = ["browser"]


@pytest.fixture(scope="module")
def trained():
    model = lenet5(seed=0)
    model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    (x, y), _ = load_for("digits", (32, 32, 1))
    model.fit(x, y, batch_size=16, epochs=4, verbose=0)
    return model


def test_the_page_of_lenet5_is_one_small_file(trained):
    page = explain(trained).html
    assert len(page.encode()) < 3e6
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "") and "https:" not in page


def test_test_images_are_told_as_predict_tells_them(trained, opened):
    x, y = load_for("digits", (32, 32, 1))[1]
    tab = opened(explain(trained))
    predicted = trained.predict(x)
    shown = tab.locator(".example")
    assert shown.count() == 12
    for n in range(12):
        shown.nth(n).click()
        frames(tab)
        image = np.array(tab.evaluate("Array.from(network.values[0])"), np.float32).reshape(32, 32, 1)
        (at,) = np.flatnonzero((x == image).all(axis=(1, 2, 3)))
        assert tab.locator("#verdict b").inner_text() == str(predicted[at].argmax())
        if n < 10:
            assert y[at] == n  # one of each class first
        assert tab.locator("#verdict .label").inner_text() == f"labelled {y[at]}"
        assert shown.nth(n).get_attribute("aria-pressed") == "true"
    assert tab.locator(".example[aria-pressed=true]").count() == 1


def test_drawing_changes_every_layer_and_the_probabilities(trained, opened):
    tab = opened(explain(trained))
    tab.click("#clear")
    frames(tab)
    before = tab.evaluate("network.values.map((v) => Array.from(v))")
    assert max(before[0]) == 0
    painted = "Array.from(document.querySelectorAll('.layer canvas'), (canvas) => canvas.toDataURL())"
    maps = tab.evaluate(painted)
    draw(tab, ZERO)
    after = tab.evaluate("network.values.map((v) => Array.from(v))")
    for n, (old, new) in enumerate(zip(before, after, strict=True)):
        assert old != new, n
    changed = [a != b for a, b in zip(maps, tab.evaluate(painted), strict=True)]
    assert sum(changed) > len(changed) / 2
    assert tab.locator("#verdict b").inner_text() == "0"
    numbers = tab.locator(".output .number").all_inner_texts()
    np.testing.assert_allclose([float(n.rstrip(" %")) / 100 for n in numbers], probabilities(tab), atol=6e-4)
    image = np.array(after[0], np.float32).reshape(1, 32, 32, 1)
    powers = np.exp(trained.predict(image)[0])
    np.testing.assert_allclose(probabilities(tab), powers / powers.sum(), atol=1e-5)


def test_undo_and_clear(trained, opened):
    tab = opened(explain(trained))
    draw(tab, SEVEN)
    one = probabilities(tab)
    draw(tab, [(0.2, 0.5), (0.9, 0.9)])
    assert np.abs(probabilities(tab) - one).max() > 1e-3
    tab.click("#undo")
    frames(tab)
    np.testing.assert_array_equal(probabilities(tab), one)
    tab.click("#clear")
    frames(tab)
    assert tab.evaluate("Math.max(...network.values[0])") == 0 and tab.locator("#undo").is_disabled()


def test_a_drawing_fills_its_frame_wherever_and_however_small_it_is(trained, opened):
    tab = opened(explain(trained))
    seen = []
    for scale, x, y in ((1, 0, 0), (0.3, 0.05, 0.6)):
        tab.click("#clear")
        draw(tab, [(x + scale * a, y + scale * b) for a, b in ZERO])
        seen.append(np.array(tab.evaluate("Array.from(network.values[0])")).reshape(32, 32))
    assert (seen[0].max(axis=1) > 0.3).all()  # from the first row to the last
    assert np.abs(seen[0] - seen[1]).mean() < 0.1


def test_a_dot_is_a_drawing(trained, opened):
    tab = opened(explain(trained))
    draw(tab, [(0.5, 0.5)])
    assert tab.evaluate("Math.max(...network.values[0])") > 0.5


def shown_value(tab):
    return float(tab.locator("#sum .value").inner_text().replace("−", "-"))


def test_a_click_opens_the_sum_of_that_cell(trained, opened):
    tab = opened(explain(trained))
    canvas = tab.locator("[data-layer=conv1] canvas").nth(3)
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * (11 + 0.5) / 28, "y": box["height"] * (6 + 0.5) / 28})
    index = (6 * 28 + 11) * 6 + 3
    assert tab.locator("#sum h2").inner_text() == "map 3, row 6, column 11"
    assert shown_value(tab) == pytest.approx(tab.evaluate(f"network.values[1][{index}]"), rel=1e-3, abs=1e-3)
    window, weights, products = (tab.locator(".trio figure").nth(n).locator(".cell") for n in range(3))
    assert window.count() == weights.count() == products.count() == 25
    image = np.array(tab.evaluate("Array.from(network.values[0])")).reshape(32, 32)
    w = np.asarray(trained.layers[0].w.value)[:, :, 0, 3]
    for cells, numbers in (
        (window, image[6:11, 11:16]), (weights, w), (products, image[6:11, 11:16] * w)
    ):  # fmt: skip
        written = [float(text.replace("−", "-")) for text in cells.all_inner_texts()]
        np.testing.assert_allclose(written, numbers.reshape(-1), atol=0.0051)


def test_from_a_class_down_to_a_pixel_and_back(trained, opened):
    tab = opened(explain(trained))
    tab.locator(".output").nth(4).click()
    assert tab.locator("#sum h2").inner_text() == "class 4"
    tab.locator("#sum .plain").nth(4).click()
    visited = [tab.locator("#sum header p").inner_text()]
    for opens in (".term", ".term", ".term", ".picture.opens .cell", ".picture.opens .cell", ".picture.opens .cell",
                  ".picture.opens .cell"):  # fmt: skip
        tab.locator(f"#sum {opens}").first.click()
        visited.append(tab.locator("#sum header p").inner_text())
    names = [text.split(" ·")[0] for text in visited]
    assert names == ["logits", "dense2", "dense1", "pool2", "conv2", "pool1", "conv1", "image"]
    for name in reversed(names[:-1]):
        tab.locator("[data-key=back]").click()
        assert tab.locator("#sum header p").inner_text().startswith(name)


def test_stepping_through_a_sum(trained, opened):
    tab = opened(explain(trained))
    place = tab.locator("#sum .count")
    assert place.inner_text() == "25/25"
    tab.locator(".walk button").first.click()
    assert place.inner_text() == "0/25" and "total = b[" in tab.locator(".line").inner_text()
    tab.locator("#sum").press(".")
    tab.locator("#sum").press(".")
    assert place.inner_text() == "2/25" and tab.locator(".cell.current").count() == 3
    number = tab.evaluate("""() => {
        const at = Array.from(network.values[1]).indexOf(Math.max(...network.values[1]));
        return network.explain(1, at).terms[1].total;
    }""")
    said = float(tab.locator(".line").inner_text().rsplit("= ", 1)[1].replace("−", "-"))
    assert said == pytest.approx(number, rel=5e-3, abs=1e-4)
    tab.locator(".walk input").fill("20")
    assert place.inner_text() == "20/25"
    tab.locator("#sum").press(" ")
    tab.get_by_text("25/25").wait_for()
    tab.locator(".cell.later").first.wait_for(state="detached")


def test_arrow_keys_walk_over_a_map(trained, opened):
    tab = opened(explain(trained))
    tab.locator("[data-layer=pool1] canvas").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "PageDown"):
        tab.keyboard.press(key)
    assert tab.locator("#sum h2").inner_text() == "map 1, row 2, column 1"
    tab.keyboard.press("ArrowUp")
    assert tab.locator("#sum h2").inner_text() == "map 1, row 1, column 1"
    assert tab.locator("[data-layer=pool1] .frame.chosen").count() == 1
    window = [float(text.replace("−", "-")) for text in tab.locator("#sum .cell").all_inner_texts()]
    assert tab.locator("#sum .cell.winner").inner_text() == f"{max(window):.2f}"
    assert tab.locator("[data-layer=conv1] .frame.window").count() == 1  # pooling looks at one map


def test_frames_show_what_a_number_was_made_of(opened):
    model = small(
        layers.Conv2D(4, 3, name="whole"), layers.Conv2D(4, 2, groups=2, strides=2, name="grouped"),
        layers.Flatten(), layers.Dense(2), shape=(10, 10, 1),
    )  # fmt: skip
    tab = opened(explain(model, images_for(model)))
    canvas = tab.locator("[data-layer=grouped] canvas").nth(3)
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 2.5 / 4, "y": box["height"] * 1.5 / 4})  # row 1, column 2 of map 3
    framed = tab.locator("[data-layer=whole] .framed").evaluate_all(
        "all => all.map(({ lastChild: { style: s } }) => [s.top, s.left, s.height, s.width])"
    )
    assert framed == [["", "", "", ""]] * 2 + [["25%", "50%", "25%", "25%"]] * 2  # the second group's maps, 2x2 of 8x8
    seen = tab.locator("#seen .frame").evaluate("({ style: s }) => [s.top, s.left, s.height, s.width]")
    assert seen == ["20%", "40%", "40%", "40%"]  # 4x4 of 10x10 pixels


def test_an_open_sum_follows_the_drawing(trained, opened):
    tab = opened(explain(trained))
    tab.locator("[data-layer=dense2] canvas").click()
    before = tab.locator("#sum .tally, #sum .part p").first.inner_text()
    draw(tab, SEVEN)
    assert tab.locator("#sum .tally, #sum .part p").first.inner_text() != before


@pytest.mark.parametrize("width, height", [(390, 844), (320, 568), (1024, 768), (1920, 1080)])
def test_it_fits_every_screen(trained, opened, width, height):
    tab = opened(explain(trained), width=width, height=height, dark=True, touch=width < 500)
    for layer in ("conv2", "dense1", "probabilities"):
        tab.locator(f"[data-layer={layer}] canvas").first.click()
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert tab.evaluate("(e => e.scrollWidth - e.clientWidth)(document.getElementById('sum'))") <= 0
        assert tab.locator("#sum").is_visible()
        if width < 1180:
            tab.locator(".close").click()
            assert not tab.locator("#sum").is_visible()


def test_a_finger_draws(trained, opened):
    tab = opened(explain(trained), width=390, height=844, touch=True)
    box = tab.locator("#pad").bounding_box()
    finger = tab.context.new_cdp_session(tab)

    def touch(kind, *points):
        at = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", ZERO[0])
    for point in ZERO[1:]:
        touch("touchMove", point)
    touch("touchEnd")
    frames(tab)
    assert tab.evaluate("network.values[0][16 * 32 + 16]") == 0  # the hole in the zero
    assert tab.locator("#verdict b").inner_text() == "0" and tab.locator("#undo").is_enabled()
    assert tab.evaluate("scrollY") == 0  # the finger draws, and does not move the page


@pytest.mark.parametrize("name", NETWORKS)
def test_any_network_can_be_drawn_on_and_looked_into(name, opened):
    model = NETWORKS[name]()
    tab = opened(explain(model, images_for(model), [0, 1, 0]))
    draw(tab, ZERO)
    for canvas in tab.locator(".layer").all():
        if canvas.locator("canvas").count():
            canvas.locator("canvas").first.click()
            assert tab.locator("#sum .value").inner_text()
    assert np.isfinite(probabilities(tab)).all()


def test_what_is_not_a_number_is_shown_too(opened):
    model = small(layers.Conv2D(2, 3, activation="relu"), layers.Flatten(), layers.Dense(3, activation="softmax"))
    model.layers[0].w.value[0, 0] = np.nan
    tab = opened(explain(model, np.zeros((1, 12, 12, 1))))  # nothing but paper
    assert np.isnan(probabilities(tab)).all() and tab.locator("#sum .value").inner_text() == "NaN"
    draw(tab, ZERO)
    tab.locator(".layer canvas").last.click()
    assert "NaN" in tab.locator("#sum table").inner_text()


def test_an_image_of_three_colours(opened):
    model = small(layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3), shape=(8, 8, 3))
    images = images_for(model)
    tab = opened(explain(model, images))
    pixel = "Array.from(document.querySelector('#seen canvas').getContext('2d').getImageData(3, 2, 1, 1).data)"
    low, high = images.min(), images.max()
    np.testing.assert_allclose(tab.evaluate(pixel)[:3], 255 * (images[0, 2, 3] - low) / (high - low), atol=1)
    assert tab.locator(".chip .muted").all_inner_texts() == ["red", "green", "blue"]
    draw(tab, ZERO)  # with white ink: all three alike
    seen = np.array(tab.evaluate("Array.from(network.values[0])")).reshape(8, 8, 3)
    assert (seen == seen[..., :1]).all() and seen.max() > 0.8 * high


def test_names_are_text(opened):
    name = "</script><img src=x>"
    model = Sequential([layers.Input((8, 8, 1)), layers.Flatten(name=name), layers.Dense(2, name="<b>d")], name=name)
    tab = opened(explain(model))
    assert tab.locator("h1").inner_text() == name and tab.locator("img").count() == 0
    tab.locator(".layer canvas").first.click()
    assert "<b>d" in tab.locator("#sum").inner_text()


@pytest.mark.parametrize("width", [390, 1280, 1560])
def test_no_row_of_maps_is_shorter_than_the_others(trained, opened, width):
    tab = opened(explain(trained), width=width)
    for layer in ("conv1", "pool1", "conv2", "pool2"):
        boxes = [canvas.bounding_box() for canvas in tab.locator(f"[data-layer={layer}] canvas").all()]
        rows = {box["y"]: 0 for box in boxes}
        for box in boxes:
            rows[box["y"]] += 1
            assert box["width"] >= 44  # as wide as a finger
        assert len(set(rows.values())) == 1, (layer, rows)
